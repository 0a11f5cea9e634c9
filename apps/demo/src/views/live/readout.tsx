import type { ComponentChildren } from 'preact';
import { useText } from '../../i18n/index.js';
import { useMisfit, useStore } from '../../state/store.js';
import { accuracy, bytes, energy, percent, short, signed, threeDigits } from '../../words.js';
import { energyOf, LOAD_PJ, MAC_PJ } from '../../energy.js';

interface FigureProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly note: ComponentChildren;
  readonly stale?: boolean;
}

const Figure = ({ name, label, value, note, stale = false }: FigureProps) => (
  <div class={`figure ${stale ? 'stale' : ''}`} data-figure={name}>
    <dt>{label}</dt>
    <dd>
      <span class="value">{value}</span>
      <small>{note}</small>
    </dd>
  </div>
);

const NONE = '–';

/** The numbers that move with the slider. */
export function Readout() {
  const text = useText();
  const preview = useStore(({ preview }) => preview);
  const got = useStore(({ details }) => details)?.accuracy ?? null;
  const was = useStore(({ dense }) => dense);
  const fresh = useStore(({ fresh }) => fresh);
  const sizes = useStore(({ sizes }) => sizes);
  const scoring = useStore(({ scoring }) => scoring);
  const fits = useMisfit() === undefined;
  const { params, macs, channels } = preview ?? {};
  const loss = got !== null && was !== null ? ` (${signed(got - was)})` : '';
  const before = was !== null && text.live.wasDense(accuracy(was)) + loss;
  const accuracyNote = scoring || got === null ? text.live.pending : before;
  const size = sizes?.compact ?? preview?.estimate.compact;
  return (
    <dl class="readout" aria-busy={!fresh || !sizes}>
      <Figure
        name="accuracy"
        label={text.live.accuracy}
        value={got === null ? NONE : accuracy(got)}
        note={fits || !preview ? accuracyNote : text.live.unknown}
        stale={!fresh}
      />
      <Figure
        name="weights"
        label={text.live.weights}
        value={params ? short(params.kept) : NONE}
        note={
          params &&
          (channels
            ? text.live.channels(channels.kept, channels.total)
            : text.live.ofDense(percent(params.kept / params.total)))
        }
      />
      <Figure
        name="macs"
        label={text.live.macs}
        value={macs ? `${short(macs.kept)}` : NONE}
        note={macs ? `MACs · ${text.live.ofDense(percent(macs.kept / macs.dense))}` : text.live.unknown}
      />
      <Figure
        name="size"
        label={text.live.size}
        value={size === undefined ? NONE : `${sizes ? '' : '≈ '}${bytes(size)}`}
        note={`${text.live.compactFile} · ${sizes ? text.live.gzipFile(bytes(sizes.gzip)) : text.live.estimate}`}
      />
      <Figure
        name="energy"
        label={text.live.energy}
        value={macs && params ? `≈ ${energy(energyOf(macs.kept, params.kept))}` : NONE}
        note={text.live.perSample}
      />
    </dl>
  );
}

/** Where the estimate of energy comes from, said beside it. */
export function EnergyNote() {
  const text = useText();
  return (
    <details class="lesson plain">
      <summary>{text.live.energyTitle}</summary>
      <p>{text.live.energyNote(`${threeDigits(MAC_PJ)} pJ`, `${LOAD_PJ} pJ`)}</p>
    </details>
  );
}
