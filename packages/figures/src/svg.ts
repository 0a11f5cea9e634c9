import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';

/** A figure as one SVG document: no browser, the same bytes for the same figure. */
export const toSvg = (figure: VNode): string => renderToString(figure);
