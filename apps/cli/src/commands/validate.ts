import { loadLayersModel } from '@espalier/adapter-layers';
import { Command } from 'commander';
import { useBackend } from '../backend.js';
import { jsonOption } from '../options.js';
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
  // Whether the layers exist and the weights are theirs is known to TensorFlow.js alone.
  if (file.format === 'layers-model') {
    await useBackend('cpu');
    (await loadLayersModel(file.artifacts)).dispose();
  }
  const weights = file.artifacts.weightSpecs!.length;
  const { format, container, files } = file;
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ valid: true, model: name, format, container, weights, files }, null, 2)}\n`,
    );
  } else {
    process.stdout.write(
      `valid: ${format} in ${container}, ${count(weights)} weights, ${bytes(total(files))} in ${filesOf(files.length)}\n`,
    );
  }
}
