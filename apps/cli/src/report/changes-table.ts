import {
  type ChangeColumn,
  changeColumns,
  type Changes,
  count,
  english,
  safe,
  type TrialChange,
  type Verdict,
} from '@espalier/report';
import { out as pc } from '../colours.js';
import { fit, linesOf, padded } from '../layout.js';

const MARKS: Readonly<Record<Verdict, string>> = { better: '▲', worse: '▼', noise: '~', same: '=' };

/** What changed between two reports, for a terminal: one line a trial. */
export function changesTable(changes: Changes, width: number): string {
  const { trials, differences, added, removed, verdicts, samples } = changes;
  const { comparison, facts } = english;
  const columns = [
    padded({ head: english.trials.trial, right: false, spare: 0, texts: trials.map(({ name }) => name) }),
    ...changeColumns(changes, english).map((column, i) =>
      padded({ head: column.head, right: true, spare: i, texts: trials.map((trial) => cell(trial, column)) }),
    ),
  ];
  const { columns: shown, left } = fit(columns, width);
  const [head, dense, ...lines] = linesOf(shown);
  const said = [
    ...differences.map(({ what, old, now }) => comparison.differs(facts[what], old, now)),
    ...(added.length > 0 ? [`${comparison.added}: ${added.join('; ')}`] : []),
    ...(removed.length > 0 ? [`${comparison.removed}: ${removed.join('; ')}`] : []),
    ...(trials.length > 1 ? [] : [comparison.nothing]),
  ];
  return [
    `${pc.bold(safe(comparison.title(changes.model)))}: ${comparison.verdict(verdicts.better, verdicts.worse, verdicts.noise + verdicts.same)}`,
    ...said.map((text) => pc.yellow(safe(text))),
    '',
    pc.dim(head),
    pc.bold(dense),
    ...lines,
    '',
    pc.dim(`▲ ${comparison.better}, ▼ ${comparison.worse}, ~ ${comparison.noise}, = ${comparison.same}`),
    pc.dim(comparison.method(count(samples.old), count(samples.now))),
    ...(left.length > 0 ? [pc.dim(`without room here, but with --out: ${left.join(', ')}`)] : []),
  ].join('\n');
}

function cell(trial: TrialChange, { of, value, difference }: ChangeColumn): string {
  const change = of(trial);
  if (!change) return '–';
  const { old, now, verdict } = change;
  if (verdict === 'same') return `${value(now.value)} ${MARKS.same}`;
  return `${value(old.value)} → ${value(now.value)} ${difference(old.value, now.value)} ${MARKS[verdict]}`;
}
