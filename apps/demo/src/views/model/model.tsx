import { textsOf, translate } from '@espalier/report';
import { useLanguage, useText } from '../../i18n/index.js';
import { MODELS, type ModelChoice } from '../../settings.js';
import { useActions } from '../../state/actions.js';
import { useStore } from '../../state/store.js';
import { Section } from '../../ui/card.js';
import { Choices } from '../../ui/controls.js';
import { FileBox } from '../../ui/file-box.js';
import { count, short } from '../../words.js';
import { DataView } from './data.js';

export function ModelView() {
  const text = useText();
  const actions = useActions();
  const choice = useStore(({ settings }) => settings.model);
  const model = useStore(({ model }) => model);
  const zoo = MODELS.map((value) => ({ value: value as ModelChoice, label: value, hint: text.model.about[value] }));
  const own = choice === 'own' && model ? [{ value: 'own' as const, label: model.name, hint: text.model.own }] : [];
  return (
    <Section id="model" title={text.model.title}>
      <Choices
        legend={text.model.zoo}
        name="model"
        look="cards"
        value={choice}
        choices={[...zoo, ...own]}
        onChange={(value) => actions.choose({ model: value })}
      />
      <div class="sources">
        <OwnModel />
        <Facts />
        <DataView />
      </div>
    </Section>
  );
}

function OwnModel() {
  const text = useText();
  const { openFiles } = useActions();
  return (
    <FileBox
      title={text.model.own}
      about={`${text.model.drop}${text.colon}${text.model.ownAbout}${text.stop}`}
      label={text.model.browse}
      onFiles={(files) => void openFiles(files)}
    />
  );
}

function Facts() {
  const text = useText();
  const language = useLanguage();
  const model = useStore(({ model }) => model);
  const opening = useStore(({ opening }) => opening);
  const { params, macs, kernels } = model ?? { params: 0, macs: null, kernels: [] };
  return (
    <p class="facts" role="status" aria-busy={opening}>
      {!model || opening ? (
        text.model.loading
      ) : (
        <>
          <strong>{model.name}</strong> ·{' '}
          {text.model.facts(count(params), macs === null ? '?' : short(macs), kernels.length)}
          {model.notes.map((note) => (
            <span key={note.text} class="note">
              {translate(note, textsOf(language))}
            </span>
          ))}
        </>
      )}
    </p>
  );
}
