import type { Report } from '@espalier/experiment';
import { type Omittable, ReportView } from '../components/report-view.js';
import { type Language, LANGUAGES } from '../texts/index.js';
import { renderPage } from './page.js';

/** Bytes of UTF-8 that a page should not exceed. */
const LARGEST = 1_000_000;

/**
 * The whole report as one HTML file, with a switch of languages. What would be larger than a megabyte has one language; if it
 * still is, it leaves out the sparsities of the kernels and then the kernels' weights, and says so.
 */
export function renderReport(report: Report, { language = 'en' }: { language?: Language } = {}): string {
  const render = (languages: readonly Language[], omit: readonly Omittable[]) =>
    renderPage({
      language,
      languages,
      title: (texts) => texts.title(report.model.name),
      body: (texts) => <ReportView report={report} texts={texts} omit={omit} />,
    });
  let page = '';
  for (const [languages, omit] of FORMS) {
    page = render(languages ?? [language], omit);
    if (new TextEncoder().encode(page).length <= LARGEST) break;
  }
  return page;
}

/** From all there is to the least; no languages = the one that was asked for. */
const FORMS: readonly (readonly [languages: readonly Language[] | undefined, omit: readonly Omittable[]])[] = [
  [LANGUAGES, []],
  [undefined, []],
  [undefined, ['layers']],
  [undefined, ['layers', 'kernel']],
];
