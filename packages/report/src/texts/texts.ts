import type { Granularity } from '@espalier/core';
import type { FigureWords } from '@espalier/figures';

/** Everything that a report says, in one language. Numbers come written; names from files come as they are. */
export interface Texts {
  /** BCP 47. */
  readonly lang: 'en' | 'zh-CN';
  /** The language's name for itself. */
  readonly name: string;
  readonly figure: FigureWords;
  /** Names of strategies, scorers, scopes and phases; others are shown as they are. */
  readonly names: Readonly<Record<string, string>>;
  /** Blocks of outputs × inputs as the name of a strategy. */
  readonly blocks: (outputs: string, inputs: string) => string;
  /** Between the parts of an enumeration, and between the lists of one. */
  readonly comma: string;
  readonly semicolon: string;
  /** Between a name and what is said of it. */
  readonly colon: string;

  readonly title: (model: string) => string;
  readonly dense: string;
  readonly fineTuned: string;
  readonly epochs: (n: number) => string;
  readonly fineTunedFor: (epochs: string) => string;

  readonly facts: {
    readonly model: string;
    readonly modelText: (name: string, params: string, kernels: string, macs: string) => string;
    readonly data: string;
    readonly dataText: (name: string, samples: string) => string;
    readonly sharedData: string;
    readonly noData: string;
    readonly trials: string;
    readonly measured: (n: string) => string;
    readonly scorer: (name: string) => string;
    readonly scope: (name: string) => string;
    readonly fineTuning: (epochs: string) => string;
    readonly batch: (sizes: string) => string;
    readonly machine: string;
    readonly cores: (n: number) => string;
    readonly when: string;
  };

  readonly summary: {
    readonly heading: string;
    readonly smallest: string;
    readonly quickest: (backend: string) => string;
    readonly mostAccurate: string;
    readonly points: (signed: string) => string;
    readonly smaller: (times: string) => string;
    readonly quicker: (times: string) => string;
    readonly within: (points: number) => string;
    readonly noneWithin: (points: number) => string;
    readonly noneQuicker: string;
  };

  readonly granularity: {
    readonly heading: string;
    readonly read: (points: number) => string;
    readonly column: string;
    readonly smaller: string;
    readonly compact: string;
    readonly compactFile: string;
    readonly quicker: (backend: string) => string;
    readonly hardware: string;
    /** What makes the zeros of a trial quick. */
    readonly needs: (of: Pick<Granularity, 'kind' | 'name' | 'units'>) => string;
    readonly of: (times: string) => string;
    readonly realised: (percent: string) => string;
    readonly noneWithin: (points: number) => string;
  };

  readonly trials: {
    readonly heading: string;
    readonly read: string;
    readonly trial: string;
    readonly sparsity: string;
    readonly accuracy: string;
    readonly params: string;
    readonly macs: string;
    readonly ofWeights: string;
    readonly ofChannels: string;
    readonly ranOn: (backend: string) => string;
  };

  /** The tables of a terminal, which have less room. */
  readonly terminal: {
    readonly model: (name: string, params: string, macs: string) => string;
    readonly measured: (samples: string, data: string) => string;
    readonly accuracy: string;
    readonly params: string;
    readonly compact: string;
    readonly sharesKept: (heads: string) => string;
    readonly times: string;
    readonly leftOut: (heads: string) => string;
    readonly leftOutOfChanges: (heads: string) => string;
    readonly note: (text: string, trials: string) => string;
    readonly impossible: (trial: string, message: string) => string;
  };

  readonly sizes: {
    readonly heading: string;
    readonly read: string;
    readonly raw: string;
    readonly gzip: string;
    readonly brotli: string;
    readonly compact: (values: string) => string;
  };

  readonly pareto: {
    readonly heading: string;
    readonly read: string;
    readonly accuracy: string;
    readonly sizeTitle: string;
    readonly size: string;
    readonly compactTitle: string;
    readonly compact: string;
    readonly latencyTitle: (backend: string) => string;
    readonly latency: string;
    readonly description: (title: string, points: string, frontier: string) => string;
    readonly point: (trial: string, accuracy: string, cost: string) => string;
  };

  readonly layers: {
    readonly heading: string;
    readonly read: string;
    readonly title: (sparsity: string) => string;
    readonly axis: string;
    readonly share: (percent: string) => string;
    readonly largest: (shown: number, all: number) => string;
  };

  readonly kernel: { readonly heading: string; readonly read: string };

  readonly notes: {
    readonly heading: string;
    readonly impossible: (trial: string) => string;
    readonly omitted: (sections: string) => string;
  };

  readonly again: { readonly heading: string };

  readonly comparison: {
    readonly title: (model: string) => string;
    readonly heading: string;
    readonly read: string;
    readonly size: string;
    readonly latency: (backend: string) => string;
    readonly noise: string;
    readonly better: string;
    readonly worse: string;
    readonly same: string;
    readonly added: string;
    readonly removed: string;
    readonly nothing: string;
    readonly verdict: (better: number, worse: number, noise: number) => string;
    readonly differs: (what: string, old: string, now: string) => string;
    readonly method: (samplesOld: string, samplesNew: string) => string;
  };

  /** What is said of models and decisions, by the codes of notes; absent = as it is. */
  readonly said?: Readonly<Record<string, string>>;

  /** What a link that saves a figure or a table is called when it is read aloud. */
  readonly save: (what: string, form: string) => string;
  readonly language: string;
}
