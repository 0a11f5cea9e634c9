import type { Report } from '@espalier/pipeline';
import { bars, drawPruning, pareto } from '@espalier/figures';
import { kernelCharts } from '../data/kernel-charts.js';
import { layerCharts } from '../data/layer-charts.js';
import { paretoCharts } from '../data/pareto-charts.js';
import { trimmed } from '../numbers.js';
import { type Language, textsOf } from '../texts/index.js';

export interface FigureFile {
  /** Fit for a file name, which it has no extension of. */
  readonly name: string;
  readonly svg: string;
}

const SIZE = { width: 720, height: 380 };

/** Every figure of the report as an SVG document of its own, on white. */
export function figuresOf(report: Report, { language = 'en' }: { language?: Language } = {}): FigureFile[] {
  const texts = textsOf(language);
  const words = texts.figure;
  return [
    ...paretoCharts(report, texts).map(({ name, points, ...chart }) => ({
      name,
      svg: pareto(points, {
        ...SIZE,
        ...chart,
        formatX: (x) => trimmed(chart.formatX(x)),
        yLabel: texts.pareto.accuracy,
        words,
      }),
    })),
    ...layerCharts(report, texts).map(({ name, title, bars: items, notes }) => ({
      name,
      svg: bars(items, { title, notes, xLabel: texts.layers.axis, width: SIZE.width }),
    })),
    ...kernelCharts(report, texts).map(({ name, title, data }) => ({ name, svg: drawPruning(data, { title, words }) })),
  ];
}
