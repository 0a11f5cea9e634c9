import { basename, dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { type LayerDescription, show, type Note } from '@espalier/core';
import Table from 'cli-table3';
import { shellWords } from './about.js';
import { out as pc } from './colours.js';
import type { Outcome } from '@espalier/pipeline';
import { bytes, count, filesOf, milliseconds, percent } from './ui.js';

const plain = {
  chars: {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  },
  style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
};

/** Names come from strangers' files; a terminal must not obey them. */
export const name = (text: string) => show(text).slice(1, -1);

export function table(head: readonly string[], rows: readonly (readonly string[])[], right: readonly number[]): string {
  const t = new Table({
    ...plain,
    head: head.map((h) => pc.dim(h)),
    colAligns: head.map((_, i) => (right.includes(i) ? 'right' : 'left')),
  });
  t.push(...rows.map((row) => [...row]));
  return t.toString().replace(/ +$/gm, '');
}

const shapeOf = (shape: readonly (number | null)[]) => `[${shape.map((n) => n ?? '?').join(', ')}]`;

export function inspectTable(
  model: string,
  layers: readonly LayerDescription[],
  total: number,
  files: readonly { path: string; bytes: number }[],
  width = Infinity,
): string {
  const rows = layers.map((layer) => [
    name(layer.name),
    name(layer.className),
    shapeOf(layer.outputShape),
    count(layer.params),
    layer.macs === null ? '?' : count(layer.macs),
    layer.prunable.length > 0 ? pc.green(layer.prunable.map(name).join(', ')) : pc.dim(name(layer.reason?.text ?? '')),
    layer.channels
      ? layer.channels.prunable
        ? pc.green(String(layer.channels.size))
        : pc.dim(name(layer.channels.reason?.text ?? ''))
      : '',
  ]);
  const macs = layers.every((layer) => layer.macs !== null)
    ? count(layers.reduce((sum, layer) => sum + layer.macs!, 0))
    : '?';
  const size = files.reduce((sum, file) => sum + file.bytes, 0);
  return [
    `${pc.bold(name(model))}: ${count(total)} parameters, ${macs} MACs a sample, ${bytes(size)} in ${filesOf(files.length)}`,
    '',
    ...fitted(['layer', 'class', 'output', 'params', 'MACs', 'weights that may be pruned', 'channels'], rows, width),
  ].join('\n');
}

/** What a narrow terminal does without, the first of them first. */
const SPARE = ['class', 'output', 'MACs'];

/** The table with the columns that there is room for; the others are named below it. */
function fitted(head: readonly string[], rows: readonly (readonly string[])[], width: number): string[] {
  const widths = head.map((text, i) =>
    Math.max(text.length, ...rows.map((row) => stripVTControlCharacters(row[i]).length)),
  );
  const total = (left: readonly string[]) =>
    widths.reduce((sum, wide, i) => (left.includes(head[i]) ? sum : sum + wide + 2), -2);
  const left: string[] = [];
  for (const spare of SPARE) if (total(left) > width) left.push(spare);
  const shown = head.flatMap((text, i) => (left.includes(text) ? [] : [i]));
  const right = shown.flatMap((column, i) => (['params', 'MACs'].includes(head[column]) ? [i] : []));
  const text = table(
    shown.map((i) => head[i]),
    rows.map((row) => shown.map((i) => row[i])),
    right,
  );
  return [text, ...(left.length > 0 ? ['', pc.dim(`without room here, but in --json: ${left.join(', ')}`)] : [])];
}

export interface PruneSummary {
  readonly model: string;
  readonly strategy: string;
  readonly scorer: string;
  readonly sparsity: { readonly requested: number; readonly achieved: number };
  readonly params: { readonly total: number; readonly kept: number };
  readonly macs: { readonly dense: number; readonly kept: number } | null;
  readonly layers: readonly {
    readonly id: string;
    readonly shape: readonly number[];
    readonly size: number;
    readonly kept: number;
    readonly threshold: number | null;
  }[];
  readonly branches?: { readonly total: number; readonly kept: number };
  readonly channels?: { readonly total: number; readonly kept: number };
  readonly budget?: Outcome;
  readonly accuracy?: { readonly dense: number; readonly pruned: number };
  readonly skipped: readonly { readonly id: string; readonly reason: Note }[];
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

export function pruneTable(s: PruneSummary): string {
  const width = 20;
  const rows = s.layers.map(({ id, shape, size, kept, threshold }) => {
    const full = Math.round((kept / Math.max(1, size)) * width);
    const bar = pc.green('█'.repeat(full)) + pc.dim('░'.repeat(width - full));
    return [
      name(id),
      shapeOf(shape),
      `${count(kept)} / ${count(size)}`,
      percent(kept / Math.max(1, size)),
      bar,
      threshold === null ? '' : threshold.toPrecision(4),
    ];
  });
  const fraction = (a: number, b: number) => `${count(b)} of ${count(a)} (${percent(b / Math.max(1, a))})`;
  return [
    '',
    `${pc.bold(name(s.model))} pruned by ${s.strategy}, ${s.scorer}: sparsity ${percent(s.sparsity.achieved, 2)}${!s.budget && Math.abs(s.sparsity.achieved - s.sparsity.requested) > 0.005 ? ` (asked for ${percent(s.sparsity.requested)})` : ''}`,
    '',
    table(
      ['kernel', 'shape', 'kept', '', '', s.layers.some((l) => l.threshold !== null) ? 'threshold' : ''],
      rows,
      [2, 3],
    ),
    '',
    `parameters kept  ${fraction(s.params.total, s.params.kept)}`,
    ...(s.macs ? [`MACs kept        ${fraction(s.macs.dense, s.macs.kept)}`] : []),
    ...(s.channels ? [`channels kept    ${fraction(s.channels.total, s.channels.kept)}`] : []),
    ...(s.branches ? [`branches kept    ${fraction(s.branches.total, s.branches.kept)}`] : []),
    ...(s.budget ? [`budget           ${budgetText(s.budget)}`] : []),
    ...(s.accuracy ? [`accuracy         ${s.accuracy.dense.toFixed(2)}% → ${s.accuracy.pruned.toFixed(2)}%`] : []),
    ...s.skipped.map(({ id, reason }) => pc.dim(`left alone       ${name(id)}: ${name(reason.text)}`)),
    ...s.files.map((file) => `wrote            ${file.path} (${bytes(file.bytes)})`),
    ...packing(s.files),
  ].join('\n');
}

/** A model.json stores every zero: what makes a small file of it. */
function packing(files: PruneSummary['files']): string[] {
  const model = files.find(({ path }) => basename(path) === 'model.json');
  if (!model) return [];
  const folder = dirname(model.path);
  const command = ['espalier', 'pack', folder, '-o', `${folder}.espalier`];
  return [`to store it small, without its zeros: ${shellWords(command)}`];
}

const AMOUNTS = {
  params: (n: number) => `${count(Math.round(n))} parameters`,
  macs: (n: number) => `${count(Math.round(n))} MACs`,
  bytes: (n: number) => bytes(Math.round(n)),
  latency: milliseconds,
};

function budgetText({ of, wanted, kept, fraction }: Outcome): string {
  const amount = AMOUNTS[of];
  return `${amount(kept)} (${percent(fraction.kept)}) for ${amount(wanted)} (${percent(fraction.wanted)})`;
}

/** What --granularity layer may remove. */
export const branchesText = (branches: readonly string[]) =>
  `residual branches that may go as a whole, by the layer that adds them: ${pc.green(branches.map(name).join(', '))}`;
