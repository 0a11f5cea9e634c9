import { ZOO, type ZooName } from '@espalier/zoo';
import { basename, resolve } from 'node:path';
import { stat } from 'node:fs/promises';
import { needsData, type Settings, strategyFrom } from '@espalier/pipeline';
import { resolveModel } from '@espalier/pipeline/node';
import { sparsity as parseSparsity, wholeNumber } from '../options.js';
import { checkOutputFolder } from '../output.js';
import type { Answers } from './answers.js';
import { Cancelled, type Choice, type Prompts } from './prompts.js';

const OTHER = 'other';
const NONE = 'none';

/** Asks for everything that a pruning needs; what does not fit what was said before is not asked. */
export async function askAll(prompts: Prompts): Promise<Answers> {
  const model = await askModel(prompts);
  const data = await askData(prompts, model);
  const chosen = strategyFrom(await prompts.choose('What may be removed?', GRANULARITIES))!;
  const scorers = SCORER_CHOICES.filter(({ value }) => data !== undefined || !needsData(value));
  const scorer = await prompts.choose('Which weights matter least?', scorers);
  const sparsity = chosen.strategy === 'nm' ? undefined : await askSparsity(prompts);
  const repair = data === undefined ? 'none' : await prompts.choose('Make up for it at once?', repairsFor(chosen));
  const fineTune = data === undefined ? 0 : await askEpochs(prompts);
  const out = await askOutput(prompts, model);
  return { model, out, ...chosen, scorer, sparsity, data, repair, fineTune };
}

const GRANULARITIES: readonly Choice<string>[] = [
  { value: 'unstructured', label: 'single weights', hint: 'most accurate; quick on sparse kernels' },
  { value: 'structured', label: 'whole channels', hint: 'a smaller model, quick everywhere' },
  { value: '2:4', label: '2 of every 4 weights', hint: 'half of the weights; quick on N:M kernels' },
  { value: '4x1', label: 'blocks of 4 × 1 weights', hint: 'quick on SIMD kernels' },
];

const SCORER_CHOICES: readonly Choice<string>[] = [
  { value: 'magnitude', label: 'magnitude', hint: '|w|; needs no data' },
  { value: 'gradient', label: 'gradient', hint: '|w·∂L/∂w|' },
  { value: 'hessian', label: 'Hessian', hint: '½·w²·H_ww' },
  { value: 'wanda', label: 'Wanda', hint: '|w|·‖x‖' },
  { value: 'obs', label: 'OBS', hint: 'by ExactOBS; slower' },
  { value: 'random', label: 'random', hint: 'the baseline' },
];

const repairsFor = ({ strategy }: Settings): Choice<string>[] => [
  { value: 'none', label: 'no' },
  strategy === 'structured'
    ? { value: 'bias', label: 'biases', hint: 'make up for the mean of removed channels' }
    : { value: 'obs', label: 'OBS', hint: 'new values for the weights that stay' },
];

async function askModel(prompts: Prompts): Promise<string> {
  const zoo = Object.values(ZOO).map(({ name, title }) => ({
    value: name as string,
    label: name as string,
    hint: title,
  }));
  const choices = [...zoo, { value: OTHER, label: 'a model of your own', hint: 'a folder, model.json or .espalier' }];
  const chosen = await prompts.choose('Which model?', choices);
  return chosen === OTHER ? askUntil(prompts, 'Where is it?', '', (path) => resolveModel(path)) : chosen;
}

async function askData(prompts: Prompts, model: string): Promise<string | undefined> {
  const mnist = { value: 'mnist', label: 'mnist', hint: '10,000 digits that come with Espalier' };
  const own = { value: OTHER, label: 'data of your own', hint: 'idx:IMAGES,LABELS, a .npz file or an ES module' };
  const none = { value: NONE, label: 'none', hint: 'no accuracy, no training' };
  const choices = Object.hasOwn(ZOO, model as ZooName) ? [mnist, own, none] : [own, mnist, none];
  const chosen = await prompts.choose('Which data, to score, train and measure with?', choices);
  if (chosen === NONE) return undefined;
  if (chosen !== OTHER) return chosen;
  return askUntil(prompts, 'Which data of your own?', '', async (text) => {
    if (text.startsWith('idx:')) return;
    await stat(text.split(',')[0]);
  });
}

const askSparsity = async (prompts: Prompts) =>
  parseSparsity(
    await prompts.write('Which fraction of them, from 0 to 1?', '0.9', (text) =>
      complaintOf(() => parseSparsity(text)),
    ),
  );

async function askEpochs(prompts: Prompts): Promise<number> {
  const parse = wholeNumber('epochs');
  return parse(
    await prompts.write('How many epochs of training afterwards?', '3', (text) => complaintOf(() => parse(text))),
  );
}

async function askOutput(prompts: Prompts, model: string): Promise<string> {
  const standard = `${basename(resolve(model)).replace(/\.(json|espalier)$/, '')}-pruned`;
  return askUntil(prompts, 'Where should the pruned model go?', standard, async (dir) => {
    await checkOutputFolder(dir);
    const there = await stat(resolve(dir, 'model.json')).catch(() => undefined);
    if (there && !(await prompts.confirm(`There is a model in ${dir}. Replace it?`, false)))
      throw new Error('Choose another folder.');
  });
}

/** Asks again until what was written passes. */
async function askUntil(
  prompts: Prompts,
  message: string,
  standard: string,
  check: (text: string) => Promise<unknown>,
): Promise<string> {
  for (;;) {
    const text = await prompts.write(message, standard, (written) => (written === '' ? 'Write something.' : undefined));
    try {
      await check(text);
      return text;
    } catch (error) {
      if (error instanceof Cancelled) throw error;
      prompts.complain(said(error));
    }
  }
}

function complaintOf(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return said(error);
  }
}

const said = (error: unknown) => (error instanceof Error ? error.message : String(error));
