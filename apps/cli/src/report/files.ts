import type { Report } from '@espalier/pipeline';
import { toPng } from '@espalier/figures/png';
import type { Language } from '@espalier/report';
import { figuresOf, renderReport, toCsv } from '@espalier/report/files';

export type Contents = Readonly<Record<string, string | Uint8Array>>;

/** The page, the figures and the table of a report, by file name; the page last. */
export async function reportFiles(report: Report, language: Language): Promise<Contents> {
  const figures = figuresOf(report, { language });
  // The font that PNGs are drawn with has no Chinese.
  const drawn = language === 'en' ? figures : figuresOf(report);
  const pngs = await Promise.all(drawn.map(async ({ name, svg }) => [`${name}.png`, await toPng(svg)] as const));
  return {
    ...Object.fromEntries(figures.map(({ name, svg }) => [`${name}.svg`, svg])),
    ...Object.fromEntries(pngs),
    'report.csv': toCsv(report),
    'report.html': renderReport(report, { language }),
  };
}
