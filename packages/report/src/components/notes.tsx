import type { Report } from '@espalier/pipeline';
import { nameFailure } from '../data/names.js';
import { remarks } from '../data/remarks.js';
import { type Texts, translate } from '../texts/index.js';
import { Name, Section, Sub } from './parts.js';

/** What was said of the comparison and of its trials, and what could not be tried. */
export function Notes({ report, texts }: { report: Report; texts: Texts }) {
  const all = remarks(report, texts);
  if (all.length === 0 && report.failures.length === 0) return null;
  return (
    <Section title={texts.notes.heading}>
      <ul>
        {all.map(({ text, trials }) => (
          <li key={text}>
            <Name text={text} />
            {trials.length > 0 && (
              <Sub>
                <Name text={trials.join(texts.semicolon)} />
              </Sub>
            )}
          </li>
        ))}
        {report.failures.map((failure) => (
          <li key={failure.id}>
            <span class="bad">
              <Name text={texts.notes.impossible(nameFailure(failure, texts))} />
            </span>
            {texts.colon}
            <Name text={translate(failure.note ?? failure.message, texts)} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
