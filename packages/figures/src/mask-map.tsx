import { InputError, show } from '@espalier/core';
import { EDGE, Figure, Label, Shapes, Title, TITLE_HEIGHT } from './frame.js';
import { Legend, legendOf } from './series.js';
import { toSvg } from './svg.js';
import { type Background, fitText, KEEP, PRUNE, SIZE } from './theme.js';
import { ENGLISH, type FigureWords } from './words.js';

/** A piece of a kernel's mask, seen as a matrix: rows are the leading axes, columns the outputs. */
export interface MaskMapData {
  /** Rows and columns of the whole. */
  readonly of: readonly [rows: number, columns: number];
  readonly rows: number;
  readonly columns: number;
  /** Row by row: 0 = pruned, 1 = kept, 2 = its row or column is gone as a whole. */
  readonly cells: ArrayLike<number>;
  /** In front of which rows and columns a line divides it, and whose cells and groups it divides. */
  readonly lines?: { readonly rows: readonly number[]; readonly columns: readonly number[]; readonly of: string };
}

export interface MaskMapOptions {
  readonly title?: string;
  readonly background?: Background;
  readonly words?: FigureWords;
}

export const MASK_MAP_DEFAULTS = { background: 'white', words: ENGLISH } as const;

const CELL = 8;
const GONE = '#e0b894';
const NARROWEST = 360;

/** `MaskMap` as SVG text. */
export const maskMap = (data: MaskMapData, options: MaskMapOptions = {}): string =>
  toSvg(<MaskMap data={data} {...options} />);

/**
 * The mask entry by entry: kept, pruned, or in a row or column that is gone; what is decided together between lines.
 *
 * @throws InputError 'figure-empty' without cells; 'figure-shape' where they are not rows × columns
 */
export function MaskMap({ data, ...options }: MaskMapOptions & { readonly data: MaskMapData }) {
  const { title, background, words } = { ...MASK_MAP_DEFAULTS, ...options };
  check(data);
  const { of, rows, columns, cells, lines } = data;
  const gone = Array.from(cells).includes(2);
  const width = Math.max(NARROWEST, columns * CELL + 2 * EDGE);
  const styles = [
    { name: words.keep, colour: KEEP, shape: 'square' as const },
    { name: words.prune, colour: PRUNE, shape: 'square' as const },
    ...(gone ? [{ name: words.gone, colour: GONE, shape: 'square' as const }] : []),
  ];
  const legend = legendOf(styles, width - 2 * EDGE);
  const legendTop = EDGE + (title === undefined ? 0 : TITLE_HEIGHT);
  const top = legendTop + legend.height + 6;
  const bottom = top + rows * CELL;
  const whole = of[0] === rows && of[1] === columns;
  const extent = words.mapExtent(`${rows}×${columns}`, whole ? null : `${of[0]}×${of[1]}`);
  const notes = [extent, ...(lines ? [words.lines(lines.of)] : [])];
  const place = { rows, columns, cells, top };
  return (
    <Figure
      width={width}
      height={bottom + 8 + 17 * notes.length + 6}
      label={[title ?? words.mask, ...notes].join('; ')}
      background={background}
    >
      {title !== undefined && <Title text={title} width={width} />}
      <Legend entries={legend.entries} x={EDGE} y={legendTop} />
      <Shapes d={outline(place, 0)} fill={PRUNE} fill-opacity={0.35} />
      <Shapes d={outline(place, 1)} fill={KEEP} />
      <Shapes d={outline(place, 2)} fill={GONE} />
      <g fill="currentColor" fill-opacity={0.55}>
        {lines?.rows.map((r) => (
          <rect key={r} x={EDGE} y={top + r * CELL - 1} width={columns * CELL - 1} height={1} />
        ))}
        {lines?.columns.map((c) => (
          <rect key={c} x={EDGE + c * CELL - 1} y={top} width={1} height={rows * CELL - 1} />
        ))}
      </g>
      {notes.map((text, i) => (
        <Label
          key={text}
          x={EDGE}
          y={bottom + 18 + 17 * i}
          text={fitText(text, SIZE.text, width - 2 * EDGE)}
          size={SIZE.text}
          muted
        />
      ))}
    </Figure>
  );
}

type Place = Pick<MaskMapData, 'rows' | 'columns' | 'cells'> & { readonly top: number };

/** One path for all cells of a kind; neighbours keep a hair of ground between them. */
function outline({ rows, columns, cells, top }: Place, kind: number): string {
  const side = CELL - 1;
  let d = '';
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      if (cells[r * columns + c] === kind) d += `M${EDGE + c * CELL},${top + r * CELL}h${side}v${side}h-${side}z`;
    }
  }
  return d;
}

function check({ rows, columns, cells }: MaskMapData): void {
  if (rows * columns === 0) {
    const [wanted, found] = ['at least one weight', `${rows} × ${columns}`];
    throw new InputError('figure-empty', `a mask needs ${wanted}, got ${found}`, { wanted, found });
  }
  if (cells.length === rows * columns) return;
  const [wanted, found] = [`${rows} × ${columns} cells`, show(cells.length)];
  throw new InputError('figure-shape', `a mask needs ${wanted}, got ${found}`, { wanted, found });
}
