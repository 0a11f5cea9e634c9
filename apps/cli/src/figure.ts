import {
  type Bits,
  makeBits,
  type Plan,
  type PrunableModel,
  resolveMask,
  show,
  sizeOf,
  UsageError,
} from '@espalier/core';
import { figures } from '@espalier/figures';
import { writeFile } from '@espalier/format';
import { toPng } from '@espalier/figures/png';
import { dirname, extname } from 'node:path';
import type { Run } from '@espalier/pipeline';
import { checkOutputFolder } from './output.js';
import { plain } from './plain.js';

export interface Kernel {
  readonly id: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
  maskOf(plan: Plan): Promise<Bits>;
}

/** The kernel that --layer names by its id or its layer, with its weights as they are now; default: the first. */
export async function kernelOf(model: PrunableModel, layer: string | undefined): Promise<Kernel> {
  const kernels = model.params.filter(({ role }) => role === 'kernel');
  const param = layer === undefined ? kernels[0] : kernels.find(({ id }) => id === layer || id.startsWith(`${layer}/`));
  if (!param) {
    const names = kernels.map(({ id }) => id).join(', ') || 'none';
    throw new UsageError(
      'layer-unknown',
      `--layer: no kernel is called ${show(layer ?? '')}; the kernels are ${names}`,
      { where: '--layer', found: layer ?? '' },
    );
  }
  const size = sizeOf(param.shape);
  return {
    id: param.id,
    shape: param.shape,
    values: await model.read(param.id),
    maskOf: async (plan) => (await resolveMask(plan, param, model.groups)) ?? makeBits(size),
  };
}

export async function checkFigurePath(path: string): Promise<void> {
  if (['.svg', '.png'].includes(extname(path).toLowerCase())) return checkOutputFolder(dirname(path));
  throw new UsageError('figure-kind', `--figure wants a file that ends in .svg or .png, got ${show(path)}`, {
    where: '--figure',
    wanted: '.svg or .png',
    found: path,
  });
}

export function drawPruning(
  { id, shape, values }: Kernel,
  options: { sparsity: number } | { mask: Bits; threshold: number | null },
): string {
  if ('sparsity' in options) return figures.pruning({ name: id, shape, values }, { sparsity: options.sparsity });
  return figures.pruning({ name: id, shape, values, ...options });
}

/** The same kernel after a pruning. */
export async function drawAfter(kernel: Kernel, { plan, summary }: Run, onWeights: boolean): Promise<string> {
  const layer = summary.layers.find(({ id }) => id === kernel.id);
  const mask = await (plan.params.includes(kernel.id) ? plan.mask(kernel.id) : kernel.maskOf(plan));
  return drawPruning(kernel, { mask, threshold: onWeights ? (layer?.threshold ?? null) : null });
}

export async function writeFigure(path: string, svg: string): Promise<{ path: string; bytes: number }> {
  return writeFile(path, extname(path).toLowerCase() === '.png' ? await toPng(svg) : svg);
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** The distribution of a kernel's weights in text, one bar a bin. */
export function histogramText(id: string, values: Float32Array, bins = 24, width = 56): string {
  const { counts, edges } = figures.histogram(values, { bins });
  const most = Math.max(...counts, 1);
  const lines = Array.from(counts, (n, i) => {
    const length = (n / most) * width;
    const bar = '█'.repeat(Math.floor(length)) + EIGHTHS[Math.floor((length % 1) * 8)];
    return `${edges[i].toFixed(3).padStart(8)} ${bar || (n > 0 ? '▏' : '')} ${n > 0 ? n.toLocaleString('en-US') : ''}`.trimEnd();
  });
  return [`${plain(id)}: ${values.length.toLocaleString('en-US')} weights`, ...lines].join('\n');
}
