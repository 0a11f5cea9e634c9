import {
  type FileSize,
  readSafetensors,
  toSafetensors,
  type ValuesOption,
  writeEspalier,
  writeModel,
  writeSafetensors,
} from '@espalier/format';
import { Command } from 'commander';
import { jsonOption, positiveInteger, refuse } from '../options.js';
import { printJson } from '../plain.js';
import { checkLayers } from '../check-layers.js';
import { checkOutputFile, checkOutputFolder } from '../output.js';
import { type NonFinite, nonFiniteOption, readAny } from '../read-any.js';
import { bytes, task, total } from '../ui.js';
import { codebookBitsOption, encodeOptions, valuesOption } from './pack.js';

interface ConvertOptions {
  readonly out: string;
  readonly topology?: string;
  readonly shardBytes?: number;
  readonly values: ValuesOption;
  readonly codebookBits?: number;
  readonly nonFinite: NonFinite;
  readonly json?: boolean;
}

const isTensors = (path: string) => /\.safetensors(\.index\.json)?$/i.test(path);
const isCompact = (path: string) => /\.espalier$/i.test(path);

export function convertCommand(): Command {
  return new Command('convert')
    .description('turns model.json, safetensors and .espalier into one another; the name of --out tells which')
    .argument('<model>', 'a directory, a path to model.json, .espalier or .safetensors, or a zoo name')
    .requiredOption('-o, --out <path>', 'name.espalier, name.safetensors, or a directory for model.json')
    .option('--topology <model>', 'safetensors of weights alone: the model whose layers they are for')
    .option(
      '--shard-bytes <n>',
      'most bytes in a shard; safetensors: several files with an index',
      positiveInteger('--shard-bytes'),
    )
    .addOption(valuesOption())
    .addOption(codebookBitsOption())
    .addOption(nonFiniteOption())
    .addOption(jsonOption())
    .action(convert);
}

async function convert(source: string, options: ConvertOptions): Promise<void> {
  const { out, topology, shardBytes, values, nonFinite } = options;
  const encode = encodeOptions(options);
  if (values !== 'float32' && !isCompact(out)) refuse('--values', 'is for an --out of name.espalier');
  if (shardBytes !== undefined && isCompact(out))
    refuse('--shard-bytes', 'is not for name.espalier, which is one file');
  if (topology !== undefined && !isTensors(source)) refuse('--topology', 'is for safetensors');
  if (isCompact(out) || isTensors(out)) await checkOutputFile(out);
  else await checkOutputFolder(out);
  const shards = shardBytes === undefined ? {} : { shardBytes };
  const files = await task(
    'convert',
    async (): Promise<FileSize[]> => {
      // Tensors that TensorFlow.js has no dtype for go from one file to another as they are.
      if (isTensors(source) && isTensors(out) && topology === undefined) {
        return writeSafetensors(out, await readSafetensors(source, { nonFinite }), shards);
      }
      const layers = topology === undefined ? undefined : (await readAny(topology, {})).file.artifacts;
      const { file } = await readAny(source, { nonFinite, ...(layers && { topology: layers }) });
      await checkLayers(file, 'note');
      if (isCompact(out)) return [await writeEspalier(out, file.artifacts, encode)];
      if (isTensors(out)) return writeSafetensors(out, toSafetensors(file.artifacts, nonFinite), shards);
      return writeModel(out, file.artifacts, { nonFinite, ...shards });
    },
    (written) => `${out}, ${bytes(total(written))}`,
  );
  const written = files.map(({ path, bytes: size }) => ({ path, bytes: size }));
  if (options.json) printJson({ model: source, files: written });
}
