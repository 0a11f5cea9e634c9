import {
  GranularityTable,
  Notes,
  ParetoFigures,
  SizeTable,
  STYLE,
  Summary,
  textsOf,
  TrialTable,
} from '@espalier/report';
import { useLanguage } from '../../i18n/index.js';
import { useStore } from '../../state/store.js';

/** The parts of the report that the page does not show live. */
export function ReportTables() {
  const language = useLanguage();
  const report = useStore(({ report }) => report);
  if (!report) return null;
  const props = { report, texts: textsOf(language) };
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
