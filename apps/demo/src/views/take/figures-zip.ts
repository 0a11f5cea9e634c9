import type { Report } from '@espalier/pipeline';
import { figuresOf } from '@espalier/report/files';
import { zipSync } from 'fflate';
import type { Language } from '../../i18n/index.js';
import { toPng } from './save.js';

/** A date of its own would make other bytes each time. */
const MTIME = new Date(2020, 0, 1);

/** Every figure of the report, as SVG and as PNG. */
export async function figuresZip(report: Report, language: Language): Promise<Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  for (const { name, svg } of figuresOf(report, { language })) {
    files[`${name}.svg`] = new TextEncoder().encode(svg);
    files[`${name}.png`] = new Uint8Array(await (await toPng(svg)).arrayBuffer());
  }
  return zipSync(files, { level: 6, mtime: MTIME });
}
