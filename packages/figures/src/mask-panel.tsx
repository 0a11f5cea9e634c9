import { Label, Shapes } from './frame.js';
import type { MaskCorner } from './kernel.js';
import { HEADER, MARGIN, Panel, type PanelProps } from './pruning-panels.js';
import { KEEP, percent, PRUNE } from './theme.js';
import type { FigureWords } from './words.js';

const MAP = 224;
const LARGEST_CELL = 28;

export function MaskPanel({ data: { size, kept, corner }, words }: PanelProps) {
  const [rows, cols] = corner.shown;
  const cell = Math.max(1, Math.min(LARGEST_CELL, Math.floor(MAP / Math.max(rows, cols))));
  const place = { rows, cols, cell, left: MARGIN.left - 20, top: HEADER + MARGIN.top };
  const complete = corner.of[0] === rows && corner.of[1] === cols;
  const extent = words.maskExtent(
    `${rows}×${cols}`,
    complete ? null : `${corner.of[0]}×${corner.of[1]}`,
    percent(1 - kept / size),
  );
  return (
    <Panel title={words.mask} subtitle={extent}>
      <Shapes d={cells(corner, false, place)} fill={PRUNE} fill-opacity={0.35} />
      <Shapes d={cells(corner, true, place)} fill={KEEP} />
      <SideTicks {...place} label={words.output} />
      <ColourBar x={place.left + MAP + 10} y={place.top} words={words} />
    </Panel>
  );
}

interface Place {
  readonly rows: number;
  readonly cols: number;
  readonly cell: number;
  readonly left: number;
  readonly top: number;
}

/** One path for all cells of a kind, with a hair of ground between them so that they can be counted. */
function cells({ keep }: MaskCorner, wanted: boolean, { cols, cell, left, top }: Place): string {
  const side = cell - (cell >= 5 ? 1 : 0);
  return keep
    .map((kept, i) =>
      kept === wanted
        ? `M${left + (i % cols) * cell},${top + Math.floor(i / cols) * cell}h${side}v${side}h-${side}z`
        : '',
    )
    .join('');
}

function SideTicks({ rows, cols, cell, left, top, label }: Place & { label: string }) {
  const centre = (i: number) => i * cell + cell / 2;
  const ends = (count: number, room: number): [at: number, label: string][] => {
    if (count === 1) return [[centre(0), '0']];
    const last = count - 1;
    // Too near to write apart.
    if (last * cell < room) return [[(count * cell) / 2, `0–${last}`]];
    return [0, last].map((i) => [centre(i), String(i)]);
  };
  const below = top + rows * cell + 14;
  return (
    <g>
      {ends(rows, 12).map(([y, text]) => (
        <Label key={text} x={left - 5} y={top + y + 4} text={text} anchor="end" muted />
      ))}
      {ends(cols, 24).map(([x, text]) => (
        <Label key={text} x={left + x} y={below} text={text} anchor="middle" muted />
      ))}
      <Label x={left + (cols * cell) / 2} y={below + (cols * cell < 90 ? 15 : 0)} text={label} anchor="middle" muted />
    </g>
  );
}

function ColourBar({ x, y, words }: { x: number; y: number; words: FigureWords }) {
  const [width, height] = [12, 40];
  return (
    <g>
      <rect x={x} y={y} width={width} height={height} fill={KEEP} />
      <rect x={x} y={y + height} width={width} height={height} fill={PRUNE} fill-opacity={0.35} />
      <Label x={x + width + 5} y={y + height / 2 + 4} text={words.keep} />
      <Label x={x + width + 5} y={y + height * 1.5 + 4} text={words.prune} />
    </g>
  );
}
