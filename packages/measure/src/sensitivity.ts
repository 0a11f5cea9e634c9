import {
  type Context,
  type Group,
  isEspalierError,
  type Param,
  protect,
  type Protection,
  type PrunableModel,
  type Scorer,
  scoreModel,
  type Scores,
  selectPlan,
  sizeOf,
  type Strategy,
  UsageError,
  type Note,
} from '@espalier/core';

export interface SensitivityOptions extends Protection {
  readonly scorer: Scorer;
  /** Decides in one layer at a time; one of single weights or of channels, as `granularity` says. */
  readonly strategy: Strategy;
  readonly granularity: 'element' | 'channel';
  /** Fractions to remove of each layer. */
  readonly sparsities?: readonly number[];
  /** Calibration data of the scorer. */
  readonly batches: Context['batches'];
  /** Accuracy, or anything else that is better when higher, of the model as it stands. */
  readonly evaluate: () => Promise<number>;
  /** After every evaluation; throw in it to give up. */
  readonly onProgress?: (progress: { done: number; total: number; layer: string; sparsity: number }) => void;
}

export const SENSITIVITY_DEFAULTS = { sparsities: [0.25, 0.5, 0.75, 0.9] };

export interface Sensitivity {
  readonly granularity: 'element' | 'channel';
  /** The accuracy of the model as it is. */
  readonly dense: number;
  readonly layers: readonly LayerSensitivity[];
  /** What was left alone, and why. */
  readonly skipped: readonly { readonly id: string; readonly reason: Note }[];
}

export interface LayerSensitivity {
  /** The parameter, or the group of channels. */
  readonly id: string;
  /** Its weights or its channels. */
  readonly size: number;
  /** By rising sparsity; one that the layer cannot reach is left out. */
  readonly points: readonly { readonly sparsity: number; readonly accuracy: number }[];
}

/**
 * Accuracy against sparsity, layer by layer: each layer is pruned alone, by one scoring of the whole network, the model is
 * evaluated, and its weights are put back. The analysis of arXiv:1608.08710, section 3.2. Channels are zeroed in place,
 * which gives what removing them would.
 *
 * Throws a UsageError with code 'nothing-to-prune' where no layer may be pruned, and what scorers, strategies and
 * `evaluate` throw; the model is as it was either way.
 */
export async function sensitivity(model: PrunableModel, options: SensitivityOptions): Promise<Sensitivity> {
  const { scorer, granularity, batches, evaluate, onProgress } = options;
  const sparsities = [...(options.sparsities ?? SENSITIVITY_DEFAULTS.sparsities)].sort((a, b) => a - b);
  const { params, groups } = protect(model, options);
  const all: readonly (Param | Group)[] =
    granularity === 'element' ? params.filter(({ role }) => role === 'kernel') : groups;
  const open = all.filter(({ skip }) => skip === undefined);
  if (open.length === 0)
    throw new UsageError('nothing-to-prune', `no layer of this model can be pruned by ${granularity}s`);

  const dense = await evaluate();
  const scores = await scoreModel(scorer, { model, batches });
  const layers: LayerSensitivity[] = [];
  for (const [index, { id }] of open.entries()) {
    const alone = {
      params: only(params, id, granularity === 'element'),
      groups: only(groups, id, granularity === 'channel'),
    };
    const points: { sparsity: number; accuracy: number }[] = [];
    for (const [at, sparsity] of sparsities.entries()) {
      const accuracy = await accuracyAt(model, options, { ...alone, scores, sparsity });
      if (accuracy !== undefined) points.push({ sparsity, accuracy });
      const done = index * sparsities.length + at + 1;
      onProgress?.({ done, total: open.length * sparsities.length, layer: id, sparsity });
    }
    layers.push({ id, size: entriesOf(open[index]), points });
  }
  const skipped = all.flatMap(({ id, skip }) => (skip === undefined ? [] : [{ id, reason: skip }]));
  return { granularity, dense, layers, skipped };
}

const entriesOf = (layer: Param | Group) => ('size' in layer ? layer.size : sizeOf(layer.shape));

/** All but one are left alone. */
const only = <T extends Param | Group>(layers: readonly T[], id: string, isOpen: boolean): T[] =>
  layers.map((layer) => (isOpen && layer.id === id ? layer : { ...layer, skip: layer.skip ?? 'not its turn' }));

/** undefined = the layer has too few channels for this sparsity. */
async function accuracyAt(
  model: PrunableModel,
  { strategy, evaluate }: SensitivityOptions,
  task: { params: readonly Param[]; groups: readonly Group[]; scores: Scores; sparsity: number },
): Promise<number | undefined> {
  let plan;
  try {
    plan = await selectPlan(strategy, task);
  } catch (error) {
    if (isEspalierError(error) && error.code === 'channels-impossible') return undefined;
    throw error;
  }
  const handle = await model.mask(plan);
  try {
    handle.apply();
    return await evaluate();
  } finally {
    handle.restore();
  }
}
