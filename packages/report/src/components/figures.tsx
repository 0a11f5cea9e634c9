import { Bars, Pareto, PruningPanel } from '@espalier/figures';
import { kernelCharts } from '../data/kernel-charts.js';
import { layerCharts } from '../data/layer-charts.js';
import { paretoCharts } from '../data/pareto-charts.js';
import { trimmed } from '../numbers.js';
import { Name, Section } from './parts.js';
import { type SectionProps, ToolRow } from './tools.js';

/** Drawn for a phone's width and enlarged elsewhere, so that their letters stay readable on both. */
const INLINE = { background: 'none', width: 400, height: 280 } as const;
const PANELS = ['before', 'after', 'mask'] as const;

/** Accuracy against size and against latency, with the frontier and the dense model marked. */
export function ParetoFigures({ report, texts, tools }: SectionProps) {
  const charts = paretoCharts(report, texts);
  if (charts.length === 0) return null;
  return (
    <Section title={texts.pareto.heading} read={texts.pareto.read}>
      <div class="figures">
        {charts.map(({ name, ...chart }) => (
          <div key={name}>
            <Pareto
              {...INLINE}
              {...chart}
              formatX={(x) => trimmed(chart.formatX(x))}
              yLabel={texts.pareto.accuracy}
              words={texts.figure}
            />
            <ToolRow name={name} title={chart.title} tools={tools} />
          </div>
        ))}
      </div>
    </Section>
  );
}

/** The sparsity of each layer with its share of all parameters. */
export function LayerFigures({ report, texts, tools }: SectionProps) {
  const charts = layerCharts(report, texts);
  if (charts.length === 0) return null;
  const { layers } = texts;
  return (
    <Section title={layers.heading} read={layers.read}>
      <div class="figures">
        {charts.map(({ name, title, bars, notes, shown, kernels }) => (
          <div key={name}>
            <Bars
              items={bars}
              notes={notes}
              title={title}
              xLabel={layers.axis}
              width={INLINE.width}
              background={INLINE.background}
            />
            <ToolRow name={name} title={title} tools={tools} />
            {shown < kernels && <p class="read">{layers.largest(shown, kernels)}</p>}
          </div>
        ))}
      </div>
    </Section>
  );
}

/** One kernel's weights before and after, and its mask, for one trial of each strategy. */
export function KernelFigures({ report, texts, tools }: SectionProps) {
  const charts = kernelCharts(report, texts);
  if (charts.length === 0) return null;
  return (
    <Section title={texts.kernel.heading} read={texts.kernel.read}>
      {charts.map(({ name, title, data }) => (
        <div key={name}>
          <h3>
            <Name text={title} />
          </h3>
          <div class="panels">
            {PANELS.map((panel) => (
              <PruningPanel key={panel} panel={panel} data={data} background="none" words={texts.figure} />
            ))}
          </div>
          <ToolRow name={name} title={title} tools={tools} />
        </div>
      ))}
    </Section>
  );
}
