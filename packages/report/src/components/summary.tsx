import type { ComponentChildren } from 'preact';
import type { Report, Row } from '@espalier/pipeline';
import { highlightsOf, type Highlights } from '../data/highlights.js';
import { lossOf, TOLERANCE } from '../data/measured.js';
import { nameTrials } from '../data/names.js';
import { accuracy, bytes, count, milliseconds, signed, times } from '../numbers.js';
import type { Texts } from '../texts/index.js';
import { Name, Section } from './parts.js';

/** The best of the trials, for whoever has half a minute. */
export function Summary({ report, texts }: { report: Report; texts: Texts }) {
  const { smallest, quickest, withinTolerance } = highlightsOf(report);
  if (!smallest) return null;
  const { summary } = texts;
  const nameOf = nameTrials(report, texts);
  const read = withinTolerance ? summary.within(TOLERANCE) : summary.noneWithin(TOLERANCE);
  return (
    <Section title={summary.heading} read={read}>
      <ul class="cards">
        <Card label={withinTolerance ? summary.smallest : summary.mostAccurate} trial={nameOf(smallest).full}>
          <SizeText report={report} row={smallest} texts={texts} />
          <AccuracyText row={smallest} texts={texts} />
        </Card>
        {quickest.map((best) => (
          <Quickest key={best.backend} best={best} trial={best.row && nameOf(best.row).full} texts={texts} />
        ))}
      </ul>
    </Section>
  );
}

function Quickest({
  best,
  trial,
  texts,
}: {
  best: Highlights['quickest'][0];
  trial: string | undefined;
  texts: Texts;
}) {
  const { backend, row, latency } = best;
  if (!row || !latency) return <Card label={texts.summary.quickest(backend)} trial={texts.summary.noneQuicker} />;
  const { denseMedianMs, medianMs, speedup } = latency;
  return (
    <Card label={texts.summary.quickest(backend)} trial={trial ?? ''}>
      <strong>{texts.summary.quicker(times(speedup.median))}</strong>
      <span>{`${milliseconds(denseMedianMs)} → ${milliseconds(medianMs)}`}</span>
      <AccuracyText row={row} texts={texts} />
    </Card>
  );
}

function AccuracyText({ row, texts }: { row: Row; texts: Texts }) {
  if (!row.accuracy) return null;
  const { dense, pruned } = row.accuracy;
  return (
    <span>{`${accuracy(dense)}% → ${accuracy(pruned)}%${texts.comma}${texts.summary.points(signed(-lossOf(row)))}`}</span>
  );
}

/** Brotli where files were written, else parameters. */
function SizeText({ report: { dense }, row, texts }: { report: Report; row: Row; texts: Texts }) {
  const { bytes: sizes, params } = row;
  const measured = sizes && dense.bytes && sizes.brotli > 0;
  const [from, to] = measured ? [dense.bytes!.brotli, sizes.brotli] : [params.total, params.kept];
  const write = measured ? bytes : count;
  return (
    <>
      <strong>{texts.summary.smaller(times(from / Math.max(1, to)))}</strong>
      <span>{`${write(from)} → ${write(to)}`}</span>
    </>
  );
}

function Card({ label, trial, children }: { label: string; trial: string; children?: ComponentChildren }) {
  return (
    <li>
      <span class="label">
        <Name text={label} />
      </span>
      <span>
        <Name text={trial} />
      </span>
      {children}
    </li>
  );
}
