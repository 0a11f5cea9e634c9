import { useText } from '../../i18n/index.js';
import { percent } from '../../words.js';

/** The class of the highest value. */
export const answerOf = (probabilities: readonly number[]) =>
  probabilities.reduce((best, value, i) => (value > probabilities[best] ? i : best), 0);

interface Props {
  readonly name: string;
  readonly probabilities: readonly number[] | undefined;
}

/** Ten bars, and the answer in large type. */
export function Answers({ name, probabilities }: Props) {
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
      <ol class="bars" aria-label={`${name}: ${text.try.chance}`}>
        {Array.from({ length: 10 }, (_, digit) => {
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
