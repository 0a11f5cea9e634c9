import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findDriver, WEBGPU_REQUIRED, whyNoWebGpu } from '../../../tools/testing/webgpu.js';
import { isFine } from './commands/doctor.js';
import { machineFacts, nodeComplaints, versionComplaints } from './doctor/machine.js';
import { espalier, readJson, scratch, tinyModel } from './testing.js';

const dir = scratch();
const tiny = tinyModel(dir, 'tiny');

/** On a machine whose Vulkan has no driver at all. */
const without = (...args: string[]) =>
  espalier(args, dir, { VK_ICD_FILENAMES: '/none.json', VK_DRIVER_FILES: '/none.json' });

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('without a GPU', () => {
  it.each([
    ['compare', ['compare', tiny, '--data', 'mnist', '-o', 'out', '--backends', 'cpu,webgpu']],
    ['prune', ['prune', tiny, '--dry-run', '--backend', 'webgpu']],
    ['bench', ['bench', tiny, '--backends', 'wasm,webgpu']],
  ])('%s on webgpu ends with 3, the reason and the fix', (_, args) => {
    const { code, stdout, stderr } = without(...args, '--json');
    expect(code).toBe(3);
    expect(stderr).toContain("the backend 'webgpu' does not run here");
    expect(stderr).not.toMatch(/vkCreateInstance|loader_get_json/);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'backend-unavailable',
      where: 'webgpu',
      fix: expect.stringMatching(/webgpu|driver/),
    });
  });

  it('auto takes wasm, and says so and why', () => {
    const { code, stderr } = without('prune', tiny, '--dry-run', '--backend', 'auto');
    expect(code).toBe(0);
    expect(stderr).toMatch(/backend wasm \(not webgpu: .+\)/);
  });

  it('doctor says what works and what does not, and that nothing needed is missing', () => {
    const { code, stdout } = without('doctor', '--json');
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report.healthy).toBe(true);
    const tfjs = { core: '4.22.0', layers: '4.22.0', converter: '4.22.0', 'backend-wasm': '4.22.0' };
    expect(report.machine).toMatchObject({ node: process.version, tfjs, complaints: [] });
    expect(report.backends.map(({ backend, works }: { backend: string; works: boolean }) => [backend, works])).toEqual([
      ['cpu', true],
      ['wasm', true],
      ['webgpu', false],
    ]);
    expect(report.backends[1].error).toBeLessThanOrEqual(1e-4);
    expect(report.backends[2]).toMatchObject({ reason: expect.any(String), fix: expect.any(String) });
  });
});

const missing = whyNoWebGpu();
const withSoftware = missing === undefined || WEBGPU_REQUIRED ? describe : describe.skip;

/** Programs compile in software, on a machine that may be busy. */
const SLOW = 300_000;

