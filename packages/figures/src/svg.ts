/** A document to draw in, and SVG text from what was drawn: no browser, the same bytes for the same figure. */
import { parseHTML } from 'linkedom';
import { type Background, FONT_FAMILY, INK, SIZE } from './theme.js';

const NAMESPACE = 'http://www.w3.org/2000/svg';

export const newDocument = (): Document => parseHTML('<html></html>').document as unknown as Document;

export type Attributes = Readonly<Record<string, string | number | undefined>>;
export type Child = Node | string | undefined;

export function element(
  document: Document,
  name: string,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElement {
  const node = document.createElementNS(NAMESPACE, name) as SVGElement;
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) node.setAttribute(key, String(value));
  for (const child of children) {
    if (child !== undefined) node.appendChild(typeof child === 'string' ? document.createTextNode(child) : child);
  }
  return node;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Read aloud in place of the picture. */
  readonly label: string;
  readonly background: Background;
}

/** The whole figure as one self-contained SVG document. */
export function frame(document: Document, { width, height, label, background }: Frame, ...children: Child[]): string {
  const root = element(
    document,
    'svg',
    {
      xmlns: NAMESPACE,
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-label': label,
      'font-family': FONT_FAMILY,
      'font-size': SIZE.text,
      fill: 'currentColor',
      color: background === 'white' ? INK : undefined,
    },
    background === 'white' ? element(document, 'rect', { width, height, fill: '#ffffff' }) : undefined,
    ...children,
  );
  return serialise(root);
}

/** What a Plot drew, without the svg element around it, moved to (x, y). */
export function place(document: Document, plot: Element, x: number, y: number): SVGElement {
  const group = element(document, 'g', { transform: `translate(${x},${y})`, 'text-anchor': 'middle' });
  for (const child of Array.from(plot.childNodes))
    if (child.nodeName.toLowerCase() !== 'style') group.appendChild(child);
  return group;
}

export function text(
  document: Document,
  x: number,
  y: number,
  content: string,
  options: { size?: number; bold?: boolean; muted?: boolean; anchor?: 'start' | 'middle' | 'end'; fill?: string } = {},
): SVGElement {
  const { size, bold, muted, anchor = 'start', fill } = options;
  return element(
    document,
    'text',
    {
      x,
      y,
      fill,
      'font-size': size,
      'font-weight': bold ? 600 : undefined,
      'fill-opacity': muted ? 0.72 : undefined,
      'text-anchor': anchor,
    },
    content,
  );
}

// XML 1.0 has no way to write these, lone surrogates among them; bidi marks could make a name read as another one.
const UNWRITABLE = /(?![\t\n\r])[\p{Cc}\p{Bidi_Control}\p{Surrogate}\u2028\u2029\ufffe\uffff]/gu;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export const escapeXml = (value: string) => value.replace(UNWRITABLE, '\ufffd').replace(/[&<>"]/g, (c) => ESCAPES[c]);

/** linkedom serialises HTML, whose attributes may hold a bare < and &; SVG is XML. */
function serialise(node: Node): string {
  if (node.nodeType === 3) return escapeXml(node.nodeValue ?? '');
  if (node.nodeType !== 1) return '';
  const { localName, attributes, childNodes } = node as Element;
  const written = Array.from(attributes)
    .filter(({ name }) => name !== 'class')
    .map(({ name, value }) => ` ${name}="${escapeXml(round(value))}"`)
    .join('');
  const inner = Array.from(childNodes, serialise).join('');
  return inner ? `<${localName}${written}>${inner}</${localName}>` : `<${localName}${written}/>`;
}

/** A hundredth of a pixel is finer than any screen, and it hides the last bits of floating-point layout. */
const round = (value: string) =>
  value.replace(/\d+\.\d{3,}/g, (number) => String(Math.round(Number(number) * 100) / 100));
