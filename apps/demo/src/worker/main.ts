/** A worker: the page starts one for what is live and one for what takes long. */
import { isEspalierError } from '@espalier/core';
import type { Failure, Progress, Request, Response } from './protocol.js';

type Handler = (argument: never, report: (progress: Progress) => void) => Promise<unknown>;
const loading: Promise<Readonly<Record<string, Handler>>> =
  self.name === 'lab'
    ? import('./lab.js').then(({ labCalls }) => labCalls)
    : import('./live.js').then(({ liveCalls }) => liveCalls);
const say = (response: Response) => self.postMessage(response);

self.addEventListener('message', ({ data }: MessageEvent<Request>) => {
  const { id, method, argument } = data;
  const report = (progress: Progress) => say({ id, progress });
  const called = loading.then((calls) => calls[method](argument as never, report));
  called.then(
    (result) => say({ id, result }),
    (error: unknown) => say({ id, failure: failureOf(error) }),
  );
});

function failureOf(error: unknown): Failure {
  if (isEspalierError(error)) return { code: error.code, message: error.message };
  return { code: 'unexpected', message: error instanceof Error ? error.message : String(error) };
}
