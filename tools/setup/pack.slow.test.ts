import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const PICKED: Readonly<Record<string, string>> = {
  core: 'core',
  'adapter-kit': 'models/kit',
  'adapter-layers': 'models/layers',
  'scorer-magnitude': 'scorers/magnitude',
  'strategy-unstructured': 'strategies/unstructured',
};

// What a user writes who picks one adapter, one scorer and one strategy.
const PROJECT = `
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { prune } from '@espalier/core';
import { adaptLayers } from '@espalier/adapter-layers';
import { magnitude } from '@espalier/scorer-magnitude';
import { unstructured } from '@espalier/strategy-unstructured';
await tf.setBackend('cpu');
const model = tfl.sequential({ layers: [
  tfl.layers.dense({ units: 30, inputShape: [20], activation: 'relu' }),
  tfl.layers.dense({ units: 4, activation: 'softmax' }),
] });
const { params, sparsity } = await prune(adaptLayers(model), { scorer: magnitude(), strategy: unstructured(), sparsity: 0.75 });
const zeros = (await Promise.all(model.getWeights().map((w) => w.data()))).flatMap((w) => [...w]).filter((w) => w === 0).length;
console.log(JSON.stringify({ params, sparsity, zeros }));
`;

test('a project that installs the tarballs it needs prunes a model, with no other package of ours', () => {
  const dir = mkdtempSync(join(tmpdir(), 'espalier-scratch-'));
  const npm = (...args: string[]) =>
    execFileSync('npm', args, { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    const tarballs = Object.entries(PICKED).map(([name, folder]) => {
      npm('pack', '--silent', '--pack-destination', dir, join(root, 'packages', folder));
      return readdirSync(dir).find((file) => file.startsWith(`espalier-${name}-`))!;
    });
    const tfjs = Object.fromEntries(
      ['core', 'layers', 'backend-cpu'].map((name) => [`@tensorflow/tfjs-${name}`, '4.22.0']),
    );
    const ours = Object.fromEntries(Object.keys(PICKED).map((name, i) => [`@espalier/${name}`, `file:${tarballs[i]}`]));
    writeFileSync(
      join(dir, 'package.json'),
      JSON.stringify({ name: 'scratch', private: true, type: 'module', dependencies: { ...tfjs, ...ours } }),
    );
    writeFileSync(join(dir, 'main.js'), PROJECT);
    npm('install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts');
    expect(readdirSync(join(dir, 'node_modules', '@espalier')).sort()).toEqual(Object.keys(PICKED).sort());
    const printed = JSON.parse(execFileSync(process.execPath, ['main.js'], { cwd: dir, encoding: 'utf8' }));
    // 720 kernel weights, of which 540 go, and 34 biases that start at zero.
    expect(printed).toEqual({
      params: { total: 754, prunable: 720, kept: 214 },
      sparsity: { requested: 0.75, achieved: 0.75 },
      zeros: 574,
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
