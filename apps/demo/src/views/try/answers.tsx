import { useText } from '../../i18n/index.js';
import { percent } from '../../words.js';

/** The class of the highest value. */
export const answerOf = (probabilities: readonly number[]) =>
  probabilities.reduce((best, value, i) => (value > probabilities[best] ? i : best), 0);

interface Props {
  readonly name: string;
  readonly probabilities: readonly number[] | undefined;
  /** Those that are drawn. */
  readonly classes: readonly number[];
}

const MOST = 10;

/** All classes, or of many the ones that either model finds likeliest. */
export function likeliest(answers: readonly (readonly number[] | undefined)[], classes: number): number[] {
  const all = Array.from({ length: Math.max(classes, ...answers.map((of) => of?.length ?? 0)) }, (_, i) => i);
  if (all.length <= MOST) return all;
  const best = (i: number) => Math.max(...answers.map((of) => of?.[i] ?? 0));
  return [...all]
    .sort((a, b) => best(b) - best(a))
    .slice(0, MOST)
    .sort((a, b) => a - b);
}

/** A bar for each class, and the answer in large type. */
export function Answers({ name, probabilities, classes }: Props) {
  const text = useText();
  const answer = probabilities && answerOf(probabilities);
  const certain = answer === undefined ? '' : percent(probabilities![answer]);
  return (
    <div class="answers" data-answer={answer}>
      <p class="answer" aria-live="polite">
        <span class="digit">{answer ?? '·'}</span>
        <span>
          <strong>{name}</strong>
          <small>{answer === undefined ? text.try.nothing : text.try.says(answer, certain)}</small>
        </span>
      </p>
      <ol class="bars" style={{ '--bars': classes.length }} aria-label={`${name}: ${text.try.chance}`}>
        {classes.map((digit) => {
          const value = probabilities?.[digit] ?? 0;
          return (
            <li key={digit} class={digit === answer ? 'best' : ''}>
              <span class="bar-fill" style={{ height: `${Math.max(1, 100 * value)}%` }} />
              <span class="bar-digit" aria-label={`${digit}: ${percent(value)}`}>
                {digit}
              </span>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
