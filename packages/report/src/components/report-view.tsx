import type { Report } from '@espalier/pipeline';
import { english, type Texts } from '../texts/index.js';
import { Facts } from './facts.js';
import { KernelFigures, LayerFigures, ParetoFigures } from './figures.js';
import { GranularityTable } from './granularity-table.js';
import { Notes } from './notes.js';
import { Name, Section } from './parts.js';
import { SizeTable } from './size-table.js';
import { Summary } from './summary.js';
import type { Tools } from './tools.js';
import { TrialTable } from './trial-table.js';

/** Sections with much to draw, which a file may have to do without. */
export type Omittable = 'layers' | 'kernel';

export interface ReportViewProps {
  readonly report: Report;
  readonly texts?: Texts;
  readonly omit?: readonly Omittable[];
  readonly tools?: Tools | undefined;
}

/** The whole report. Style it with `STYLE`; everything is within one element of class espalier-report. */
export function ReportView({ report, texts = english, omit = [], tools }: ReportViewProps) {
  const props = { report, texts, tools };
  return (
    <article class="espalier-report" lang={texts.lang}>
      <h1>
        <Name text={texts.title(report.model.name)} />
      </h1>
      <Facts {...props} />
      <Summary {...props} />
      <GranularityTable {...props} />
      <ParetoFigures {...props} />
      <TrialTable {...props} />
      <SizeTable {...props} />
      {!omit.includes('layers') && <LayerFigures {...props} />}
      {!omit.includes('kernel') && <KernelFigures {...props} />}
      {omit.length > 0 && (
        <p class="read">{texts.notes.omitted(omit.map((key) => texts[key].heading).join(texts.comma))}</p>
      )}
      <Notes {...props} />
      <Section title={texts.again.heading}>
        <pre tabindex={0}>
          <code>
            <Name text={report.command} />
          </code>
        </pre>
      </Section>
    </article>
  );
}
