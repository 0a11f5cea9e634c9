import { cpus } from 'node:os';

/** What a report says of the machine it was made on. */
export const machine = (tfjs: string) => ({
  node: process.version,
  cpu: cpus()[0]?.model.trim() || 'unknown',
  cores: Math.max(1, cpus().length),
  platform: `${process.platform} ${process.arch}`,
  tfjs,
});

/** This command, to be run again. */
export const commandLine = () =>
  ['espalier', ...process.argv.slice(2)]
    .map((arg) => (/^[\w./:=,@%+-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`))
    .join(' ');
