import { sizeOf } from '@espalier/core';
import { Command } from 'commander';
import { useBackend } from '../backend.js';
import { checkFigurePath, drawPruning, histogramText, kernelOf, writeFigure } from '../figure.js';
import { terminalWidth } from '../layout.js';
import { openModel } from '../open.js';
import { printJson } from '../plain.js';
import type { Settings } from '@espalier/pipeline';
import { jsonOption, optionOf, sparsity } from '../options.js';
import { branchesText, inspectTable } from '../tables.js';
import { line, task } from '../ui.js';

interface InspectOptions {
  readonly figure?: string;
  readonly layer?: string;
  readonly histogram?: boolean;
  readonly sparsity: number;
  readonly nonFinite?: Settings['nonFinite'];
  readonly json?: boolean;
}

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('lists every layer: shape, parameters, MACs, what may be pruned and why the rest may not')
    .argument('<model>', 'a directory, a path to model.json or .espalier, or a zoo name')
    .option('--histogram', 'draws the weights of a kernel in the terminal')
    .option('--figure <file>', 'writes the three panels of pruning a kernel as .svg or .png')
    .option('--layer <id>', 'the kernel that is drawn; default: the first')
    .option('--sparsity <s>', 'the sparsity that is drawn', sparsity, 0.5)
    .addOption(optionOf('nonFinite'))
    .addOption(jsonOption())
    .action(inspect);
}

async function inspect(source: string, options: InspectOptions): Promise<void> {
  if (options.figure) await checkFigurePath(options.figure);
  await useBackend('cpu');
  const { name, model, file } = await openModel(source, { nonFinite: options.nonFinite });
  const layers = model.describe();
  const branches = (model.branches ?? []).map(({ id }) => id);
  const kernel =
    options.figure || options.histogram || options.layer ? await kernelOf(model, options.layer) : undefined;
  const files = [];
  if (options.figure && kernel) {
    const svg = drawPruning(kernel, { sparsity: options.sparsity });
    files.push(
      await task(
        `figure of ${kernel.id}`,
        () => writeFigure(options.figure!, svg),
        ({ path }) => path,
      ),
    );
  }
  const total = model.params.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (options.json) {
    printJson({ model: name, format: file.format, params: total, layers, branches, files });
  } else {
    process.stdout.write(
      `${inspectTable(name, layers, total, file.files, process.stdout.isTTY ? terminalWidth() : Infinity)}\n`,
    );
    if (branches.length > 0) process.stdout.write(`\n${branchesText(branches)}\n`);
    if (options.histogram && kernel) process.stdout.write(`\n${histogramText(kernel.id, kernel.values)}\n`);
    else line('espalier prune --help says how to prune it');
  }
  model.dispose();
}
