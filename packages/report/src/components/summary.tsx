import type { ComponentChildren } from 'preact';
import type { Report, Row } from '@espalier/experiment';
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
          <strong>{sizeText(report, smallest, texts)}</strong>
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
      <strong>
        {texts.summary.quicker(times(speedup.median), milliseconds(denseMedianMs), milliseconds(medianMs))}
      </strong>
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

function sizeText({ dense }: Report, { bytes: sizes, params }: Row, { summary }: Texts): string {
  if (sizes && dense.bytes && sizes.brotli > 0) {
    return summary.smaller(times(dense.bytes.brotli / sizes.brotli), bytes(dense.bytes.brotli), bytes(sizes.brotli));
  }
  return summary.smaller(times(params.total / Math.max(1, params.kept)), count(params.total), count(params.kept));
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
