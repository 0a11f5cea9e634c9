/** The command lines that do the same as the page. */
import { patternOf, type Settings } from './settings.js';

const OWN = './my-model';
const nameOf = ({ model }: Settings) => (model === 'own' ? OWN : model);
const number = (x: number) => String(Number(x.toFixed(4)));

/** `espalier prune …` for the cut that is chosen. */
export function pruneCommand(settings: Settings): string {
  const { cut, scorer, scope, sparsity, epochs } = settings;
  const { keep, group } = patternOf(settings);
  const words = ['npx espalier prune', nameOf(settings), '-o pruned'];
  if (cut !== 'unstructured') words.push(`--strategy ${cut}`);
  if (cut === 'nm') words.push(`--keep ${keep} --group ${group}`);
  if (cut === 'nm' || cut === 'block') words.push('--tail dense');
  if (cut !== 'nm') words.push(`--sparsity ${number(sparsity)}`);
  if (cut !== 'nm' && scope !== 'global') words.push(`--scope ${scope}`);
  if (scorer !== 'magnitude') words.push(`--scorer ${scorer}`);
  if (settings.model !== 'own') words.push('--data mnist');
  if (epochs > 0 && settings.model !== 'own') words.push(`--fine-tune ${epochs}`);
  return words.join(' ');
}

/** `espalier compare …` with the same granularities. */
export function compareCommand(settings: Settings): string {
  const { pattern, scorer, scope, sparsity, epochs } = settings;
  const words = ['npx espalier compare', nameOf(settings), '--data mnist -o report'];
  words.push(`--strategies unstructured,${pattern},4x1,structured`, `--sparsities ${number(sparsity)}`);
  if (scorer !== 'magnitude') words.push(`--scorers ${scorer}`);
  if (scope !== 'global') words.push(`--scope ${scope}`);
  if (epochs > 0) words.push(`--fine-tune ${epochs}`);
  return words.join(' ');
}
