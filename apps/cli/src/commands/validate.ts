import { Command } from 'commander';
import { checkLayers } from '../check-layers.js';
import { jsonOption } from '../options.js';
import { printJson } from '../plain.js';
import { type NonFinite, nonFiniteOption, readAny } from '../read-any.js';
import { bytes, count, filesOf, total } from '../ui.js';

interface ValidateOptions {
  readonly nonFinite: NonFinite;
  readonly json?: boolean;
}

export function validateCommand(): Command {
  return new Command('validate')
    .description('checks every byte of a model; exit code 0: valid, 3: not')
    .argument('<file|dir>', 'a directory, or a path to model.json, .espalier or .safetensors')
    .addOption(nonFiniteOption())
    .addOption(jsonOption())
    .action(validate);
}

async function validate(source: string, options: ValidateOptions): Promise<void> {
  const { name, file } = await readAny(source, options);
  await checkLayers(file, 'refuse');
  const weights = file.artifacts.weightSpecs!.length;
  const { format, container, files } = file;
  if (options.json) {
    printJson({ valid: true, model: name, format, container, weights, files });
  } else {
    process.stdout.write(
      `valid: ${format} in ${container}, ${count(weights)} weights, ${bytes(total(files))} in ${filesOf(files.length)}\n`,
    );
  }
}
