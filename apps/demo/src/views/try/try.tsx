import { useEffect, useMemo, useState } from 'preact/hooks';
import { useText } from '../../i18n/index.js';
import { SHOWN } from '../../settings.js';
import { useActions } from '../../state/actions.js';
import { useStore } from '../../state/store.js';
import { Section } from '../../ui/card.js';
import { Select, Slider } from '../../ui/controls.js';
import type { Which } from '../../worker/protocol.js';
import { SparsitySlider } from '../cut/sparsity.js';
import { Answers, answerOf } from './answers.js';
import { DrawPad } from './draw-pad.js';
import { Gallery } from './gallery.js';
import { useNamedModels } from './models.js';
import { normalised, SIDE } from './stroke.js';

const EMPTY: Float32Array = new Float32Array(SIDE * SIDE);

interface Digits {
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

export function TryView() {
  const text = useText();
  const fits = useStore(({ model }) => model === null || model.digits === true);
  return (
    <Section id="try" title={text.try.title} lead={text.try.lead}>
      {fits ? <Bench /> : <p class="empty-note">{text.try.unavailable}</p>}
    </Section>
  );
}

function Bench() {
  const text = useText();
  const { digits: load, choose } = useActions();
  const { a, b, sample: chosen } = useStore(({ settings }) => settings);
  const model = useStore(({ model }) => model);
  const [digits, setDigits] = useState<Digits | null>(null);
  const [ink, setInk] = useState(EMPTY);
  const names = useNamedModels();
  useEffect(() => {
    if (model && !digits) void load(0, SHOWN).then(setDigits, () => undefined);
  }, [model]);
  // A measured model goes with its results.
  const [left, right] = [a, b].map((which, i) =>
    names.some(([id]) => id === which) ? which : (['dense', 'live'] as const)[i],
  );
  const picked =
    chosen !== null && digits ? digits.images.subarray(chosen * SIDE ** 2, (chosen + 1) * SIDE ** 2) : null;
  const image = picked ?? ink;
  const input = useMemo(() => (picked ? picked : normalised(ink)), [picked, ink]);
  const blank = !picked && ink === EMPTY;
  const one = useAnswers(blank ? null : input, left, right);
  const all = useAnswers(digits?.images ?? null, left, right);
  const nameOf = (which: Which) => names.find(([id]) => id === which)?.[1] ?? which;
  const [first, second] = [one?.[0]?.[0], one?.[1]?.[0]];
  return (
    <div class="try">
      <div class="card input">
        <h3>{text.try.draw}</h3>
        <DrawPad
          image={image}
          onDraw={(next) => {
            // Drawing on a test digit starts from it.
            setInk(next);
            choose({ sample: null });
          }}
          onClear={() => {
            setInk(EMPTY);
            choose({ sample: null });
          }}
        />
        <Slider
          label={text.try.pick}
          value={chosen ?? 0}
          min={0}
          max={SHOWN - 1}
          step={1}
          text={chosen === null ? '–' : `${chosen + 1} / ${SHOWN}`}
          hint={chosen !== null && digits ? text.try.label(digits.labels[chosen]) : ' '}
          onInput={(sample) => choose({ sample })}
        />
      </div>
      <div class="card duel">
        <div class="sides">
          <div>
            <Select label={text.try.modelA} value={left} options={names} onChange={(which) => choose({ a: which })} />
            <Answers name={nameOf(left)} probabilities={first} />
          </div>
          <div>
            <Select label={text.try.modelB} value={right} options={names} onChange={(which) => choose({ b: which })} />
            <Answers name={nameOf(right)} probabilities={second} />
          </div>
        </div>
        <p class="verdict" role="status">
          {first && second ? (answerOf(first) === answerOf(second) ? text.try.agree : text.try.disagree) : ' '}
        </p>
        <SparsitySlider label={text.try.sparsityB} />
        {digits && (
          <Gallery {...digits} answers={all ?? []} chosen={chosen} onChoose={(sample) => choose({ sample })} />
        )}
      </div>
    </div>
  );
}

/** Both models' probabilities; asked for again when the input, a model, or the cut is another one. */
function useAnswers(images: Float32Array | null, a: Which, b: Which): number[][][] | null {
  const { predict } = useActions();
  const details = useStore(({ details }) => details);
  const model = useStore(({ model }) => model);
  const [answers, setAnswers] = useState<number[][][] | null>(null);
  useEffect(() => {
    let wanted = true;
    if (!images || !model || !details) setAnswers(null);
    else
      void predict(images, [a, b]).then(
        (found) => wanted && setAnswers(found),
        () => wanted && setAnswers(null),
      );
    return () => {
      wanted = false;
    };
  }, [images, a, b, details, model]);
  return answers;
}
