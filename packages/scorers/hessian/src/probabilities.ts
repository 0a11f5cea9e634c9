import { type Batch, InputError, type PrunableModel, UsageError, type Note } from '@espalier/core';
import { say } from './notes.js';

/**
 * The softmax probabilities of one sample. Throws a UsageError with code 'output-unsupported' unless the model's output is
 * probabilities or logits of shape [n, classes], an InputError with code 'output-not-finite'.
 */
export async function probabilities(
  model: PrunableModel,
  { x }: Batch,
  index: number,
  scorer: string,
): Promise<Float64Array> {
  if (model.output === 'other') throw unsupported(scorer, say('of-neither'));
  const output = model.predict(x);
  try {
    if (output.shape.length !== 2) throw unsupported(scorer, say('of-shape', { shape: output.shape.join(', ') }));
    const values = Float64Array.from(await output.data<'float32'>());
    const bad = values.findIndex((v) => !Number.isFinite(v));
    if (bad >= 0) {
      const [where, found] = [`calibration sample ${index}`, `${values[bad]} at class ${bad}`];
      const fix = 'check the weights, and that the data is normalised as in training';
      throw new InputError(
        'output-not-finite',
        say('sample-output-not-finite', { scorer, sample: index, value: values[bad], index: bad }),
        { where, wanted: 'finite outputs', found, fix },
      );
    }
    return model.output === 'logits' ? softmax(values) : values;
  } finally {
    output.dispose();
  }
}

function softmax(logits: Float64Array): Float64Array {
  const top = logits.reduce((a, b) => Math.max(a, b));
  const powers = logits.map((z) => Math.exp(z - top));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

function unsupported(scorer: string, found: Note): UsageError {
  const wanted = 'class probabilities or logits of shape [n, classes], under softmax cross-entropy';
  const fix = 'use the empirical Fisher (hessian), which takes any loss';
  return new UsageError('output-unsupported', say('output-unsupported', { scorer, why: found }), {
    where: 'output',
    wanted,
    found: found.text,
    fix,
  });
}
