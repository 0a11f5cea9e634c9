import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Draft, type Json, type Kind, MAIN, SHARD } from './drafts.js';

/** One way in which a model can be wrong. */
export interface Row {
  readonly what: string;
  /** What makes it so, for each kind that it concerns. */
  readonly make: Partial<Record<Kind, (d: Draft) => void>>;
  /** The error's code, or what it matches. */
  readonly code: string | RegExp;
  /** What the message says beside the file. */
  readonly says?: readonly string[];
  /** The base name of the file in the message; default: that of the weights. */
  readonly file?: 'shard' | 'main' | 'any';
}

export type Make = (d: Draft) => void;

export const on = (kinds: readonly Kind[], make: Make): Row['make'] =>
  Object.fromEntries(kinds.map((kind) => [kind, make]));
export const MANIFESTS = ['layers', 'graph'] as const;
export const TENSORS = ['safetensors', 'index'] as const;
export const DECLARED = ['layers', 'graph', 'compact'] as const;
export const SHARDED = ['layers', 'graph', 'index'] as const;

export const nameOf = (d: Draft) => SHARD[d.kind];
/** Runs when the files are written. */
export const then = (d: Draft, act: (shard: string, dir: string) => void) => {
  d.after = (dir) => act(join(dir, nameOf(d)), dir);
};
export const cut =
  (bytes: number): Make =>
  (d) =>
    then(d, (shard) => truncateSync(shard, readFileSync(shard).length - bytes));
export const append =
  (text: string): Make =>
  (d) =>
    then(d, (shard) => writeFileSync(shard, Buffer.concat([readFileSync(shard), Buffer.from(text)])));
export const inPlace =
  (act: (path: string) => void, of: (d: Draft) => string = nameOf): Make =>
  (d) =>
    (d.after = (dir) => {
      rmSync(join(dir, of(d)));
      act(join(dir, of(d)));
    });
export const fifo = (path: string) => void spawnSync('mkfifo', [path]);
export const mainOf = (d: Draft) => MAIN[d.kind];

/** The index's or the manifest's name for the shard. */
export const rename =
  (name: string): Make =>
  (d) => {
    if (d.kind === 'index') d.json.weight_map['fc/kernel'] = name;
    else d.json.weightsManifest[0].paths = [name];
  };
/** Another name for 'fc/kernel'. */
export const call =
  (name: string): Make =>
  (d) => {
    const moved = (object: Json) =>
      Object.fromEntries(Object.entries(object).map(([key, value]) => [key === 'fc/kernel' ? name : key, value]));
    if (d.kind === 'index') d.json.weight_map = moved(d.json.weight_map);
    if (!d.header) return void (d.kernel.name = name);
    d.header = moved(d.header);
    if (d.kind === 'safetensors') d.json = d.header;
  };
export const shape =
  (value: unknown): Make =>
  (d) =>
    void (d.kernel.shape = value);
export const edit =
  (change: (text: string) => string): Make =>
  (d) => {
    if (d.kind === 'safetensors') d.json.__metadata__ = {};
    d.text = change(JSON.stringify(d.json));
  };
export const bytesText =
  (change: (text: string) => Uint8Array): Make =>
  (d) =>
    void (d.text = change(JSON.stringify(d.json)));
export const outside = (path: string) => {
  const place = join(dirname(dirname(path)), `outside-${path.split('/').at(-2)}-${path.split('/').at(-1)}`);
  renameSync(path, place);
  symlinkSync(place, path);
};
export const value =
  (bits: number, at = 4): Make =>
  (d) => {
    new DataView(d.data.buffer, d.data.byteOffset).setUint32(at * 4, bits, true);
    // The float's word is turned left by one bit in a compact record.
    const [body] = d.bodies;
    if (!body) return;
    const turned = ((bits << 1) | (bits >>> 31)) >>> 0;
    for (let plane = 0; plane < 4; plane++) body[1 + plane * 7 + 1 + at] = (turned >>> (8 * plane)) & 255;
  };
export const quantized =
  (dtype: unknown, rest: object): Make =>
  (d) =>
    void (d.kernel.quantization = { dtype, ...rest });
export const utf16 = (text: string) => new Uint8Array(Buffer.from(`\ufeff${text}`, 'utf16le'));

/** Another header for safetensors that are there already. */
export function editHeader(change: (text: string) => string): Make {
  return (d) => {
    d.after = (dir) => {
      const path = join(dir, 'm.safetensors');
      const bytes = readFileSync(path);
      const length = Number(bytes.readBigUInt64LE());
      const header = Buffer.from(change(bytes.subarray(8, 8 + length).toString('utf8')));
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(header.length));
      writeFileSync(path, Buffer.concat([size, header, bytes.subarray(8 + length)]));
    };
  };
}
