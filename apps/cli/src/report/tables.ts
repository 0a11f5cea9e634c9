/** The page's two tables. */
import type { Latency, Report, Row, Timing } from '@espalier/experiment';
import { granularities, loss, TOLERANCE } from './granularity.js';
import { html, type Markup } from './markup.js';
import {
  accuracy,
  backendsOf,
  bytes,
  count,
  milliseconds,
  nameTrials,
  orMissing,
  otherBackend,
  percent,
  share,
  signed,
  threeDigits,
  times,
} from './words.js';

const sub = (text: string) => html`<span class="sub">${text}</span>`;
const missing = html`<td>–</td>`;
const timingOn = <T extends Timing>(timings: readonly T[], backend: string) => timings.find((t) => t.backend === backend);

/** Every trial below the dense model, each number with what it is measured against. */
export function trialTable(report: Report): Markup {
  const backends = backendsOf(report);
  const { dense, rows } = report;
  return html`<div class="scroll" tabindex="0">
<table>
<thead><tr><th scope="col">trial</th><th scope="col">sparsity</th><th scope="col">accuracy, %</th><th scope="col">parameters</th><th scope="col">MACs</th><th scope="col">raw</th><th scope="col">gzip</th><th scope="col">brotli</th>${backends.map((backend) => html`<th scope="col">${backend}</th>`)}</tr></thead>
<tbody>
<tr class="dense"><th scope="row">dense</th><td>0%</td><td>${orMissing(dense.accuracy, accuracy)}</td><td>${count(dense.params)}</td><td>${orMissing(dense.macs, count)}</td>${sizeCells(dense.bytes)}${backends.map((backend) => timeCell(timingOn(dense.latency, backend)))}</tr>
${rows.map((row) => trialRow(report, row, backends))}
</tbody>
</table>
</div>`;
}

function trialRow(report: Report, row: Row, backends: readonly string[]): Markup {
  const { short, detail } = nameTrials(report)(row);
  const { sparsity, params, macs, channels } = row;
  const of = channels ? 'of channels' : 'of weights';
  return html`<tr><th scope="row">${short}${detail && sub(detail)}</th><td>${percent(sparsity.achieved)}${sub(of)}</td>${accuracyCell(row)}<td>${share(params.kept, params.total)}${sub(count(params.kept))}</td>${macs ? html`<td>${share(macs.kept, macs.dense)}${sub(count(macs.kept))}</td>` : missing}${sizeCells(row.bytes, report.dense.bytes)}${backends.map((backend) => timeCell(timingOn(row.latency, backend)))}</tr>
`;
}

function accuracyCell(row: Row): Markup {
  if (!row.accuracy) return missing;
  return html`<td>${accuracy(row.accuracy.pruned)}<span class="sub${loss(row) > TOLERANCE ? ' bad' : ''}">${signed(-loss(row))}</span></td>`;
}

function sizeCells(sizes: Row['bytes'], dense: Row['bytes'] = null): Markup[] {
  return (['raw', 'gzip', 'brotli'] as const).map((kind) =>
    sizes ? html`<td>${bytes(sizes[kind])}${dense && sizes[kind] > 0 ? sub(times(dense[kind] / sizes[kind])) : ''}</td>` : missing,
  );
}

function timeCell(timing: Timing | Latency | undefined): Markup {
  if (!timing) return missing;
  const { medianMs, p10Ms, p90Ms } = timing;
  const other = otherBackend(timing);
  return html`<td>${milliseconds(medianMs)}${sub(`${threeDigits(p10Ms)}–${threeDigits(p90Ms)}`)}${'speedup' in timing && speedup(timing)}${other && html`<span class="sub bad">${other}</span>`}</td>`;
}

/** Coloured only where the middle 80% of the rounds lie on one side of 1. */
function speedup({ speedup: { median, p10, p90 } }: Latency): Markup {
  const tone = p10 > 1 ? 'good' : p90 < 1 ? 'bad' : '';
  return html`<span class="sub ${tone}">${times(median)}</span>`;
}

/** One trial of each strategy: what it saves, how much of that is speed, and what it takes. */
export function granularityTable(report: Report): Markup {
  const backends = backendsOf(report);
  const nameOf = nameTrials(report);
  const body = granularities(report).map(({ strategy, row, hardware, withinTolerance }) => {
    const { detail } = nameOf(row);
    const [now, before] = [row.bytes?.brotli, report.dense.bytes?.brotli];
    const trial = [percent(row.sparsity.requested), detail].filter((part) => part !== '').join(', ');
    return html`<tr><th scope="row">${strategy}${sub(withinTolerance ? trial : `${trial}, none is within ${TOLERANCE}`)}</th>${accuracyCell(row)}<td>${now !== undefined && before !== undefined && now > 0 ? html`${times(before / now)}${sub(`${bytes(before)} → ${bytes(now)}`)}` : '–'}</td>${backends.map((backend) => realisedCell(timingOn(row.latency, backend)))}<td class="text">${hardware}</td></tr>
`;
  });
  return html`<div class="scroll" tabindex="0">
<table>
<thead><tr><th scope="col">granularity</th><th scope="col">accuracy, %</th><th scope="col">smaller, brotli</th>${backends.map((backend) => html`<th scope="col">quicker on ${backend}</th>`)}<th scope="col" style="text-align:left">hardware that makes it quick</th></tr></thead>
<tbody>
${body}</tbody>
</table>
</div>`;
}

function realisedCell(timing: Latency | undefined): Markup {
  if (!timing) return missing;
  const { p10, p90 } = timing.speedup;
  const other = otherBackend(timing);
  const possible = orMissing(timing.theoretical, (ratio) => `of ${times(ratio)} in MACs`);
  return html`<td>${times(timing.speedup.median)}${sub(`${threeDigits(p10)}–${threeDigits(p90)}`)}${sub(possible)}${other && html`<span class="sub bad">${other}</span>`}</td>`;
}
