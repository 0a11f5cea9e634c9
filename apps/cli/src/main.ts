import { abandonWrites } from '@espalier/format';
import { Command, CommanderError } from 'commander';
import { createRequire } from 'node:module';
import { benchCommand } from './commands/bench.js';
import { compareCommand } from './commands/compare.js';
import { convertCommand } from './commands/convert.js';
import { inspectCommand } from './commands/inspect.js';
import { packCommand } from './commands/pack.js';
import { pruneCommand } from './commands/prune.js';
import { reportCommand } from './commands/report.js';
import { sensitivityCommand } from './commands/sensitivity.js';
import { trainCommand } from './commands/train.js';
import { unpackCommand } from './commands/unpack.js';
import { validateCommand } from './commands/validate.js';
import { fail } from './exit.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

const EXIT_CODES = `
Exit codes:
  0  done
  2  wrong use: an option or an argument that cannot be right
  3  bad input: a model, data or plan that is missing, broken or does not fit
  4  could not write the result
  130, 143  ended by SIGINT or SIGTERM; what was there is as it was`;

const program = new Command('espalier')
  .description('Prunes TensorFlow.js networks and measures what each way of pruning is worth.')
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
  .addHelpText('after', EXIT_CODES);

for (const command of [program, ...program.commands]) {
  command.exitOverride().showHelpAfterError('(--help shows what there is)').configureHelp({ sortOptions: false });
}

// A signal ends a write as a failure would: what was there stays, and nothing is left lying about.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => {
    abandonWrites();
    process.exit(code);
  });
}
// Whoever reads the output may stop, as head does; what is written to files is written all the same.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

try {
  await program.parseAsync();
} catch (error) {
  // Commander has printed its own message; help and version come this way too, with exit code 0.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else fail(error, process.argv.includes('--json'));
}
