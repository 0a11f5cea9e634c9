import { useText } from '../../i18n/index.js';
import { useStore } from '../../state/store.js';
import { Save } from '../../ui/save.js';
import { percent } from '../../words.js';
import type { LayerBar } from '../../worker/protocol.js';

const THINNEST = 5;
const THICKEST = 26;
/** A figure with hundreds of bars is no figure. */
const MOST_DRAWN = 40;

const partOf = (part: number, whole: number) => (whole > 0 ? part / whole : 0);

/** A bar for every kernel: how much is kept, and how much of the network it is. */
export function Layers() {
  const text = useText();
  const preview = useStore(({ preview }) => preview);
  const layers = preview?.layers ?? [];
  const total = preview?.params.total ?? 1;
  const most = Math.max(...layers.map(({ size }) => size), 1);
  return (
    <figure class="chart" data-chart="layers">
      <div class="layers-head" aria-hidden="true">
        <span class="kept">{text.layers.kept}</span>
        <span class="share">{text.layers.share}</span>
      </div>
      <ul class="layers" aria-label={text.layers.title} tabIndex={layers.length > 8 ? 0 : undefined}>
        {layers.map(({ id, size, kept }) => {
          const [left, share] = [percent(partOf(kept, size)), percent(size / total)];
          const thick = THINNEST + (THICKEST - THINNEST) * Math.sqrt(size / most);
          return (
            <li key={id} aria-label={text.layers.alt(id, left, share)}>
              <span class="layer-name">{id}</span>
              <span class="layer-numbers">
                {left} <small>{share}</small>
              </span>
              <span class="track" style={{ height: `${thick}px` }}>
                <span class="fill" style={{ width: left }} />
              </span>
            </li>
          );
        })}
      </ul>
      <figcaption class="legend">{text.layers.lead}</figcaption>
      <Save
        name="layers"
        title={text.layers.title}
        disabled={layers.length === 0}
        svg={() => layersSvg(layers, total, text.layers)}
        csv={() => layersCsv(layers, total)}
      />
    </figure>
  );
}

type Words = Pick<ReturnType<typeof useText>['layers'], 'title' | 'axis' | 'shareOf'>;

/** The largest kernels, in the model's order. */
async function layersSvg(layers: readonly LayerBar[], total: number, words: Words): Promise<string> {
  const { bars } = await import('@espalier/figures');
  const least = [...layers].sort((a, b) => b.size - a.size)[MOST_DRAWN - 1]?.size ?? 0;
  const shown = layers.filter(({ size }) => size >= least).slice(0, MOST_DRAWN);
  return bars(
    shown.map(({ id, size, kept }) => ({ label: id, value: partOf(kept, size) })),
    {
      title: words.title,
      xLabel: words.axis,
      notes: Object.fromEntries(shown.map(({ id, size }) => [id, words.shareOf(percent(size / total))])),
    },
  );
}

export function layersCsv(layers: readonly LayerBar[], total: number): string {
  const quoted = (id: string) => (/[",\r\n]/.test(id) ? `"${id.replaceAll('"', '""')}"` : id);
  const lines = layers.map(({ id, size, kept }) => [quoted(id), size, kept, size / total].join(','));
  return ['kernel,weights,kept,share_of_parameters', ...lines].map((line) => `${line}\r\n`).join('');
}
