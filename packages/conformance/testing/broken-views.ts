import * as tf from '@tensorflow/tfjs-core';
import { tinyNetwork } from '../src/tiny-network.js';
import { type BrokenAdapter, spoilt, spoiltView } from './spoilt.js';

/** What views of a model, its descriptions and its files may get wrong. */
export const BROKEN_VIEWS: BrokenAdapter[] = [
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
  ).map(([how, wrong]): BrokenAdapter => [
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
