import { say } from '../notes.js';
import {
  BACKENDS,
  calibration,
  checkSettings,
  type Contender,
  expand,
  type MeasuredBackend,
  OPTIONS,
  type Report,
  runComparison,
  type Samples,
  type Settings,
  shellWords,
  STRATEGY_WORDS,
  type Tools,
  toWords,
  type Trial,
  trialOf,
  valueOf,
  kernelsNote,
} from '@espalier/pipeline';
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
import { namesOf, useBackend, webGpuNotes } from '../backend.js';
import { host } from '../host.js';
import { terminalWidth } from '../layout.js';
import { openAll, type Opened, required } from '../open.js';
import { printJson } from '../plain.js';
import {
  addOptions,
  checkCombination,
  jsonOption,
  languageOption,
  list,
  oneOf,
  optionOf,
  positiveInteger,
  settingsOf,
  sparsity,
  strategyWords,
  wordsOf,
} from '../options.js';
import { checkOutputFolder } from '../output.js';
import { compactFiles } from '../report/compact-files.js';
import { reportFiles } from '../report/files.js';
import { renderTable } from '../report/index.js';
import { bytes, filesOf, line, note, task } from '../ui.js';
import { visit } from '../visit.js';

interface CompareOptions extends Settings {
  readonly data: string;
  readonly out: string;
  readonly strategies: Settings[];
  readonly scorers: string[];
  readonly sparsities: number[];
  readonly backends: string[];
  readonly runs: number;
  readonly values: ValuesOption[];
  readonly lang: Language;
  readonly accelerate: boolean;
  readonly json?: boolean;
}

const STRATEGY_DEFAULTS = ['unstructured', 'structured', '2:4'];
const BACKEND_DEFAULTS = ['cpu', 'wasm'];
const SPARSITY_DEFAULTS = [0.5, 0.75, 0.9];
const VALUES_DEFAULTS: ValuesOption[] = ['float32', 'int8', 'int4', 'codebook'];
const RUNS_DEFAULT = 30;
/** Accuracy, calibration and training run here; it is the quickest backend that Node has. */
const WORK_BACKEND = 'wasm';

export function compareCommand(): Command {
  const command = new Command('compare')
    .description('measures every strategy, scorer and sparsity on a model: accuracy, size, MACs and latency')
    .argument('<model>', 'a directory, a path to model.json or .espalier, or a zoo name')
    .addOption(optionOf('data').makeOptionMandatory())
    .addOption(optionOf('test'))
    .requiredOption('-o, --out <dir>', 'where the page, the JSON, the table and the figures go')
    .addOption(
      new Option('--strategies <list>', STRATEGY_WORDS)
        .argParser(list(strategyWords('--strategies')))
        .default(STRATEGY_DEFAULTS.map(strategyWords('--strategies')), STRATEGY_DEFAULTS.join(',')),
    )
    .addOption(
      new Option('--scorers <list>', OPTIONS.scorer.text.replaceAll(' | ', ', '))
        .argParser(list(wordsOf('--scorers', OPTIONS.scorer.kind)))
        .default(['magnitude'], 'magnitude'),
    )
    .addOption(
      new Option('--sparsities <list>', 'fractions to remove; N:M patterns have their own')
        .argParser(list(sparsity))
        .default(SPARSITY_DEFAULTS, SPARSITY_DEFAULTS.join(',')),
    )
    .addOption(
      new Option('--backends <list>', `where latency is measured: ${BACKENDS.join(', ')}`)
        .argParser(list(oneOf('--backends', BACKENDS)))
        .default(BACKEND_DEFAULTS, BACKEND_DEFAULTS.join(',')),
    );
  return addOptions(command, TRIED, { fineTune: 'measures every trial a second time after this much training' })
    .option('--runs <n>', 'timed rounds for each latency', positiveInteger('--runs'), RUNS_DEFAULT)
    .option('--no-accelerate', "times pruned models on TensorFlow.js's dense kernels, not on the sparse ones")
    .addOption(
      new Option(
        '--values <list>',
        `forms of values that compact files are measured with: ${VALUES_OPTIONS.join(', ')}`,
      )
        .argParser(list(oneOf('--values', VALUES_OPTIONS)))
        .default(VALUES_DEFAULTS, VALUES_DEFAULTS.join(',')),
    )
    .addOption(languageOption())
    .addOption(jsonOption())
    .action(compare);
}

