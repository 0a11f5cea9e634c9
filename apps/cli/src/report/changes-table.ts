import {
  type ChangeColumn,
  changeColumns,
  type Changes,
  count,
  safe,
  type Texts,
  type TrialChange,
  type Verdict,
} from '@espalier/report';
import { out as pc } from '../colours.js';
import { fit, hanging, linesOf, padded } from '../layout.js';

const MARKS: Readonly<Record<Verdict, string>> = { better: '▲', worse: '▼', noise: '~', same: '=' };

/** What changed between two reports, for a terminal: one line a trial. */
export function changesTable(changes: Changes, width: number, texts: Texts): string {
  const { trials, differences, added, removed, verdicts, samples } = changes;
  const { comparison, facts, terminal, comma, semicolon, colon } = texts;
  const columns = [
    padded({ head: texts.trials.trial, right: false, spare: 0, texts: trials.map(({ name }) => name) }),
    ...changeColumns(changes, texts).map((column, i) =>
      padded({ head: column.head, right: true, spare: i, texts: trials.map((trial) => cell(trial, column)) }),
    ),
  ];
  const { columns: shown, left } = fit(columns, width);
  const [head, dense, ...lines] = linesOf(shown);
  const said = [
    ...differences.map(({ what, old, now }) => comparison.differs(facts[what], old, now)),
    ...(added.length > 0 ? [`${comparison.added}${colon}${added.join(semicolon)}`] : []),
    ...(removed.length > 0 ? [`${comparison.removed}${colon}${removed.join(semicolon)}`] : []),
    ...(trials.length > 1 ? [] : [comparison.nothing]),
  ];
  return [
    `${pc.bold(safe(comparison.title(changes.model)))}${colon}${comparison.verdict(verdicts.better, verdicts.worse, verdicts.noise + verdicts.same)}`,
    ...said.map((text) => pc.yellow(safe(text))),
    '',
    pc.dim(head),
    pc.bold(dense),
    ...lines,
    '',
    pc.dim(
      [`▲ ${comparison.better}`, `▼ ${comparison.worse}`, `~ ${comparison.noise}`, `= ${comparison.same}`].join(comma),
    ),
    ...hanging(comparison.method(count(samples.old), count(samples.now)), width).map((text) => pc.dim(text)),
    ...(left.length > 0 ? [pc.dim(terminal.leftOutOfChanges(left.join(comma)))] : []),
  ].join('\n');
}

function cell(trial: TrialChange, { of, value, difference }: ChangeColumn): string {
  const change = of(trial);
  if (!change) return '–';
  const { old, now, verdict } = change;
  if (verdict === 'same') return `${value(now.value)} ${MARKS.same}`;
  return `${value(old.value)} → ${value(now.value)} ${difference(old.value, now.value)} ${MARKS[verdict]}`;
}
