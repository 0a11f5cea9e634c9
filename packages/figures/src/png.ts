/** SVG to PNG in Node, apart from the rest so that a browser never loads it. */
import { InputError, show, UsageError } from '@espalier/core';
import { renderAsync } from '@resvg/resvg-js';
import fontFiles from '../fonts.cjs';

export interface PngOptions {
  /** Pixels of the PNG for each pixel of the SVG. */
  readonly scale?: number;
}

export const PNG_DEFAULTS = { scale: 2 };
const LARGEST_SCALE = 16;

/**
 * Renders an SVG document with the fonts that come with this package and none of the machine's, so that the bytes are the
 * same everywhere.
 *
 * @throws UsageError 'figure-scale' unless scale is above 0 and at most 16
 * @throws InputError 'figure-svg' where the text is no SVG document
 */
export async function toPng(svg: string, options: PngOptions = {}): Promise<Uint8Array> {
  const { scale = PNG_DEFAULTS.scale } = options;
  if (!(scale > 0 && scale <= LARGEST_SCALE)) {
    const wanted = `a number above 0 and at most ${LARGEST_SCALE}`;
    throw new UsageError('figure-scale', `scale must be ${wanted}, got ${show(scale)}`, {
      where: 'scale',
      wanted,
      found: String(scale),
    });
  }
  try {
    const image = await renderAsync(svg, {
      fitTo: { mode: 'zoom', value: scale },
      font: { fontFiles: [...fontFiles], loadSystemFonts: false, defaultFontFamily: 'Public Sans' },
    });
    return image.asPng();
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new InputError('figure-svg', `an SVG document was wanted, but ${show(found)}`, {
      wanted: 'an SVG document',
      found,
      cause,
    });
  }
}
