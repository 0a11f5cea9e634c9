import { sentence } from '@espalier/core';
import { arrayBatches, BATCH_DEFAULTS, type Dataset } from '@espalier/data';
import { type Contender, type MeasuredBackend, type Report, runComparison, type Tools } from '@espalier/pipeline';
import { compressedSizes, VALUES_OPTIONS, type ValuesOption, writeFiles, writeModel } from '@espalier/format';
import { accuracy, latency } from '@espalier/measure';
import { type Language, textsOf } from '@espalier/report';
import { type Tensor, tidy, version_core, zeros } from '@tensorflow/tfjs-core';
import { Command, Option } from 'commander';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine, machine } from '../about.js';
import { ACCELERATED, accelerated } from '../accelerated.js';
import { type AnyPrunable, artifactsOf } from '../adapted.js';
import { BACKEND_CHOICES, namesOf, useBackend, webGpuNotes } from '../backend.js';
import { terminalWidth } from '../layout.js';
import { inputShapeOf, type LoadedData, lossFor, openData, openModel, type OpenModel, required } from '../open.js';
import { printJson } from '../plain.js';
import { type NonFinite, unscoredOption } from '../read-any.js';
import {
  checkRepairSteps,
  dataOption,
  jsonOption,
  languageOption,
  LEARNING_RATE,
  list,
  lossOption,
  oneOf,
  positiveInteger,
  positiveNumber,
  repairStepsOption,
  seedOption,
  sparsity,
  testOption,
  wholeNumber,
} from '../options.js';
import { checkOutputFolder } from '../output.js';
import { parseStrategy, SCOPES, SCORERS } from '../plugins.js';
import { makeTrials, type TrialOptions } from '../compare/trials.js';
import { compactFiles } from '../report/compact-files.js';
import { reportFiles } from '../report/files.js';
import { renderTable } from '../report/index.js';
import { bytes, filesOf, line, note, task } from '../ui.js';
import { visit } from '../visit.js';

interface CompareOptions extends TrialOptions {
  readonly data: string;
  readonly test?: string;
  readonly out: string;
  readonly backends: string[];
  readonly runs: number;
  readonly loss?: string;
  readonly values: ValuesOption[];
  readonly lang: Language;
  readonly accelerate: boolean;
  readonly nonFinite: NonFinite;
  readonly json?: boolean;
}

const STRATEGY_DEFAULTS = ['unstructured', 'structured', '2:4'];
const BACKEND_DEFAULTS = ['cpu', 'wasm'];
const SPARSITY_DEFAULTS = [0.5, 0.75, 0.9];
const VALUES_DEFAULTS: ValuesOption[] = ['float32', 'int8', 'int4', 'codebook'];
const RUNS_DEFAULT = 30;
/** What a trial of any strategy can be repaired by. */
const COMPARED_REPAIRS = ['none', 'obs'] as const;
/** Accuracy, calibration and training run here; it is the quickest backend that Node has. */
const WORK_BACKEND = 'wasm';

