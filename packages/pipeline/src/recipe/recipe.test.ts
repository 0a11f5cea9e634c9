import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { kinds, type OptionName, OPTIONS, type Settings, toWords, withDefaults } from '../options/index.js';
import { checkRecipe } from './check.js';
import { recipeJsonSchema } from './schema.js';

const base = { model: 'm', data: 'd.npz' };
const faultsOf = (recipe: unknown) => {
  try {
    checkRecipe(recipe, 'x.json');
  } catch (error) {
    return error as Error & { where: string; code: string };
  }
  throw new Error('it was accepted');
};

test('a recipe keeps what it says; defaults are filled in where they have a say', () => {
  expect(checkRecipe(base, 'x.json')).toEqual(base);
  expect(withDefaults(checkRecipe(base, 'x.json'))).toEqual({
    ...base,
    ...{ strategy: 'unstructured', scorer: 'magnitude', scope: 'global', repair: 'none' },
    ...{ fineTune: 0, batch: 64, backend: 'wasm', seed: 0, nonFinite: 'refuse' },
  });
  expect(withDefaults({ ...base, strategy: 'nm', fineTune: 1 })).toMatchObject({
    keep: 2,
    group: 4,
    tail: 'error',
    lr: 0.003,
  });
  expect(withDefaults({ ...base, schedule: 'gradual' })).toMatchObject({ epochs: 10, begin: 0, end: 0.6, updates: 40 });
});

describe('every wrong field is named', () => {
  test.each<[object, string, string]>([
    [{ sparsity: 1.5 }, 'sparsity', 'wanted a fraction from 0 to 1, found 1.5'],
    [{ sparsity: 'half' }, 'sparsity', "wanted a fraction from 0 to 1, found 'half'"],
    [{ model: '' }, 'model', 'a text that is not empty'],
    [{ model: undefined }, 'model', 'wanted a text that is not empty, found nothing'],
    [{ schdule: {} }, 'schdule', 'there is no such field; did you mean schedule?'],
    [{ strategy: 'nm', keeep: 1 }, 'keeep', 'did you mean keep?'],
    [{ strategy: 'nm', keep: 4 }, 'keep', 'wants less than group, which is 4'],
    [{ strategy: 'nm', tail: 'cut' }, 'tail', 'wanted one of error, dense'],
    [{ strategy: 7 }, 'strategy', 'wanted one of unstructured'],
    [{ strategy: 'block', block: '1x1' }, 'block', 'more than one weight'],
    [{ strategy: 'nm', sparsity: 0.9 }, 'sparsity', 'wants 0.5, which 2:4 fixes'],
    [{ strategy: 'nm', schedule: 'gradual' }, 'schedule', 'N:M has one'],
    [{ strategy: 'structured', scope: 'output' }, 'scope', 'output is for strategy unstructured, not structured'],
    [{ keep: 1 }, 'keep', 'is for strategy nm, not unstructured'],
    [{ strategy: 'structured', macs: 'lots' }, 'macs', 'or an amount such as 1.5M'],
    [{ strategy: 'structured', macs: 0.5, bytes: '64kB' }, 'bytes', 'contradicts macs'],
    [{ strategy: 'structured', floor: { 'a*': 2 } }, 'floor', 'a fraction from 0 to 1'],
    [{ schedule: 'sr-ste' }, 'schedule', 'sr-ste is for strategy nm'],
    [{ repair: 'obs', schedule: 'gradual' }, 'repair', 'wants none: schedule gradual trains'],
    [{ schedule: 'gradual', begin: 0.5, end: 0.4 }, 'begin', 'to lie before end'],
    [{ schedule: 'rigl', strategy: 'nm' }, 'schedule', 'rigl is for strategy unstructured'],
    [{ schedule: 'lottery-ticket', epochs: 2, rewindTo: 2 }, 'rewindTo', 'less than the 2 epochs'],
    [{ fineTune: 'ten' }, 'fineTune', "found 'ten'"],
    [{ schedule: 'gradual', epochs: 0 }, 'epochs', 'a positive integer'],
    [{ epochs: 3 }, 'epochs', 'is for schedule gradual or'],
    [{ fineTune: 1, alpha: 0.3 }, 'alpha', 'is for distill'],
    [{ lr: 0.1 }, 'lr', 'is for fineTune'],
    [{ scorer: 'running-fisher' }, 'scorer', 'running-fisher is for schedule gradual'],
    [{ repairSteps: 2 }, 'repairSteps', 'is for repair obs'],
    [{ repair: 'obs', repairSteps: -1 }, 'repairSteps', 'an integer from 0 up'],
    [{ repair: 'bias' }, 'repair', 'give strategy structured'],
  ])('%j', (change, where, message) => {
    const error = faultsOf({ ...base, ...change });
    expect(error).toMatchObject({ name: 'InputError', code: 'recipe-invalid', where });
    expect(error.message).toContain(message);
  });

  test('all of them at once, and what is no object', () => {
    expect(faultsOf({ ...base, scorer: 1, sparsity: -1, seed: 0.5 }).message.split('\n')).toHaveLength(4);
    for (const nothing of [null, 3, [], 'x']) expect(faultsOf(nothing).where).toBe('the recipe');
  });
});

