import { type Change, InputError, type MaskHandle, type Port, type View } from '@espalier/core';

const written = (shape: readonly (number | null)[]) => `[${shape.map((n) => n ?? '?').join(', ')}]`;

/** Options of an adapter with what a view changes in them. */
export function withView<O extends View>(options: O, { loss, output, leaveAlone, inputShape }: View): O {
  return {
    ...options,
    ...(loss !== undefined && { loss }),
    ...(output !== undefined && { output }),
    ...(leaveAlone && { leaveAlone: { ...leaveAlone, ...options.leaveAlone } }),
    ...(inputShape && { inputShape }),
  };
}

/** Throws an InputError with code 'input-shape' unless the one input can have this shape, batch first. */
export function checkFixed(inputs: readonly Port[], shape: readonly number[]): void {
  const [input, ...others] = inputs;
  const fits =
    input !== undefined &&
    others.length === 0 &&
    input.shape.length === shape.length &&
    input.shape.every((n, i) => i === 0 || n === null || n === shape[i]);
  if (fits) return;
  const [wanted, found] = [inputs.map((port) => written(port.shape)).join(' and '), written(shape)];
  throw new InputError('input-shape', `input shape: the model takes ${wanted}, got ${found}`, {
    where: 'inputShape',
    wanted,
    found,
  });
}

/** What views of one model share. */
export interface Shared {
  readonly history?: readonly Change[] | undefined;
  /** A mask that nobody ended still holds tensors. */
  readonly handles: MaskHandle[];
  isDisposed: boolean;
}

/** Of a model with no other view yet. */
export const alone = (history?: readonly Change[]): Shared => ({ history, handles: [], isDisposed: false });

/** Ends the masks and frees the model, once, whichever view is asked to. */
export const disposal = (shared: Shared, free: () => void) => (): void => {
  if (shared.isDisposed) return;
  shared.isDisposed = true;
  shared.handles.forEach((handle) => handle.makePermanent());
  free();
};
