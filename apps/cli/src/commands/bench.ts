import { sizeOf, type Strategy, type Note, uniqueNotes } from '@espalier/core';
import {
  BACKENDS,
  copyOf,
  findStrategy,
  runTrial,
  type Settings,
  STRATEGY_WORDS,
  strategyLabel,
  valueOf,
} from '@espalier/pipeline';
import { magnitude } from '@espalier/scorer-magnitude';
import { version_core } from '@tensorflow/tfjs-core';
import { Command, Option } from 'commander';
import { commandLine, machine } from '../about.js';
import { namesOf, useBackend, webGpuNotes } from '../backend.js';
import { benchShape } from '../bench/input-shape.js';
import { measureRow } from '../bench/measure.js';
import type { BenchReport, BenchRow } from '../bench/report.js';
import { benchTables } from '../bench/table.js';
import { tryOut } from '../bench/try-out.js';
import { host } from '../host.js';
import { terminalWidth } from '../layout.js';
import { openModel, type OpenModel } from '../open.js';
import {
  checkCombination,
  jsonOption,
  list,
  oneOf,
  optionOf,
  positiveInteger,
  sparsity,
  strategyWords,
} from '../options.js';
import { printJson } from '../plain.js';
import { note, percent, task } from '../ui.js';
import { visit } from '../visit.js';

interface BenchOptions {
  readonly sparsities: number[];
  readonly strategy: Settings;
  readonly scope?: Settings['scope'];
  readonly backends: string[];
  readonly inputShape?: number[];
  readonly batch: number;
  readonly rounds: number;
  readonly layers: boolean;
  readonly ignore?: string[];
  readonly seed: number;
  readonly nonFinite?: Settings['nonFinite'];
  readonly json?: boolean;
}

const SPARSITY_DEFAULTS = [0, 0.5, 0.8, 0.9, 0.95];
const BACKEND_DEFAULTS = ['wasm'];
const ROUNDS_DEFAULT = 30;

export function benchCommand(): Command {
  return new Command('bench')
    .description('times pruned models on the sparse kernels against TensorFlow.js, whole and layer by layer')
    .argument('<model>', 'a directory, a path to model.json, or a zoo name')
    .addOption(
      new Option('--sparsities <list>', 'fractions to remove; 0 = the weights as they are, N:M patterns have their own')
        .argParser(list(sparsity))
        .default(SPARSITY_DEFAULTS, SPARSITY_DEFAULTS.join(',')),
    )
    .addOption(
      new Option('--strategy <name>', `${STRATEGY_WORDS}; by magnitude`)
        .argParser(strategyWords('--strategy'))
        .default(strategyWords('--strategy')('unstructured'), 'unstructured'),
    )
    .addOption(optionOf('scope'))
    .addOption(
      new Option('--backends <list>', `${BACKENDS.join(', ')}; the sparse kernels are for wasm and webgpu`)
        .argParser(list(oneOf('--backends', BACKENDS)))
        .default(BACKEND_DEFAULTS, BACKEND_DEFAULTS.join(',')),
    )
    .option(
      '--input-shape <sizes>',
      'of one sample, such as 224,224,3, where the model leaves sizes open',
      list(positiveInteger('--input-shape')),
    )
    .option('--batch <n>', 'samples in a call', positiveInteger('--batch'), 1)
    .option('--rounds <n>', 'timed rounds', positiveInteger('--rounds'), ROUNDS_DEFAULT)
    .option('--no-layers', 'times the whole model only')
    .addOption(optionOf('ignore'))
    .addOption(optionOf('seed').default(0))
    .addOption(optionOf('nonFinite'))
    .addOption(jsonOption())
    .action(bench);
}

async function bench(source: string, options: BenchOptions): Promise<void> {
  checkCombination(settingsFor(options));
  const targets = await targetsOf(options);
  const backends = await namesOf(options.backends);
  const work = backends.find((name) => name !== 'webgpu') ?? 'wasm';
  await useBackend(work);
  const open = await task(
    'read',
    () => openModel(source, { nonFinite: options.nonFinite }),
    ({ name }) => name,
  );
  const { model } = open;
  try {
    const inputShape = benchShape(open, options.inputShape);
    await tryOut(open, [options.batch, ...inputShape]);
    const rows = await measureAll(open, options, targets, backends, work, inputShape);
    const report = reportOf(open, options, targets.at(-1)!.strategy.name, inputShape, rows);
    if (options.json) printJson(report);
    else process.stdout.write(`\n${benchTables(report, terminalWidth())}\n`);
  } finally {
    model.dispose();
  }
}

