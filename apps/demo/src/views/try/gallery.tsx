import { sizeOf } from '@espalier/core';
import { useMemo } from 'preact/hooks';
import { useText } from '../../i18n/index.js';
import type { Samples } from '../../worker/protocol.js';
import { answerOf } from './answers.js';
import { Picture, pictureOf } from './picture.js';

interface Props {
  readonly samples: Samples;
  /** By model, by sample. */
  readonly answers: readonly (readonly (readonly number[])[])[];
  readonly chosen: number | null;
  readonly onChoose: (index: number) => void;
}

/** Test samples, each a button; those that the two models answer differently stand out. */
export function Gallery({ samples, answers, chosen, onChoose }: Props) {
  const text = useText();
  const { shape, values, labels } = samples;
  // The same parts as long as the samples are, so that nothing is painted again while a slider moves.
  const parts = useMemo(() => {
    const width = sizeOf(shape);
    return Array.from(labels, (_, i) => values.subarray(i * width, (i + 1) * width));
  }, [samples]);
  const [a, b] = answers;
  const asked = (i: number) => a?.[i] !== undefined && b?.[i] !== undefined;
  const split = [...labels.keys()].filter((i) => asked(i) && answerOf(a[i]) !== answerOf(b[i]));
  return (
    <div class="gallery-box">
      <p>
        <strong>{text.try.gallery(labels.length)}</strong> <small>{text.try.galleryHint(split.length)}</small>
      </p>
      <ul class="gallery" data-split={split.length}>
        {Array.from(labels, (label, i) => {
          const differs = split.includes(i);
          const says = asked(i) ? `A ${answerOf(a[i])}, B ${answerOf(b[i])}` : '';
          return (
            <li key={i}>
              <button
                type="button"
                class={`thumb ${differs ? 'differs' : ''}`}
                aria-pressed={chosen === i}
                aria-label={`${i + 1}: ${text.try.label(label)} ${says}${differs ? `${text.colon}${text.try.disagree}` : ''}`}
                title={says}
                onClick={() => onChoose(i)}
              >
                {pictureOf(shape) ? <Picture shape={shape} values={parts[i]} /> : <span>{i + 1}</span>}
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
