/** A worker: the page starts one for what is live, one for what takes long, and one that packs files. */
import { isEspalierError } from '@espalier/core';
import type { Failure, Progress, Request, Response } from './protocol.js';
import { transfersOf } from './transfers.js';

type Handler = (argument: never, report: (progress: Progress) => void) => Promise<unknown>;
type Handlers = Readonly<Record<string, Handler>>;
const LOADERS: Readonly<Record<string, () => Promise<Handlers>>> = {
  live: () => import('./live.js').then(({ liveCalls }) => liveCalls),
  lab: () => import('./lab.js').then(({ labCalls }) => labCalls),
  files: () => import('./files.js').then(({ fileCalls }) => fileCalls),
};
const loading = LOADERS[self.name]();
const say = (response: Response, transfer: ArrayBuffer[] = []) => self.postMessage(response, { transfer });

self.addEventListener('message', ({ data }: MessageEvent<Request>) => {
  const { id, method, argument } = data;
  const report = (progress: Progress) => say({ id, progress });
  const called = loading.then((calls) => calls[method](argument as never, report));
  called.then(
    (result) => say({ id, result }, transfersOf(result)),
    (error: unknown) => say({ id, failure: failureOf(error) }),
  );
});

function failureOf(error: unknown): Failure {
  if (isEspalierError(error)) {
    const { code, message, note } = error;
    return { code, message, ...(note && { note }) };
  }
  return { code: 'unexpected', message: error instanceof Error ? error.message : String(error) };
}