interface Target {
  readonly sparsity: number;
  readonly strategy: Strategy;
}

/** What is pruned: every sparsity asked for, or the one of an N:M pattern; 0 leaves the weights as they are in either case. */
async function targetsOf(options: BenchOptions): Promise<Target[]> {
  const make = (settings: Settings) => findStrategy({ ...settings, strategy: settings.strategy! }, host.load);
  const strategy = await make(settingsFor(options));
  const asked = [...new Set(options.sparsities)];
  if (strategy.sparsity === undefined) return asked.map((sparsity) => ({ sparsity, strategy }));
  const untouched = asked.includes(0) ? [{ sparsity: 0, strategy: await make({ strategy: 'unstructured' }) }] : [];
  return [...untouched, { sparsity: strategy.sparsity, strategy }];
}

/** How the rows are pruned. */
const settingsFor = ({ strategy, scope }: BenchOptions): Settings => ({
  ...strategy,
  ...(scope !== undefined && { scope }),
});

async function measureAll(
  { model }: OpenModel,
  options: BenchOptions,
  targets: readonly Target[],
  backends: readonly string[],
  work: string,
  inputShape: number[],
): Promise<Map<string, BenchRow[]>> {
  const rows = new Map<string, BenchRow[]>(backends.map((backend) => [backend, []]));
  const twin = await copyOf(model);
  const [total, said] = [targets.length * backends.length, [] as Note[]];
  let done = 0;
  try {
    await task(
      `bench ${targets.map(({ sparsity }) => percent(sparsity, 0)).join(', ')}`,
      async (bar) => {
        for (const { sparsity, strategy } of targets) {
          const measured = new Map<string, Awaited<ReturnType<typeof measureRow>>>();
          const {
            sparsity: reached,
            params,
            notes,
          } = await runTrial({
            model,
            twin,
            scorer: magnitude(),
            strategy,
            sparsity,
            ...(options.ignore && { ignore: options.ignore }),
            async latency([dense, pruned]) {
              for (const backend of backends) {
                const what = `${backend} ${percent(sparsity, 0)}`;
                const row = await visit(backend, [dense.model, pruned.model], ([first, second]) =>
                  measureRow(first, second, {
                    ...options,
                    backend,
                    inputShape,
                    onProgress: (share, part) => bar.update(done + share, total, `${what}: ${part}`),
                  }),
                );
                measured.set(backend, row);
                done++;
              }
              await useBackend(work);
              return [];
            },
          });
          said.push(...notes);
          for (const [backend, row] of measured) rows.get(backend)!.push({ sparsity: reached, params, ...row, notes });
        }
      },
      () => `${total} ${total === 1 ? 'model' : 'models'} timed`,
    );
  } finally {
    twin.dispose();
  }
  uniqueNotes(said).forEach(note);
  return rows;
}

function reportOf(
  { name, file, model }: OpenModel,
  options: BenchOptions,
  strategy: string,
  inputShape: number[],
  rows: ReadonlyMap<string, BenchRow[]>,
): BenchReport {
  const { batch, rounds: timed, seed } = options;
  const settings = settingsFor(options);
  return {
    version: 1,
    created: new Date().toISOString(),
    command: commandLine(),
    model: {
      name,
      path: file.path,
      params: model.params.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    },
    strategy: strategyLabel(settings, strategy),
    scorer: 'magnitude',
    ...(settings.strategy !== 'nm' && { scope: valueOf(settings, 'scope')! }),
    inputShape,
    batch,
    rounds: timed,
    seed,
    machine: machine(version_core),
    notes: webGpuNotes(),
    backends: [...rows].map(([backend, list]) => ({ backend, rows: list })),
  };
}
