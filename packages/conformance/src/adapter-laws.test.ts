import '@tensorflow/tfjs-backend-cpu';
// Registers gradients, for losses that are not the network's own.
import '@tensorflow/tfjs-layers';
import { type MaskHandle, type Plan, type PrunableModel, type View } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { ADAPTER_LAWS } from './adapter-laws.js';
import { describeAdapter } from './describe.js';
import { openTinyNetwork as open, tinyNetwork } from './tiny-network.js';

beforeAll(() => tf.setBackend('cpu'));

const batch = () => ({
  x: tf.tensor2d([0.2, -1, 0.5, 1, 1, 0.3, -0.7, 0.1, -0.4, 0.8, 0.9, -1], [3, 4]),
  y: tf.tensor2d([1, 0, 0, 0, 1, 0, 0, 0, 1], [3, 3]),
});
describeAdapter('the tiny network', { make: () => tinyNetwork(), batch, open });
describeAdapter('the tiny network with logits', { make: () => tinyNetwork({ output: 'logits' }), batch, open });

const spoilt = (change: (model: PrunableModel) => Partial<PrunableModel>) => () => {
  const model = tinyNetwork();
  return { ...model, ...change(model) };
};
const spoiltHandle = (
  change: (handle: MaskHandle, model: PrunableModel, plan: Plan) => Partial<MaskHandle> | Promise<Partial<MaskHandle>>,
) =>
  spoilt((model) => ({
    async mask(plan) {
      const handle = await model.mask(plan);
      return { ...handle, ...(await change(handle, model, plan)) };
    },
  }));
const spoiltView = (change: (seen: PrunableModel, model: PrunableModel) => Partial<PrunableModel>) =>
  spoilt((model) => {
    const look = (view: View): PrunableModel => {
      const seen = model.with(view);
      return { ...seen, ...change(seen, model) };
    };
    return { with: look, withLoss: (loss) => look({ loss }) };
  });
const changeParam = (change: (p: PrunableModel['params'][0]) => object) =>
  spoilt((m) => ({ params: m.params.map((p, i) => (i === 0 ? { ...p, ...change(p) } : p)) }));
const changeGroup = (change: (g: PrunableModel['groups'][0]) => object) =>
  spoilt((m) => ({ groups: m.groups.map((g, i) => (i === 0 ? { ...g, ...change(g) } : g)) }));
/** The handle's `apply`, as multiplication by what it zeroes out of ones. */
const multiply = (handle: MaskHandle, model: PrunableModel) => {
  const kept = tf.tidy(() =>
    handle.maskGradients(Object.fromEntries(model.params.map((p) => [p.id, tf.ones([...p.shape])]))),
  );
  return tf.tidy(() =>
    model.params.forEach(({ id }) => model.variable(id).assign(tf.mul(model.variable(id), kept[id]))),
  );
};
let noise = 0;

