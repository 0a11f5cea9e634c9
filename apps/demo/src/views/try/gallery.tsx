import { useEffect, useRef } from 'preact/hooks';
import { useText } from '../../i18n/index.js';
import { answerOf } from './answers.js';
import { SIDE } from './stroke.js';

interface Props {
  readonly images: Float32Array;
  readonly labels: Int32Array;
  /** By model, by image. */
  readonly answers: readonly (readonly (readonly number[])[])[];
  readonly chosen: number | null;
  readonly onChoose: (index: number) => void;
}

/** Test digits, each a button; those that the two models answer differently stand out. */
export function Gallery({ images, labels, answers, chosen, onChoose }: Props) {
  const text = useText();
  const [a, b] = answers;
  const split = [...labels.keys()].filter((i) => a?.[i] && b?.[i] && answerOf(a[i]) !== answerOf(b[i]));
  return (
    <div class="gallery-box">
      <p>
        <strong>{text.try.gallery}</strong> <small>{text.try.galleryHint}</small>
      </p>
      <ul class="gallery" data-split={split.length}>
        {Array.from(labels, (label, i) => {
          const differs = split.includes(i);
          const says = a?.[i] && b?.[i] ? `A ${answerOf(a[i])}, B ${answerOf(b[i])}` : '';
          return (
            <li key={i}>
              <button
                type="button"
                class={`thumb ${differs ? 'differs' : ''}`}
                aria-pressed={chosen === i}
                aria-label={`${text.try.label(label)} ${says}${differs ? `. ${text.try.disagree}` : ''}`}
                title={says}
                onClick={() => onChoose(i)}
              >
                <Thumb image={images.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE)} />
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Thumb({ image }: { readonly image: Float32Array }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current!.getContext('2d')!;
    const pixels = context.createImageData(SIDE, SIDE);
    // The ink is the alpha, so that the page's own colours show through.
    image.forEach((value, i) => pixels.data.set([128, 136, 146, 255 * value], 4 * i));
    context.putImageData(pixels, 0, 0);
  }, [image[400], image[300], image[200]]);
  return <canvas ref={canvas} width={SIDE} height={SIDE} aria-hidden="true" />;
}
