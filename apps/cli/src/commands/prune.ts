import { checkSettings, OPTIONS, type OptionName, runPruning, type Settings, valueOf } from '@espalier/pipeline';
import { Command } from 'commander';
import { checkFigurePath, drawAfter, kernelOf, writeFigure } from '../figure.js';
import { host } from '../host.js';
import { openAll } from '../open.js';
import { addOptions, checkCombination, jsonOption, refuse, settingsOf } from '../options.js';
import { checkOutputFolder } from '../output.js';
import { printJson } from '../plain.js';
import { summaryOf } from '../summary.js';
import { pruneTable } from '../tables.js';
import { task } from '../ui.js';
import { writePruned } from '../write-pruned.js';

interface PruneOptions extends Settings {
  readonly out?: string;
  readonly figure?: string;
  readonly layer?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** The command with its options; `action` does the work. */
export function pruneCommand(action: (source: string, options: PruneOptions) => Promise<void> = run): Command {
  const command = new Command('prune')
    .description('prunes a model and writes one that any TensorFlow.js program loads, with the plan beside it')
    .argument('<model>', 'a directory, a path to model.json or .espalier, or a zoo name')
    .option('-o, --out <dir>', 'where the pruned model goes; files of other programs in it are left alone');
  return addOptions(command, Object.keys(OPTIONS) as OptionName[])
    .option('--figure <file>', 'writes the three panels (before, after, mask) of one kernel as .svg or .png')
    .option('--layer <id>', 'the kernel of --figure; default: the first')
    .option('--dry-run', 'does everything but writing')
    .addOption(jsonOption())
    .action(action);
}

export function checkOptions(options: PruneOptions): Settings {
  if (options.out === undefined && !options.dryRun)
    refuse('-o, --out', 'is missing: say where the pruned model goes, or give --dry-run');
  const settings = settingsOf(options);
  checkCombination(settings);
  if (options.layer !== undefined && options.figure === undefined) refuse('--layer', 'is for --figure');
  return settings;
}

async function run(source: string, options: PruneOptions): Promise<void> {
  const settings = checkOptions(options);
  const { out, figure } = options;
  if (out !== undefined) await checkOutputFolder(out);
  if (figure !== undefined) await checkFigurePath(figure);
  await checkSettings(settings, host);
  const open = await openAll(source, settings);
  const { model } = open;
  const kernel = figure === undefined ? undefined : await kernelOf(model, options.layer);
  const done = await runPruning({ ...open, settings, host });
  const files = [];
  if (out !== undefined && !options.dryRun) files.push(...(await writePruned(out, open, done, settings)));
  if (figure !== undefined && kernel && !options.dryRun) {
    const svg = await drawAfter(kernel, done, isOnWeights(settings));
    files.push(
      await task(
        `figure of ${kernel.id}`,
        () => writeFigure(figure, svg),
        ({ path }) => path,
      ),
    );
  }
  const summary = { ...summaryOf(open, settings, done), files, ...(options.dryRun && { dryRun: true }) };
  if (options.json) printJson(summary);
  else process.stdout.write(`${pruneTable(summary)}\n`);
  if (done.pruned !== model) done.pruned.dispose();
  model.dispose();
}

/** A threshold on another score, or on weights that training has moved since, is no line in a histogram of weights. */
const isOnWeights = (settings: Settings) =>
  valueOf(settings, 'scorer') === 'magnitude' &&
  (settings.schedule ?? 'one-shot') === 'one-shot' &&
  valueOf(settings, 'repair') === 'none';
