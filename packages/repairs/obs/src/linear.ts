import { MODULE } from './binary.js';

/** The functions of assembly/; pointers and sizes are plain numbers. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  packFloats(x: number, rows: number, width: number, cols: number, panel: number): void;
  rankUpdate(panel: number, rows: number, cols: number, scale: number, c: number, stride: number): void;
  cholesky(a: number, n: number, stride: number, floor: number, panel: number): number;
  invertTriangle(a: number, n: number, stride: number, row: number): void;
  squareTriangle(x: number, n: number, stride: number, out: number, panel: number): void;
  solve(l: number, n: number, stride: number, x: number): void;
  gather(a: number, stride: number, index: number, count: number, out: number, outStride: number): void;
  trace(
    inverse: number,
    n: number,
    stride: number,
    weights: number,
    index: number,
    diagonal: number,
    columns: number,
    steps: number,
    forced: number,
    order: number,
    loss: number,
  ): void;
}

/** Rows are packed this many at a time. */
const PANEL = 256;
/** Where free memory starts: what the module itself uses lies below. */
const BASE = 65536;

export const padded = (n: number) => (n + 3) & ~3;

/**
 * A symmetric n × n matrix of float64 values, row by row, in a square of `padded(n)`: zeros past n, so that its rows suit
 * vectors of four.
 */
export interface Square {
  readonly n: number;
  readonly values: Float64Array;
}

export const zeroSquare = (n: number): Square => ({ n, values: new Float64Array(padded(n) ** 2) });

export interface Elimination {
  /** The weights in the order of removal. */
  readonly order: Int32Array;
  /** w²/(2·[H⁻¹]_pp) of each removal: how much the quadratic loss ½·δᵀHδ grows by it. */
  readonly loss: Float64Array;
  /** The row afterwards; what was removed is 0. */
  readonly weights: Float64Array;
}

let compiled: Promise<WebAssembly.Module> | undefined;

/** Linear algebra in float64 on WebAssembly SIMD, with a memory of its own. */
export async function createLinear(): Promise<Linear> {
  compiled ??= WebAssembly.compile(Uint8Array.from(atob(MODULE), (c) => c.charCodeAt(0)));
  const { exports } = await WebAssembly.instantiate(await compiled);
  return new Linear(exports as unknown as Exports);
}

export class Linear {
  #top = BASE;
  readonly #held: { readonly square: Square; readonly at: number }[] = [];
  constructor(private readonly wasm: Exports) {}

  /** sums += XᵀX for `rows` rows of float32 values; only the lower triangle, until `mirror`. */
  addGram(sums: Square, x: Float32Array, rows: number): void {
    const { n, values } = sums;
    const side = padded(n);
    this.#scoped(() => {
      const [c, at, panel] = [this.#take(side * side * 8), this.#take(PANEL * n * 4), this.#take(PANEL * side * 8)];
      this.#doubles(c, side * side).set(values);
      for (let row = 0; row < rows; row += PANEL) {
        const count = Math.min(PANEL, rows - row);
        const part = x.subarray(row * n, (row + count) * n);
        new Float32Array(this.wasm.memory.buffer, at, part.length).set(part);
        this.wasm.packFloats(at, count, n, side, panel);
        this.wasm.rankUpdate(panel, count, side, 1, c, side);
      }
      values.set(this.#doubles(c, side * side));
    });
  }

