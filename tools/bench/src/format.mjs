// The compact file: the size of every part beside the order-0 entropy of positions and values, and the speed of decoding.
import assert from 'node:assert/strict';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { seededRandom } from '@espalier/core';
import { decodeEspalier, encodeWithReport } from '@espalier/format';
import { interleave, machine, publish, ratios, spread } from './harness.mjs';

const [DEPTH, WIDTH] = [1024, 1024];
const SIZE = DEPTH * WIDTH;
const topology = { class_name: 'Sequential', config: { name: 'bench', layers: [] } };
const brotli = (bytes) =>
  brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });

/** Normally distributed weights; `keep` decides by a random number and an index. */
function weights(keep) {
  const random = seededRandom(1);
  const out = new Float32Array(SIZE);
  for (let i = 0; i < SIZE; i++) {
    const value = 0.05 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    if (keep(random(), i)) out[i] = value;
  }
  return out;
}

/** Two random ones of every four inputs. */
function twoOfFour() {
  const random = seededRandom(2);
  const pairs = [3, 5, 6, 9, 10, 12];
  const groups = Array.from({ length: SIZE / 4 }, () => pairs[Math.floor(random() * 6)]);
  return (_, i) =>
    ((groups[Math.floor(i / (4 * WIDTH)) * WIDTH + (i % WIDTH)] >> (Math.floor(i / WIDTH) % 4)) & 1) === 1;
}

const sparse = (sparsity) => (random) => random >= sparsity;
const KERNELS = {
  dense: () => true,
  '2:4': twoOfFour(),
  '80%': sparse(0.8),
  '90%': sparse(0.9),
  '95%': sparse(0.95),
  '98%': sparse(0.98),
};

const sizes = [];
const cases = {};
for (const [label, keep] of Object.entries(KERNELS)) {
  const data = weights(keep);
  const raw = new Uint8Array(data.buffer);
  const plain = { raw: raw.length, gzip: gzipSync(raw, { level: 9 }).length, brotli: brotli(raw).length };
  for (const values of ['float32', 'int8', 'codebook']) {
    const artifacts = {
      modelTopology: topology,
      weightSpecs: [{ name: 'k', shape: [DEPTH, WIDTH], dtype: 'float32' }],
      weightData: data.buffer,
    };
    const { bytes, headerBytes, tensors } = encodeWithReport(artifacts, { values });
    const [tensor] = tensors;
    if (values === 'float32') {
      assert.deepEqual(Buffer.from(decodeEspalier(bytes).weightData), Buffer.from(data.buffer));
    }
    const { entropy } = tensor;
    // Scales and the codebook are no draws of anything; they are apart.
    const coded = tensor.positionBytes + tensor.valueBytes - tensor.tableBytes;
    sizes.push({
      kernel: label,
      values,
      ...plain,
      compact: bytes.length,
      header: headerBytes,
      positions: tensor.positions,
      positionBytes: tensor.positionBytes,
      valueBytes: tensor.valueBytes - tensor.tableBytes,
      tableBytes: tensor.tableBytes,
      entropy,
      overEntropy: coded / (entropy.positions + entropy.values) - 1,
    });
    cases[`${label} ${values}`] = { run: () => void decodeEspalier(bytes) };
  }
  cases[`${label} copy`] = { run: () => void raw.slice() };
}

const percent = (x) => `${(100 * x).toFixed(2)}%`;
console.error(
  `  a kernel of ${DEPTH} × ${WIDTH}, bytes; entropy is of order 0, of positions and of the symbols that are coded`,
);
console.error(
  `  ${['kernel', 'values', 'raw', 'gzip -9', 'brotli -11', 'compact', 'positions', 'values', 'tables', 'entropy', 'over it'].map((h) => h.padStart(10)).join(' ')}`,
);
for (const s of sizes) {
  const cells = [
    s.kernel,
    s.values,
    s.raw,
    s.gzip,
    s.brotli,
    s.compact,
    s.positionBytes,
    s.valueBytes,
    s.tableBytes,
    Math.round(s.entropy.positions + s.entropy.values),
    percent(s.overEntropy),
  ];
  console.error(`  ${cells.map((c) => String(c).padStart(10)).join(' ')}`);
}

const samples = await interleave(cases, { rounds: 7, warmup: 3 });
const speed = Object.fromEntries(
  Object.entries(samples)
    .filter(([name]) => !name.endsWith('copy'))
    .map(([name, times]) => [name, spread(times.map((ms) => (4 * SIZE) / 1e3 / ms))]),
);
publish({
  name: 'format',
  what: 'decoding compact files into dense float32, on one core',
  unit: 'MB/s',
  cases: speed,
  wanted: { case: 'dense float32', atLeast: 200 },
  sizes,
  ratio: { subject: '90% float32', peer: 'dense float32', ...ratios(samples, '90% float32', 'dense float32') },
  machine: machine(),
});
