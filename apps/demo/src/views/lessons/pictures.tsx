/** One drawing for each lesson, in the page's own colours; the text says the same. */
import type { ComponentChildren } from 'preact';
import { useText } from '../../i18n/index.js';
import { STRATEGIES } from '../../settings.js';
import { CutPicture } from '../../ui/icons.js';

const Drawing = ({ children }: { readonly children: ComponentChildren }) => (
  <svg class="drawing" viewBox="0 0 160 96" width="160" height="96" aria-hidden="true">
    {children}
  </svg>
);

const LEFT = [16, 48, 80];
const RIGHT = [10, 34, 58, 82];
/** Which connections of the small network stay. */
const STRONG = [1, 4, 6, 11];

/** A small network, most of whose connections are faint. */
function Why() {
  return (
    <Drawing>
      {LEFT.flatMap((y1, i) =>
        RIGHT.map((y2, j) => {
          const strong = STRONG.includes(i * RIGHT.length + j);
          return <line key={`${i}-${j}`} x1="24" x2="136" y1={y1} y2={y2} class={strong ? 'strong' : 'faint'} />;
        }),
      )}
      {LEFT.map((y) => (
        <circle key={y} cx="24" cy={y} r="7" class="node" />
      ))}
      {RIGHT.map((y) => (
        <circle key={y} cx="136" cy={y} r="7" class="node" />
      ))}
    </Drawing>
  );
}

function Granularity() {
  const { cut: text } = useText();
  return (
    <div class="pictures">
      {STRATEGIES.map((cut) => (
        <span key={cut}>
          <CutPicture cut={cut} size={56} />
          <small>{text.names[cut]}</small>
        </span>
      ))}
    </div>
  );
}

/** The loss as a valley: the slope tells of the first order, the bend of the second. */
function Saliency() {
  return (
    <Drawing>
      <path d="M10 12 Q 70 150 150 16" class="curve" />
      <line x1="22" x2="78" y1="8" y2="92" class="tangent" />
      <circle cx="45" cy="52" r="5" class="dot" />
      <circle cx="80" cy="79" r="5" class="node" />
      <path d="M58 70 Q 80 92 104 70" class="bend" />
    </Drawing>
  );
}

const HEIGHTS = [
  [30, 52, 20, 66, 40],
  [14, 24, 34, 18, 28],
];

/** One line through both layers, and a line of its own for each. */
function Scope() {
  return (
    <Drawing>
      {HEIGHTS.map((heights, layer) =>
        heights.map((height, i) => (
          <rect
            key={`${layer}-${i}`}
            x={8 + layer * 78 + i * 13}
            y={88 - height}
            width="9"
            height={height}
            rx="2"
            class={height > 31 ? 'kept' : 'pruned'}
          />
        )),
      )}
      <line x1="4" x2="156" y1="57" y2="57" class="threshold" />
      <line x1="86" x2="156" y1="66" y2="66" class="local" />
    </Drawing>
  );
}

/** Accuracy falls with the cut and comes back with training. */
function Tuning() {
  return (
    <Drawing>
      <path d="M8 20 H58 V76 H66 C 84 76 88 30 152 25" class="curve" />
      <line x1="8" x2="152" y1="20" y2="20" class="threshold" />
      <circle cx="58" cy="76" r="5" class="dot" />
    </Drawing>
  );
}

export const PICTURES = { why: Why, granularity: Granularity, saliency: Saliency, scope: Scope, tuning: Tuning };

export type LessonName = keyof typeof PICTURES;
