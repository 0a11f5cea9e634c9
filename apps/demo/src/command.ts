/** The command lines that do the same as the page. */
import { patternOf, type Settings } from './settings.js';
import type { DataInfo } from './worker/protocol.js';
import { ZOO_DATA } from './zoo-data.js';

const OWN = './my-model';
const nameOf = ({ model }: Settings) => (model === 'own' ? OWN : model);
/** A module that gives the data, where the command line has no reader for its files. */
export const DATA_MODULE = './data.mjs';
const dataOf = ({ argument }: DataInfo) => `--data ${quoted(argument || DATA_MODULE)}`;
const quoted = (text: string) => (/^[\w.,:/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

const number = (x: number) => String(Number(x.toFixed(4)));

/** `espalier prune …` for the cut that is chosen. */
export function pruneCommand(settings: Settings, data: DataInfo = ZOO_DATA, fits = settings.model !== 'own'): string {
  const { cut, scorer, scope, sparsity, epochs } = settings;
  const { keep, group } = patternOf(settings);
  const words = ['npx espalier prune', nameOf(settings), '-o pruned'];
  if (cut !== 'unstructured') words.push(`--strategy ${cut}`);
  if (cut === 'nm') words.push(`--keep ${keep} --group ${group}`);
  if (cut === 'nm' || cut === 'block') words.push('--tail dense');
  if (cut !== 'nm') words.push(`--sparsity ${number(sparsity)}`);
  if (cut !== 'nm' && scope !== 'global') words.push(`--scope ${scope}`);
  if (scorer !== 'magnitude') words.push(`--scorer ${scorer}`);
  if (fits) words.push(dataOf(data));
  if (epochs > 0 && fits) words.push(`--fine-tune ${epochs}`);
  return words.join(' ');
}

/** `espalier compare …` with the same granularities. */
export function compareCommand(settings: Settings, data: DataInfo = ZOO_DATA): string {
  const { pattern, scorer, scope, sparsity, epochs } = settings;
  const words = ['npx espalier compare', nameOf(settings), dataOf(data), '-o report'];
  words.push(`--strategies unstructured,${pattern},4x1,structured`, `--sparsities ${number(sparsity)}`);
  if (scorer !== 'magnitude') words.push(`--scorers ${scorer}`);
  if (scope !== 'global') words.push(`--scope ${scope}`);
  if (epochs > 0) words.push(`--fine-tune ${epochs}`);
  return words.join(' ');
}