withSoftware(`on software WebGPU${missing === undefined ? '' : `: ${missing}`}`, () => {
  const gpu = (...args: string[]) => {
    const run = espalier(args, dir, { VK_ICD_FILENAMES: findDriver(), XDG_RUNTIME_DIR: dir });
    expect([run.code, run.stderr]).toEqual([0, expect.stringMatching(/SwiftShader|llvmpipe|software/)]);
    return run;
  };
  const data = join(dir, 'data.mjs');
  writeFileSync(
    data,
    `const part = (size, shape, from) => ({ x: Float32Array.from({ length: size * shape }, (_, i) => Math.abs(Math.sin(i * (i + from)))), y: Int32Array.from({ length: size }, (_, i) => i % 10), shape: [shape], classes: 10 });
     export default { train: part(32, 784, 0), test: part(32, 784, 9) };`,
  );

  it(
    'compare goes to the end on cpu, wasm and webgpu, on the sparse kernels, and says on what device',
    () => {
      const options = ['--strategies', 'unstructured,structured', '--sparsities', '0.9', '--values', 'float32'];
      const backends = ['--backends', 'cpu,wasm,webgpu', '--runs', '2'];
      const out = join(dir, 'report');
      const run = gpu('compare', 'lenet-300-100', '--data', data, '-o', out, ...options, ...backends);
      expect(run.stdout).toMatch(/cpu\s+wasm\s+webgpu/);
      const report = readJson(join(out, 'report.json'));
      expect(report.rows).toHaveLength(2);
      for (const { latency } of [report.dense, ...report.rows]) {
        expect(latency.map(({ ran }: { ran: string }) => ran)).toEqual(['cpu', 'wasm', 'webgpu']);
      }
      expect(report.notes).toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            text: expect.stringContaining('webgpu: pruned models run on @espalier/kernels-webgpu'),
          }),
          expect.objectContaining({
            text: expect.stringContaining('computes in software; its times say nothing about a GPU'),
          }),
        ]),
      );
    },
    SLOW,
  );

  it(
    'bench times the whole model and its layers, on wasm and webgpu in either order',
    () => {
      const run = gpu('bench', tiny, '--backends', 'webgpu,wasm', '--sparsities', '0,0.8', '--rounds', '2', '--json');
      const { backends, notes } = run.json();
      expect(notes).toEqual([expect.objectContaining({ text: expect.stringContaining('computes in software') })]);
      expect(backends.map(({ backend }: { backend: string }) => backend)).toEqual(['webgpu', 'wasm']);
      for (const { rows } of backends) {
        expect(rows.map(({ layers }: { layers: unknown[] }) => layers.length)).toEqual([2, 2]);
      }
    },
    SLOW,
  );

  it(
    'prune decides what it decides on cpu, byte by byte',
    () => {
      const plan = (name: string) => readFileSync(join(dir, name, 'pruning.plan'));
      gpu('prune', tiny, '-o', join(dir, 'on-webgpu'), '--sparsity', '0.7', '--backend', 'webgpu');
      espalier(['prune', tiny, '-o', join(dir, 'on-cpu'), '--sparsity', '0.7', '--backend', 'cpu']);
      expect(plan('on-webgpu').equals(plan('on-cpu'))).toBe(true);
    },
    SLOW,
  );

  it(
    'auto leaves software alone and says so; doctor checks it and says what it is',
    () => {
      expect(gpu('prune', tiny, '--dry-run', '--backend', 'auto').stderr).toMatch(
        /backend wasm \(not webgpu: its only adapter, .+, computes in software\)/,
      );
      const run = espalier(['doctor', '--json'], dir, { VK_ICD_FILENAMES: findDriver(), XDG_RUNTIME_DIR: dir });
      expect(run.stderr).toBe('');
      const webgpu = run.json().backends[2];
      expect(webgpu).toMatchObject({ backend: 'webgpu', works: true, adapter: { software: true } });
      expect(webgpu.error).toBeLessThanOrEqual(1e-4);
    },
    SLOW,
  );
});

test.each([
  [{ works: true, needed: true }, true],
  [{ works: false, needed: true }, false],
  [{ works: false, needed: false }, true],
  [{ works: false, needed: false, error: 0.5 }, false],
])('doctor: %o is fine: %s', (health, wanted) => {
  expect(isFine({ backend: 'webgpu', facts: [], ...health })).toBe(wanted);
});

test.each([
  ['v20.18.0', 1],
  ['v20.19.0', 0],
  ['v18.20.0', 1],
  ['v22.0.0', 0],
])('doctor: Node %s has %i complaints', (version, wanted) => {
  expect(nodeComplaints(version)).toHaveLength(wanted);
});

test('doctor: a TensorFlow.js of another version is complained about by its name', () => {
  expect(versionComplaints({ core: '4.22.0', layers: '4.21.0' })).toEqual([
    '@tensorflow/tfjs-layers is 4.21.0: the sparse kernels need 4.22',
  ]);
});

test('doctor: the versions that programs in the working folder run on, where they are others', () => {
  for (const [name, version] of [
    ['core', '4.20.0'],
    ['layers', '4.22.0'],
  ]) {
    const folder = join(dir, 'project', 'node_modules', '@tensorflow', `tfjs-${name}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: `@tensorflow/tfjs-${name}`, version }));
  }
  expect(machineFacts(join(dir, 'project'))).toMatchObject({ tfjsHere: { core: '4.20.0' } });
  expect(machineFacts(dir)).toMatchObject({ tfjsHere: {}, webgpu: expect.stringMatching(/^\d/) });
});
