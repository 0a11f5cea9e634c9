import type { Failure, Report, Row } from '@espalier/pipeline';
import { percent } from '../numbers.js';
import { english, type Texts } from '../texts/index.js';

/** What a trial is called in this report: what all trials share is not repeated. */
export interface TrialName {
  /** 'unstructured 90%' */
  readonly short: string;
  /** 'gradient, local, fine-tuned 2 epochs'; may be empty. */
  readonly detail: string;
  /** 'unstructured 90%, fine-tuned' */
  readonly full: string;
  /** The name of the line that trials at other sparsities make with it: 'unstructured, gradient'. */
  readonly series: string;
}

type Rows = Pick<Report, 'rows'>;

export function nameTrials(report: Rows, texts: Texts = english): (row: Row) => TrialName {
  const { scorers, scopes, epochs } = choices(report);
  return (row) => {
    const { scorer, scope, sparsity, fineTuned } = row;
    const strategy = strategyName(row.strategy, texts);
    const details = [
      ...(scorers.length > 1 ? [nameIn(texts, scorer)] : []),
      ...(scopes.length > 1 && scope !== undefined ? [nameIn(texts, scope)] : []),
    ];
    const tuned = fineTuned
      ? [epochs.length > 1 ? texts.fineTunedFor(texts.epochs(fineTuned.epochs)) : texts.fineTuned]
      : [];
    const short = `${strategy} ${percent(sparsity.requested)}`;
    const detail = [...details, ...tuned].join(texts.comma);
    return {
      short,
      detail,
      full: detail === '' ? short : `${short}${texts.comma}${detail}`,
      series: [strategy, ...details, ...tuned].join(texts.comma),
    };
  };
}

/** What a trial that was not possible is called; an id that says more than what it tried is shown as it is. */
export function nameFailure(failure: Failure, texts: Texts = english): string {
  const { id, strategy, scorer } = failure;
  if (!id.startsWith(`${strategy} ${scorer} `)) return id;
  const [, sparsity, tuned] = /^(\d*\.?\d+)( tuned)?$/.exec(id.slice(strategy.length + scorer.length + 2)) ?? [];
  if (sparsity === undefined) return id;
  const parts = [`${strategyName(strategy, texts)} ${percent(Number(sparsity))}`, nameIn(texts, scorer)];
  return [...parts, ...(tuned ? [texts.fineTuned] : [])].join(texts.comma);
}

const nameIn = ({ names }: Texts, name: string) => (Object.hasOwn(names, name) ? names[name] : name);

/** '4x1 blocks', as strategies spell it, is put into the reader's words. */
export function strategyName(name: string, texts: Texts): string {
  const [, outputs, inputs] = /^(\d+)x(\d+) blocks$/.exec(name) ?? [];
  return outputs === undefined ? nameIn(texts, name) : texts.blocks(outputs, inputs);
}

/** What all trials share and their names leave out. */
export function sharedChoices(report: Rows, texts: Texts = english): string[] {
  const { scorers, scopes, epochs } = choices(report);
  const { facts } = texts;
  return [
    ...(scorers.length === 1 ? [facts.scorer(nameIn(texts, scorers[0]))] : []),
    ...(scopes.length === 1 ? [facts.scope(nameIn(texts, scopes[0]))] : []),
    ...(epochs.length === 1 ? [facts.fineTuning(texts.epochs(epochs[0]))] : []),
  ];
}

const choices = ({ rows }: Rows) => ({
  scorers: [...new Set(rows.map(({ scorer }) => scorer))],
  scopes: [...new Set(rows.flatMap(({ scope }) => scope ?? []))],
  epochs: [...new Set(rows.flatMap(({ fineTuned }) => fineTuned?.epochs ?? []))],
});
