import type { Report } from '@espalier/pipeline';
import type { Tools } from '../components/tools.js';
import type { Texts } from '../texts/index.js';
import { figuresOf } from './figures.js';
import { tablesOf } from './tables.js';

type Form = 'SVG' | 'CSV';
const TYPES: Readonly<Record<Form, string>> = { SVG: 'image/svg+xml', CSV: 'text/csv' };

/** Links that hold their file themselves: no script, no server, no second file. */
export function linksTo(report: Report, texts: Texts): Tools {
  const language = texts.lang === 'en' ? 'en' : 'zh';
  const files = new Map<string, { form: Form; content: string }>([
    ...figuresOf(report, { language }).map(({ name, svg }) => [name, { form: 'SVG', content: svg }] as const),
    ...tablesOf(report, { language }).map(({ name, csv }) => [name, { form: 'CSV', content: csv }] as const),
  ]);
  return ({ name, title }) => {
    const file = files.get(name);
    if (!file) return null;
    const { form, content } = file;
    const label = texts.save(title, form);
    return (
      <a
        download={`${name}.${form.toLowerCase()}`}
        href={inline(TYPES[form], content)}
        aria-label={label}
        title={label}
      >
        {form}
      </a>
    );
  };
}

/** A data URI; what its grammar or HTML would read in another way is escaped, the rest stays short. */
const inline = (type: string, content: string) =>
  `data:${type};charset=utf-8,${encodeURIComponent(content).replace(/%(?:20|2C|2F|3A|3B|3D)/g, decodeURIComponent)}`;
