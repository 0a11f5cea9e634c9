import { type ChangeColumn, changeColumns } from '../data/change-columns.js';
import type { Changes, TrialChange, Value, Verdict } from '../data/changes.js';
import { count, threeDigits } from '../numbers.js';
import { english, type Texts } from '../texts/index.js';
import { Missing, Name, Section, Sub, Table } from './parts.js';

/** Two reports side by side. Style it with `STYLE`. */
export function ChangesView({ changes, texts = english }: { readonly changes: Changes; readonly texts?: Texts }) {
  const { comparison } = texts;
  const { better, worse, noise, same } = changes.verdicts;
  return (
    <article class="espalier-report" lang={texts.lang}>
      <h1>
        <Name text={comparison.title(changes.model)} />
      </h1>
      <p>{comparison.verdict(better, worse, noise + same)}</p>
      <Differences changes={changes} texts={texts} />
      <Section title={comparison.heading} read={comparison.read}>
        {changes.trials.length > 1 ? <ChangesTable changes={changes} texts={texts} /> : <p>{comparison.nothing}</p>}
        <p class="read">{comparison.method(count(changes.samples.old), count(changes.samples.now))}</p>
      </Section>
    </article>
  );
}

function Differences({ changes: { differences, added, removed }, texts }: { changes: Changes; texts: Texts }) {
  const { comparison, facts } = texts;
  const lists = (
    [
      [comparison.added, added],
      [comparison.removed, removed],
    ] as const
  ).filter(([, names]) => names.length > 0);
  if (differences.length + lists.length === 0) return null;
  return (
    <ul>
      {differences.map(({ what, old, now }) => (
        <li key={what}>
          <Name text={comparison.differs(facts[what], old, now)} />
        </li>
      ))}
      {lists.map(([text, names]) => (
        <li key={text}>
          {text}
          <Sub>
            <Name text={names.join(texts.semicolon)} />
          </Sub>
        </li>
      ))}
    </ul>
  );
}

function ChangesTable({ changes, texts }: { changes: Changes; texts: Texts }) {
  const columns = changeColumns(changes, texts);
  const { comparison, trials } = texts;
  return (
    <Table label={comparison.heading} head={[trials.trial, ...columns.map(({ head }) => head)]}>
      {changes.trials.map((trial) => (
        <tr key={trial.id} class={trial.id === 'dense' ? 'dense' : undefined}>
          <th scope="row">
            <Name text={trial.name} />
          </th>
          {columns.map((column) => (
            <ChangeCell key={column.head} trial={trial} column={column} texts={texts} />
          ))}
        </tr>
      ))}
    </Table>
  );
}

const TONES: Readonly<Record<Verdict, 'good' | 'bad' | undefined>> = {
  better: 'good',
  worse: 'bad',
  noise: undefined,
  same: undefined,
};

function ChangeCell({ trial, column, texts }: { trial: TrialChange; column: ChangeColumn; texts: Texts }) {
  const change = column.of(trial);
  if (!change) return <Missing />;
  const { old, now, verdict } = change;
  const { value, difference } = column;
  return (
    <td>
      {verdict === 'same' ? value(now.value) : `${value(old.value)} → ${value(now.value)}`}
      {now.lo !== undefined && <Sub>{`${spread(old)} → ${spread(now)}`}</Sub>}
      <Sub tone={TONES[verdict]}>
        {[...(verdict === 'same' ? [] : [difference(old.value, now.value)]), texts.comparison[verdict]].join(
          texts.comma,
        )}
      </Sub>
    </td>
  );
}

const spread = ({ lo = 0, hi = 0 }: Value) => `${threeDigits(lo)}–${threeDigits(hi)}`;
