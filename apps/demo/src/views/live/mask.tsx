import { useEffect, useRef } from 'preact/hooks';
import { textsOf } from '@espalier/report';
import { useLanguage, useText } from '../../i18n/index.js';
import { Save } from '../../ui/save.js';
import { count } from '../../words.js';
import type { MaskMap } from '../../worker/protocol.js';
import { fileName } from './file-name.js';

const CELL = 8;
const CLASSES = ['pruned', 'kept', 'gone'] as const;

/** A corner of the mask on a canvas: thousands of cells, drawn at once while the slider moves. */
export function MaskPicture({ mask, kernel }: { readonly mask: MaskMap | null; readonly kernel: string }) {
  const text = useText();
  const language = useLanguage();
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (!mask || !canvas.current) return undefined;
    const draw = () => canvas.current && paint(canvas.current, mask);
    draw();
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const theme = new MutationObserver(draw);
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    dark.addEventListener('change', draw);
    return () => {
      theme.disconnect();
      dark.removeEventListener('change', draw);
    };
  }, [mask]);
  const { rows = 1, columns = 1, of = [1, 1], lines } = mask ?? {};
  const hasGone = mask?.cells.includes(2) ?? false;
  const kept = mask?.cells.reduce((sum, cell) => sum + Number(cell === 1), 0) ?? 0;
  return (
    <figure class="chart" data-chart="mask">
      <div class="canvas-frame">
        <canvas
          ref={canvas}
          width={columns * CELL}
          height={rows * CELL}
          role="img"
          aria-label={text.mask.alt(kernel, rows, columns, count(kept))}
          data-kept={mask ? kept : undefined}
        />
      </div>
      <figcaption class="legend">
        <span class="key kept">{text.mask.kept}</span>
        <span class="key pruned">{text.mask.pruned}</span>
        {hasGone && <span class="key gone">{text.mask.gone}</span>}
        <span class="wide">
          {text.mask.corner(rows, columns, count(of[0]), count(of[1]))}
          {lines && ` · ${text.mask.lines(lines.of)}`}
        </span>
      </figcaption>
      <Save
        name={`mask-${fileName(kernel)}`}
        title={text.mask.title}
        disabled={!mask}
        svg={async () =>
          (await import('@espalier/figures')).maskMap(mask!, { title: kernel, words: textsOf(language).figure })
        }
        csv={() => maskCsv(mask!)}
      />
    </figure>
  );
}

/** Row by row: 1 = kept, 0 = pruned, empty = removed. */
export const maskCsv = ({ rows, columns, cells }: MaskMap): string =>
  Array.from({ length: rows }, (_, r) =>
    Array.from(cells.subarray(r * columns, (r + 1) * columns), (cell) => (cell === 2 ? '' : cell)).join(','),
  )
    .map((line) => `${line}\r\n`)
    .join('');

function paint(canvas: HTMLCanvasElement, { rows, columns, cells, lines }: MaskMap): void {
  const context = canvas.getContext('2d')!;
  const style = getComputedStyle(canvas);
  const colours = CLASSES.map((name) => style.getPropertyValue(`--mask-${name}`));
  context.clearRect(0, 0, canvas.width, canvas.height);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      context.fillStyle = colours[cells[r * columns + c]];
      context.fillRect(c * CELL, r * CELL, CELL - 1, CELL - 1);
    }
  }
  context.fillStyle = style.getPropertyValue('--mask-line');
  lines?.rows.forEach((r) => context.fillRect(0, r * CELL - 1.5, canvas.width, 2));
  lines?.columns.forEach((c) => context.fillRect(c * CELL - 1.5, 0, 2, canvas.height));
}
