import type { Report } from '@espalier/experiment';
import { ReportView } from '../components/report-view.js';
import { type Language, LANGUAGES } from '../texts/index.js';
import { renderPage } from './page.js';

/** A report with many trials has one language, so that the file stays small. */
const SMALL = 450_000;

/** The whole report as one HTML file, with a switch of languages where both have room. */
export function renderReport(report: Report, { language = 'en' }: { language?: Language } = {}): string {
  const render = (languages: readonly Language[]) =>
    renderPage({
      language,
      languages,
      title: (texts) => texts.title(report.model.name),
      body: (texts) => <ReportView report={report} texts={texts} />,
    });
  const alone = render([language]);
  return alone.length <= SMALL ? render(LANGUAGES) : alone;
}