export function compareCommand(): Command {
  return new Command('compare')
    .description('measures every strategy, scorer and sparsity on a model: accuracy, size, MACs and latency')
    .argument('<model>', 'a directory, a path to model.json or .espalier, or a zoo name')
    .addOption(dataOption().makeOptionMandatory())
    .addOption(testOption())
    .requiredOption('-o, --out <dir>', 'where the page, the JSON, the table and the figures go')
    .addOption(
      new Option('--strategies <list>', 'unstructured, structured, nm, block, N:M patterns, or blocks such as 16x1')
        .argParser(list((text) => parseStrategy(text)))
        .default(
          STRATEGY_DEFAULTS.map((text) => parseStrategy(text)),
          STRATEGY_DEFAULTS.join(','),
        ),
    )
    .addOption(
      new Option('--scorers <list>', SCORERS.join(', '))
        .argParser(list(oneOf('--scorers', SCORERS)))
        .default(['magnitude'], 'magnitude'),
    )
    .addOption(
      new Option('--sparsities <list>', 'fractions to remove; N:M patterns have their own')
        .argParser(list(sparsity))
        .default(SPARSITY_DEFAULTS, SPARSITY_DEFAULTS.join(',')),
    )
    .option(
      '--scope <scope>',
      `${SCOPES.join(' | ')}: one threshold for all, or the same sparsity in every layer or output`,
      oneOf('--scope', SCOPES),
      'global' as const,
    )
    .addOption(
      new Option('--backends <list>', `where latency is measured: ${BACKEND_CHOICES.join(', ')}`)
        .argParser(list(oneOf('--backends', BACKEND_CHOICES)))
        .default(BACKEND_DEFAULTS, BACKEND_DEFAULTS.join(',')),
    )
    .option(
      '--fine-tune <epochs>',
      'measures every trial a second time after this much training',
      wholeNumber('--fine-tune'),
      0,
    )
    .option(
      '--lr <x>',
      `learning rate of fine-tuning, falling to 0 along a cosine (default: ${LEARNING_RATE})`,
      positiveNumber('--lr'),
    )
    .option(
      '--batch <n>',
      'samples in a batch of calibration and training',
      positiveInteger('--batch'),
      BATCH_DEFAULTS.batchSize,
    )
    .option('--runs <n>', 'timed rounds for each latency', positiveInteger('--runs'), RUNS_DEFAULT)
    .addOption(
      new Option('--repair <name>', 'none | obs: new values for the weights that stay, from the curvature on --data')
        .argParser(oneOf('--repair', COMPARED_REPAIRS))
        .default('none'),
    )
    .addOption(repairStepsOption())
    .option(
      '--ignore <globs>',
      'layers or parameters to leave alone, such as conv1,block*',
      list((glob) => glob),
    )
    .option('--no-accelerate', "times pruned models on TensorFlow.js's dense kernels, not on the sparse ones")
    .addOption(
      new Option(
        '--values <list>',
        `forms of values that compact files are measured with: ${VALUES_OPTIONS.join(', ')}`,
      )
        .argParser(list(oneOf('--values', VALUES_OPTIONS)))
        .default(VALUES_DEFAULTS, VALUES_DEFAULTS.join(',')),
    )
    .addOption(lossOption())
    .addOption(seedOption())
    .addOption(languageOption())
    .addOption(unscoredOption())
    .addOption(jsonOption())
    .action(compare);
}

async function compare(source: string, given: CompareOptions): Promise<void> {
  checkRepairSteps(given);
  await checkOutputFolder(given.out);
  const options = { ...given, backends: await namesOf(given.backends) };
  await useBackend(WORK_BACKEND);
  const open = await task(
    'read',
    () => openModel(source, options.loss, options.nonFinite),
    ({ name }) => name,
  );
  const loaded = await openData(open, options.data, options.test);
  const [calibration, test] = [required(loaded.calibration, 'compare'), required(loaded.test, 'compare')];
  const model = lossFor(open, calibration, options.loss);
  const shapes = {
    calibration: inputShapeOf(open, calibration, '--data'),
    test: inputShapeOf(open, test, options.test ?? options.data),
  };
  const scratch = await mkdtemp(join(tmpdir(), 'espalier-compare-'));
  try {
    const tools = makeTools(options, calibration, test, shapes, scratch);
    const trials = makeTrials(options, calibration, shapes.calibration);
    const report = await task(
      `compare ${trials.length === 1 ? '1 way' : `${trials.length} ways`} of pruning`,
      (bar) =>
        runComparison({
          model,
          trials,
          ...tools,
          about: { ...about(open, loaded, test.size), notes: notesOf(options) },
          onProgress: ({ done, total, id, phase }) => bar.update(done, total, `${id}: ${phase}`),
        }),
      ({ rows, failures }) =>
        `${rows.length} measured${failures.length > 0 ? `, ${failures.length} not possible` : ''}`,
    );
    for (const { id, message } of report.failures) note(`${id}: ${message}`);
    const files = await task(
      'write',
      () => writeReport(options.out, report, options.lang),
      (written) => `${filesOf(written.length)}, ${bytes(written.reduce((sum, f) => sum + f.bytes, 0))}`,
    );
    if (options.json) printJson(report);
    else process.stdout.write(`\n${renderTable(report, { width: terminalWidth(), texts: textsOf(options.lang) })}\n`);
    line(`\nThe report: ${files.find(({ path }) => path.endsWith('.html'))!.path}`);
  } finally {
    await rm(scratch, { recursive: true, force: true });
    model.dispose();
  }
}

