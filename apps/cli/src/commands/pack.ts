import {
  compressedSizes,
  type Encoded,
  type FileSize,
  type ModelFile,
  VALUES_OPTIONS,
  type ValuesOption,
  writeEspalier,
} from '@espalier/format';
import { UsageError } from '@espalier/core';
import { Command, Option } from 'commander';
import { checkOutputFile } from '../output.js';
import { positiveInteger, jsonOption, oneOf } from '../options.js';
import { nonFiniteOption, type NonFinite, readAny } from '../read-any.js';
import { packTable } from '../pack-table.js';
import { bytes, task } from '../ui.js';

interface PackOptions {
  readonly out: string;
  readonly values: ValuesOption;
  readonly codebookBits?: number;
  readonly nonFinite: NonFinite;
  readonly json?: boolean;
}

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
    throw new UsageError('option-combination', '--codebook-bits is for --values codebook', {
      where: '--codebook-bits',
    });
  }
  return { values, nonFinite, ...(codebookBits !== undefined && { codebookBits }) };
}

async function pack(source: string, options: PackOptions): Promise<void> {
  const encode = encodeOptions(options);
  await checkOutputFile(options.out, '.espalier');
  const { name, file } = await task(
    'read',
    () => readAny(source, options),
    (read) => `${read.name}, ${bytes(total(read.file.files))}`,
  );
  const dense = await compressedSizes(file.files.map(({ path }) => path));
  const written = await task(
    'pack',
    (bar) =>
      writeEspalier(options.out, file.artifacts, {
        ...encode,
        onReport: ({ name: tensor }, done, all) => bar.update(done, all, tensor),
      }),
    (result) => `${result.path}, ${bytes(result.bytes)}`,
  );
  const summary = summarise(name, file, written, dense);
  process.stdout.write(options.json ? `${JSON.stringify(summary, null, 2)}\n` : `${packTable(summary)}\n`);
}

export const total = (files: readonly FileSize[]) => files.reduce((sum, { bytes: size }) => sum + size, 0);

export interface PackSummary {
  readonly model: string;
  readonly from: { readonly container: string; readonly raw: number; readonly gzip: number; readonly brotli: number };
  readonly file: FileSize;
  readonly headerBytes: number;
  readonly tensors: Encoded['tensors'];
}

function summarise(
  model: string,
  { container }: ModelFile,
  { path, bytes: size, headerBytes, tensors }: FileSize & Omit<Encoded, 'bytes'>,
  dense: { raw: number; gzip: number; brotli: number },
): PackSummary {
  return { model, from: { container, ...dense }, file: { path, bytes: size }, headerBytes, tensors };
}