const BROKEN: [law: string, how: string, make: () => PrunableModel][] = [
  ['lists each weight once, with its shape', 'twice', spoilt((m) => ({ params: [...m.params, m.params[0]] }))],
  ['lists each weight once, with its shape', 'another shape', changeParam(() => ({ shape: [6, 4] }))],
  ['lists each weight once, with its shape', 'another axis', changeParam(() => ({ inAxis: 2 }))],
  [
    'lists each weight once, with its shape',
    'stale values',
    spoilt((m) => ({ read: async (id) => (await m.read(id)).map((v) => v + 1) })),
  ],
  [
    'has groups whose sites exist and use every unit',
    'no such parameter',
    changeGroup(({ sites }) => ({ sites: [{ ...sites[0], param: 'x' }] })),
  ],
  [
    'has groups whose sites exist and use every unit',
    'no such axis',
    changeGroup(({ sites }) => ({ sites: [{ ...sites[0], axis: 2 }] })),
  ],
  [
    'has groups whose sites exist and use every unit',
    'another length',
    changeGroup(({ sites }) => ({ sites: [{ ...sites[0], axis: 0 }] })),
  ],
  ['has groups whose sites exist and use every unit', 'an unused unit', changeGroup(() => ({ size: 7 }))],
  ['has groups whose sites exist and use every unit', 'a unit too many', changeGroup(() => ({ size: 5 }))],
  [
    'has groups whose sites exist and use every unit',
    'one name twice',
    spoilt((m) => ({ groups: [...m.groups, m.groups[0]] })),
  ],
  [
    'reads copies',
    'one array',
    spoilt((m) => {
      const kept = new Map<string, Promise<Float32Array>>();
      return { read: (id) => kept.get(id) ?? (kept.set(id, m.read(id)), kept.get(id)!) };
    }),
  ],
  [
    'rejects a parameter that it does not have',
    'empty',
    spoilt((m) => ({ read: (id) => m.read(id).catch(() => new Float32Array(0)) })),
  ],
  [
    'predicts the same each time and leaks nothing',
    'dropout',
    spoilt((m) => ({ predict: (x) => tf.tidy(() => tf.add(m.predict(x), noise++)) })),
  ],
  [
    'predicts the same each time and leaks nothing',
    'no tidy',
    spoilt((m) => ({ predict: (x) => tf.mul(1, m.predict(x)) })),
  ],
  [
    'predicts the same each time and leaks nothing',
    'frees its input',
    spoilt((m) => ({
      predict(x) {
        const out = m.predict(x);
        x.dispose();
        return out;
      },
    })),
  ],
  [
    'shrinks to what masking computes',
    'forgets the bias',
    spoilt((m) => ({
      async shrink(plan) {
        const small = await m.shrink(plan);
        tf.tidy(() => small.variable('out/bias').assign(tf.zeros([3])));
        return small;
      },
    })),
  ],
  [
    'makes the same smaller model of another copy',
    'draws',
    spoilt((m) => ({
      async shrink(plan) {
        const small = await m.shrink(plan);
        tf.tidy(() => small.variable('out/bias').assign(tf.fill([3], noise++)));
        return small;
      },
    })),
  ],
  [
    'makes the same smaller model of another copy',
    'remembers wrongly',
    spoilt((m) => ({
      async shrink(plan) {
        const removals = [{ param: 'out/bias', axis: 0, size: 3, removed: [1] }];
        return { ...(await m.shrink(plan)), history: [{ units: {}, removals }] };
      },
    })),
  ],
  ['shrinks to what masking computes', 'shrinks nothing', spoilt((m) => ({ shrink: async () => m }))],
  [
    'shrinks to what masking computes',
    'masks its source',
    spoilt((m) => ({
      async shrink(plan) {
        await m.mask(plan);
        return m.shrink(plan);
      },
    })),
  ],
  [
    'refuses a plan that does not fit, and changes nothing',
    'ignores it',
    spoilt((m) => ({ mask: (plan) => m.mask(plan).catch(() => ({}) as MaskHandle) })),
  ],
  ['writes values, and refuses another number of them', 'drops them', spoilt(() => ({ write: () => undefined }))],
  [
    'writes values, and refuses another number of them',
    'takes any number',
    spoilt((m) => ({ write: (id, values) => m.write(id, values.slice(0, m.variable(id).size)) })),
  ],
  [
    'gives the inputs of its kernels in rows, or says that it does not',
    'columns',
    spoilt((m) => ({
      async *inputs(b, id) {
        for await (const piece of m.inputs(b, id)) {
          const turned = tf.transpose(piece);
          yield turned;
          turned.dispose();
        }
      },
    })),
  ],
  [
    'gives the inputs of its kernels in rows, or says that it does not',
    'breaks',
    spoilt(() => ({
      // eslint-disable-next-line require-yield
      async *inputs() {
        throw new Error('no');
      },
    })),
  ],
  [
    'frees everything when it is disposed',
    'keeps one',
    spoilt((m) => ({ dispose: () => (m.dispose(), void tf.scalar(1)) })),
  ],
  [
    'has a gradient of the right shape for every trainable weight',
    'one missing',
    spoilt((m) => ({
      async gradients(b) {
        const { loss, grads } = await m.gradients(b);
        const { 'out/bias': dropped, ...rest } = grads;
        dropped.dispose();
        return { loss, grads: rest };
      },
    })),
  ],
  [
    'has gradients that agree with differences of the loss',
    'of the sum',
    spoilt((m) => ({
      async gradients(b) {
        const { loss, grads } = await m.gradients(b);
        return {
          loss,
          grads: tf.tidy(() =>
            Object.fromEntries(Object.entries(grads).map(([id, g]) => [id, tf.mul(g, b.x.shape[0])])),
          ),
        };
      },
    })),
  ],
  [
    'works out gradients without changing weights, batch or memory',
    'a training step',
    spoilt((m) => ({
      async gradients(b) {
        tf.tidy(() => m.variable('out/bias').assign(tf.add(m.variable('out/bias'), 0.01)));
        return m.gradients(b);
      },
    })),
  ],
  [
    'works out gradients without changing weights, batch or memory',
    'leaks',
    spoilt((m) => ({ gradients: (b) => (tf.scalar(1), m.gradients(b)) })),
  ],
  [
    'has a loss that is the mean over the batch',
    'the sum',
    spoilt((m) => ({
      async gradients(b) {
        const { loss, grads } = await m.gradients(b);
        return { loss: loss * b.x.shape[0], grads };
      },
    })),
  ],
  [
    'masks pruned weights to +0 and no other',
    'multiplies',
    spoilt((m) => ({
      async mask(plan) {
        const before = await Promise.all(m.params.map(({ id }) => m.read(id)));
        const handle = await m.mask(plan);
        m.params.forEach(({ id, shape }, i) => tf.tidy(() => m.variable(id).assign(tf.tensor(before[i], [...shape]))));
        multiply(handle, m);
        return handle;
      },
    })),
  ],
  ['masks again after an update', 'once only', spoiltHandle(() => ({ apply: () => undefined }))],
  [
    'masks again after an update',
    'multiplies',
    spoiltHandle((handle, model) => ({ apply: () => multiply(handle, model) })),
  ],
  [
    'restores the pruned weights to the bit and leaves trained ones',
    'not at all',
    spoiltHandle(() => ({ restore: () => undefined })),
  ],
  [
    'restores the pruned weights to the bit and leaves trained ones',
    'all of them',
    spoilt((m) => ({
      async mask(plan) {
        const before = await Promise.all(m.params.map(({ id }) => m.read(id)));
        return {
          ...(await m.mask(plan)),
          restore: () =>
            m.params.forEach(({ id, shape }, i) =>
              tf.tidy(() => m.variable(id).assign(tf.tensor(before[i], [...shape]))),
            ),
        };
      },
    })),
  ],
  [
    'restores a mask on top of a mask',
    'the first values',
    (() => {
      const first = new WeakMap<tf.Variable, MaskHandle>();
      return spoiltHandle((handle, model) => {
        const key = model.variable('out/bias');
        const oldest = first.get(key) ?? handle;
        first.set(key, oldest);
        return { restore: () => oldest.restore() };
      });
    })(),
  ],
  ['forgets what it pruned when made permanent', 'remembers', spoiltHandle(() => ({ makePermanent: () => undefined }))],
  ['masks gradients as new tensors', 'as they were', spoiltHandle(() => ({ maskGradients: (grads) => grads }))],
  [
    'masks gradients as new tensors',
    'frees them',
    spoiltHandle((handle) => ({
      maskGradients(grads) {
        const masked = handle.maskGradients(grads);
        tf.dispose(grads);
        return masked;
      },
    })),
  ],
  [
    'masks gradients as new tensors',
    'lets them through',
    spoiltHandle(() => ({
      maskGradients: (grads) => Object.fromEntries(Object.entries(grads).map(([id, g]) => [id, tf.clone(g)])),
    })),
  ],
  ['is the same model under another loss', 'keeps its own', spoilt((m) => ({ withLoss: () => m }))],
  [
    'is the same model under another loss',
    'copies',
    spoilt(() => ({ withLoss: (loss) => tinyNetwork().withLoss(loss) })),
  ],
  ['ends together with what is the same model', 'outlives it', spoiltView(() => ({ dispose: () => undefined }))],
  [
    'ends together with what is the same model',
    'ends twice',
    spoilt((m) => {
      const dispose = () => {
        if (m.variable('out/bias').isDisposed) throw new Error('it is gone');
        m.dispose();
      };
      return { dispose, withLoss: (loss) => ({ ...m.withLoss(loss), dispose }) };
    }),
  ],
  ['leaves alone what it is told to, from then on', 'never', spoilt((m) => ({ with: () => m }))],
  [
    'leaves alone what it is told to, from then on',
    'until the next loss',
    spoiltView((_, model) => ({ withLoss: model.withLoss })),
  ],
  [
    'leaves alone what it is told to, from then on',
    'but not its channels',
    spoiltView((_, { groups }) => ({ groups })),
  ],
  [
    'leaves alone what it is told to, from then on',
    'whatever the name',
    spoilt((m) => ({ with: (view) => ('no such parameter' in (view.leaveAlone ?? {}) ? m : m.with(view)) })),
  ],
  [
    'knows its arithmetic where the input is known',
    'does not look',
    spoiltView(({ params }) => ({ params: params.map((p) => ({ ...p, uses: null })) })),
  ],
  ['knows its arithmetic where the input is known', 'takes any', spoilt((m) => ({ with: () => m }))],
  ['gives the output that is named', 'takes any', spoilt((m) => ({ with: () => m }))],
  [
    'gives the output that is named',
    'another',
    spoiltView((seen) => ({ predict: (x) => tf.tidy(() => tf.neg(seen.predict(x))) })),
  ],
  ...(
    [
      ['another shape', { shape: [null, 4] }],
      ['without the batch', { shape: [3] }],
      ['another type', { dtype: 'int32' }],
    ] as const
  ).map(([how, wrong]): (typeof BROKEN)[number] => [
    'says the shapes of its input and its output',
    how,
    spoilt(({ signature: { inputs, outputs } }) => ({
      signature: { inputs, outputs: outputs.map((port) => ({ ...port, ...wrong })) },
    })),
  ]),
  [
    'describes its layers, each weight in one of them',
    'all but one',
    spoilt((m) => ({ describe: () => m.describe().slice(1) })),
  ],
  [
    'describes its layers, each weight in one of them',
    'of what may not be pruned',
    spoilt((m) => ({
      describe: () => m.describe().map((row) => ({ ...row, prunable: [...row.prunable, 'out/bias'] })),
    })),
  ],
  [
    'is the same model when files have held it',
    'as it was',
    spoilt((m) => {
      const first = m.toArtifacts();
      return { toArtifacts: () => first };
    }),
  ],
];

test.each(BROKEN)('%s: %s is caught', async (name, _how, make) => {
  const law = ADAPTER_LAWS.find((l) => l.name === name)!;
  // For what the law is about, and not for an accident on the way there.
  const detail = expect.not.stringMatching(/^it threw .*(Type|Range|Reference)Error/);
  await expect(law.check({ make, batch, open })).rejects.toMatchObject({ name: 'LawError', law: name, detail });
});

test('every law has been seen to fail', () => {
  expect(new Set(BROKEN.map(([name]) => name))).toEqual(new Set(ADAPTER_LAWS.map((l) => l.name)));
});
