import type { Latency } from '@espalier/pipeline';
import { granularities } from '../data/granularity.js';
import { backendsOf, exactCompact, timingOn, TOLERANCE } from '../data/measured.js';
import { nameTrials, strategyName } from '../data/names.js';
import { bytes, percent, threeDigits, times } from '../numbers.js';
import type { Texts } from '../texts/index.js';
import { AccuracyCell, RanOn } from './cells.js';
import { Missing, Name, Section, Sub, Table } from './parts.js';
import { type SectionProps, ToolRow } from './tools.js';

/** Granularity × hardware friendliness × compression, in measured numbers: one trial of each strategy. */
export function GranularityTable({ report, texts, tools }: SectionProps) {
  if (report.rows.length === 0) return null;
  const backends = backendsOf(report);
  const nameOf = nameTrials(report, texts);
  const { granularity } = texts;
  const hasCompact = exactCompact(report.dense) !== undefined;
  const head = [
    granularity.column,
    texts.trials.accuracy,
    granularity.smaller,
    ...(hasCompact ? [granularity.compact] : []),
    ...backends.map(granularity.quicker),
    granularity.hardware,
  ];
  return (
    <Section title={granularity.heading} read={granularity.read(TOLERANCE)}>
      <Table label={granularity.heading} head={head} wordy>
        {granularities(report).map(({ strategy, row, of, withinTolerance }) => {
          const trial = [percent(row.sparsity.requested), nameOf(row).detail].filter((part) => part !== '');
          return (
            <tr key={strategy}>
              <th scope="row">
                <Name text={strategyName(strategy, texts)} />
                <Sub>
                  <Name text={trial.join(texts.comma)} />
                </Sub>
                {!withinTolerance && <Sub tone="bad">{granularity.noneWithin(TOLERANCE)}</Sub>}
              </th>
              <AccuracyCell row={row} />
              <SmallerCell now={row.bytes?.brotli} before={report.dense.bytes?.brotli} />
              {hasCompact && <SmallerCell now={exactCompact(row)?.bytes} before={exactCompact(report.dense)?.bytes} />}
              {backends.map((backend) => (
                <RealisedCell key={backend} timing={timingOn(row.latency, backend)} texts={texts} />
              ))}
              <td class="text">{granularity.needs(of)}</td>
            </tr>
          );
        })}
      </Table>
      <ToolRow name="granularities" title={granularity.heading} tools={tools} />
    </Section>
  );
}

function SmallerCell({ now, before }: { now: number | undefined; before: number | undefined }) {
  if (now === undefined || before === undefined || now === 0) return <Missing />;
  return (
    <td>
      {times(before / now)}
      <Sub>{`${bytes(before)} → ${bytes(now)}`}</Sub>
    </td>
  );
}

/** The speed-up, its spread, what arithmetic alone would allow, and how much of that came true. */
function RealisedCell({ timing, texts }: { timing: Latency | undefined; texts: Texts }) {
  if (!timing) return <Missing />;
  const { speedup, theoretical } = timing;
  return (
    <td>
      {times(speedup.median)}
      <Sub>{`${threeDigits(speedup.p10)}–${threeDigits(speedup.p90)}`}</Sub>
      {theoretical !== null && (
        <>
          <Sub>{texts.granularity.of(times(theoretical))}</Sub>
          <Sub>{texts.granularity.realised(`${Math.round((100 * speedup.median) / theoretical)}%`)}</Sub>
        </>
      )}
      <RanOn timing={timing} texts={texts} />
    </td>
  );
}