test('the published schema is the one that is checked', () => {
  const published = JSON.parse(readFileSync(join(__dirname, '..', '..', 'recipe.schema.json'), 'utf8'));
  expect(published).toEqual(JSON.parse(JSON.stringify(recipeJsonSchema())));
});

/** Values that each kind may have. */
const values = (name: OptionName): fc.Arbitrary<unknown> => {
  const { kind } = OPTIONS[name] as { kind: unknown };
  const among = (kind as { choices?: readonly string[] }).choices;
  if (among) return fc.constantFrom(...among);
  const known = new Map<unknown, fc.Arbitrary<unknown>>([
    [kinds.positiveInteger, fc.integer({ min: 1, max: 1e6 })],
    [kinds.wholeNumber, fc.nat()],
    [kinds.positiveNumber, fc.integer({ min: 1, max: 1e6 }).map((n) => n / 1e4)],
    [kinds.notNegative, fc.nat(1e6).map((n) => n / 1e6)],
    [kinds.share, fc.nat(100).map((n) => n / 100)],
    [kinds.partOf, fc.integer({ min: 1, max: 99 }).map((n) => n / 100)],
    [kinds.yesOrNo, fc.constant(true)],
    [kinds.texts, fc.array(fc.constantFrom('conv1', 'b*', 'a/kernel'), { minLength: 1 })],
    [kinds.sizes, fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 2, maxLength: 5 })],
    [kinds.yesOrCount, fc.oneof(fc.constant(true), fc.integer({ min: 1, max: 1e4 }))],
    [kinds.countOrAuto, fc.oneof(fc.constant('auto'), fc.integer({ min: 1, max: 64 }))],
    [kinds.blockSize, fc.constantFrom('4x1', '16x1', '2x2')],
    [
      kinds.limits,
      fc.oneof(
        fc.nat(100).map((n) => n / 100),
        fc.dictionary(fc.constantFrom('a', 'b*'), fc.constantFrom(0.25, 1), { minKeys: 1 }),
      ),
    ],
    [kinds.text, fc.constantFrom('file.json', 'mnist', "it's")],
  ]);
  return known.get(kind) ?? fc.constantFrom(0.5, 1000, '20k');
};

test('law: the words of a command line say what the settings say, option by option', async () => {
  const z = await import('zod');
  for (const name of Object.keys(OPTIONS) as OptionName[]) {
    if (['bytes', 'latency'].includes(name)) continue;
    fc.assert(
      fc.property(values(name), (value) => {
        const [flag, word] = toWords({ [name]: value } as Settings);
        if (flag === undefined) return expect(value).toBe(OPTIONS[name].default);
        const kind = OPTIONS[name].kind as kinds.Kind;
        const read = word === undefined ? true : kind.schema(z).parse(kind.parse(word));
        expect(read).toEqual(value);
      }),
      { numRuns: 30 },
    );
  }
});
