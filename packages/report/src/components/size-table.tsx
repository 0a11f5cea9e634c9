import type { Report, Row } from '@espalier/pipeline';
import { compactAs, exactCompact, valuesOf } from '../data/measured.js';
import { CompactCell, SizeCell } from './cells.js';
import { Section, Table } from './parts.js';
import { TrialName } from './trial-table.js';
import { type SectionProps, ToolRow } from './tools.js';

const KINDS = ['raw', 'gzip', 'brotli'] as const;

/** Bytes on disk: the model's files as they are and compressed, and the compact file with its values in every form measured. */
export function SizeTable({ report, texts, tools }: SectionProps) {
  const { dense, rows } = report;
  const forms = valuesOf(report);
  if (dense.bytes === null && forms.length === 0) return null;
  const { sizes } = texts;
  const head = [texts.trials.trial, ...KINDS.map((kind) => sizes[kind]), ...forms.map(sizes.compact)];
  const cells = (measured: Report['dense'] | Row, beside?: Report['dense']) => (
    <>
      {KINDS.map((kind) => (
        <SizeCell key={kind} size={measured.bytes?.[kind]} dense={beside?.bytes?.[kind]} />
      ))}
      {forms.map((values) => (
        <CompactCell
          key={values}
          form={compactAs(measured, values)}
          dense={values === 'float32' ? beside && exactCompact(beside)?.bytes : exactCompact(dense)?.bytes}
        />
      ))}
    </>
  );
  return (
    <Section title={sizes.heading} read={sizes.read}>
      <Table label={sizes.heading} head={head}>
        <tr class="dense">
          <th scope="row">{texts.dense}</th>
          {cells(dense)}
        </tr>
        {rows.map((row) => (
          <tr key={row.id}>
            <TrialName report={report} row={row} texts={texts} />
            {cells(row, dense)}
          </tr>
        ))}
      </Table>
      <ToolRow name="trials" title={sizes.heading} tools={tools} />
    </Section>
  );
}
