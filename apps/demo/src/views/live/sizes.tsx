import { useText } from '../../i18n/index.js';
import { useStore } from '../../state/store.js';
import { Save } from '../../ui/save.js';
import { bytes, percent } from '../../words.js';

const KINDS = ['raw', 'gzip', 'brotli', 'compact'] as const;
const FLOAT = 4;

/** The pruned model's files in four forms, each beside the dense weights as they are. */
export function Sizes() {
  const text = useText();
  const preview = useStore(({ preview }) => preview);
  const sizes = useStore(({ sizes }) => sizes);
  const dense = FLOAT * (preview?.params.total ?? 0);
  return (
    <figure class="chart" data-chart="sizes">
      <ul class="sizes" aria-label={text.sizes.title}>
        {KINDS.map((kind) => {
          const guess = kind === 'raw' || kind === 'compact' ? preview?.estimate[kind] : undefined;
          const found = sizes?.[kind] ?? guess;
          const size = typeof found === 'number' ? found : undefined;
          const share = size === undefined || dense === 0 ? 0 : size / dense;
          return (
            <li key={kind} data-size={kind}>
              <span class="layer-name">{text.sizes.names[kind]}</span>
              <span class="layer-numbers">
                {size === undefined
                  ? found === 'large'
                    ? text.sizes.large
                    : text.sizes.pending
                  : `${sizes ? '' : '≈ '}${bytes(size)}`}{' '}
                <small>{size === undefined ? '' : percent(share)}</small>
              </span>
              <span class="track">
                <span class="fill" style={{ width: percent(Math.min(1, share)) }} />
              </span>
            </li>
          );
        })}
      </ul>
      <figcaption class="legend">{text.sizes.lead(bytes(dense))}</figcaption>
      <Save
        name="sizes"
        title={text.sizes.title}
        disabled={!sizes || sizes.brotli === null}
        csv={() =>
          ['form,bytes', ...KINDS.map((kind) => `${kind},${typeof sizes![kind] === 'number' ? sizes![kind] : ''}`)]
            .map((l) => `${l}\r\n`)
            .join('')
        }
      />
    </figure>
  );
}
