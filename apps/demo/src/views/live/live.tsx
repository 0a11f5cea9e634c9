import { textsOf, translate } from '@espalier/report';
import { useLanguage, useText } from '../../i18n/index.js';
import { useActions } from '../../state/actions.js';
import { useStore } from '../../state/store.js';
import { Card } from '../../ui/card.js';
import { Select } from '../../ui/controls.js';
import { Histogram } from './histogram.js';
import { Layers } from './layers.js';
import { MaskPicture } from './mask.js';
import { EnergyNote } from './readout.js';
import { Sizes } from './sizes.js';

/** Pictures of what the cut leaves. */
export function LiveView() {
  const text = useText();
  const language = useLanguage();
  const { choose } = useActions();
  const model = useStore(({ model }) => model);
  const preview = useStore(({ preview }) => preview);
  const kernels = (model?.kernels ?? []).map(({ id, shape }) => [id, `${id} [${shape.join(', ')}]`] as const);
  const shown = preview?.panel?.param ?? kernels[0]?.[0] ?? '';
  return (
    <>
      <Card
        title={text.weights.title}
        aside={
          <Select
            label={text.weights.kernel}
            value={shown}
            options={kernels}
            onChange={(kernel) => choose({ kernel })}
          />
        }
      >
        <Histogram panel={preview?.panel ?? null} />
      </Card>
      <div class="pair">
        <Card title={text.mask.title}>
          <MaskPicture mask={preview?.mask ?? null} kernel={shown} />
        </Card>
        <Card title={text.layers.title}>
          <Layers />
        </Card>
      </div>
      <Card title={text.sizes.title}>
        <Sizes />
      </Card>
      <ul class="notes">
        {(preview?.notes ?? []).slice(0, 6).map((note) => (
          <li key={note.text}>{translate(note, textsOf(language))}</li>
        ))}
      </ul>
      <EnergyNote />
    </>
  );
}
