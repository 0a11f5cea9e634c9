import { type Bits, checkGranularity, countKept, isEspalierError, isKept, sizeOf } from '@espalier/core';
import { type Law, law, rejection } from './law.js';
import {
  bytesOf,
  type Cell,
  cellsOf,
  checkCount,
  contests,
  decide,
  entriesOf,
  layersOf,
  readAgain,
  sparsitiesOf,
  type StrategySubject,
  tryOn,
} from './strategy-decision.js';
import {
  drawnScores,
  equalScores,
  type Prunable,
  type ScoreOf,
  selectionOf,
  unitOrderedScores,
} from './strategy-fixture.js';

const named = law<StrategySubject>('has a name that prints', async ({ make }, claim) => {
  const { name } = make();
  claim(typeof name === 'string' && name.length > 0, () => `got ${String(name)}`);
  claim(!/\p{C}/u.test(name), () => `${JSON.stringify(name)} has characters that do not print`);
});

const wellFormed = law<StrategySubject>('gives masks of the right length, unused bits zero', async (subject, claim) => {
  const { params, groups, branches = [] } = layersOf(subject);
  const decision = await tryOn(subject, drawnScores, sparsitiesOf(subject)[0]);
  claim(entriesOf(decision).length > 0, () => 'the plan decides nothing');
  for (const [id, bits] of entriesOf(decision)) {
    const group = [...groups, ...branches].find((g) => `group ${g.id}` === id);
    const param = params.find((p) => p.id === id);
    const size = param ? sizeOf(param.shape) : group?.size;
    claim(size !== undefined, () => `'${id}' is not in the selection`);
    claim(bits.length === size, () => `'${id}' has ${size} entries and got ${bits.length} bits`);
    claim(bits.bytes.length === (bits.length + 7) >> 3, () => `'${id}' has ${bits.bytes.length} bytes`);
    const rest = bits.length & 7;
    const spare = rest === 0 ? 0 : bits.bytes[bits.bytes.length - 1] >> rest;
    claim(spare === 0, () => `'${id}' sets bits past its end`);
  }
});

const described = law<StrategySubject>('describes its granularity, and keeps to it', async (subject, claim) => {
  for (const sparsity of sparsitiesOf(subject)) {
    const decision = await tryOn(subject, drawnScores, sparsity);
    const { granularity } = decision.plan;
    claim(granularity !== undefined, () => 'the plan has no granularity');
    const error = await rejection(async () => checkGranularity(granularity, 'the plan'));
    claim(error === undefined, () => String(error));
    for (const [id, mask] of decision.masks)
      for (const cell of cellsOf(
        decision,
        layersOf(subject).params.find((p) => p.id === id)!,
      )) {
        const isWhole = cell.every((i) => isKept(mask, i) === isKept(mask, cell[0]));
        claim(isWhole, () => `'${id}' keeps a part of the cell at index ${cell[0]}`);
      }
  }
});

const exact = law<StrategySubject>('prunes the exact count', async (subject, claim) => {
  for (const sparsity of sparsitiesOf(subject)) {
    const selection = selectionOf(layersOf(subject), drawnScores, { sparsity });
    checkCount(subject, selection, await decide(subject.make(), selection), claim);
  }
});

const lowest = law<StrategySubject>('prunes the lowest scores', async (subject, claim) => {
  const layers = layersOf(subject);
  for (const sparsity of sparsitiesOf(subject)) {
    const weights = await tryOn(subject, drawnScores, sparsity);
    for (const [id, mask] of weights.masks) {
      const param = layers.params.find((p) => p.id === id)!;
      for (const cells of contests(weights, param)) {
        const scoreOf = (cell: Cell) => cell.reduce((sum, i) => sum + drawnScores(param, i), 0);
        const of = (kept: boolean) => cells.filter(([i]) => isKept(mask, i) === kept).map(scoreOf);
        const [highestPruned, lowestKept] = [Math.max(...of(false)), Math.min(...of(true))];
        claim(highestPruned <= lowestKept, () => `'${id}' pruned ${highestPruned} and kept ${lowestKept}`);
      }
    }
    // Units in the order of their index: what is kept must be the upper end of each group.
    for (const [id, bits] of Object.entries((await tryOn(subject, unitOrderedScores(layers), sparsity)).plan.units))
      for (let i = 1; i < bits.length; i++)
        claim(!isKept(bits, i - 1) || isKept(bits, i), () => `'${id}' keeps unit ${i - 1}, not the better unit ${i}`);
  }
});

