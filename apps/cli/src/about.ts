import { cpus } from 'node:os';

/** What a report says of the machine it was made on. */
export const machine = (tfjs: string) => ({
  node: process.version,
  cpu: cpus()[0]?.model.trim() || 'unknown',
  cores: Math.max(1, cpus().length),
  platform: `${process.platform} ${process.arch}`,
  tfjs,
});

/** Words as a shell takes them. */
export const shellWords = (words: readonly string[]) =>
  words.map((word) => (/^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');

/** This command, to be run again. */
export const commandLine = () => shellWords(['espalier', ...process.argv.slice(2)]);
