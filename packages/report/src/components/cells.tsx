/** Cells that more than one table has. */
import type { Compact, Latency, Row, Timing } from '@espalier/pipeline';
import { lossOf, TOLERANCE } from '../data/measured.js';
import { accuracy, bytes, milliseconds, signed, threeDigits, times } from '../numbers.js';
import type { Texts } from '../texts/index.js';
import { Missing, Sub } from './parts.js';

export function AccuracyCell({ row }: { row: Row }) {
  if (!row.accuracy) return <Missing />;
  return (
    <td>
      {accuracy(row.accuracy.pruned)}
      <Sub tone={lossOf(row) > TOLERANCE ? 'bad' : undefined}>{signed(-lossOf(row))}</Sub>
    </td>
  );
}

/** Bytes, and how many times smaller than the dense model's. */
export function SizeCell({ size, dense }: { size: number | undefined; dense?: number | undefined }) {
  if (size === undefined) return <Missing />;
  return (
    <td>
      {bytes(size)}
      {dense !== undefined && size > 0 && <Sub>{times(dense / size)}</Sub>}
    </td>
  );
}

/** The same of a compact file, and what the model read from it predicts. */
export function CompactCell({ form, dense }: { form: Compact | undefined; dense?: number | undefined }) {
  if (!form) return <Missing />;
  return (
    <td>
      {bytes(form.bytes)}
      {dense !== undefined && form.bytes > 0 && <Sub>{times(dense / form.bytes)}</Sub>}
      {form.accuracy !== null && <Sub>{accuracy(form.accuracy)}%</Sub>}
    </td>
  );
}

/** Coloured only where the middle 80% of the rounds lie on one side of 1. */
const toneOf = ({ speedup: { p10, p90 } }: Latency) => (p10 > 1 ? 'good' : p90 < 1 ? 'bad' : undefined);

export function TimeCell({ timing, texts }: { timing: Timing | Latency | undefined; texts: Texts }) {
  if (!timing) return <Missing />;
  const { medianMs, p10Ms, p90Ms } = timing;
  return (
    <td>
      {milliseconds(medianMs)}
      <Sub>{`${threeDigits(p10Ms)}–${threeDigits(p90Ms)}`}</Sub>
      {'speedup' in timing && <Sub tone={toneOf(timing)}>{times(timing.speedup.median)}</Sub>}
      <RanOn timing={timing} texts={texts} />
    </td>
  );
}

/** Says so where a number is not from the backend at the head of its column. */
export const RanOn = ({ timing: { backend, ran }, texts }: { timing: Timing; texts: Texts }) =>
  backend === ran ? null : <Sub tone="bad">{texts.trials.ranOn(ran)}</Sub>;
