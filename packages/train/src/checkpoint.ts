import { decodePlan, encodePlan, InputError, type Plan } from '@espalier/core';
import { sha256 } from '@noble/hashes/sha2.js';
import type { OptimizerState } from './optimizer.js';

/** Everything that a training needs to go on as if it had never stopped. */
export interface Checkpoint {
  /** What must be the same in the training that goes on: options, model, data. */
  readonly of: Readonly<Record<string, unknown>>;
  readonly epoch: number;
  readonly step: number;
  readonly losses: readonly number[];
  readonly weights: Readonly<Record<string, Float32Array>>;
  readonly optimizer: OptimizerState;
  readonly plan?: Plan;
  /** Early stopping: the best epoch so far, and its weights. */
  readonly best?: {
    readonly epoch: number;
    readonly score: number;
    readonly weights: Readonly<Record<string, Float32Array>>;
  };
}

/*
 * A checkpoint, byte by byte:
 *   0   8 bytes   'ESPLTRAN'
 *   8   u32 LE    version, 1
 *   12  u32 LE    length of the header in bytes
 *   16            header: JSON in UTF-8, with the name and the length of every array
 *   …             the arrays in the header's order, float32 little-endian, then the plan file
 *   end − 32      SHA-256 of everything before it
 */
const MAGIC = 'ESPLTRAN';
const VERSION = 1;
const START = 16;
const DIGEST = 32;

interface Header extends Pick<Checkpoint, 'of' | 'epoch' | 'step' | 'losses'> {
  readonly iterations: number;
  readonly arrays: readonly {
    readonly kind: 'weight' | 'optimizer' | 'best';
    readonly name: string;
    readonly shape: readonly number[];
    readonly size: number;
  }[];
  readonly best?: { readonly epoch: number; readonly score: number };
  readonly plan: number;
}

export async function encodeCheckpoint({
  of,
  epoch,
  step,
  losses,
  weights,
  optimizer,
  plan,
  best,
}: Checkpoint): Promise<Uint8Array> {
  const named = (kind: 'weight' | 'best', all: Readonly<Record<string, Float32Array>>) =>
    Object.entries(all).map(([name, values]) => ({ kind, name, shape: [values.length], values }));
  const arrays = [
    ...named('weight', weights),
    ...optimizer.values.map(({ name, shape, values }) => ({ kind: 'optimizer' as const, name, shape, values })),
    ...(best ? named('best', best.weights) : []),
  ];
  const planBytes = plan ? await encodePlan(plan) : new Uint8Array(0);
  const header: Header = {
    of,
    epoch,
    step,
    losses,
    iterations: optimizer.iterations,
    arrays: arrays.map(({ kind, name, shape, values }) => ({ kind, name, shape, size: values.length })),
    ...(best && { best: { epoch: best.epoch, score: best.score } }),
    plan: planBytes.length,
  };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const floats = arrays.reduce((sum, { values }) => sum + 4 * values.length, 0);
  const out = new Uint8Array(START + json.length + floats + planBytes.length + DIGEST);
  const view = new DataView(out.buffer);
  out.set(new TextEncoder().encode(MAGIC));
  view.setUint32(8, VERSION, true);
  view.setUint32(12, json.length, true);
  out.set(json, START);
  let at = START + json.length;
  for (const { values } of arrays) {
    for (let i = 0; i < values.length; i++) view.setFloat32(at + 4 * i, values[i], true);
    at += 4 * values.length;
  }
  out.set(planBytes, at);
  out.set(sha256(out.subarray(0, out.length - DIGEST)), out.length - DIGEST);
  return out;
}

/** Throws an InputError with code 'checkpoint-file' for anything but a whole, unchanged checkpoint. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  if (bytes.length < START + DIGEST) throw broken(`at least ${START + DIGEST} bytes`, `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (new TextDecoder('latin1').decode(bytes.subarray(0, 8)) !== MAGIC)
    throw broken(`a file that begins with ${MAGIC}`, 'something else');
  if (view.getUint32(8, true) !== VERSION) throw broken(`version ${VERSION}`, `version ${view.getUint32(8, true)}`);
  const body = bytes.length - DIGEST;
  // What has this checksum was written by the function above, so its parts need no checks of their own.
  if (sha256(bytes.subarray(0, body)).some((byte, i) => byte !== bytes[body + i]))
    throw broken('a matching checksum', 'a different one: the file is truncated or damaged');
  let at = START + view.getUint32(12, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(START, at))) as Header;
  const read = { weight: {} as Record<string, Float32Array>, best: {} as Record<string, Float32Array> };
  const values: OptimizerState['values'][number][] = [];
  for (const { kind, name, shape, size } of header.arrays) {
    const start = at;
    const array = Float32Array.from({ length: size }, (_, i) => view.getFloat32(start + 4 * i, true));
    if (kind === 'optimizer') values.push({ name, shape, values: array });
    else read[kind][name] = array;
    at += 4 * size;
  }
  const { of, epoch, step, losses, iterations, best } = header;
  return {
    of,
    epoch,
    step,
    losses,
    weights: read.weight,
    optimizer: { iterations, values },
    ...(header.plan > 0 && { plan: decodePlan(bytes.slice(at, at + header.plan)) }),
    ...(best && { best: { ...best, weights: read.best } }),
  };
}

/** Throws an InputError with code 'checkpoint-mismatch' that names the first thing that differs. */
export function checkSameTraining(found: Checkpoint['of'], wanted: Checkpoint['of']): void {
  for (const key of Object.keys({ ...wanted, ...found })) {
    const [was, is] = [JSON.stringify(found[key]), JSON.stringify(wanted[key])];
    if (was === is) continue;
    const short = (text: string | undefined) =>
      text === undefined ? 'nothing' : text.length > 60 ? `${text.slice(0, 57)}...` : text;
    const fix = 'go on with the model, data and options that the checkpoint was made with, or start anew without it';
    throw new InputError(
      'checkpoint-mismatch',
      `the checkpoint is of another training: ${key} was ${short(was)}, is ${short(is)}; ${fix}`,
      {
        where: key,
        wanted: short(is),
        found: short(was),
        fix,
      },
    );
  }
}

function broken(wanted: string, found: string): InputError {
  const fix = 'use another checkpoint, or start anew without one';
  return new InputError('checkpoint-file', `checkpoint: wanted ${wanted}, found ${found}; ${fix}`, {
    where: 'checkpoint',
    wanted,
    found,
    fix,
  });
}
