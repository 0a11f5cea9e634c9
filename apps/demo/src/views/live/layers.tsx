import { useText } from '../../i18n/index.js';
import { useStore } from '../../state/store.js';
import { percent } from '../../words.js';

const THINNEST = 5;
const THICKEST = 26;

/** A bar for every kernel: how much is kept, and how much of the network it is. */
export function Layers() {
  const text = useText();
  const preview = useStore(({ preview }) => preview);
  const total = preview?.params.total ?? 1;
  const most = Math.max(...(preview?.layers ?? []).map(({ size }) => size), 1);
  return (
    <figure class="chart" data-chart="layers">
      <ul class="layers">
        {(preview?.layers ?? []).map(({ id, size, kept }) => {
          const [left, share] = [percent(size > 0 ? kept / size : 0), percent(size / total)];
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
    </figure>
  );
}
