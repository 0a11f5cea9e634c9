// WebGPU in Node for tests: npm `webgpu` on the software driver that Chromium brings.
import { execFileSync } from 'node:child_process';
import { accessSync, constants, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runInThisContext } from 'node:vm';
import { findChromium, REQUIRED } from './chromium.js';

const DRIVER = 'vk_swiftshader_icd.json';
function isThere(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** .ci/run sets both where there is a Chromium, whose driver these tests use: they must not be skipped there. */
export const WEBGPU_REQUIRED = process.env.CI === 'true' && REQUIRED;

/** Where Debian, and then Google, put it. */
export function findDriver(): string | undefined {
  const chromium = findChromium();
  const folders = ['/usr/lib/chromium', ...(chromium ? [dirname(realpathSync(chromium))] : []), '/opt/google/chrome'];
  return folders.map((folder) => join(folder, DRIVER)).find((path) => isThere(path));
}

interface Dawn {
  readonly globals: object;
  create(options: string[]): GPU;
}

/** The addon by its path: Jest cannot load the ES module in front of it. */
function addon(): string {
  const arch = process.platform === 'darwin' ? 'universal' : process.arch;
  return join(dirname(require.resolve('webgpu/package.json')), 'dist', `${process.platform}-${arch}`, 'dawn.node');
}

/** Jest gives tests a copy of the environment, which drivers do not see. */
const realProcess = () => runInThisContext('process') as NodeJS.Process;

const PROBE = `
  const { create } = require(process.argv[1]);
  create([]).requestAdapter().then((adapter) => process.exit(adapter ? 0 : 1));
`;

/** Why there is no software WebGPU here; undefined = there is. Asked in a process of its own, so that the answer is there at once. */
export function whyNoWebGpu(): string | undefined {
  const driver = findDriver();
  if (driver === undefined) return 'no software driver (Debian: apt-get install chromium libvulkan1)';
  const { env } = realProcess();
  env.VK_ICD_FILENAMES ??= driver;
  env.XDG_RUNTIME_DIR ??= tmpdir();
  try {
    execFileSync(process.execPath, ['-e', PROBE, addon()], { env, stdio: 'ignore', timeout: 30_000 });
    return undefined;
  } catch {
    return 'no adapter (Debian: apt-get install libvulkan1)';
  }
}

/** Makes navigator.gpu; to be called before tfjs-backend-webgpu is loaded. The function returned lets go of it, or Node goes on running. */
export function installWebGpu(): () => void {
  const webgpu = createRequire(__filename)(addon()) as Dawn;
  Object.assign(globalThis, webgpu.globals);
  if (globalThis.navigator === undefined) {
    Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'node' }, configurable: true });
  }
  const navigator = globalThis.navigator as { gpu?: GPU };
  Object.defineProperty(navigator, 'gpu', { value: webgpu.create([]), configurable: true });
  return () => {
    delete navigator.gpu;
  };
}
