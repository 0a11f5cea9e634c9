import { useEffect, useRef, useState } from 'preact/hooks';
import { useText } from '../../i18n/index.js';
import { addStroke, SIDE } from './stroke.js';

const SCALE = 10;

interface Props {
  /** What is on the pad, from 0 to 1. */
  readonly image: Float32Array;
  readonly onDraw: (ink: Float32Array) => void;
  readonly onClear: () => void;
}

const MOVES: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** A pad to draw on: with a finger, a mouse, or arrow keys while Space is held. */
export function DrawPad({ image, onDraw, onClear }: Props) {
  const text = useText();
  const canvas = useRef<HTMLCanvasElement>(null);
  const last = useRef<readonly [number, number] | null>(null);
  const cursor = useRef<[number, number]>([SIDE / 2, SIDE / 2]);
  const pen = useRef(false);
  const [keyboard, setKeyboard] = useState(false);
  useEffect(() => paint(canvas.current!, image, keyboard ? cursor.current : undefined), [image, keyboard]);

  const strokeTo = (to: readonly [number, number]) => {
    const ink = image.slice();
    addStroke(ink, last.current ?? to, to);
    last.current = to;
    onDraw(ink);
  };
  const onDown = (event: PointerEvent & { readonly currentTarget: HTMLCanvasElement }) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    last.current = null;
    strokeTo(placeOf(event.currentTarget, event));
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === ' ') {
      event.preventDefault();
      pen.current = true;
      last.current = [...cursor.current];
      strokeTo(last.current);
    }
    const move = MOVES[event.key];
    if (!move) return;
    event.preventDefault();
    const [x, y] = cursor.current;
    cursor.current = [clamp(x + move[0]), clamp(y + move[1])];
    if (pen.current) strokeTo([...cursor.current]);
    else paint(canvas.current!, image, cursor.current);
  };
  return (
    <div class="draw">
      <canvas
        ref={canvas}
        class="pad"
        width={SIDE * SCALE}
        height={SIDE * SCALE}
        tabIndex={0}
        role="application"
        aria-label={`${text.try.draw}. ${text.try.drawHint}`}
        onPointerDown={onDown}
        onPointerMove={(event) => event.buttons > 0 && strokeTo(placeOf(event.currentTarget, event))}
        onPointerUp={() => (last.current = null)}
        onKeyDown={onKey}
        onKeyUp={({ key }) => key === ' ' && (pen.current = false)}
        onFocus={({ currentTarget }) => setKeyboard(currentTarget.matches(':focus-visible'))}
        onBlur={() => setKeyboard(false)}
      />
      <small class="hint">{text.try.drawHint}</small>
      <button type="button" onClick={onClear}>
        {text.try.clear}
      </button>
    </div>
  );
}

function placeOf(canvas: HTMLCanvasElement, { clientX, clientY }: PointerEvent): [number, number] {
  const box = canvas.getBoundingClientRect();
  return [((clientX - box.left) / box.width) * SIDE, ((clientY - box.top) / box.height) * SIDE];
}

const clamp = (x: number) => Math.min(SIDE - 1, Math.max(1, x));

function paint(canvas: HTMLCanvasElement, image: Float32Array, cursor?: readonly [number, number]): void {
  const context = canvas.getContext('2d')!;
  const style = getComputedStyle(canvas);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = style.color;
  image.forEach((value, i) => {
    if (value <= 0) return;
    context.globalAlpha = value;
    context.fillRect((i % SIDE) * SCALE, Math.floor(i / SIDE) * SCALE, SCALE, SCALE);
  });
  context.globalAlpha = 1;
  if (!cursor) return;
  context.strokeStyle = style.getPropertyValue('--threshold');
  context.lineWidth = 2;
  context.strokeRect((cursor[0] - 1) * SCALE, (cursor[1] - 1) * SCALE, 2 * SCALE, 2 * SCALE);
}
