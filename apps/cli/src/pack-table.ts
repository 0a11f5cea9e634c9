import type { Encoded, FileSize } from '@espalier/format';
import { out as pc } from './colours.js';
import { name, table } from './tables.js';
import { bytes, count, percent } from './ui.js';

export interface PackSummary {
  readonly model: string;
  readonly from: { readonly container: string; readonly raw: number; readonly gzip: number; readonly brotli: number };
  readonly file: FileSize;
  readonly headerBytes: number;
  readonly tensors: Encoded['tensors'];
  /** Per cent of the test samples: as the model was, with a codebook that is not trained yet, and of the file that was written. */
  readonly accuracy?: { readonly before: number; readonly untrained?: number; readonly packed: number };
  readonly testedOn?: string;
}

/** What each tensor takes in a compact file, and the whole beside what the model took before. */
export function packTable({ model, from, file, headerBytes, tensors, accuracy, testedOn }: PackSummary): string {
  const rows = tensors.map((tensor) => [
    name(tensor.name),
    count(tensor.elements),
    percent(tensor.kept / Math.max(1, tensor.elements)),
    tensor.positions,
    bytes(tensor.positionBytes),
    tensor.values === 'planes' ? 'exact' : tensor.values,
    bytes(tensor.valueBytes),
  ]);
  const times = (size: number) => `${(size / Math.max(1, file.bytes)).toFixed(1)}×`;
  const sizes = (
    [
      ['as it was', from.raw],
      ['gzip -9', from.gzip],
      ['brotli -11', from.brotli],
    ] as const
  ).map(([label, size]) => [label, bytes(size), times(size)]);
  return [
    '',
    table(['tensor', 'elements', 'not zero', 'positions', '', 'values', ''], rows, [1, 2, 4, 6]),
    '',
    table([name(model), 'bytes', 'to packed'], [...sizes, [pc.bold('packed'), pc.bold(bytes(file.bytes)), '']], [1, 2]),
    '',
    ...(accuracy ? [accuracyLine(accuracy, testedOn!), ''] : []),
    pc.dim(`header with topology, names and shapes: ${bytes(headerBytes)}`),
  ].join('\n');
}

function accuracyLine({ before, untrained, packed }: NonNullable<PackSummary['accuracy']>, testedOn: string): string {
  const of = (value: number) => `${value.toFixed(2)}%`;
  const steps = [of(before), ...(untrained === undefined ? [] : [`${of(untrained)} with shared values`])];
  return `accuracy ${steps.join(' → ')} → ${pc.bold(of(packed))} packed${untrained === undefined ? '' : ', fine-tuned'}, on ${name(testedOn)}`;
}
