import { type MaskHandle } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { type BrokenAdapter, spoilt, spoiltHandle, changeParam, changeGroup, multiply } from './spoilt.js';

let noise = 0;

export const BROKEN_WEIGHTS: BrokenAdapter[] = [
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
];
