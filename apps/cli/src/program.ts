import { Command, Option } from 'commander';
import { createRequire } from 'node:module';
import { benchCommand } from './commands/bench.js';
import { compareCommand } from './commands/compare.js';
import { completionCommand } from './commands/completion.js';
import { convertCommand } from './commands/convert.js';
import { doctorCommand } from './commands/doctor.js';
import { inspectCommand } from './commands/inspect.js';
import { packCommand } from './commands/pack.js';
import { pruneCommand } from './commands/prune.js';
import { reportCommand } from './commands/report.js';
import { sensitivityCommand } from './commands/sensitivity.js';
import { trainCommand } from './commands/train.js';
import { unpackCommand } from './commands/unpack.js';
import { validateCommand } from './commands/validate.js';
import { examplesOf } from './examples.js';
import { beQuiet } from './ui.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

const EXIT_CODES = `
Exit codes:
  0  done
  2  wrong use: an option or an argument that cannot be right
  3  bad input: a model, data or plan that is missing, broken or does not fit
  4  could not write the result
  130, 143  ended by SIGINT or SIGTERM; what was there is as it was`;

/** Every command with its options; parsing it runs what was asked for. */
export function makeProgram(): Command {
  const program: Command = new Command('espalier')
    .description(
      'Prunes TensorFlow.js networks and measures what each way of pruning is worth. Without a command, on a terminal, it asks.',
    )
    .version(version)
    .addCommand(inspectCommand())
    .addCommand(pruneCommand())
    .addCommand(sensitivityCommand())
    .addCommand(trainCommand())
    .addCommand(compareCommand())
    .addCommand(reportCommand())
    .addCommand(packCommand())
    .addCommand(unpackCommand())
    .addCommand(validateCommand())
    .addCommand(convertCommand())
    .addCommand(benchCommand())
    .addCommand(doctorCommand())
    .addCommand(completionCommand(() => program))
    .addHelpText('after', EXIT_CODES);
  for (const command of program.commands) {
    command.addOption(new Option('-q, --quiet', 'no progress and no notes: results and errors alone'));
    command.addHelpText('after', examplesOf(command.name()));
    command.hook('preAction', (_, action) => beQuiet(action.opts().quiet === true));
  }
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .showHelpAfterError('(--help shows what there is)')
      .configureHelp({ sortOptions: false, subcommandTerm: nameAndArguments });
  }
  return program;
}

/** Shorter than commander's own, so that descriptions have room on 80 columns. */
const nameAndArguments = (command: Command) =>
  [command.name(), ...command.registeredArguments.map((a) => (a.required ? `<${a.name()}>` : `[${a.name()}]`))].join(
    ' ',
  );
