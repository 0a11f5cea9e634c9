import { useText } from '../../i18n/index.js';
import { useActions } from '../../state/actions.js';
import { useMisfit, useStore } from '../../state/store.js';
import { FileBox } from '../../ui/file-box.js';
import { count } from '../../words.js';

/** What accuracy is measured on, and whether it goes into the model. */
export function DataView() {
  const text = useText();
  const { openFiles, useZooData } = useActions();
  const data = useStore(({ data }) => data);
  const reading = useStore(({ readingData }) => readingData);
  const model = useStore(({ model }) => model);
  const misfit = useMisfit();
  const { name, own, shape, classes, train, test, shared } = data;
  return (
    <>
      <FileBox
        title={text.data.own}
        about={text.data.about}
        label={text.model.browse}
        onFiles={(files) => void openFiles(files)}
      >
        {own && (
          <button type="button" onClick={() => void useZooData()}>
            {text.data.zoo}
          </button>
        )}
      </FileBox>
      <p class="facts" role="status" data-data={name} aria-busy={reading}>
        {reading ? (
          text.data.reading
        ) : (
          <>
            <strong>{own ? name : text.data.digits}</strong> ·{' '}
            {text.data.facts(count(train), count(test), `[${shape.join(', ')}]`, classes)}
            {shared && ` ${text.data.shared}`}
            {model && misfit && (
              <span class="note bad">{text.data.misfits[misfit.kind](model.name, misfit as never)}</span>
            )}
          </>
        )}
      </p>
    </>
  );
}
