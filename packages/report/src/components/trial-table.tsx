import type { Report, Row } from '@espalier/pipeline';
import { backendsOf, timingOn } from '../data/measured.js';
import { nameTrials } from '../data/names.js';
import { accuracy, count, orMissing, percent, share } from '../numbers.js';
import type { Texts } from '../texts/index.js';
import { AccuracyCell, TimeCell } from './cells.js';
import { Missing, Name, Section, Sub, Table } from './parts.js';
import { type SectionProps, ToolRow } from './tools.js';

/** Every trial below the dense model, each number with what it is measured against. */
export function TrialTable({ report, texts, tools }: SectionProps) {
  const backends = backendsOf(report);
  const { dense, rows } = report;
  const { trials } = texts;
  const head = [trials.trial, trials.sparsity, trials.accuracy, trials.params, trials.macs, ...backends];
  return (
    <Section title={trials.heading} read={trials.read}>
      <Table label={trials.heading} head={head}>
        <tr class="dense">
          <th scope="row">{texts.dense}</th>
          <td>{percent(0)}</td>
          <td>{orMissing(dense.accuracy, accuracy)}</td>
          <td>{count(dense.params)}</td>
          <td>{orMissing(dense.macs, count)}</td>
          {backends.map((backend) => (
            <TimeCell key={backend} timing={timingOn(dense.latency, backend)} texts={texts} />
          ))}
        </tr>
        {rows.map((row) => (
          <TrialRow key={row.id} report={report} row={row} backends={backends} texts={texts} />
        ))}
      </Table>
      <ToolRow name="trials" title={trials.heading} tools={tools} />
    </Section>
  );
}

interface TrialRowProps {
  readonly report: Report;
  readonly row: Row;
  readonly backends: readonly string[];
  readonly texts: Texts;
}

function TrialRow({ report, row, backends, texts }: TrialRowProps) {
  const { sparsity, params, macs, channels } = row;
  const { ofChannels, ofWeights } = texts.trials;
  return (
    <tr>
      <TrialName report={report} row={row} texts={texts} />
      <td>
        {percent(sparsity.achieved)}
        <Sub>{channels ? ofChannels : ofWeights}</Sub>
      </td>
      <AccuracyCell row={row} />
      <td>
        {share(params.kept, params.total)}
        <Sub>{count(params.kept)}</Sub>
      </td>
      {macs ? (
        <td>
          {share(macs.kept, macs.dense)}
          <Sub>{count(macs.kept)}</Sub>
        </td>
      ) : (
        <Missing />
      )}
      {backends.map((backend) => (
        <TimeCell key={backend} timing={timingOn(row.latency, backend)} texts={texts} />
      ))}
    </tr>
  );
}

/** The head of a trial's line. */
export function TrialName({ report, row, texts }: Omit<TrialRowProps, 'backends'>) {
  const { short, detail } = nameTrials(report, texts)(row);
  return (
    <th scope="row">
      <Name text={short} />
      {detail !== '' && (
        <Sub>
          <Name text={detail} />
        </Sub>
      )}
    </th>
  );
}