  /** The inverse; undefined where the matrix is not positive definite to working precision. */
  invert({ n, values }: Square): Square | undefined {
    const side = padded(n);
    return this.#scoped(() => {
      const a = this.#take(side * side * 8);
      const matrix = this.#doubles(a, side * side);
      matrix.set(values);
      for (let i = n; i < side; i++) matrix[i * side + i] = 1;
      return this.#invertAt(a, n, side);
    });
  }

  /** The inverse of the rows and columns that are listed. */
  invertPart(whole: Square, index: Int32Array): Square | undefined {
    return this.#scoped(() => this.#invertAt(this.#gathered(whole, index), index.length, padded(index.length)));
  }

  /** The lower triangular L of a = L·Lᵀ, zeros above; undefined where a pivot is under 1e−13 of the largest diagonal entry. */
  cholesky({ n, values }: Square): Square | undefined {
    const side = padded(n);
    return this.#scoped(() => {
      const [a, panel] = [this.#take(side * side * 8), this.#take(32 * side * 8)];
      const matrix = this.#doubles(a, side * side);
      matrix.set(values);
      let most = 0;
      for (let i = 0; i < n; i++) most = Math.max(most, matrix[i * side + i]);
      for (let i = n; i < side; i++) matrix[i * side + i] = Math.max(1, most);
      if (this.wasm.cholesky(a, side, side, 1e-13 * most, panel) >= 0) return undefined;
      const lower = this.#doubles(a, side * side).slice();
      for (let i = 0; i < side; i++) lower.fill(0, i * side + (i < n ? i + 1 : 0), (i + 1) * side);
      return { n, values: lower };
    });
  }

  /** x of A_SS·x = b for the rows and columns S that are listed; undefined where A_SS is not positive definite. */
  solvePart(whole: Square, index: Int32Array, b: Float64Array): Float64Array | undefined {
    return this.#scoped(() => {
      const side = padded(index.length);
      const a = this.#gathered(whole, index);
      const [panel, x] = [this.#take(32 * side * 8), this.#take(side * 8)];
      if (this.wasm.cholesky(a, side, side, 0, panel) >= 0) return undefined;
      const values = this.#doubles(x, side).fill(0);
      values.set(b);
      this.wasm.solve(a, side, side, x);
      return this.#doubles(x, b.length).slice();
    });
  }

  /** ExactOBS on one row, see assembly/trace.ts: the forced weights first, in order, then greedily up to `steps` in all. */
  trace(inverse: Square, row: Float64Array, steps: number, forced: ArrayLike<number> = []): Elimination {
    const { n } = inverse;
    const side = padded(n);
    return this.#scoped(() => {
      const from = this.#placed(inverse);
      const [weights, index, diagonal] = [this.#take(side * 8), this.#take(side * 4), this.#take(side * 8)];
      const [order, loss, columns] = [this.#take(side * 4), this.#take(side * 8), this.#take(steps * side * 8)];
      this.#doubles(weights, n).set(row);
      this.#ints(order, forced.length).set(forced);
      this.wasm.trace(from, n, side, weights, index, diagonal, columns, steps, forced.length, order, loss);
      const result = new Float64Array(n);
      const [places, values] = [this.#ints(index, n), this.#doubles(weights, n)];
      for (let place = 0; place < n - steps; place++) result[places[place]] = values[place];
      return { order: this.#ints(order, steps).slice(), loss: this.#doubles(loss, steps).slice(), weights: result };
    });
  }

  /** Runs the body with the matrix in wasm memory, so that many rows solved with it copy it there once. */
  holding<T>(square: Square, body: () => T): T {
    return this.#scoped(() => {
      this.#held.push({ square, at: this.#copyIn(square) });
      try {
        return body();
      } finally {
        this.#held.pop();
      }
    });
  }

  #placed = (square: Square) => this.#held.find((held) => held.square === square)?.at ?? this.#copyIn(square);

  #copyIn({ n, values }: Square): number {
    const at = this.#take(padded(n) ** 2 * 8);
    this.#doubles(at, values.length).set(values);
    return at;
  }

  #gathered(whole: Square, index: Int32Array): number {
    const side = padded(index.length);
    const from = this.#placed(whole);
    const [list, a] = [this.#take(index.length * 4), this.#take(side * side * 8)];
    this.#ints(list, index.length).set(index);
    this.wasm.gather(from, padded(whole.n), list, index.length, a, side);
    return a;
  }

  #invertAt(a: number, n: number, side: number): Square | undefined {
    const [panel, row, out] = [this.#take(32 * side * 8), this.#take(side * 8), this.#take(side * side * 8)];
    if (this.wasm.cholesky(a, side, side, 0, panel) >= 0) return undefined;
    this.wasm.invertTriangle(a, side, side, row);
    this.wasm.squareTriangle(a, side, side, out, panel);
    const values = this.#doubles(out, side * side).slice();
    for (let i = n; i < side; i++) values[i * side + i] = 0;
    return { n, values };
  }

  /** Room for bytes, until the end of the scope. */
  #take(bytes: number): number {
    const at = this.#top;
    this.#top += (bytes + 63) & ~63;
    const missing = this.#top - this.wasm.memory.buffer.byteLength;
    if (missing > 0) this.wasm.memory.grow(Math.ceil(missing / 65536));
    return at;
  }

  #doubles = (at: number, n: number) => new Float64Array(this.wasm.memory.buffer, at, n);
  #ints = (at: number, n: number) => new Int32Array(this.wasm.memory.buffer, at, n);

  #scoped<T>(body: () => T): T {
    const top = this.#top;
    try {
      return body();
    } finally {
      this.#top = top;
    }
  }
}

/** Copies the lower triangle over the upper one. */
export function mirror({ n, values }: Square): void {
  const side = padded(n);
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) values[j * side + i] = values[i * side + j];
}
