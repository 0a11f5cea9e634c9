import { type Settings, toWords } from '@espalier/pipeline';

/** What the wizard asked for. */
export interface Answers extends Settings {
  readonly model: string;
  readonly out: string;
}

/** The arguments of `espalier` that do the same without questions. */
export const argumentsOf = ({ model, out, ...settings }: Answers): string[] => [
  'prune',
  model,
  ...toWords(settings),
  '--out',
  out,
];
