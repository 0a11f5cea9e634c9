import '@tensorflow/tfjs-backend-cpu';
import { type Context, InputError, type Scorer, type Scores } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { describeScorer } from './describe.js';
import { SCORER_LAWS } from './scorer-laws.js';

beforeAll(() => tf.setBackend('cpu'));

/** Right in every way: |w·g| of the last batch that it sees. */
function good(): Scorer {
  return {
    name: 'good',
    async score({ model, batches }) {
      const all = new Map<string, Float32Array>();
      for await (const batch of batches()) {
        const { grads } = await model.gradients(batch);
        for (const id of Object.keys(grads)) {
          const weights = await model.read(id);
          all.set(
            id,
            (await grads[id].data<'float32'>()).map((g, i) => Math.abs(g * weights[i])),
          );
        }
        tf.dispose(grads);
      }
      return {
        params: [...all.keys()],
        async read(id) {
          const found = all.get(id);
          if (!found) throw new InputError('score-param', `no scores for ${id}`);
          return found.slice();
        },
        readGroup: async (id) => new Float32Array(model.groups.find((g) => g.id === id)!.size),
      };
    },
  };
}
describeScorer('the good one', good);

/** The good scorer with its scores, or its scoring, spoilt. */
const spoilt =
  (change: (scores: Scores, context: Context) => Partial<Scores> | Promise<Partial<Scores>>) => (): Scorer => ({
    ...good(),
    async score(context) {
      const scores = await good().score(context);
      return { ...scores, ...(await change(scores, context)) };
    },
  });
let calls = 0;

describeScorer(
  'one of signed scores that says so',
  spoilt((s) => ({ signed: true, read: async (id) => (await s.read(id)).map((v) => -v) })),
);

const BROKEN: [law: string, how: string, make: () => Scorer][] = [
  ['has a name that prints', 'a line break in it', () => ({ ...good(), name: 'two\nlines' })],
  ['has a name that prints', 'empty', () => ({ ...good(), name: '' })],
  [
    'scores listed parameters of the model, one value a weight',
    'one short',
    spoilt((s) => ({ read: async (id) => (await s.read(id)).slice(1) })),
  ],
  [
    'scores listed parameters of the model, one value a weight',
    'an unknown one',
    spoilt(() => ({ params: ['nobody/kernel'] })),
  ],
  [
    'scores listed parameters of the model, one value a weight',
    'twice',
    spoilt((s) => ({ params: [...s.params, s.params[0]] })),
  ],
  [
    'scores listed parameters of the model, one value a weight',
    'groups',
    spoilt(() => ({ readGroup: async () => new Float32Array(1) })),
  ],
  ['scores listed parameters of the model, one value a weight', 'none', spoilt(() => ({ params: [] }))],
  ['gives finite scores', 'a NaN', spoilt((s) => ({ read: async (id) => (await s.read(id)).fill(NaN, 2, 3) }))],
  [
    'gives scores of 0 or more, or says that they are signed',
    'w·g as it is',
    spoilt((s) => ({ read: async (id) => (await s.read(id)).map((v) => -v) })),
  ],
  [
    'refuses weights that are NaN, or does not look at them',
    'takes them for 0',
    spoilt((s) => ({ read: async (id) => (await s.read(id)).map((v) => v || 0) })),
  ],
  [
    'refuses weights that are NaN, or does not look at them',
    'throws anything',
    spoilt((s) => ({
      async read(id) {
        const values = await s.read(id);
        if (values.some(Number.isNaN)) throw new Error('NaN');
        return values;
      },
    })),
  ],
  [
    'refuses gradients that are NaN, or does not look at them',
    'takes them for 0',
    spoilt((s) => ({ read: async (id) => (await s.read(id)).map((v) => v || 0) })),
  ],
  [
    'rejects a parameter that it does not list',
    'zeros',
    spoilt((s) => ({ read: (id) => s.read(id).catch(() => new Float32Array(3)) })),
  ],
  [
    'rejects a parameter that it does not list',
    'a TypeError',
    spoilt((s) => ({
      read: (id) =>
        s.read(id).catch(() => {
          throw new TypeError('undefined.length');
        }),
    })),
  ],
  [
    'gives the same scores on the same model',
    'a counter',
    spoilt((s) => {
      const add = ++calls;
      return { read: async (id) => (await s.read(id)).map((v) => v + add) };
    }),
  ],
  [
    'gives the same answer when asked twice, in any order',
    'a stream',
    spoilt((s) => {
      let n = 0;
      return { read: async (id) => (await s.read(id)).fill(n++) };
    }),
  ],
  [
    'gives arrays that belong to the caller',
    'its own array',
    spoilt(async (s) => {
      const all = new Map(await Promise.all(s.params.map(async (id) => [id, await s.read(id)] as const)));
      return { read: async (id) => all.get(id)! };
    }),
  ],
  [
    'leaves the model and the batches as they are',
    'writes weights',
    spoilt((_, { model }) => {
      tf.tidy(() => model.variable('out/bias').assign(tf.zeros([3])));
      return {};
    }),
  ],
  [
    'leaves the model and the batches as they are',
    'frees batches',
    () => ({
      ...good(),
      score: ({ model, batches }) =>
        good().score({
          model,
          async *batches() {
            for await (const { x, y } of batches()) {
              yield { x, y };
              tf.dispose([x, y]);
            }
          },
        }),
    }),
  ],
  [
    'leaks no tensor',
    'one tensor',
    spoilt(() => {
      tf.scalar(1);
      return {};
    }),
  ],
  [
    'passes on what its data throws, and leaks nothing then',
    'swallows it',
    () => ({
      ...good(),
      score: (context) =>
        good()
          .score(context)
          .catch(() => {
            throw new Error('something went wrong');
          }),
    }),
  ],
  [
    'passes on what its data throws, and leaks nothing then',
    'leaks then',
    () => ({
      ...good(),
      async score(context) {
        const held = tf.scalar(1);
        const scores = await good().score(context);
        held.dispose();
        return scores;
      },
    }),
  ],
];

test.each(BROKEN)('%s: %s is caught', async (name, _how, make) => {
  const law = SCORER_LAWS.find((l) => l.name === name)!;
  // For what the law is about, and not for an accident on the way there.
  const detail = expect.not.stringMatching(/^it threw .*(Type|Range|Reference)Error/);
  await expect(law.check({ make })).rejects.toMatchObject({ name: 'LawError', law: name, detail });
});

test('every law has been seen to fail', () => {
  expect(new Set(BROKEN.map(([name]) => name))).toEqual(new Set(SCORER_LAWS.map((l) => l.name)));
});
