import { sizeOf } from '@espalier/core';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { useText } from '../../i18n/index.js';
import { SHOWN } from '../../settings.js';
import { useActions } from '../../state/actions.js';
import { useMisfit, useStore } from '../../state/store.js';
import { Section } from '../../ui/card.js';
import { Select, Slider } from '../../ui/controls.js';
import { threeDigits } from '../../words.js';
import type { Samples, Which } from '../../worker/protocol.js';
import { SparsitySlider } from '../cut/sparsity.js';
import { Answers, answerOf, likeliest } from './answers.js';
import { DrawPad } from './draw-pad.js';
import { Gallery } from './gallery.js';
import { useNamedModels } from './models.js';
import { Picture, pictureOf } from './picture.js';
import { normalised, SIDE } from './stroke.js';

const EMPTY: Float32Array = new Float32Array(SIDE * SIDE);

export function TryView() {
  const text = useText();
  const fits = useMisfit() === undefined;
  const own = useStore(({ data }) => data.own);
  return (
    <Section id="try" title={text.try.title} lead={own ? text.try.leadOwn : text.try.lead}>
      {fits ? <Bench /> : <p class="empty-note">{text.try.unavailable}</p>}
    </Section>
  );
}

function Bench() {
  const text = useText();
  const { samples: load, choose } = useActions();
  const { sample } = useStore(({ settings }) => settings);
  const ready = useStore(({ model }) => model !== null);
  const data = useStore(({ data }) => data);
  const [samples, setSamples] = useState<Samples | null>(null);
  const [ink, setInk] = useState(EMPTY);
  useEffect(() => {
    setSamples(null);
    if (ready) void load(0, SHOWN).then(setSamples, () => undefined);
  }, [ready, data]);
  const drawable = !data.own;
  const shown = samples?.labels.length ?? SHOWN;
  const chosen = sample === null ? (drawable ? null : 0) : Math.min(sample, shown - 1);
  const picked = useMemo(() => (chosen !== null && samples ? valuesOf(samples, chosen) : null), [samples, chosen]);
  const input = useMemo(() => picked ?? normalised(ink), [picked, ink]);
  const draw = (next: Float32Array) => {
    setInk(next);
    choose({ sample: null });
  };
  return (
    <div class="try">
      <div class="card input">
        <h3>{drawable ? text.try.draw : text.try.pick}</h3>
        {drawable ? (
          // Drawing on a test digit starts from it.
          <DrawPad image={picked ?? ink} onDraw={draw} onClear={() => draw(EMPTY)} />
        ) : (
          picked && samples && <Sample shape={samples.shape} values={picked} />
        )}
        <Slider
          label={text.try.pick}
          value={chosen ?? 0}
          min={0}
          max={shown - 1}
          step={1}
          text={chosen === null ? '–' : `${chosen + 1} / ${shown}`}
          hint={chosen !== null && samples ? text.try.label(samples.labels[chosen]) : ' '}
          onInput={(next) => choose({ sample: next })}
        />
      </div>
      <Duel input={!picked && ink === EMPTY ? null : input} samples={samples} chosen={chosen} />
    </div>
  );
}

interface DuelProps {
  readonly input: Float32Array | null;
  readonly samples: Samples | null;
  readonly chosen: number | null;
}

/** What two models answer, side by side. */
function Duel({ input, samples, chosen }: DuelProps) {
  const text = useText();
  const { choose } = useActions();
  const { a, b } = useStore(({ settings }) => settings);
  const classCount = useStore(({ data }) => data.classes);
  const names = useNamedModels();
  // A measured model goes with its results.
  const [left, right] = [a, b].map((which, i) =>
    names.some(([id]) => id === which) ? which : (['dense', 'live'] as const)[i],
  );
  const one = useAnswers(input, left, right);
  const all = useAnswers(samples?.values ?? null, left, right);
  const nameOf = (which: Which) => names.find(([id]) => id === which)?.[1] ?? which;
  const [first, second] = [one?.[0]?.[0], one?.[1]?.[0]];
  const classes = likeliest([first, second], classCount);
  return (
    <div class="card duel">
      <div class="sides">
        <div>
          <Select label={text.try.modelA} value={left} options={names} onChange={(which) => choose({ a: which })} />
          <Answers name={nameOf(left)} probabilities={first} classes={classes} />
        </div>
        <div>
          <Select label={text.try.modelB} value={right} options={names} onChange={(which) => choose({ b: which })} />
          <Answers name={nameOf(right)} probabilities={second} classes={classes} />
        </div>
      </div>
      <p class="verdict" role="status">
        {first && second ? (answerOf(first) === answerOf(second) ? text.try.agree : text.try.disagree) : ' '}
      </p>
      <SparsitySlider label={text.try.sparsityB} />
      {samples && (
        <Gallery samples={samples} answers={all ?? []} chosen={chosen} onChoose={(next) => choose({ sample: next })} />
      )}
    </div>
  );
}

function valuesOf({ shape, values }: Samples, index: number): Float32Array {
  const width = sizeOf(shape);
  return values.subarray(index * width, (index + 1) * width);
}

const MOST_VALUES = 24;

/** As a picture, or its first values. */
function Sample({ shape, values }: { readonly shape: readonly number[]; readonly values: Float32Array }) {
  if (pictureOf(shape)) {
    return (
      <div class="pad still">
        <Picture shape={shape} values={values} />
      </div>
    );
  }
  const some = Array.from(values.subarray(0, MOST_VALUES), (value) => threeDigits(value).replace('-', '−'));
  return (
    <p class="values">
      {some.join('  ')}
      {values.length > MOST_VALUES && ' …'}
    </p>
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
