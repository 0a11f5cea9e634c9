import {
  pruningData,
  type PruningData,
  type PruningDataOptions,
  PRUNING_DATA_DEFAULTS,
  type Weights,
} from './kernel.js';
import { afterPanel, beforePanel, maskPanel, PANEL } from './pruning-panels.js';
import { element, frame, newDocument, text } from './svg.js';
import { type Background, fitText, SIZE } from './theme.js';

export interface PruningDrawOptions {
  /** Default: the kernel's name and shape. */
  readonly title?: string;
  readonly background?: Background;
}

export type PruningOptions = PruningDataOptions & PruningDrawOptions;

export const PRUNING_DEFAULTS = { ...PRUNING_DATA_DEFAULTS, background: 'white' as Background };

const GAP = 16;
const EDGE = 18;
const TITLE = 40;

/**
 * Pruning explained in three panels: the weights before with the threshold ±t dashed, the weights that are kept, and the
 * first 32 × 32 entries of the mask. A self-contained SVG document, the same bytes for the same input. Kernels without a
 * mask are pruned by magnitude at `sparsity`; of several kernels the first is drawn. For errors see pruningData.
 */
export function pruning(weights: Weights, options: PruningOptions = {}): string {
  return drawPruning(pruningData(weights, options), options);
}

/** The three panels side by side, from their data alone. */
export function drawPruning(data: PruningData, options: PruningDrawOptions = {}): string {
  const { title = titleOf(data), background = PRUNING_DEFAULTS.background } = options;
  const document = newDocument();
  const width = 2 * EDGE + 3 * PANEL.width + 2 * GAP;
  const panels = [beforePanel, afterPanel, maskPanel].map((panel, i) =>
    element(
      document,
      'g',
      { transform: `translate(${EDGE + i * (PANEL.width + GAP)},${TITLE})` },
      panel(document, data),
    ),
  );
  const heading = text(document, EDGE + 14, 26, fitText(title, SIZE.title, width - 2 * EDGE), {
    size: SIZE.title,
    bold: true,
  });
  const height = TITLE + PANEL.height + 14;
  return frame(
    document,
    { width, height, label: `${title}: weights before, after and mask`, background },
    heading,
    ...panels,
  );
}

/** Each panel as a document of its own, for pages that lay them out themselves. */
export function drawPruningPanels(
  data: PruningData,
  { background = PRUNING_DEFAULTS.background }: PruningDrawOptions = {},
): { before: string; after: string; mask: string } {
  const draw = (panel: typeof beforePanel, what: string) => {
    const document = newDocument();
    return frame(document, { ...PANEL, label: `${titleOf(data)}: ${what}`, background }, panel(document, data));
  };
  return {
    before: draw(beforePanel, 'weights before'),
    after: draw(afterPanel, 'weights after'),
    mask: draw(maskPanel, 'mask'),
  };
}

const titleOf = ({ name, shape }: PruningData) => `${name} [${shape.join(', ')}]`;
