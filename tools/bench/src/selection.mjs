// Exact selection of the lowest 90% of 10 million scores in JavaScript and in WebAssembly, against a full sort of the same typed array;
// and in WebAssembly of 100 million.
import assert from 'node:assert/strict';
import { countKept, seededRandom, selectLowest } from '@espalier/core';
import { selectLowestWasm } from '@espalier/kernels-wasm/select';
import { interleave, machine, publish, ratios, spread } from './harness.mjs';

const SIZE = 10_000_000;
const COUNT = 9_000_000;

/** |w| of normally distributed weights (Box-Muller). */
function magnitudes(size, random) {
  return Float32Array.from({ length: size }, () =>
    Math.abs(Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())),
  );
}

const LARGE = 100_000_000;

const scores = magnitudes(SIZE, seededRandom(1));
const slice = (values) => [{ id: 'w', size: values.length, read: async () => values }];
const slices = slice(scores);

const select = () => selectLowest(slices, COUNT);
const selectAndMask = async () => (await select()).mask('w');
const wasm = () => selectLowestWasm(slices, COUNT);
const wasmAndMask = async () => (await wasm()).mask('w');
const sort = () => scores.slice().sort()[COUNT - 1];

const [cut, same] = [await select(), await wasm()];
assert.equal(cut.threshold, sort());
assert.equal(same.threshold, cut.threshold);
assert.equal(countKept(await cut.mask('w')), SIZE - COUNT);
assert.deepEqual(await same.mask('w'), await cut.mask('w'));

const samples = await interleave(
  {
    select: { run: select },
    'select + mask': { run: selectAndMask },
    wasm: { run: wasm },
    'wasm + mask': { run: wasmAndMask },
    sort: { run: sort },
  },
  { rounds: 11 },
);
// Ten times over the same values, scaled, so that no two tenths are alike.
const large = Float32Array.from({ length: LARGE }, (_, i) => scores[i % SIZE] * (0.5 + ((i * 0.618) % 1)));
const largeSlices = slice(large);
const largeCut = await selectLowest(largeSlices, 0.9 * LARGE);
assert.equal((await selectLowestWasm(largeSlices, 0.9 * LARGE)).threshold, largeCut.threshold);
const largeSamples = await interleave(
  { 'wasm, 100M': { run: () => selectLowestWasm(largeSlices, 0.9 * LARGE) } },
  { rounds: 7, warmup: 1 },
);

const perWeight = (times, size) => spread(times.map((ms) => (ms * 1e6) / size));
publish({
  name: 'selection',
  what: 'the lowest 90% of 10 million float32 scores, exactly, against a full sort of a copy',
  unit: 'ns per weight',
  cases: {
    ...Object.fromEntries(Object.entries(samples).map(([name, times]) => [name, perWeight(times, SIZE)])),
    'wasm, 100M': perWeight(largeSamples['wasm, 100M'], LARGE),
  },
  wanted: { case: 'select', below: 5 },
  ratio: { subject: 'select + mask', peer: 'sort', ...ratios(samples, 'select + mask', 'sort') },
  ratios: { 'wasm against select': ratios(samples, 'wasm', 'select') },
  machine: machine(),
});
