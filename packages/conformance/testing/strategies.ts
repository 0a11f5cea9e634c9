import {
  type Bits,
  bitsFrom,
  CHANNELS,
  checkFiniteScores,
  checkSparsity,
  eligibleParams,
  type Grid,
  gridOf,
  isKept,
  lazyPlan,
  memoryPlan,
  nmGranularity,
  nothingToPrune,
  whyNotChosen,
  pruneCount,
  selectLowest,
  sliceOf,
  sizeOf,
  type Strategy,
  WEIGHTS,
} from '@espalier/core';

/** Right in every way: the lowest weights of the whole network go. */
export function weights(): Strategy {
  return {
    name: 'weights',
    async select(selection) {
      const params = eligibleParams(selection);
      const slices = await Promise.all(params.map((p) => sliceOf(selection, p)));
      const total = slices.reduce((sum, { size }) => sum + size, 0);
      const cut = await selectLowest(slices, pruneCount(total, selection.sparsity));
      return lazyPlan({ params: params.map((p) => p.id), units: {}, granularity: WEIGHTS }, (id) => cut.mask(id));
    },
  };
}

/** Right too: of two neighbours along the input axis the better one stays. */
export function oneOfTwo(): Strategy {
  return {
    name: '1:2',
    sparsity: 0.5,
    async select(selection) {
      const masks: Record<string, Bits> = {};
      for (const { id, shape } of eligibleParams(selection)) {
        const scores = await selection.scores.read(id);
        checkFiniteScores(id, scores);
        const better = bitsFrom(scores.length, (i) => {
          const first = Math.floor(i / shape[1]) % 2 === 0;
          return first ? scores[i] >= scores[i + shape[1]] : scores[i] > scores[i - shape[1]];
        });
        masks[id] = (await selection.previous?.mask(id)) ?? better;
      }
      return memoryPlan({ masks, granularity: nmGranularity(1, 2) });
    },
  };
}

/** Right too: the lowest channels of the whole network go, by the summed score of what they produce; one per layer stays. */
export function channels(): Strategy {
  return {
    name: 'channels',
    async select({ params, groups, scores, sparsity, previous }) {
      checkSparsity(sparsity);
      const open = groups.filter((g) => g.skip === undefined);
      if (open.length === 0) throw nothingToPrune(groups.map(whyNotChosen));
      const all: { group: number; unit: number; score: number }[] = [];
      for (const [group, { id, size, sites }] of open.entries()) {
        const values = await scores.read(sites[0].param);
        checkFiniteScores(sites[0].param, values);
        const width = params.find((p) => p.id === sites[0].param)!.shape[1];
        for (let unit = 0; unit < size; unit++) {
          const gone = previous && !isKept(previous.units[id], unit);
          all.push({
            group,
            unit,
            score: gone ? -Infinity : values.reduce((t, v, i) => t + (i % width === unit ? v : 0), 0),
          });
        }
      }
      all.sort((a, b) => a.score - b.score || b.group - a.group || b.unit - a.unit);
      const left = open.map((g) => g.size);
      const gone = new Set<string>();
      for (const { group, unit } of all)
        if (left[group] > 1 && gone.size < pruneCount(all.length, sparsity)) {
          left[group]--;
          gone.add(`${group} ${unit}`);
        }
      const bits = open.map(({ id, size }, g) => [id, bitsFrom(size, (unit) => !gone.has(`${g} ${unit}`))]);
      return memoryPlan({ units: Object.fromEntries(bits), granularity: CHANNELS });
    },
  };
}

export const SQUARES = { kind: 'squares', name: '2×2 squares', cell: { inputs: 2, outputs: 2 } };

/** Right too, and of a granularity that nobody knows: squares of 2×2 weights, the lowest sums of the whole network. */
export function squares(): Strategy {
  const granularity = SQUARES;
  return {
    name: 'squares',
    async select(selection) {
      const params = eligibleParams(selection);
      const gone = async (id: string, { first, within }: Grid) => {
        const mask = selection.previous && (await selection.previous.mask(id));
        return mask && bitsFrom(first.length, (b) => within.some((offset) => isKept(mask, first[b] + offset)));
      };
      const slices = params.map(async (param) => {
        const grid = gridOf(param, granularity.cell);
        const { first, within } = grid;
        const previous = await gone(param.id, grid);
        const read = async () => {
          const scores = await selection.scores.read(param.id);
          return Float32Array.from(first, (at) => within.reduce((sum, offset) => sum + scores[at + offset], 0));
        };
        return { id: param.id, size: first.length, read, ...(previous && { previous }) };
      });
      const all = await Promise.all(slices);
      const cut = await selectLowest(
        all,
        pruneCount(
          all.reduce((sum, { size }) => sum + size, 0),
          selection.sparsity,
        ),
      );
      return lazyPlan({ params: params.map(({ id }) => id), units: {}, granularity }, async (id) => {
        const param = params.find((p) => p.id === id)!;
        const { boxOf } = gridOf(param, granularity.cell);
        const mask = await cut.mask(id);
        return bitsFrom(sizeOf(param.shape), (i) => isKept(mask, boxOf(i)));
      });
    },
  };
}
