import type { Panel } from '@espalier/pipeline';
import { BeforeAfter } from '@espalier/figures';
import { pruningDataOf, textsOf } from '@espalier/report';
import { useMemo } from 'preact/hooks';
import { useLanguage, useText } from '../../i18n/index.js';
import { useNarrow } from '../../ui/narrow.js';
import { Save } from '../../ui/save.js';
import { threeDigits } from '../../words.js';
import { fileName } from './file-name.js';

const WIDE = { width: 720, height: 280 };
const NARROW = { width: 340, height: 250 };

/** Before and kept, bin by bin, with the threshold to both sides. */
export function Histogram({ panel }: { readonly panel: Panel | null }) {
  const text = useText();
  const language = useLanguage();
  const size = useNarrow() ? NARROW : WIDE;
  const { figure: words } = textsOf(language);
  const data = useMemo(() => panel && pruningDataOf(panel), [panel]);
  if (!panel || !data) return <div class="chart empty" style={{ aspectRatio: `${size.width} / ${size.height}` }} />;
  const { threshold, pruned, param } = panel;
  return (
    <figure class="chart" data-chart="histogram">
      <BeforeAfter data={data} {...size} words={words} background="none" legend={false} />
      <figcaption class="legend">
        <span class="key before">{text.weights.before}</span>
        <span class="key after">{text.weights.after}</span>
        {threshold === null ? (
          <span>{pruned > 0 && text.weights.noThreshold}</span>
        ) : (
          <span class="key line">{text.weights.threshold(threeDigits(threshold))}</span>
        )}
      </figcaption>
      <Save
        name={`histogram-${fileName(param)}`}
        title={text.weights.title}
        svg={async () =>
          (await import('@espalier/figures')).beforeAfter(data, {
            title: `${param} [${panel.shape.join(', ')}]`,
            words,
          })
        }
        csv={() => histogramCsv(panel)}
      />
    </figure>
  );
}

/** One bin a line. */
export function histogramCsv({ low, high, before, after }: Panel): string {
  const edge = (i: number) => (i === before.length ? high : low + ((high - low) / before.length) * i);
  const lines = before.map((n, i) => [edge(i), edge(i + 1), n, after[i]].join(','));
  return ['from,to,before,kept', ...lines].map((line) => `${line}\r\n`).join('');
}
