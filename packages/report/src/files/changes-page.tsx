import type { Report } from '@espalier/pipeline';
import { ChangesView } from '../components/changes-view.js';
import { compareReports } from '../data/changes.js';
import { type Language, LANGUAGES } from '../texts/index.js';
import { renderPage } from './page.js';

/** What changed from one report to the next, as one HTML file. */
export function renderChanges(old: Report, now: Report, { language = 'en' }: { language?: Language } = {}): string {
  return renderPage({
    language,
    languages: LANGUAGES,
    title: (texts) => texts.comparison.title(now.model.name),
    body: (texts) => <ChangesView changes={compareReports(old, now, texts)} texts={texts} />,
  });
}
