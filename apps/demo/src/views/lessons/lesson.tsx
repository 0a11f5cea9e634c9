import { useText } from '../../i18n/index.js';
import { needsData, type Settings } from '../../settings.js';
import { useActions } from '../../state/actions.js';
import { useMisfit, useStore } from '../../state/store.js';
import { Chevron } from '../../ui/icons.js';
import { accuracy } from '../../words.js';
import { type LessonName, PICTURES } from './pictures.js';
import { TRIES } from './tries.js';

/** A short lesson, folded up beside the control that it explains; its buttons move that control. */
export function Lesson({ name }: { readonly name: LessonName }) {
  const { lesson, lessons, tryIt } = useText();
  const { title, text, caption, watch } = lessons[name];
  const Picture = PICTURES[name];
  return (
    <details class="lesson" data-lesson={name}>
      <summary>
        <Chevron />
        <span class="lesson-tag">{lesson}</span>
        {title}
      </summary>
      <div class="lesson-body">
        <figure class="lesson-picture">
          <Picture />
          <figcaption>{caption}</figcaption>
        </figure>
        <div>
          {text.map((paragraph) => (
            <p key={paragraph}>{paragraph}</p>
          ))}
          <div class="tries" role="group" aria-label={`${tryIt}: ${title}`}>
            <span class="label">{tryIt}</span>
            <Tries name={name} />
          </div>
          <p class="watch">{watch}</p>
          {name !== 'tuning' && <Now />}
        </div>
      </div>
    </details>
  );
}

function Tries({ name }: { readonly name: LessonName }) {
  const { lessons } = useText();
  const { choose } = useActions();
  const settings = useStore(({ settings }) => settings);
  const channels = useStore(({ model }) => model?.channels ?? true);
  const unfit = useMisfit() !== undefined;
  const impossible = ({ scorer, strategy, fineTune = 0 }: Partial<Settings>) =>
    (unfit && ((scorer !== undefined && needsData(scorer)) || fineTune > 0)) ||
    (strategy === 'structured' && !channels);
  return (
    <>
      {TRIES[name].map((change, i) => (
        <button
          key={i}
          type="button"
          class="small"
          aria-pressed={Object.entries(change).every(([key, value]) => settings[key as keyof Settings] === value)}
          disabled={impossible(change)}
          onClick={() => choose(change)}
        >
          {lessons[name].tries[i]}
        </button>
      ))}
    </>
  );
}

/** What the live page says at the moment, where the reader's eyes are. */
function Now() {
  const { live } = useText();
  const details = useStore(({ details }) => details);
  const dense = useStore(({ dense }) => dense);
  const fresh = useStore(({ fresh }) => fresh);
  const found = details?.accuracy ?? null;
  if (found === null || dense === null) return null;
  return (
    <p class="now" role="status">
      {live.accuracy} <strong>{fresh ? accuracy(found) : live.pending}</strong> · {live.wasDense(accuracy(dense))}
    </p>
  );
}
