// What the test of browsers runs in the page; bundled by it.
import { type decodeEspalier, encodeEspalier, espalier, EspalierDecoder } from '../web.js';

export interface Outcome {
  /** SHA-256 of topology, specs and weights, by way of loading. */
  readonly digests: Readonly<Record<string, string>>;
  /** What `onProgress` said: bytes and total. */
  readonly progress: readonly (readonly [number, number | undefined])[];
  /** Code and message of what was thrown, by what was wrong. */
  readonly errors: Readonly<Record<string, readonly [string, string]>>;
  /** The page encodes what Node encoded, byte for byte. */
  readonly sameBytes: boolean;
}

type Artifacts = ReturnType<typeof decodeEspalier>;

async function digest({ modelTopology, weightSpecs, weightData }: Artifacts): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify([modelTopology, weightSpecs]));
  const all = new Blob([text, weightData as ArrayBuffer]);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await all.arrayBuffer()));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function failure(work: () => unknown): Promise<[string, string]> {
  try {
    await work();
  } catch (error) {
    const { code, name, message } = error as Error & { code?: unknown };
    // A DOMException has a number as its code.
    return [typeof code === 'string' ? code : name, message];
  }
  return ['none', ''];
}

async function check({ file, url }: { file: string; url: string }): Promise<Outcome> {
  const progress: [number, number | undefined][] = [];
  const handler = espalier(file, { onProgress: (bytes, total) => progress.push([bytes, total]) });
  const byUrl = await handler.load!();
  const bytes = new Uint8Array(await (await fetch(file)).arrayBuffer());

  const decoder = new EspalierDecoder();
  for (let at = 0; at < bytes.length; at += 1000) decoder.push(bytes.subarray(at, at + 1000));
  const memory: { bytes?: Uint8Array } = {};
  await espalier(memory).save!(byUrl);
  await espalier('indexeddb://net').save!(byUrl);
  // Saved again, it is replaced.
  await espalier('indexeddb://net').save!(byUrl);
  const ways: Record<string, Artifacts> = {
    url: byUrl,
    chunked: await espalier(new URL(url + '?chunked', location.href)).load!(),
    pieces: decoder.finish(),
    bytes: await espalier(bytes).load!(),
    buffer: await espalier(bytes.slice().buffer).load!(),
    blob: await espalier(new Blob([bytes])).load!(),
    memory: await espalier(memory).load!(),
    database: await espalier('indexeddb://net').load!(),
  };
  const digests: Record<string, string> = {};
  for (const [way, artifacts] of Object.entries(ways)) digests[way] = await digest(artifacts);

  const changed = bytes.slice();
  changed[changed.length - 9] ^= 1;
  const giveUp = new AbortController();
  giveUp.abort();
  const errors = {
    flipped: await failure(() => espalier(changed).load!()),
    cut: await failure(() => espalier(bytes.subarray(0, bytes.length - 1)).load!()),
    flippedUrl: await failure(() => espalier(`${file}?flipped`).load!()),
    cutUrl: await failure(() => espalier(`${file}?cut`).load!()),
    page: await failure(() => espalier('/plain.html').load!()),
    missing: await failure(() => espalier('/none.espalier').load!()),
    unreachable: await failure(() => espalier('http://127.0.0.1:1/model.espalier').load!()),
    aborted: await failure(() => espalier(file, { requestInit: { signal: giveUp.signal } }).load!()),
    database: await failure(() => espalier('indexeddb://none').load!()),
  };
  const again = encodeEspalier(byUrl);
  const sameBytes = again.length === bytes.length && again.every((byte, i) => byte === bytes[i]);
  return { digests, progress, errors, sameBytes };
}

Object.assign(globalThis, { check });
