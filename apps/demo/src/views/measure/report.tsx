import {
  GranularityTable,
  Notes,
  ParetoFigures,
  SizeTable,
  STYLE,
  Summary,
  textsOf,
  type Tools,
  TrialTable,
} from '@espalier/report';
import type { Report } from '@espalier/pipeline';
import { figuresOf, tablesOf } from '@espalier/report/files';
import { type Language, useLanguage } from '../../i18n/index.js';
import { useStore } from '../../state/store.js';
import { Save } from '../../ui/save.js';

/** The parts of the report that the page does not show live. */
export function ReportTables() {
  const language = useLanguage();
  const report = useStore(({ report }) => report);
  if (!report) return null;
  const props = { report, texts: textsOf(language), tools: toolsFor(report, language) };
  return (
    <div class="espalier-report">
      <style>{STYLE}</style>
      <Summary {...props} />
      <ParetoFigures {...props} />
      <GranularityTable {...props} />
      <TrialTable {...props} />
      <SizeTable {...props} />
      <Notes {...props} />
    </div>
  );
}

/** Buttons under each figure and each table; drawn when they are pressed. */
const toolsFor =
  (report: Report, language: Language): Tools =>
  ({ name, title }) => {
    const file = `${report.model.name}-${name}`;
    const csv = () => tablesOf(report, { language }).find((table) => table.name === name)?.csv ?? '';
    const svg = () => figuresOf(report, { language }).find((figure) => figure.name === name)?.svg ?? '';
    const isTable = name === 'trials' || name === 'granularities';
    return <Save name={file} title={title} {...(isTable ? { csv } : { svg })} />;
  };
