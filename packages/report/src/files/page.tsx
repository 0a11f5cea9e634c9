import { writable } from '@espalier/figures';
import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { STYLE } from '../style.js';
import { english, type Language, type Texts, textsOf } from '../texts/index.js';

const ALLOWED = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const PAGE_STYLE = `
body { margin: 0; background: #ffffff; }
@media (prefers-color-scheme: dark) { body { background: #14171b; } }
main { max-width: 1120px; margin: 0 auto; padding: 32px 20px 56px; }
@media (max-width: 600px) { main { padding: 20px 14px 40px; } }
`;

/** The languages' texts are all there, and a checked radio button says which is shown: no script is needed. */
const SWITCH_STYLE = `
.languages { display: flex; gap: 12px; justify-content: flex-end; border: 0; margin: 0 0 8px; padding: 0; font: 13px/1.5 system-ui, sans-serif; color: #57606a; }
.languages legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.languages label { display: flex; gap: 4px; align-items: center; cursor: pointer; }
.languages input { accent-color: #3a7fc2; margin: 0; }
@media (prefers-color-scheme: dark) { .languages { color: #a3adb8; color-scheme: dark; } }
@media print { .languages { display: none; } }
`;
const hiding = (language: Language) => `body:has(#show-${language}:not(:checked)) .in-${language} { display: none; }\n`;

export interface PageOptions {
  readonly title: (texts: Texts) => string;
  readonly body: (texts: Texts) => VNode;
  /** What the page opens in. */
  readonly language?: Language;
  /** What it can be read in; more than one makes a switch. */
  readonly languages?: readonly Language[];
}

/** One HTML file that asks for nothing else: no script, font or image, and a policy that allows none. */
export function renderPage({ title, body, language = 'en', languages = [language] }: PageOptions): string {
  const shown = textsOf(language) ?? english;
  const switched = languages.length > 1;
  const style = `${PAGE_STYLE}${STYLE}${switched ? SWITCH_STYLE + languages.map(hiding).join('') : ''}`;
  const page = (
    <html lang={shown.lang}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content={ALLOWED} />
        <link rel="icon" href="data:," />
        <title>{writable(title(shown))}</title>
        <style dangerouslySetInnerHTML={{ __html: style }} />
      </head>
      <body>
        <main>
          {switched && (
            <fieldset class="languages">
              <legend>{languages.map((each) => textsOf(each).language).join(' / ')}</legend>
              {languages.map((each) => (
                <label key={each} lang={textsOf(each).lang}>
                  <input type="radio" name="language" id={`show-${each}`} checked={each === language} />
                  {textsOf(each).name}
                </label>
              ))}
            </fieldset>
          )}
          {languages.map((each) => (
            <div key={each} class={`in-${each}`}>
              {body(textsOf(each))}
            </div>
          ))}
        </main>
      </body>
    </html>
  );
  return `<!doctype html>\n${renderToString(page)}\n`;
}
