import type { VNode } from 'preact';
import { EDGE, Figure, Label } from './frame.js';
import {
  pruningData,
  type PruningData,
  type PruningDataOptions,
  PRUNING_DATA_DEFAULTS,
  type Weights,
} from './kernel.js';
import { MaskPanel } from './mask-panel.js';
import { AfterPanel, BeforePanel, PANEL, type PanelProps } from './pruning-panels.js';
import { toSvg } from './svg.js';
import { type Background, fitText, SIZE } from './theme.js';
import { ENGLISH, type FigureWords } from './words.js';

export interface PruningDrawOptions {
  /** Default: the kernel's name and shape. */
  readonly title?: string;
  readonly background?: Background;
  readonly words?: FigureWords;
}

export type PruningOptions = PruningDataOptions & PruningDrawOptions;

export const PRUNING_DEFAULTS = { ...PRUNING_DATA_DEFAULTS, background: 'white' as Background, words: ENGLISH };

const GAP = 16;
const SIDE = EDGE + 4;
const TITLE = 40;

/** What one panel is called in `PruningPanel`. */
export type PanelName = 'before' | 'after' | 'mask';

const PANELS: Readonly<Record<PanelName, (props: PanelProps) => VNode>> = {
  before: BeforePanel,
  after: AfterPanel,
  mask: MaskPanel,
};

/**
 * Pruning explained in three panels: the weights before with the threshold ±t dashed, the weights that are kept, and the
 * first 32 × 32 entries of the mask. A self-contained SVG document, the same bytes for the same input. Kernels without a
 * mask are pruned by magnitude at `sparsity`; of several kernels the first is drawn. For errors see pruningData.
 */
export function pruning(weights: Weights, options: PruningOptions = {}): string {
  return drawPruning(pruningData(weights, options), options);
}

/** The three panels side by side, from their data alone. */
export const drawPruning = (data: PruningData, options: PruningDrawOptions = {}): string =>
  toSvg(<Pruning data={data} {...options} />);

/** The three panels side by side. */
export function Pruning({ data, ...options }: PruningDrawOptions & { readonly data: PruningData }) {
  const { title = titleOf(data), background = PRUNING_DEFAULTS.background, words = ENGLISH } = options;
  const width = 2 * SIDE + 3 * PANEL.width + 2 * GAP;
  return (
    <Figure width={width} height={TITLE + PANEL.height + 14} label={words.pruningLabel(title)} background={background}>
      <Label x={SIDE + 14} y={26} text={fitText(title, SIZE.title, width - 2 * SIDE)} size={SIZE.title} bold />
      {Object.values(PANELS).map((Inner, i) => (
        <g key={i} transform={`translate(${SIDE + i * (PANEL.width + GAP)},${TITLE})`}>
          <Inner data={data} words={words} />
        </g>
      ))}
    </Figure>
  );
}

/** One panel as a document of its own, for pages that lay them out themselves. */
export function PruningPanel({
  panel,
  data,
  background = PRUNING_DEFAULTS.background,
  words = ENGLISH,
}: Omit<PruningDrawOptions, 'title'> & { readonly data: PruningData; readonly panel: PanelName }) {
  const Inner = PANELS[panel];
  return (
    <Figure {...PANEL} label={`${titleOf(data)}: ${words[panel]}`} background={background}>
      <Inner data={data} words={words} />
    </Figure>
  );
}

/** Each panel as SVG text. */
export function drawPruningPanels(
  data: PruningData,
  options: PruningDrawOptions = {},
): { before: string; after: string; mask: string } {
  const draw = (panel: PanelName) => toSvg(<PruningPanel panel={panel} data={data} {...options} />);
  return { before: draw('before'), after: draw('after'), mask: draw('mask') };
}

const titleOf = ({ name, shape }: PruningData) => `${name} [${shape.join(', ')}]`;
