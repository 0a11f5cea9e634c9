/** A place that holds one thing, or nothing. */
export interface Place<T> {
  read(): T | undefined;
  /** undefined empties it. */
  write(value: T | undefined): void;
}

/** What was taken away while something else stood over it; it goes when that goes. */
const buried = new WeakMap<object, () => void>();

/**
 * Puts something over what a place holds. The function returned takes it away again: at once where it is on top, else as soon as what
 * was put over it is gone; until then `active` is false, and it should pass everything on to `stock`.
 */
export function replace<T extends object>(
  place: Place<T>,
  make: (stock: T | undefined, active: () => boolean) => T,
): () => void {
  const stock = place.read();
  let active = true;
  const ours = make(stock, () => active);
  place.write(ours);
  const undo = () => {
    active = false;
    if (place.read() !== ours) return void buried.set(ours, undo);
    place.write(stock);
    if (stock) buried.get(stock)?.();
  };
  return undo;
}
