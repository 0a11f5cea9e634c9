/** The command lines that do the same as the page. */
import { shellWords, toWords } from '@espalier/pipeline/options';
import { optionsOf, patternOf, type Settings } from './settings.js';
import type { DataInfo } from './worker/protocol.js';
import { ZOO_DATA } from './zoo-data.js';

const OWN = './my-model';
const nameOf = ({ model }: Settings) => (model === 'own' ? OWN : model);
/** A module that gives the data, where the command line has no reader for its files. */
export const DATA_MODULE = './data.mjs';
const dataOf = ({ argument }: DataInfo) => argument || DATA_MODULE;

/** `espalier prune …` for the cut that is chosen. */
export function pruneCommand(settings: Settings, data: DataInfo = ZOO_DATA, fits = settings.model !== 'own'): string {
  const options = optionsOf(settings);
  const used = fits ? { ...options, data: dataOf(data) } : { ...options, fineTune: 0 };
  return `npx ${shellWords(['espalier', 'prune', nameOf(settings), '-o', 'pruned', ...toWords(used)])}`;
}

/** `espalier compare …` with the same granularities. */
export function compareCommand(settings: Settings, data: DataInfo = ZOO_DATA): string {
  const { scorer, scope, sparsity, fineTune } = settings;
  const strategies = `unstructured,${patternOf(settings)},4x1,structured`;
  const lists = ['--strategies', strategies, '--sparsities', String(sparsity), '--scorers', scorer];
  const words = toWords({ data: dataOf(data), scope, fineTune });
  return `npx ${shellWords(['espalier', 'compare', nameOf(settings), '-o', 'report', ...lists, ...words])}`;
}
