import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { isFine } from './commands/doctor.js';
import { nodeComplaints, versionComplaints } from './doctor/machine.js';
import { scratch, tinyModel } from './testing.js';

const BIN = join(__dirname, '..', 'bin', 'espalier.js');
const dir = scratch();
const tiny = tinyModel(dir, 'tiny');

/** On a machine whose Vulkan has no driver at all. */
function without(...args: string[]) {
  const env = { ...process.env, NO_COLOR: '1', VK_ICD_FILENAMES: '/none.json', VK_DRIVER_FILES: '/none.json' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], { cwd: dir, encoding: 'utf8', env });
  return { code: status, stdout, stderr };
}

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('without a GPU', () => {
  it.each([
    ['prune', ['prune', tiny, '--dry-run', '--backend', 'webgpu']],
    ['bench', ['bench', tiny, '--backends', 'wasm,webgpu']],
  ])('%s on webgpu ends with 3, the reason and the fix', (_, args) => {
    const { code, stdout, stderr } = without(...args, '--json');
    expect(code).toBe(3);
    expect(stderr).toContain("the backend 'webgpu' does not run here");
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
    expect(report.machine).toMatchObject({ node: process.version, tfjs: { core: '4.22.0' }, complaints: [] });
    expect(report.backends.map(({ backend, works }: { backend: string; works: boolean }) => [backend, works])).toEqual([
      ['cpu', true],
      ['wasm', true],
      ['webgpu', false],
    ]);
    expect(report.backends[1].error).toBeLessThanOrEqual(1e-4);
    expect(report.backends[2]).toMatchObject({ reason: expect.any(String), fix: expect.any(String) });
  });
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
