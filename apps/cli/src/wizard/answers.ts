import type { RepairName, ScorerName } from '../plugins.js';

/** What the wizard asked for. */
export interface Answers {
  readonly model: string;
  readonly data?: string;
  readonly granularity: 'unstructured' | 'structured' | '2:4' | '4x1';
  readonly scorer: ScorerName;
  /** Absent where the pattern has its own. */
  readonly sparsity?: string;
  readonly repair: RepairName;
  readonly fineTune: number;
  readonly out: string;
}

/** The arguments of `espalier` that do the same without questions. */
export function argumentsOf(answers: Answers): string[] {
  const { model, data, granularity, scorer, sparsity, repair, fineTune, out } = answers;
  return [
    'prune',
    model,
    ...(granularity === 'unstructured' ? [] : strategyOptions(granularity)),
    ...(scorer === 'magnitude' ? [] : ['--scorer', scorer]),
    ...(sparsity === undefined ? [] : ['--sparsity', sparsity]),
    ...(data === undefined ? [] : ['--data', data]),
    ...(repair === 'none' ? [] : ['--repair', repair]),
    ...(fineTune === 0 ? [] : ['--fine-tune', String(fineTune)]),
    '--out',
    out,
  ];
}

function strategyOptions(granularity: Exclude<Answers['granularity'], 'unstructured'>): string[] {
  if (granularity === 'structured') return ['--strategy', 'structured'];
  // What a group or a block does not divide is left dense: nobody was asked about it.
  if (granularity === '2:4') return ['--strategy', 'nm', '--keep', '2', '--group', '4', '--tail', 'dense'];
  return ['--strategy', 'block', '--block', granularity, '--tail', 'dense'];
}