const ties = law<StrategySubject>('keeps the lower index among equal scores', async (subject, claim) => {
  for (const sparsity of sparsitiesOf(subject)) {
    const decision = await tryOn(subject, equalScores, sparsity);
    const prefix = (id: string, bits: Bits, indices: number[]) => {
      const at = indices.findIndex((index, i) => i > 0 && isKept(bits, index) && !isKept(bits, indices[i - 1]));
      claim(at < 0, () => `'${id}' keeps index ${indices[at]} and prunes ${indices[at - 1]}`);
    };
    for (const [id, bits] of decision.masks)
      for (const cells of contests(
        decision,
        layersOf(subject).params.find((p) => p.id === id)!,
      ))
        prefix(
          id,
          bits,
          cells.map(([first]) => first),
        );
    for (const [id, bits] of Object.entries(decision.plan.units))
      prefix(
        id,
        bits,
        Array.from({ length: bits.length }, (_, i) => i),
      );
  }
});

const nothing = law<StrategySubject>('keeps everything at sparsity 0', async (subject, claim) => {
  if (subject.make().sparsity !== undefined) return;
  const decision = await tryOn(subject, drawnScores, 0);
  for (const [id, bits] of entriesOf(decision))
    claim(countKept(bits) === bits.length, () => `'${id}' lost ${bits.length - countKept(bits)}`);
});

const guarded = law<StrategySubject>('never empties the network', async (subject, claim) => {
  if (subject.make().sparsity !== undefined) return;
  const error = await rejection(async () => {
    const { plan, masks } = await tryOn(subject, drawnScores, 1);
    const kept = Array.from(masks.values()).reduce((sum, bits) => sum + countKept(bits), 0);
    claim(masks.size === 0 || kept > 0, () => 'sparsity 1 keeps no weight');
    // A branch may go as a whole: what it was added to stays.
    for (const { id } of layersOf(subject).groups)
      claim(
        !Object.hasOwn(plan.units, id) || countKept(plan.units[id]) > 0,
        () => `sparsity 1 keeps no channel of '${id}'`,
      );
  });
  if (error !== undefined && !isEspalierError(error)) throw error as unknown;
});

const deterministic = law<StrategySubject>('decides the same when asked again', async (subject, claim) => {
  const sparsity = sparsitiesOf(subject)[0];
  const first = await tryOn(subject, drawnScores, sparsity);
  claim(bytesOf(first) === bytesOf(await tryOn(subject, drawnScores, sparsity)), () => 'the same scores, another plan');
  for (const id of [...first.plan.params].reverse()) {
    const again = await first.plan.mask(id);
    const same = again.bytes.every((byte, i) => byte === first.masks.get(id)!.bytes[i]);
    claim(same, () => `the mask of '${id}' changed when it was asked for again`);
  }
});

const monotone = law<StrategySubject>(
  'keeps pruned what an earlier plan pruned, and counts it',
  async (subject, claim) => {
    const all = sparsitiesOf(subject);
    const [low, high] = [all[0], all[all.length - 1]];
    const earlier = await tryOn(subject, drawnScores, low);
    const before = bytesOf(earlier);
    // What was pruned has the best scores now, so only the earlier plan keeps it down.
    const reversed: ScoreOf = (param, index) => 1 - drawnScores(param, index);
    const selection = selectionOf(layersOf(subject), reversed, { sparsity: high, previous: earlier.plan });
    const later = await decide(subject.make(), selection);
    const laterBits = new Map(entriesOf(later));
    for (const [id, bits] of entriesOf(earlier)) {
      const now = laterBits.get(id);
      claim(now !== undefined, () => `'${id}' has no mask any more`);
      for (let i = 0; i < bits.length; i++)
        claim(isKept(bits, i) || !isKept(now!, i), () => `'${id}' brought entry ${i} back`);
    }
    checkCount(subject, selection, later, claim);
    claim(bytesOf(await readAgain(earlier)) === before, () => 'it changed the earlier plan');
  },
);

