import { UsageError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';

/** Throws a UsageError with code 'backend' unless wasm is the current backend. */
export function requireWasm(who: string): void {
  const found = tf.getBackend();
  if (found === 'wasm') return;
  const fix = "await tf.setBackend('wasm')";
  const message = `${who} works on the wasm backend, the current one is '${found}'; call ${fix} first`;
  throw new UsageError('backend', message, { wanted: 'wasm', found, fix });
}
