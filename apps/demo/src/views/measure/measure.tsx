import { useEffect } from 'preact/hooks';
import { useLanguage, useText } from '../../i18n/index.js';
import { MOST_EPOCHS } from '../../settings.js';
import { useActions } from '../../state/actions.js';
import { useMisfit, useStore } from '../../state/store.js';
import { Section } from '../../ui/card.js';
import { Slider } from '../../ui/controls.js';
import type { Backend } from '../../worker/protocol.js';
import { duration } from '../../words.js';
import { Lesson } from '../lessons/lesson.js';
import { Backends } from './backends.js';
import { Results } from './results.js';

/** Backends that every browser has; the others are asked for. */
const FIRST: readonly Backend[] = ['cpu', 'wasm'];

export function MeasureView() {
  const text = useText();
  const { choose, measure, cancel, checkBackends } = useActions();
  const { fineTune, backends: wanted } = useStore(({ settings }) => settings);
  const model = useStore(({ model }) => model);
  const run = useStore(({ run }) => run);
  const found = useStore(({ backends }) => backends);
  const report = useStore(({ report }) => report);
  const cancelled = useStore(({ cancelled }) => cancelled);
  const usable = found ? found.filter(({ works }) => works).map(({ name }) => name) : FIRST;
  const chosen = usable.filter((name) => wanted?.includes(name) ?? true);
  // An address may ask for backends that have to be looked for.
  const unknown = model !== null && !found && wanted?.some((name) => !FIRST.includes(name));
  useEffect(() => {
    if (unknown) void checkBackends();
  }, [unknown]);
  const unfit = useMisfit() !== undefined;
  const busy = run !== null || model === null;
  return (
    <Section id="measure" title={text.measure.title} lead={text.measure.lead}>
      <div class="lab">
        <div class="card">
          <Slider
            label={text.measure.epochs}
            value={fineTune}
            min={0}
            max={MOST_EPOCHS}
            step={1}
            text={text.measure.epochsValue(fineTune)}
            disabled={unfit}
            onInput={(value) => choose({ fineTune: value })}
          />
          <Lesson name="tuning" />
        </div>
        <Backends chosen={chosen} onChoose={(backends) => choose({ backends })} locked={report !== null} />
      </div>
      <div class="actions">
        <button type="button" class="primary" disabled={busy} onClick={() => void measure('this', chosen)}>
          {text.measure.one}
        </button>
        <button type="button" disabled={busy} onClick={() => void measure('all', chosen)}>
          {text.measure.all}
        </button>
        {run && (
          <button type="button" class="quiet" onClick={cancel}>
            {text.measure.cancel}
          </button>
        )}
      </div>
      <div class="progress-slot">
        <RunProgress />
        {cancelled && !run && <p role="status">{text.measure.cancelled}</p>}
      </div>
      <Results />
    </Section>
  );
}

function RunProgress() {
  const text = useText();
  const language = useLanguage();
  const run = useStore(({ run }) => run);
  if (!run) return null;
  const { trial, trials, phase, done, secondsLeft } = run;
  const what = text.measure.phases[phase];
  return (
    <div class="progress">
      <progress max={1} value={done} aria-label={text.measure.title} />
      <p>
        {trial === 0 ? `${text.measure.dense}: ${what}` : text.measure.trial(trial, trials, what)}
        {secondsLeft !== null && ` · ${text.measure.left(duration(secondsLeft, language))}`}
      </p>
    </div>
  );
}
