// Exact selection of the lowest 90% of 10 million scores, against a full sort of the same typed array.
import assert from 'node:assert/strict';
import { countKept, seededRandom, selectLowest } from '@espalier/core';
import { interleave, machine, publish, ratios, spread } from './harness.mjs';

const SIZE = 10_000_000;
const COUNT = 9_000_000;

/** |w| of normally distributed weights (Box-Muller). */
function magnitudes(size, random) {
  return Float32Array.from({ length: size }, () =>
    Math.abs(Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())),
  );
}

const scores = magnitudes(SIZE, seededRandom(1));
const slices = [{ id: 'w', size: SIZE, read: async () => scores }];

const select = () => selectLowest(slices, COUNT);
const selectAndMask = async () => (await select()).mask('w');
const sort = () => scores.slice().sort()[COUNT - 1];

const cut = await select();
assert.equal(cut.threshold, sort());
assert.equal(countKept(await cut.mask('w')), SIZE - COUNT);

const samples = await interleave(
  { select: { run: select }, 'select + mask': { run: selectAndMask }, sort: { run: sort } },
  { rounds: 11 },
);
const perWeight = Object.fromEntries(
  Object.entries(samples).map(([name, times]) => [name, spread(times.map((ms) => (ms * 1e6) / SIZE))]),
);
publish({
  name: 'selection',
  what: 'the lowest 90% of 10 million float32 scores, exactly, against a full sort of a copy',
  unit: 'ns per weight',
  cases: perWeight,
  wanted: { case: 'select', below: 5 },
  ratio: { subject: 'select + mask', peer: 'sort', ...ratios(samples, 'select + mask', 'sort') },
  machine: machine(),
});
