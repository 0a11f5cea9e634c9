import type { Report } from '@espalier/pipeline';
import { type Omittable, ReportView } from '../components/report-view.js';
import { type Language, LANGUAGES } from '../texts/index.js';
import { linksTo } from './links.js';
import { renderPage } from './page.js';

/** Bytes of UTF-8 that a page should not exceed. */
const LARGEST = 1_000_000;

/**
 * The whole report as one HTML file, with a switch of languages, and with links that save each figure as SVG and each table as
 * CSV. What would be larger than a megabyte does without these links, then has one language; if it still is too large, it leaves
 * out the sparsities of the kernels and then the kernels' weights, and says so.
 */
export function renderReport(report: Report, { language = 'en' }: { language?: Language } = {}): string {
  const render = (languages: readonly Language[], omit: readonly Omittable[], linked: boolean) =>
    renderPage({
      language,
      languages,
      title: (texts) => texts.title(report.model.name),
      body: (texts) => (
        <ReportView report={report} texts={texts} omit={omit} tools={linked ? linksTo(report, texts) : undefined} />
      ),
    });
  let page = '';
  for (const [languages, omit, linked] of FORMS) {
    page = render(languages ?? [language], omit, linked);
    if (new TextEncoder().encode(page).length <= LARGEST) break;
  }
  return page;
}

/** From all there is to the least; no languages = the one that was asked for. */
const FORMS: readonly (readonly [
  languages: readonly Language[] | undefined,
  omit: readonly Omittable[],
  linked: boolean,
])[] = [
  [LANGUAGES, [], true],
  [LANGUAGES, [], false],
  [undefined, [], false],
  [undefined, ['layers'], false],
  [undefined, ['layers', 'kernel'], false],
];
