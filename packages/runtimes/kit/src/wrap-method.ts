type Method<K extends PropertyKey> = { [key in K]: (...args: never[]) => unknown };

/** Those that were taken away under another one; they go with it. */
const buried = new WeakMap<object, () => void>();

/**
 * Puts a function over a method of one object, if that is not frozen; it calls `stock` with the `this` that it is given. The function
 * returned takes it away. Under another one that was put over it, it stays as long as that does: `active` is false then, and it
 * should pass every call on.
 */
export function wrapMethod<K extends PropertyKey, O extends Method<K>>(
  object: O,
  name: K,
  make: (stock: O[K], active: () => boolean) => O[K],
): () => void {
  const stock = object[name];
  const own = Object.hasOwn(object, name);
  let active = true;
  const wrapped = make(stock, () => active);
  Reflect.set(object, name, wrapped);
  const undo = () => {
    active = false;
    if (object[name] !== wrapped) return void buried.set(wrapped, undo);
    (own ? Reflect.set : Reflect.deleteProperty)(object, name, stock);
    buried.get(object[name])?.();
  };
  return undo;
}
