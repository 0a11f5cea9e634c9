import { useEffect, useRef } from 'preact/hooks';

/** Rows and columns, grey or in colours; null = these samples are no pictures. */
export function pictureOf(shape: readonly number[]): { rows: number; columns: number; channels: 1 | 3 } | null {
  const [rows, columns, channels = 1] = shape;
  const flat = shape.length === 2 || shape.length === 3;
  if (!flat || (channels !== 1 && channels !== 3) || rows < 2 || columns < 2) return null;
  return { rows, columns, channels };
}

interface PictureProps {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A sample as a picture, from its lowest value to its highest. */
export function Picture({ shape, values }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const picture = pictureOf(shape);
  useEffect(() => {
    if (!picture || !canvas.current) return;
    const context = canvas.current.getContext('2d')!;
    const { rows, columns } = picture;
    const pixels = context.createImageData(columns, rows);
    paint(pixels.data, values, picture.channels);
    context.putImageData(pixels, 0, 0);
  }, [values, shape]);
  if (!picture) return null;
  return <canvas ref={canvas} width={picture.columns} height={picture.rows} aria-hidden="true" />;
}

/** Grey is alpha, so that the page's own colours show through. */
function paint(pixels: Uint8ClampedArray, values: Float32Array, channels: 1 | 3): void {
  let [low, high] = [0, 1e-9];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const bright = (value: number) => (255 * (value - low)) / (high - low);
  for (let i = 0; i < values.length / channels; i++) {
    if (channels === 1) pixels.set([128, 136, 146, bright(values[i])], 4 * i);
    else pixels.set([bright(values[3 * i]), bright(values[3 * i + 1]), bright(values[3 * i + 2]), 255], 4 * i);
  }
}
