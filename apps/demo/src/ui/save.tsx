import { useText } from '../i18n/index.js';
import { save, toPng } from '../views/take/save.js';

interface SaveProps {
  /** Of the file, without an extension. */
  readonly name: string;
  /** Of the figure, as it is read aloud. */
  readonly title: string;
  /** Drawn when it is asked for. */
  readonly svg?: () => string | Promise<string>;
  readonly csv?: () => string | Promise<string>;
  readonly disabled?: boolean;
}

/** Saves one figure or table: as SVG and PNG where it is drawn, as CSV where it is numbers. */
export function Save({ name, title, svg, csv, disabled = false }: SaveProps) {
  const text = useText();
  const button = (form: 'SVG' | 'PNG' | 'CSV', take: () => Promise<void>) => (
    <button
      key={form}
      type="button"
      class="small"
      disabled={disabled}
      aria-label={text.save.one(title, form)}
      onClick={() => void take()}
    >
      {form}
    </button>
  );
  return (
    <div class="save" data-save={name}>
      <span aria-hidden="true">{text.save.label}</span>
      {svg && button('SVG', async () => save(`${name}.svg`, await svg(), 'image/svg+xml'))}
      {svg && button('PNG', async () => save(`${name}.png`, await toPng(await svg()), 'image/png'))}
      {csv && button('CSV', async () => save(`${name}.csv`, await csv(), 'text/csv'))}
    </div>
  );
}
