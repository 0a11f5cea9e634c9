import type { MaskHandle, PrunableModel } from '@espalier/core';
import {
  type NamedTensorMap,
  type Optimizer,
  type Scalar,
  type Tensor,
  tensor,
  tidy,
  Variable,
} from '@tensorflow/tfjs-core';

/** What TensorFlow.js hides of its optimizers. */
interface Open {
  learningRate: number;
  iterations_?: number;
  setLearningRate?(rate: number): void;
  c?: Scalar;
}
const open = (optimizer: Optimizer) => optimizer as unknown as Open;

/** There is a setter for SGD and momentum only; the other optimizers read their protected field at each step. */
export function setRate(optimizer: Optimizer, rate: number): void {
  const { setLearningRate } = open(optimizer);
  if (setLearningRate) setLearningRate.call(optimizer, rate);
  else open(optimizer).learningRate = rate;
}

/** Momentum's dispose() forgets the scalar that it inherits from SGD (TensorFlow.js 4.22). */
export function disposeOptimizer(optimizer: Optimizer): void {
  optimizer.dispose();
  const { c } = open(optimizer);
  if (c && !c.isDisposed) c.dispose();
}

/** Values of one tensor, and its name in the optimizer: 'accBeta1', or 'accumulatedFirstMoment fc1/kernel/m' by parameter. */
export interface OptimizerValue {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface OptimizerState {
  readonly iterations: number;
  readonly values: readonly OptimizerValue[];
}

interface Slot {
  readonly originalName: string;
  readonly variable: Variable;
}

/** `getWeights()` leaves out the powers of Adam's betas, which `setWeights()` works out anew, in other last bits. */
export async function saveOptimizer(optimizer: Optimizer, model: PrunableModel): Promise<OptimizerState> {
  const values: OptimizerValue[] = [];
  // Variables have other names in another run.
  const ids = idsOf(model);
  const add = async (name: string, variable: Tensor) =>
    values.push({ name, shape: variable.shape, values: (await variable.data<'float32'>()).slice() });
  for (const [field, value] of Object.entries(optimizer)) {
    if (value instanceof Variable) await add(field, value);
    else for (const slot of slotsOf(value)) await add(`${field} ${renamed(slot.originalName, ids)}`, slot.variable);
  }
  return { iterations: open(optimizer).iterations_ ?? 0, values };
}

/** Into an optimizer of the same kind that has not made a step yet. */
export function loadOptimizer(
  optimizer: Optimizer,
  model: PrunableModel,
  { iterations, values }: OptimizerState,
): void {
  const names = new Map(model.params.map(({ id }) => [id, model.variable(id).name]));
  const fields = optimizer as unknown as Record<string, unknown>;
  open(optimizer).iterations_ = iterations;
  for (const { name, shape, values: data } of values) {
    const [field, ...rest] = name.split(' ');
    const saved = tensor(data, [...shape], 'float32');
    if (rest.length === 0) {
      (fields[field] as Variable).assign(saved);
      saved.dispose();
    } else {
      const variable = tidy(() => saved.variable(false));
      saved.dispose();
      (fields[field] as Slot[]).push({ originalName: renamed(rest.join(' '), names), variable });
    }
  }
}

/** Whether the optimizer could hold that state. */
export function fitsOptimizer(optimizer: Optimizer, { values }: OptimizerState): boolean {
  const fields = optimizer as unknown as Record<string, unknown>;
  return values.every(({ name }) => {
    const [field, ...rest] = name.split(' ');
    return rest.length === 0 ? fields[field] instanceof Variable : Array.isArray(fields[field]);
  });
}

/** The running mean of squared gradients of a parameter, a copy; undefined = the optimizer keeps none, or not yet. */
export async function squaresOf(
  optimizer: Optimizer,
  model: PrunableModel,
  param: string,
): Promise<Float32Array | undefined> {
  const { accumulatedSecondMoment, accumulatedMeanSquares } = optimizer as unknown as Record<string, unknown>;
  const { name } = model.variable(param);
  const slots = [...slotsOf(accumulatedSecondMoment), ...slotsOf(accumulatedMeanSquares)];
  const slot = slots.find(({ originalName }) => originalName.slice(0, originalName.lastIndexOf('/')) === name);
  return slot && (await slot.variable.data<'float32'>()).slice();
}

/** Puts +0 in the place of the moments of pruned weights: a mask that comes later finds them filled. */
export function maskMoments(optimizer: Optimizer, model: PrunableModel, handle: MaskHandle): void {
  const ids = idsOf(model);
  for (const value of Object.values(optimizer))
    for (const { originalName, variable } of slotsOf(value)) {
      const id = ids.get(originalName.slice(0, originalName.lastIndexOf('/')));
      if (id === undefined) continue;
      const moments: NamedTensorMap = { [id]: variable };
      const { [id]: masked } = handle.maskGradients(moments);
      variable.assign(masked);
      masked.dispose();
    }
}

const idsOf = (model: PrunableModel) => new Map(model.params.map(({ id }) => [model.variable(id).name, id]));

/** 'NAME/m' with another name. */
function renamed(slot: string, names: ReadonlyMap<string, string>): string {
  const end = slot.lastIndexOf('/');
  return (names.get(slot.slice(0, end)) ?? slot.slice(0, end)) + slot.slice(end);
}

function slotsOf(value: unknown): Slot[] {
  const isSlot = (entry: unknown): entry is Slot => (entry as Slot | null)?.variable instanceof Variable;
  return Array.isArray(value) ? value.filter(isSlot) : [];
}
