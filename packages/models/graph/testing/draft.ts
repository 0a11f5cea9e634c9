import { GraphBuilder } from './build.js';

export interface Known {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A graph being drawn: what is in it, what has been read of it, and the die. */
export type Draft = ReturnType<typeof makeDraft>;

export const channels = ({ shape }: Known) => shape[shape.length - 1];

export function makeDraft(seed: number) {
  const g = new GraphBuilder(seed);
  const below = (n: number) => Math.floor(g.random() * n);
  const tensors: Known[] = [{ name: g.input([-1, 6, 6, 3]), shape: [2, 6, 6, 3] }];
  const read = new Set<string>();
  const add = (name: string, shape: readonly number[]): Known => {
    const known = { name, shape };
    tensors.push(known);
    return known;
  };
  const use = (t: Known) => (read.add(t.name), t.name);
  return {
    g,
    tensors,
    read,
    below,
    pick: <T>(items: readonly T[]): T => items[below(items.length)],
    chance: (p: number) => g.random() < p,
    add,
    use,
    op: (name: string, input: Known, attr = {}) => add(g.node(name, [use(input)], attr), input.shape),
  };
}
