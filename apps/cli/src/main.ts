import { abandonWrites } from '@espalier/format';
import { CommanderError } from 'commander';
import { closeBackends } from './backend.js';
import { fail, failToPrint } from './exit.js';
import { makeProgram } from './program.js';

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
    if (error.code !== 'EPIPE') failToPrint(error);
  });
}

try {
  const program = makeProgram();
  const alone = process.argv.length === 2 && process.stdin.isTTY && process.stdout.isTTY;
  const { runWizard } = alone ? await import('./wizard/index.js') : { runWizard: undefined };
  await (runWizard ? runWizard((args) => program.parseAsync(args, { from: 'user' })) : program.parseAsync());
} catch (error) {
  // Commander has printed its own message; help and version come this way too, with exit code 0.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if ((error as NodeJS.ErrnoException).syscall === 'write') failToPrint(error);
  else fail(error, process.argv.includes('--json'));
} finally {
  closeBackends();
}
