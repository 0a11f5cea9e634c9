import {
  type Context,
  type Group,
  isEspalierError,
  isKept,
  keptSlices,
  layerOf,
  type Note,
  type Param,
  type Plan,
  type PrunableModel,
  type Repair,
  resolveMask,
  type Site,
  unitsOf,
} from '@espalier/core';
import { say } from './notes.js';

/** A kernel that reads channels which the plan removes. */
interface Reader {
  readonly kernel: Param;
  readonly bias: Param | undefined;
  /** For each entry of the input axis, whether it stays. */
  readonly stays: readonly boolean[];
}

/**
 * Folds what removed channels emit on average into the biases of the layers that read them: b_o += Σ m_k · w_k,o over
 * the removed inputs k, where m_k is the mean of what enters that tap of the kernel over the calibration data, zeros of
 * padding included. For a channel that emits a constant, and a kernel without padding, the layer behind computes what it
 * computed before; with padding it does on average over the places, and not at the edges. In any case the mean of what the
 * layer emits before its activation stays as it was (the bias correction of arXiv:1906.04721, measured instead of derived).
 *
 * Kernels without a bias, and those whose inputs an adapter does not give (recurrent and transposed ones), are left as they
 * are and named in the notes; behind them a batch norm can be estimated again.
 */
export function biasCompensation(): Repair {
  return {
    name: 'bias-compensation',
    async repair(context, plan) {
      const values: Record<string, Float32Array> = {};
      const notes: Note[] = [];
      for (const reader of readersOf(context.model, plan)) {
        const why = reader.bias ? undefined : say('no-bias');
        const means = why === undefined ? await meanInputs(context, reader.kernel) : why;
        if ('text' in means) notes.push(say('not-compensated', { id: reader.kernel.id, why: means }));
        else values[reader.bias!.id] = await shifted(context.model, plan, reader, means);
      }
      return { plan, values, ...(notes.length > 0 && { notes }) };
    },
  };
}

function readersOf({ params, groups }: PrunableModel, plan: Plan): Reader[] {
  return params.flatMap((kernel) => {
    if (kernel.role !== 'kernel' || kernel.inAxis < 0) return [];
    const stays = Array<boolean>(kernel.shape[kernel.inAxis]).fill(true);
    for (const [group, site] of sitesOf(groups, kernel)) {
      const units = unitsOf(plan, group.id);
      const kept = units && keptSlices(units, site);
      for (let i = 0; kept && i < stays.length; i++) stays[i] &&= isKept(kept, i);
    }
    if (stays.every(Boolean)) return [];
    const bias =
      kernel.bias === undefined
        ? params.find((param) => param.role === 'bias' && layerOf(param.id) === layerOf(kernel.id))
        : params.find(({ id }) => id === kernel.bias);
    return [{ kernel, bias, stays }];
  });
}

const sitesOf = (groups: readonly Group[], { id, inAxis }: Param) =>
  groups.flatMap((group) =>
    group.sites
      .filter(({ param, axis }) => param === id && axis === inAxis)
      .map((site): [Group, Site] => [group, site]),
  );

/** The mean of each column of what enters the kernel, over all rows; why there is none, where there is none. */
async function meanInputs({ model, batches }: Context, { id }: Param): Promise<Float64Array | Note> {
  let sums: Float64Array | undefined;
  let rows = 0;
  try {
    for await (const batch of batches()) {
      for await (const piece of model.inputs(batch, id)) {
        const values = await piece.data<'float32'>();
        const columns = piece.shape[1];
        sums ??= new Float64Array(columns);
        for (let i = 0; i < values.length; i++) sums[i % columns] += values[i];
        rows += piece.shape[0];
      }
    }
  } catch (error) {
    if (isEspalierError(error) && error.code === 'inputs-unsupported') return say('inputs-not-followed');
    throw error;
  }
  return sums && rows > 0 ? sums.map((sum) => sum / rows) : say('no-data');
}

async function shifted(model: PrunableModel, plan: Plan, reader: Reader, means: Float64Array): Promise<Float32Array> {
  const { kernel, bias, stays } = reader;
  const [weights, before] = [await model.read(kernel.id), await model.read(bias!.id)];
  const outputs = kernel.shape[kernel.shape.length - 1];
  const exact = Float64Array.from(before);
  for (const [column, mean] of means.entries()) {
    // The input axis is the last one but the output's, so its index runs fastest.
    if (stays[column % stays.length]) continue;
    for (let o = 0; o < outputs; o++) exact[o] += mean * weights[column * outputs + o];
  }
  const kept = await resolveMask(plan, bias!, model.groups);
  return Float32Array.from(exact, (value, i) => (kept && !isKept(kept, i) ? 0 : value));
}
