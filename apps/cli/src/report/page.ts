import type { Report } from '@espalier/experiment';
import { keptFigures, type Look, panelFigures, paretoFigures } from './figures.js';
import { TOLERANCE } from './granularity.js';
import { html, type Markup, trusted } from './markup.js';
import { STYLE } from './style.js';
import { granularityTable, trialTable } from './tables.js';
import { count, orMissing, remarks, sharedChoices } from './words.js';

const INLINE: Look = { background: 'none', width: 460, height: 300 };
const ALLOWED = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** The whole report as one HTML file that asks for nothing else. */
export function renderReport(report: Report): string {
  const title = `Pruning ${report.model.name}`;
  const paretos = paretoFigures(report, INLINE);
  const kept = keptFigures(report, INLINE);
  const panels = panelFigures(report, 'none');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${ALLOWED}">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${facts(report)}
${report.rows.length > 0 && section('What each granularity is worth', `The smallest trial of each that loses at most ${TOLERANCE} point of accuracy. Quicker: dense time over pruned time, median and p10–p90 over rounds in which both ran; the MACs tell what arithmetic alone would allow.`, granularityTable(report))}
${section('Every trial', 'Parameters and MACs: share kept. Sizes are those of the written files. Times: median, p10–p90, and dense time over pruned time in the same rounds, coloured where p10 and p90 agree.', trialTable(report))}
${paretos.length > 0 && section('Accuracy against cost', 'Up and to the left is better. The line is the frontier: no trial on it is beaten on both axes. Labels are sparsities.', html`<div class="figures">${paretos.map(figure)}</div>`)}
${kept.length > 0 && section('What each kernel keeps', 'Under a global scope the scores share the cut out; under a local one every kernel gives the same share.', html`<div class="figures">${kept.map(figure)}</div>`)}
${panels.length > 0 && section('One kernel, weight by weight', 'Before: all weights, the threshold dashed where one decided. After: those kept. Mask: its first rows and columns.', panels.map(({ title, svgs }) => html`<h3>${title}</h3><div class="panels">${svgs.map(trusted)}</div>`))}
${notes(report)}
<h2>Make it again</h2>
<pre><code>${report.command}</code></pre>
</main>
</body>
</html>
`.text;
}

const section = (title: string, read: string, body: Markup | readonly Markup[]): Markup => html`<section>
<h2>${title}</h2>
<p class="read">${read}</p>
${body}
</section>`;

const figure = ({ svg }: { svg: string }): Markup => html`<div>${trusted(svg)}</div>`;

function facts(report: Report): Markup {
  const { model, data, machine, created, dense } = report;
  const runs = [...new Set([dense, ...report.rows].flatMap(({ latency }) => latency.map(({ batch }) => batch)))];
  const rows: [string, string][] = [
    ['model', `${model.name}: ${count(model.params)} parameters, ${count(model.layers)} kernels, ${orMissing(model.macs, count)} MACs a sample`],
    ['data', data ? `${data.name}, accuracy on ${count(data.samples)} samples${data.shared ? '; the same samples calibrated' : ''}` : 'none, so no accuracy'],
    ['trials', [`${count(report.rows.length)} measured`, ...sharedChoices(report), ...(runs.length > 0 ? [`batch ${runs.join(', ')}`] : [])].join(', ')],
    ['machine', [machine.cpu, `${machine.cores} cores`, machine.platform, ...(machine.node ? [`Node ${machine.node}`] : []), `TensorFlow.js ${machine.tfjs}`].join(', ')],
    ['when', created],
  ];
  return html`<dl>${rows.map(([term, text]) => html`<dt>${term}</dt><dd>${text}</dd>`)}</dl>`;
}

function notes(report: Report): Markup | false {
  const all = remarks(report);
  if (all.length === 0 && report.failures.length === 0) return false;
  return html`<section>
<h2>Notes</h2>
<ul>${all.map(({ text, trials }) => html`<li>${text}${trials.length > 0 && html`<span class="sub">${trials.join('; ')}</span>`}</li>`)}${report.failures.map(({ id, message }) => html`<li><span class="bad">not possible: ${id}</span>: ${message}</li>`)}</ul>
</section>`;
}
