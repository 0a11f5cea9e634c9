import type { Report } from '@espalier/experiment';
import { english, type Texts } from '../texts/index.js';
import { Facts } from './facts.js';
import { KernelFigures, LayerFigures, ParetoFigures } from './figures.js';
import { GranularityTable } from './granularity-table.js';
import { Notes } from './notes.js';
import { Name, Section } from './parts.js';
import { SizeTable } from './size-table.js';
import { Summary } from './summary.js';
import { TrialTable } from './trial-table.js';

/** The whole report. Style it with `STYLE`; everything is within one element of class espalier-report. */
export function ReportView({ report, texts = english }: { readonly report: Report; readonly texts?: Texts }) {
  const props = { report, texts };
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
      <LayerFigures {...props} />
      <KernelFigures {...props} />
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
