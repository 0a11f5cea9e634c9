/** Line drawings in the text's colour; decoration only. */
import type { ComponentChildren } from 'preact';
import type { StrategyName } from '../settings.js';

interface Props {
  readonly size?: number;
  readonly children?: ComponentChildren;
}

const Svg = ({ size = 20, children }: Props) => (
  <svg
    width={size}
    height={size}
    viewBox="0 0 32 32"
    fill="none"
    stroke="currentColor"
    stroke-width="2.4"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    {children}
  </svg>
);

/** A tree trained flat against a wall. */
export const Logo = () => (
  <Svg size={30}>
    <path d="M16 29V5M16 22H5v-5M16 22h11v-5M16 13H9V8M16 13h7V8" />
  </Svg>
);

export const Chevron = () => (
  <Svg size={16}>
    <path d="M11 6l10 10-10 10" />
  </Svg>
);

const SIDE = 6;
const SCATTERED = [0, 2, 3, 7, 9, 11, 12, 14, 16, 19, 22, 23, 24, 27, 29, 30, 32, 35];

/** Which of each two rows stays, column by column. */
const ONE_OF_TWO = [0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 0, 1];

/** Whether a cell of a small mask is kept, as each cut would have it. */
const KEEPS: Readonly<Record<StrategyName, (row: number, column: number) => boolean>> = {
  unstructured: (row, column) => SCATTERED.includes(row * SIDE + column),
  nm: (row, column) => row % 2 === ONE_OF_TWO[Math.floor(row / 2) * SIDE + column],
  block: (row, column) => [0, 3, 4, 7, 8, 11].includes(row * 2 + (column > 2 ? 1 : 0)),
  structured: (_row, column) => ![1, 3, 4].includes(column),
};

/** What a cut leaves of a small matrix. */
export function CutPicture({ cut, size = 44 }: { readonly cut: StrategyName; readonly size?: number }) {
  const cells = Array.from({ length: SIDE * SIDE }, (_, i) => [Math.floor(i / SIDE), i % SIDE]);
  return (
    <svg class="cut-picture" width={size} height={size} viewBox={`0 0 ${SIDE} ${SIDE}`} aria-hidden="true">
      {cells.map(([row, column]) => (
        <rect
          key={row * SIDE + column}
          x={column + 0.08}
          y={row + 0.08}
          width="0.84"
          height="0.84"
          rx="0.16"
          class={KEEPS[cut](row, column) ? 'kept' : 'pruned'}
        />
      ))}
    </svg>
  );
}
