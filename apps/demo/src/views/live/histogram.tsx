import type { Panel } from '@espalier/experiment';
import { useText } from '../../i18n/index.js';
import { count, threeDigits } from '../../words.js';

const WIDTH = 600;
const HEIGHT = 200;
const FLOOR = 176;

/** Before and kept, bin by bin, with the threshold to both sides. */
export function Histogram({ panel }: { readonly panel: Panel | null }) {
  const text = useText();
  if (!panel) return <div class="chart empty" style={{ aspectRatio: `${WIDTH} / ${HEIGHT}` }} />;
  const { param, before, after, low, high, threshold, pruned } = panel;
  const total = before.reduce((a, b) => a + b, 0);
  const top = Math.max(...before, 1);
  const bin = WIDTH / before.length;
  // A square root keeps the tails in sight beside the peak.
  const y = (n: number) => FLOOR - (FLOOR - 8) * Math.sqrt(n / top);
  const x = (value: number) => (WIDTH * (value - low)) / (high - low);
  const ticks = [low, (low + high) / 2, high];
  const lines = threshold === null ? [] : [-threshold, threshold].filter((t) => t > low && t < high);
  return (
    <figure class="chart" data-chart="histogram">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={text.weights.alt(param, count(total - pruned), count(total))}
      >
        {before.map((n, i) => (
          <rect key={i} class="before" x={i * bin + 0.5} width={bin - 1} y={y(n)} height={FLOOR - y(n)} />
        ))}
        {after.map((n, i) => (
          <rect key={i} class="after" x={i * bin + 0.5} width={bin - 1} y={y(n)} height={FLOOR - y(n)} />
        ))}
        <line class="axis" x1="0" x2={WIDTH} y1={FLOOR} y2={FLOOR} />
        {lines.map((t) => (
          <line key={t} class="threshold" x1={x(t)} x2={x(t)} y1="2" y2={FLOOR} />
        ))}
        {ticks.map((value, i) => (
          <text key={i} x={x(value)} y={HEIGHT - 6} text-anchor={['start', 'middle', 'end'][i]}>
            {minus(threeDigits(value))}
          </text>
        ))}
      </svg>
      <figcaption class="legend">
        <span class="key before">{text.weights.before}</span>
        <span class="key after">{text.weights.after}</span>
        {threshold === null ? (
          <span>{pruned > 0 && text.weights.noThreshold}</span>
        ) : (
          <span class="key line">{text.weights.threshold(threeDigits(threshold))}</span>
        )}
      </figcaption>
    </figure>
  );
}

const minus = (text: string) => text.replace('-', '−');
