/** HTML from templates in which whatever is put in is escaped, unless it is HTML from a template itself. */
import { escapeXml } from '@espalier/figures';

export class Markup {
  constructor(readonly text: string) {}
}

type Value = Markup | string | number | false | undefined | readonly Value[];

export function html(strings: TemplateStringsArray, ...values: Value[]): Markup {
  return new Markup(strings.reduce((text, string, i) => text + written(values[i - 1]) + string));
}

/** SVG that a figure has escaped already. */
export const trusted = (svg: string) => new Markup(svg);

function written(value: Value): string {
  if (value === false || value === undefined) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string' || typeof value === 'number') return escapeXml(String(value));
  return value.map(written).join('');
}
