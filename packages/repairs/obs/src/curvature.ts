import { type Batch, type Context } from '@espalier/core';
import { slice, tidy, type Tensor } from '@tensorflow/tfjs-core';
import type { LayerHessian } from './hessians.js';
import { type Linear, mirror, padded, type Square, zeroSquare } from './linear.js';

/**
 * The factor G of the Kronecker-factored empirical Fisher F ≈ H ⊗ G (arXiv:1503.05671), by block: with per-sample gradients
 * g of a kernel as an inputs × outputs matrix, tr(H)·G = (1/m) Σ gᵀg, which has the trace of F. Needs no gradient but the
 * weights' own, so any layer has it. From `samples` single samples.
 */
export async function outputFactors(
  linear: Linear,
  { model, batches }: Context,
  layers: readonly LayerHessian[],
  samples: number,
): Promise<Map<string, Square[]>> {
  const sums = new Map(
    layers.map(({ param, hessians, layout }) => [param.id, hessians.map(() => zeroSquare(layout.outputs))]),
  );
  let seen = 0;
  for await (const batch of batches()) {
    for (let row = 0; row < batch.x.shape[0] && seen < samples; row++, seen++) {
      const sample = tidy(() => ({ x: rowOf(batch.x, row), y: rowOf(batch.y, row) }));
      try {
        await addSample(linear, model, sample, layers, sums);
      } finally {
        sample.x.dispose();
        sample.y.dispose();
      }
    }
    if (seen >= samples) break;
  }
  for (const { param, hessians } of layers) {
    sums.get(param.id)!.forEach((square, block) => {
      mirror(square);
      const trace = traceOf(hessians[block]) * seen;
      for (let i = 0; i < square.values.length; i++) square.values[i] /= trace;
    });
  }
  return sums;
}

async function addSample(
  linear: Linear,
  model: Context['model'],
  sample: Batch,
  layers: readonly LayerHessian[],
  sums: ReadonlyMap<string, Square[]>,
): Promise<void> {
  const { grads } = await model.gradients(sample);
  try {
    for (const { param, layout } of layers) {
      const values = grads[param.id] && (await grads[param.id].data<'float32'>());
      if (!values) continue;
      sums.get(param.id)!.forEach((square, block) => {
        linear.addGram(square, layout.blocks === 1 ? values : blockOf(values, layout, block), layout.inputs);
      });
    }
  } finally {
    for (const grad of Object.values(grads)) grad.dispose();
  }
}

function blockOf(values: Float32Array, { inputs, outputs, at }: LayerHessian['layout'], block: number): Float32Array {
  return Float32Array.from(
    { length: inputs * outputs },
    (_, i) => values[at(block, i % outputs, Math.floor(i / outputs))],
  );
}

function traceOf({ n, values }: Square): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i * padded(n) + i];
  return sum;
}

const rowOf = (t: Tensor, row: number) => slice(t, [row, ...t.shape.slice(1).map(() => 0)], [1, ...t.shape.slice(1)]);
