import { asNote, type Note } from '@espalier/core';
import { textsOf, translate } from '@espalier/report';
import { useLanguage, useText } from '../../i18n/index.js';
import { useActions } from '../../state/actions.js';
import { useStore } from '../../state/store.js';

/** In the page's language where that knows it. */
function Said({ said }: { said: string | Note }) {
  const language = useLanguage();
  const { text } = asNote(said);
  const own = translate(said, textsOf(language));
  return <p {...(own === text && { lang: 'en' })}>{own}</p>;
}

/** What went wrong, in the reader's own words; everything else goes on. */
export function ProblemView() {
  const text = useText();
  const { dismiss } = useActions();
  const problem = useStore(({ problem }) => problem);
  const model = useStore(({ model }) => model);
  const data = useStore(({ data }) => data);
  const title = {
    model: text.model.failed,
    data: text.data.failed,
    trial: text.measure.failed,
    other: text.error.title,
  };
  return (
    <div role="alert" class="alerts">
      {problem && (
        <div class="problem">
          <div>
            <strong>{title[problem.kind]}</strong>
            <Said said={problem.said} />
            {problem.kind === 'model' && model && <p>{text.model.stays(model.name)}</p>}
            {problem.kind === 'data' && <p>{text.data.stays(data.name)}</p>}
          </div>
          <button type="button" onClick={dismiss}>
            {text.model.dismiss}
          </button>
        </div>
      )}
    </div>
  );
}