/** The options of a pruning that hold for every trial. */
const TRIED = [
  ...(['scope', 'fineTune', 'lr', 'batch', 'repair', 'repairSteps', 'ignore', 'keepInputs'] as const),
  ...(['loss', 'seed', 'nonFinite'] as const),
];

async function compare(source: string, given: CompareOptions): Promise<void> {
  const { data, test, ...base } = settingsOf(given);
  const choices = expand(base, given);
  choices.forEach(checkCombination);
  await checkOutputFolder(given.out);
  for (const choice of choices) await checkSettings({ ...choice, data }, host);
  const options = { ...given, backends: await namesOf(given.backends) };
  const open = await openAll(source, { ...base, data, test, backend: WORK_BACKEND });
  const { model, calibration, test: measured } = open;
  const scratch = await mkdtemp(join(tmpdir(), 'espalier-compare-'));
  try {
    const trials: Trial[] = [];
    for (const choice of choices) trials.push(await trialOf(choice, { model, samples: calibration, lent: host }));
    const report = await task(
      `compare ${trials.length === 1 ? '1 way' : `${trials.length} ways`} of pruning`,
      (bar) =>
        runComparison({
          model,
          trials,
          ...makeTools(options, required(calibration, 'compare'), required(measured, 'compare'), scratch),
          about: { ...about(open), notes: notesOf(options) },
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

function makeTools(options: CompareOptions, samples: Samples, test: Samples, scratch: string): Tools {
  let saved = 0;
  const measure: Tools['accuracy'] = (candidate) =>
    accuracy((x) => candidate.predict(x), test.data, { inputShape: test.inputShape, batchSize: 256 });
  const nonFinite = valueOf(options, 'nonFinite')!;
  return {
    calibration: calibration(options, samples),
    accuracy: measure,
    compactOf: (candidate) => compactFiles(candidate, options.values, measure),
    // The sizes are those of the files that a user would ship: model.json and its weights.
    async sizesOf(candidate) {
      const dir = join(scratch, `model-${saved++}`);
      const files = await writeModel(dir, await candidate.toArtifacts(), { nonFinite });
      const sizes = await compressedSizes(files.map(({ path }) => path));
      await rm(dir, { recursive: true });
      return sizes;
    },
    latency: (contenders) => timeOnBackends(contenders, options, test.inputShape),
  };
}

/** One backend after the other; on wasm and webgpu the pruned model runs on the sparse kernels, the dense one on TensorFlow.js's own. */
async function timeOnBackends(
  contenders: readonly Contender[],
  options: CompareOptions,
  inputShape: readonly number[],
) {
  const measured: MeasuredBackend[] = [];
  const settings = { inputShape, batch: 1, rounds: options.runs, seed: valueOf(options, 'seed')! };
  const models = contenders.map(({ model }) => model);
  for (const backend of options.backends) {
    const times = await visit(backend, models, async (there) => {
      const pruned = there[1];
      const fast =
        options.accelerate && ACCELERATED.includes(backend) && pruned
          ? await accelerated(backend, pruned, () => tidy(() => pruned.predict(zeros([1, ...inputShape]))))
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

function about({ name, file, testName = '', shared, test }: Opened) {
  return {
    created: new Date().toISOString(),
    command: commandLine(),
    model: { name, path: file.path },
    data: { name: testName, samples: test!.data.size, ...(shared && { shared }) },
    machine: machine(version_core),
  };
}

const notesOf = ({ accelerate, backends, repair = 'none', repairSteps }: CompareOptions) => [
  ...ACCELERATED.filter((backend) => accelerate && backends.includes(backend)).map(kernelsNote),
  ...webGpuNotes(),
  ...(repair === 'none' ? [] : [say('new-values', { options: shellWords(toWords({ repair, repairSteps })) })]),
];

/** All files of the report, or none. */
async function writeReport(out: string, report: Report, lang: Language): Promise<{ path: string; bytes: number }[]> {
  const json = `${JSON.stringify(report, null, 2)}\n`;
  return writeFiles(out, { 'report.json': json, ...(await reportFiles(report, lang)) });
}
