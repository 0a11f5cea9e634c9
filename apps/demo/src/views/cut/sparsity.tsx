import { useText } from '../../i18n/index.js';
import { MOST_SPARSITY, sparsityOf } from '../../settings.js';
import { useActions } from '../../state/actions.js';
import { useStore } from '../../state/store.js';
import { Slider } from '../../ui/controls.js';
import { percent } from '../../words.js';

/** Wherever it stands, it moves the same cut. */
export function SparsitySlider({ label }: { readonly label?: string }) {
  const text = useText();
  const { choose } = useActions();
  const settings = useStore(({ settings }) => settings);
  const fixed = settings.strategy === 'nm';
  const sparsity = sparsityOf(settings);
  return (
    <Slider
      label={label ?? text.cut.sparsity}
      value={sparsity}
      min={0}
      max={MOST_SPARSITY}
      step={0.01}
      text={percent(sparsity)}
      hint={fixed ? text.cut.fixed : undefined}
      disabled={fixed}
      onInput={(value) => choose({ sparsity: value })}
    />
  );
}