interface Shapes {
  readonly calibration: number[];
  readonly test: number[];
}

function makeTools(
  options: CompareOptions,
  calibration: Dataset,
  test: Dataset,
  shapes: Shapes,
  scratch: string,
): Tools {
  let saved = 0;
  const measure: Tools['accuracy'] = (candidate) =>
    accuracy((x) => candidate.predict(x), test, { inputShape: shapes.test, batchSize: 256 });
  return {
    calibration: arrayBatches(calibration, {
      batchSize: options.batch,
      inputShape: shapes.calibration,
      seed: options.seed,
    }),
    accuracy: measure,
    compactOf: (candidate) => compactFiles(candidate as AnyPrunable, options.values, measure),
    // The sizes are those of the files that a user would ship: model.json and its weights.
    async sizesOf(candidate) {
      const dir = join(scratch, `model-${saved++}`);
      const files = await writeModel(dir, await artifactsOf(candidate as AnyPrunable), {
        nonFinite: options.nonFinite,
      });
      const sizes = await compressedSizes(files.map(({ path }) => path));
      await rm(dir, { recursive: true });
      return sizes;
    },
    latency: (contenders) => timeOnBackends(contenders, options, shapes.test),
  };
}

/** One backend after the other; on wasm and webgpu the pruned model runs on the sparse kernels, the dense one on TensorFlow.js's own. */
async function timeOnBackends(contenders: readonly Contender[], options: CompareOptions, inputShape: number[]) {
  const measured: MeasuredBackend[] = [];
  const settings = { inputShape, batch: 1, rounds: options.runs, seed: options.seed };
  const models = contenders.map(({ model }) => model);
  for (const backend of options.backends) {
    const times = await visit(backend, models, async (there) => {
      const pruned = there[1] as AnyPrunable | undefined;
      const fast =
        options.accelerate && ACCELERATED.includes(backend) && pruned
          ? await accelerated(backend, pruned.model, () => tidy(() => pruned.predict(zeros([1, ...inputShape]))))
          : undefined;
      try {
        return await latency(
          contenders.map(({ name }, i) => ({ name, predict: (x: Tensor) => there[i].predict(x) })),
          settings,
        );
      } finally {
        fast?.dispose();
      }
    });
    measured.push(...times.map((one) => ({ ...one, backend })));
  }
  await useBackend(WORK_BACKEND);
  return measured;
}

function about({ name, file }: OpenModel, { testName = '', shared }: LoadedData, samples: number) {
  return {
    created: new Date().toISOString(),
    command: commandLine(),
    model: { name, path: file.path },
    data: { name: testName, samples, ...(shared && { shared }) },
    machine: machine(version_core),
  };
}

const notesOf = ({ accelerate, backends, repair, repairSteps: steps }: CompareOptions) => [
  ...ACCELERATED.filter((backend) => accelerate && backends.includes(backend)).map((backend) =>
    sentence('kernels-used', { backend, kernels: `@espalier/kernels-${backend}` }),
  ),
  ...webGpuNotes(),
  ...(repair === 'none'
    ? []
    : [
        sentence('new-values', {
          options: `--repair ${repair}${steps === undefined ? '' : ` --repair-steps ${steps}`}`,
        }),
      ]),
];

/** All files of the report, or none. */
async function writeReport(out: string, report: Report, lang: Language): Promise<{ path: string; bytes: number }[]> {
  const json = `${JSON.stringify(report, null, 2)}\n`;
  return writeFiles(out, { 'report.json': json, ...(await reportFiles(report, lang)) });
}
