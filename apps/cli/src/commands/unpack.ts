import { writeModel } from '@espalier/format';
import { Command } from 'commander';
import { jsonOption } from '../options.js';
import { printJson } from '../plain.js';
import { checkLayers } from '../check-layers.js';
import { checkOutputFolder } from '../output.js';
import { type NonFinite, nonFiniteOption, readAny } from '../read-any.js';
import { bytes, inOut, task, total } from '../ui.js';

interface UnpackOptions {
  readonly out: string;
  readonly nonFinite: NonFinite;
  readonly json?: boolean;
}

export function unpackCommand(): Command {
  return new Command('unpack')
    .description('writes a compact file as model.json and shards, which any TensorFlow.js program loads')
    .argument('<file>', 'an .espalier file')
    .requiredOption('-o, --out <dir>', 'where the model goes; files of other programs in it are left alone')
    .addOption(nonFiniteOption())
    .addOption(jsonOption())
    .action(unpack);
}

async function unpack(source: string, options: UnpackOptions): Promise<void> {
  await checkOutputFolder(options.out);
  const { nonFinite } = options;
  const { name, file } = await task(
    'read',
    () => readAny(source, options),
    (read) => `${read.name}, ${bytes(total(read.file.files))}`,
  );
  await checkLayers(file, 'note');
  const files = await task(
    'write',
    () => writeModel(options.out, file.artifacts, { nonFinite }),
    (written) => `${options.out}, ${inOut(total(file.files), total(written))}`,
  );
  if (options.json) printJson({ model: name, files });
}
