import { type Note } from '@espalier/core';
import { say } from './notes.js';
import type { Group, Site } from '@espalier/core';

/**
 * The channels along one axis of a tensor: entry c is channel labels[c]; −1 = an entry that nothing can remove. Channels
 * that have to go together are united, so two labels may mean one channel.
 */
export type Labels = Int32Array;

/** Labels and the axis that they are along. */
export interface Flow {
  readonly axis: number;
  readonly labels: Labels;
}

/** An axis of a weight whose slices go with channels. */
export interface Tie {
  readonly param: string;
  readonly axis: number;
  readonly labels: Labels;
  /** Masks put zeros there; else it is only cut when the model shrinks (a divisor must not become 0). */
  masked: boolean;
}

interface Producer {
  readonly name: string;
  readonly first: number;
  readonly size: number;
}

export interface Channels {
  /** New channels, made by a node. */
  open(producer: string, size: number): Labels;
  /** Entry by entry, what goes in the one goes in the other. Lengths must agree. */
  unite(a: Labels, b: Labels, reason: Note): void;
  /** None of these channels may be removed. */
  pin(labels: Labels, reason: Note): void;
  /** Labels as a tensor of their own has them: at least one of its entries always stays. */
  sequence(labels: Labels): Labels;
  /** Whether entry by entry both are the same channels. */
  same(a: Labels, b: Labels): boolean;
  /** The channel that a label means now. */
  find(label: number): number;
  groups(ties: readonly Tie[]): Grouping;
}

export interface Grouping {
  readonly groups: Group[];
  readonly unitOf: ReadonlyMap<number, { group: string; unit: number }>;
  /** The groups that each producer's channels are in. */
  readonly made: ReadonlyMap<string, readonly string[]>;
}

/** Union-find over channels. */
export function makeChannels(): Channels {
  const parents: number[] = [];
  const reasons = new Map<number, Note>();
  const producers: Producer[] = [];
  const sequences: Labels[] = [];

  function find(label: number): number {
    let root = label;
    while (parents[root] !== root) root = parents[root];
    for (let at = label; parents[at] !== root;) [at, parents[at]] = [parents[at], root];
    return root;
  }

  function pinOne(label: number, reason: Note): void {
    if (label < 0) return;
    const root = find(label);
    if (!reasons.has(root)) reasons.set(root, reason);
  }

  function uniteOne(a: number, b: number, reason: Note): void {
    if (a < 0 || b < 0) return pinOne(Math.max(a, b), reason);
    const [low, high] = [find(a), find(b)].sort((x, y) => x - y);
    if (low === high) return;
    parents[high] = low;
    const why = reasons.get(low) ?? reasons.get(high);
    if (why !== undefined) reasons.set(low, why);
  }

  const sequence = (labels: Labels) => {
    sequences.push(labels);
    return labels;
  };

  return {
    find,
    sequence,
    open(name, size) {
      const first = parents.length;
      for (let i = first; i < first + size; i++) parents.push(i);
      producers.push({ name, first, size });
      const labels = Int32Array.from({ length: size }, (_, i) => first + i);
      return sequence(labels);
    },
    unite: (a, b, reason) => a.forEach((label, i) => uniteOne(label, b[i], reason)),
    pin: (labels, reason) => labels.forEach((label) => pinOne(label, reason)),
    same: (a, b) =>
      a.length === b.length &&
      a.every((label, i) => label === b[i] || (label >= 0 && b[i] >= 0 && find(label) === find(b[i]))),
    groups: (ties) => assemble({ find, reasons, producers, sequences, ties, count: parents.length }),
  };
}

interface Parts {
  readonly find: (label: number) => number;
  readonly reasons: ReadonlyMap<number, Note>;
  readonly producers: readonly Producer[];
  readonly sequences: readonly Labels[];
  readonly ties: readonly Tie[];
  readonly count: number;
}

/**
 * Channels that occur in exactly the same tensors form a group. So each tensor's channels are whole groups, and as every
 * group keeps one, no tensor is ever left without any.
 */
function assemble({ find, reasons, producers, sequences, ties, count }: Parts): Grouping {
  const tensors = new Map<number, number[]>();
  const mark = (labels: Labels, id: number) => {
    for (const label of labels) {
      if (label < 0) continue;
      const root = find(label);
      const ids = tensors.get(root) ?? [];
      if (ids[ids.length - 1] !== id) ids.push(id);
      tensors.set(root, ids);
    }
  };
  sequences.forEach(mark);
  const masked = ties.filter((tie) => tie.masked);
  const reached = new Set(masked.flatMap(({ labels }) => [...labels].filter((l) => l >= 0).map(find)));

  const drafts = new Map<string, { id: string; roots: number[]; skip: Note | undefined }>();
  const names = new Set<string>();
  const seen = new Set<number>();
  for (const { name, first, size } of producers) {
    for (let label = first; label < first + size; label++) {
      const root = find(label);
      // Channels of zeros that no weight meets are nobody's.
      if (seen.has(root) || !reached.has(root)) continue;
      seen.add(root);
      const skip = reasons.get(root);
      const key = `${skip?.text ?? ''}\n${tensors.get(root)!.join()}`;
      const draft = drafts.get(key);
      if (draft) draft.roots.push(root);
      else drafts.set(key, { id: unique(name, names), roots: [root], skip });
    }
  }
  const unitOf = new Map<number, { group: string; unit: number }>();
  for (const { id, roots } of drafts.values()) roots.forEach((root, unit) => unitOf.set(root, { group: id, unit }));
  const perLabel = Array.from({ length: count }, (_, label) => unitOf.get(find(label)));

  const sites = new Map<string, Site[]>();
  for (const { param, axis, labels } of masked) {
    const units = Array.from(labels, (label) => (label < 0 ? undefined : perLabel[label]));
    for (const group of new Set(units.flatMap((unit) => unit?.group ?? []))) {
      const own = Int32Array.from(units, (unit) => (unit?.group === group ? unit.unit : -1));
      sites.set(group, [...(sites.get(group) ?? []), { param, axis, unitOf: own }]);
    }
  }
  const groups = [...drafts.values()].map(({ id, roots, skip }): Group => {
    const alone = roots.length === 1 ? say('only-channel') : undefined;
    const why = skip ?? alone;
    return { id, size: roots.length, sites: sites.get(id)!, ...(why !== undefined && { skip: why }) };
  });
  const made = producers.map(({ name, first, size }) => {
    const units = perLabel.slice(first, first + size);
    return [name, [...new Set(units.flatMap((unit) => unit?.group ?? []))]] as const;
  });
  return { groups, unitOf, made: new Map(made) };
}

/** A producer's channels may fall into several groups: conv, conv#2, … */
function unique(name: string, names: Set<string>): string {
  let id = name;
  for (let n = 2; names.has(id); n++) id = `${name}#${n}`;
  names.add(id);
  return id;
}