const ignores = law<StrategySubject>('leaves alone what is protected or has no scores', async (subject, claim) => {
  const { params, groups, branches = [] } = layersOf(subject);
  const { plan } = await tryOn(subject, drawnScores, sparsitiesOf(subject)[0]);
  for (const { id, skip } of params) {
    const why = skip?.text ?? (id.startsWith('unscored/') ? 'no scores' : undefined);
    claim(why === undefined || !plan.params.includes(id), () => `it decided on '${id}' (${why})`);
  }
  for (const { id, skip } of [...groups, ...branches])
    claim(skip === undefined || !Object.hasOwn(plan.units, id), () => `it decided on group '${id}' (${skip?.text})`);
});

const refusesUnlisted = law<StrategySubject>('rejects a mask that the plan does not list', async (subject, claim) => {
  const { plan } = await tryOn(subject, drawnScores, sparsitiesOf(subject)[0]);
  const error = await rejection(() => plan.mask('no such parameter'));
  claim(error !== undefined, () => 'it gave a mask');
  claim(isEspalierError(error), () => `wanted an error of @espalier/core, got ${String(error)}`);
});

const refusesNaN = law<StrategySubject>('refuses scores that are NaN, by name', async (subject, claim) => {
  const broken: ScoreOf = (param, index) => (param.id === 'b/kernel' && index === 5 ? NaN : drawnScores(param, index));
  const target = layersOf(subject).params.some((p) => p.id === 'b/kernel') ? broken : () => NaN;
  const error = await rejection(() => tryOn(subject, target, sparsitiesOf(subject)[0]));
  claim(error !== undefined, () => 'it made a plan from them');
  claim(isEspalierError(error), () => `wanted an error of @espalier/core, got ${String(error)}`);
  claim(isEspalierError(error) && error.where !== undefined, () => 'the error does not say where');
});

const refusesNothing = law<StrategySubject>('says why when nothing may be pruned', async (subject, claim) => {
  const { params, groups, branches = [] } = layersOf(subject);
  const layers: Prunable = {
    params: params.map((p) => ({ ...p, skip: { text: 'left out by hand' } })),
    groups: groups.map((g) => ({ ...g, skip: { text: 'left out by hand' } })),
    branches: branches.map((b) => ({ ...b, skip: { text: 'left out by hand' } })),
  };
  const error = await rejection(() => tryOn({ ...subject, layers }, drawnScores, sparsitiesOf(subject)[0]));
  claim(error !== undefined, () => 'it made a plan');
  claim(isEspalierError(error), () => `wanted an error of @espalier/core, got ${String(error)}`);
  claim(String(error).includes('left out by hand'), () => `the reason is not in the message: ${String(error)}`);
});

const refusesSparsity = law<StrategySubject>('refuses a sparsity outside [0, 1]', async (subject, claim) => {
  if (subject.make().sparsity !== undefined) return;
  for (const sparsity of [-0.1, 1.1, NaN]) {
    const error = await rejection(() => tryOn(subject, drawnScores, sparsity));
    claim(isEspalierError(error), () => `${sparsity}: wanted an error of @espalier/core, got ${String(error)}`);
  }
});

export const STRATEGY_LAWS: readonly Law<StrategySubject>[] = [
  named,
  wellFormed,
  described,
  exact,
  lowest,
  ties,
  nothing,
  guarded,
  deterministic,
  monotone,
  ignores,
  refusesUnlisted,
  refusesNaN,
  refusesNothing,
  refusesSparsity,
];
