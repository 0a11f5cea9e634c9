import {
  compressedSizes,
  type Encoded,
  type FileSize,
  type ModelFile,
  readModel,
  VALUES_OPTIONS,
  type ValuesOption,
  writeEspalier,
} from '@espalier/format';
import { Command, Option } from 'commander';
import { OPTIONS } from '@espalier/pipeline';
import { checkLayers } from '../check-layers.js';
import { required } from '../open.js';
import { jsonOption, oneOf, optionOf, positiveInteger, positiveNumber, refuse } from '../options.js';
import { checkOutputFile } from '../output.js';
import { openBench, type PackData } from '../pack-training.js';
import { packTable, type PackSummary } from '../pack-table.js';
import { printJson } from '../plain.js';
import { nonFiniteOption, type NonFinite, readAny } from '../read-any.js';
import { bytes, inOut, task, total } from '../ui.js';

interface PackOptions extends PackData {
  readonly out: string;
  readonly values: ValuesOption;
  readonly codebookBits?: number;
  readonly fineTune: number;
  readonly lr?: number;
  readonly nonFinite: NonFinite;
  readonly json?: boolean;
}

/** Values that k-means has placed move little. */
const SHARED_LEARNING_RATE = 0.0003;

export const valuesOption = () =>
  new Option('--values <form>', `${VALUES_OPTIONS.join(' | ')}; float32 keeps every bit`)
    .argParser(oneOf('--values', VALUES_OPTIONS))
    .default('float32');
export const codebookBitsOption = () =>
  new Option('--codebook-bits <n>', 'codebook: 2^n shared values, n from 1 to 8 (default: 5)').argParser(
    positiveInteger('--codebook-bits'),
  );

export function packCommand(): Command {
  return new Command('pack')
    .description('writes a model as one compact file, each tensor in its smallest form')
    .argument('<model>', 'a directory, a path to model.json, .espalier or .safetensors, or a zoo name')
    .requiredOption('-o, --out <file>', 'the file to write, name.espalier')
    .addOption(valuesOption())
    .addOption(codebookBitsOption())
    .addOption(optionOf('data'))
    .addOption(optionOf('test'))
    .addOption(optionOf('loss'))
    .addOption(
      optionOf('fineTune', 'codebook: epochs of training of the shared values on --data; zeros stay').default(0),
    )
    .option(
      '--lr <x>',
      `learning rate of fine-tuning, falling to 0 along a cosine (default: ${SHARED_LEARNING_RATE})`,
      positiveNumber('--lr'),
    )
    .addOption(optionOf('batch'))
    .addOption(optionOf('backend', `${OPTIONS.backend.text}, for accuracy and training`))
    .addOption(optionOf('seed'))
    .addOption(nonFiniteOption())
    .addOption(jsonOption())
    .action(pack);
}

/** Options of `encodeEspalier` out of those of the command line. */
export function encodeOptions({
  values,
  codebookBits,
  nonFinite,
}: Pick<PackOptions, 'values' | 'codebookBits' | 'nonFinite'>) {
  if (codebookBits !== undefined && values !== 'codebook') {
    refuse('--codebook-bits', 'is for --values codebook');
  }
  return { values, nonFinite, ...(codebookBits !== undefined && { codebookBits }) };
}

/** Options that contradict each other are a mistake, found before anything is read. */
function checkOptions(options: PackOptions): void {
  if (options.lr !== undefined && options.fineTune === 0) refuse('--lr', 'is for --fine-tune');
  if (options.fineTune === 0) return;
  if (options.values !== 'codebook') refuse('--fine-tune', 'trains shared values: give --values codebook');
  required(options.data, '--fine-tune');
}

async function pack(source: string, options: PackOptions): Promise<void> {
  const encode = encodeOptions(options);
  checkOptions(options);
  const { out, data, test, nonFinite } = options;
  await checkOutputFile(out, '.espalier');
  const { name, file } = await task(
    'read',
    () => readAny(source, options),
    (read) => `${read.name}, ${bytes(total(read.file.files))}`,
  );
  await checkLayers(file, 'note');
  const bench = data === undefined && test === undefined ? undefined : await openBench(file, options);
  const before = await bench?.accuracy('as it was', file);
  const trained =
    options.fineTune > 0
      ? await bench?.trainCodebook(encode, options.fineTune, options.lr ?? SHARED_LEARNING_RATE)
      : undefined;
  const dense = await task(
    'gzip and brotli, to compare with',
    () => compressedSizes(file.files.map(({ path }) => path)),
    ({ gzip, brotli }) => `${bytes(gzip)}, ${bytes(brotli)}`,
  );
  const written = await task(
    'pack',
    (bar) =>
      writeEspalier(out, trained?.artifacts ?? file.artifacts, {
        ...encode,
        onReport: ({ name: tensor }, done, all) => bar.update(done, all, tensor),
      }),
    (result) => `${result.path}, ${inOut(total(file.files), result.bytes)}`,
  );
  const packed = await bench?.accuracy('packed', await readModel(out, { nonFinite }));
  const summary: PackSummary = {
    ...summarise(name, file, written, dense),
    ...(before !== undefined &&
      packed !== undefined && {
        accuracy: { before, ...(trained?.untrained !== undefined && { untrained: trained.untrained }), packed },
        testedOn: bench!.testName!,
      }),
  };
  if (options.json) printJson(summary);
  else process.stdout.write(`${packTable(summary)}\n`);
}

function summarise(
  model: string,
  { container }: ModelFile,
  { path, bytes: size, headerBytes, tensors }: FileSize & Omit<Encoded, 'bytes'>,
  dense: { raw: number; gzip: number; brotli: number },
): PackSummary {
  return { model, from: { container, ...dense }, file: { path, bytes: size }, headerBytes, tensors };
}
