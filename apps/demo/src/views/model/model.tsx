import { useRef } from 'preact/hooks';
import { useText } from '../../i18n/index.js';
import { MODELS, type ModelChoice } from '../../settings.js';
import { useActions } from '../../state/actions.js';
import { useStore } from '../../state/store.js';
import { Section } from '../../ui/card.js';
import { Choices } from '../../ui/controls.js';
import { count, short } from '../../words.js';

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
      <OwnModel />
      <Facts />
    </Section>
  );
}

function OwnModel() {
  const text = useText();
  const { openFiles } = useActions();
  const input = useRef<HTMLInputElement>(null);
  return (
    <div class="dropzone">
      <div>
        <strong>{text.model.own}</strong>
        <p>
          {text.model.drop}: {text.model.ownAbout}.
        </p>
      </div>
      <button type="button" onClick={() => input.current?.click()}>
        {text.model.browse}
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={text.model.browse}
        onChange={({ currentTarget }) => {
          void openFiles([...(currentTarget.files ?? [])]);
          currentTarget.value = '';
        }}
      />
    </div>
  );
}

function Facts() {
  const text = useText();
  const model = useStore(({ model }) => model);
  const opening = useStore(({ opening }) => opening);
  const { params, macs, kernels, digits } = model ?? { params: 0, macs: null, kernels: [], digits: true as const };
  return (
    <p class="facts" role="status" aria-busy={opening}>
      {!model || opening ? (
        text.model.loading
      ) : (
        <>
          <strong>{model.name}</strong> ·{' '}
          {text.model.facts(count(params), macs === null ? '?' : short(macs), kernels.length)}
          <br />
          {digits === true ? text.model.digits : text.model.noDigits(digits)}
          {model.notes.map((note) => (
            <span key={note} class="note">
              {note}
            </span>
          ))}
        </>
      )}
    </p>
  );
}
