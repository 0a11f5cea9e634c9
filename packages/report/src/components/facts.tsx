import type { Report } from '@espalier/pipeline';
import { sharedChoices } from '../data/names.js';
import { count, orMissing } from '../numbers.js';
import type { Texts } from '../texts/index.js';
import { Name } from './parts.js';

/** What was compared, on what and when. */
export function Facts({ report, texts }: { report: Report; texts: Texts }) {
  const { model, data, machine, created, dense, rows } = report;
  const { facts, comma } = texts;
  const batches = [...new Set([dense, ...rows].flatMap(({ latency }) => latency.map(({ batch }) => batch)))];
  const trials = [
    facts.measured(count(rows.length)),
    ...sharedChoices(report, texts),
    ...(batches.length > 0 ? [facts.batch(batches.join(', '))] : []),
  ];
  const where = [
    machine.cpu,
    facts.cores(machine.cores),
    machine.platform,
    ...(machine.node ? [`Node ${machine.node}`] : []),
    `TensorFlow.js ${machine.tfjs}`,
  ];
  const measuredOn = data && facts.dataText(data.name, count(data.samples));
  const lines: readonly [term: string, text: string][] = [
    [facts.model, facts.modelText(model.name, count(model.params), count(model.layers), orMissing(model.macs, count))],
    [facts.data, data ? `${measuredOn}${data.shared ? `${texts.semicolon}${facts.sharedData}` : ''}` : facts.noData],
    [facts.trials, trials.join(comma)],
    [facts.machine, where.join(comma)],
    [facts.when, created],
  ];
  return (
    <dl>
      {lines.map(([term, text]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>
            <Name text={text} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
