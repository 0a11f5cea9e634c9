/** The page's end of a worker: calls that resolve, progress, and an end to all of it. */
import type { Calls, Failure, Method, Progress, Request, Response } from '../worker/protocol.js';
import { transfersOf } from '../worker/transfers.js';

type Argument<M extends Method> = Parameters<Calls[M]>[0];

export interface Caller {
  /** Weights within the argument belong to the worker from then on. */
  call<M extends Method>(
    method: M,
    argument: Argument<M>,
    onProgress?: (progress: Progress) => void,
  ): Promise<ReturnType<Calls[M]>>;
  /** Ends the worker, whatever it is doing; calls under way reject with a Cancelled. */
  end(): void;
}

/** A call that its caller gave up. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/** What a worker refused or could not do. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

export function startCaller(worker: Worker): Caller {
  const waiting = new Map<number, Waiting>();
  let next = 0;
  const rejectAll = (error: Error) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.addEventListener('message', ({ data }: MessageEvent<Response>) => {
    const call = waiting.get(data.id);
    if (!call) return;
    if ('progress' in data) return call.onProgress?.(data.progress);
    waiting.delete(data.id);
    if ('failure' in data) call.reject(new CallFailed(data.failure));
    else call.resolve(data.result as never);
  });
  worker.addEventListener('error', ({ message }) => {
    rejectAll(new CallFailed({ code: 'worker', message: message || 'the worker did not start' }));
  });
  return {
    call(method, argument, onProgress) {
      const id = next++;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject, onProgress });
        worker.postMessage({ id, method, argument } satisfies Request, transfersOf(argument));
      });
    },
    end() {
      worker.terminate();
      rejectAll(new Cancelled('cancelled'));
    },
  };
}

export const startWorker = (name: 'live' | 'lab' | 'files') =>
  startCaller(new Worker(new URL('../worker/main.ts', import.meta.url), { type: 'module', name }));
