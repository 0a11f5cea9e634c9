import { replace } from './replace.js';

type Method<K extends PropertyKey> = { [key in K]: (...args: never[]) => unknown };

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
  const inherited = Object.hasOwn(object, name) ? undefined : object[name];
  const write = (method: O[K] | undefined) =>
    void (method === inherited ? Reflect.deleteProperty(object, name) : Reflect.set(object, name, method));
  return replace<O[K]>({ read: () => object[name], write }, (stock, active) => make(stock!, active));
}
