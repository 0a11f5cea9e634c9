import { type Group, type Param, type Scores, seededRandom, type Selection, sizeOf } from '@espalier/core';

export type Prunable = Pick<Selection, 'params' | 'groups' | 'branches'>;

/** A score for weight `index` of a parameter. */
export type ScoreOf = (param: Param, index: number) => number;

const kernel = (id: string, shape: number[], skip?: string): Param => ({
  id,
  shape,
  inAxis: 0,
  role: 'kernel',
  uses: 1,
  trainable: true,
  ...(skip !== undefined && { skip: { text: skip } }),
});
const bias = (id: string, size: number): Param => ({ ...kernel(id, [size], 'a bias'), inAxis: -1, role: 'bias' });
const site = (param: string, axis: number, length: number, size: number) => ({
  param,
  axis,
  unitOf: Int32Array.from({ length }, (_, i) => i % size),
});

const groups: Group[] = [
  // The next layer reads every unit at 4 positions, as behind a flatten.
  { id: 'a', size: 12, sites: [site('a/kernel', 1, 12, 12), site('a/bias', 0, 12, 12), site('b/kernel', 0, 48, 12)] },
  { id: 'b', size: 8, sites: [site('b/kernel', 1, 8, 8), site('b/bias', 0, 8, 8), site('c/kernel', 0, 48, 8)] },
  { id: 'c', size: 16, sites: [site('c/kernel', 1, 16, 16)], skip: { text: 'model output' } },
];

/**
 * Three layers whose input axes of 48 suit every pattern up to M = 4, 6, 8, 12, 16, 24 or 48; a kernel that is protected,
 * and one that no scorer has an opinion on.
 */
export const TINY_LAYERS: Prunable = {
  params: [
    kernel('a/kernel', [48, 12]),
    bias('a/bias', 12),
    kernel('b/kernel', [48, 8]),
    bias('b/bias', 8),
    kernel('c/kernel', [48, 16]),
    kernel('protected/kernel', [48, 4], 'left out by hand'),
    kernel('unscored/kernel', [48, 4]),
  ],
  groups,
};

const branches = ['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'fixed'].map((id): Group => ({
  ...{ id: `add_${id}`, size: 1, sites: [{ param: `${id}/kernel`, axis: 0, unitOf: new Int32Array(8) }] },
  ...(id === 'fixed' && { skip: { text: 'left out by hand' } }),
}));

/** Six residual branches that may go, and one that may not. */
export const TINY_BRANCHES: Prunable = {
  params: branches.map(({ sites: [{ param }] }) => kernel(param, [8, 8])),
  groups: [],
  branches,
};

/** Scores for every parameter whose layer is not called 'unscored'. */
export function selectionOf(
  { params, groups, branches }: Prunable,
  scoreOf: ScoreOf,
  rest: Pick<Selection, 'sparsity' | 'previous'>,
): Selection {
  const scores: Scores = {
    params: params.filter(({ id }) => !id.startsWith('unscored/')).map(({ id }) => id),
    async read(id) {
      const param = params.find((p) => p.id === id)!;
      return Float32Array.from({ length: sizeOf(param.shape) }, (_, i) => scoreOf(param, i));
    },
  };
  return { params, groups, ...(branches && { branches }), scores, ...rest };
}

/** Shuffled, with many ties. */
export const drawnScores: ScoreOf = ({ id }, index) =>
  Math.floor(seededRandom(index * 31 + id.charCodeAt(0) * 7919)() * 32) / 32;

export const equalScores: ScoreOf = () => 0.5;

/** Grow with the index of every unit that the weight belongs to, so channels have an order without doubt. */
export function unitOrderedScores({ groups }: Prunable): ScoreOf {
  return ({ id, shape }, index) => {
    let score = 1;
    for (const { sites } of groups) {
      for (const { param, axis, unitOf } of sites) {
        if (param !== id) continue;
        const inner = sizeOf(shape.slice(axis + 1));
        score += Math.max(0, unitOf[Math.floor(index / inner) % shape[axis]]);
      }
    }
    return score;
  };
}
