import { InputError } from '@espalier/core';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';

/** The version of npm `webgpu` that this is tested with; it is optional, since it is large. */
export const WEBGPU_VERSION = '0.6.2';

/** What is told of an adapter. */
export interface AdapterFacts {
  readonly name: string;
  /** It computes on the CPU: right, but no measure of a GPU. */
  readonly software: boolean;
  readonly timestamps: boolean;
  readonly limits: { readonly bufferBytes: number; readonly workgroupBytes: number; readonly workgroupThreads: number };
}

interface Dawn {
  readonly globals: object;
  create(options: string[]): GPU;
}

let opened: Promise<AdapterFacts> | undefined;

/** Makes navigator.gpu out of npm `webgpu`; throws an InputError with code 'backend-unavailable' that says why there is none. */
export const openWebGpu = (): Promise<AdapterFacts> => (opened ??= open());

async function open(): Promise<AdapterFacts> {
  // Drivers on Linux complain on stderr where nobody has set it.
  if (process.platform === 'linux') process.env.XDG_RUNTIME_DIR ??= tmpdir();
  const webgpu = await load();
  const probed = await probe();
  if (probed.error !== undefined) throw unavailable(`npm webgpu finds no way to a GPU: ${probed.error}`, DRIVER);
  if (!probed.there) throw withoutAdapter();
  const gpu = webgpu.create([]);
  const adapter = await gpu.requestAdapter(WANTED);
  if (!adapter) throw withoutAdapter();
  Object.assign(globalThis, webgpu.globals);
  // Node 20 has no navigator.
  if (globalThis.navigator === undefined) {
    Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'node' }, configurable: true });
  }
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  return factsOf(adapter);
}

const WANTED: GPURequestAdapterOptions = { powerPreference: 'high-performance' };

interface Probed {
  readonly there?: boolean;
  readonly error?: string;
}

const PROBE = `
  const say = (outcome) => console.log(JSON.stringify(outcome));
  try {
    const { create } = await import(process.argv[1]);
    say({ there: (await create([]).requestAdapter(${JSON.stringify(WANTED)})) !== null });
  } catch (error) {
    say({ error: String(error?.message ?? error).split('\\n')[0] });
  }
  process.exit(0);`;

/** Asks in a process of its own first: without a GPU drivers write to stderr, and a broken one takes its process with it. */
function probe(): Promise<Probed> {
  const args = ['--input-type=module', '-e', PROBE, import.meta.resolve('webgpu')];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: PROBE_MS }, (error, stdout) => {
      if (stdout !== '') return resolve(JSON.parse(stdout) as Probed);
      const how = error?.signal ? `was ended by ${error.signal}` : `ended with ${String(error?.code)}`;
      resolve({ error: `a process that asks for an adapter ${how}` });
    });
  });
}

const PROBE_MS = 30_000;

const withoutAdapter = () =>
  unavailable(
    'WebGPU finds no adapter: there is no GPU here, or its driver lacks Vulkan, Metal or Direct3D 12',
    DRIVER,
  );

/** Nothing that Node waits for is left. */
export function releaseWebGpu(): void {
  if (opened && globalThis.navigator) delete (globalThis.navigator as { gpu?: GPU }).gpu;
  opened = undefined;
}

const DRIVER = "install the GPU's driver (on Linux with Vulkan: libvulkan1), or use --backend wasm";

async function load(): Promise<Dawn> {
  const name = 'webgpu';
  try {
    return (await import(name)) as Dawn;
  } catch (error) {
    const missing = (error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND';
    const found = missing
      ? 'the optional package webgpu is not installed'
      : `the package webgpu cannot be loaded: ${firstLine(error)}`;
    throw unavailable(found, `npm install webgpu@${WEBGPU_VERSION}, or use --backend wasm`, error);
  }
}

const firstLine = (error: unknown) => (error instanceof Error ? error.message : String(error)).split('\n')[0];

export const unavailable = (found: string, fix: string, cause?: unknown) =>
  new InputError('backend-unavailable', `the backend 'webgpu' does not run here: ${found}; ${fix}`, {
    where: 'webgpu',
    wanted: 'a WebGPU adapter',
    found,
    fix,
    cause,
  });

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|basic render|warp/i;

function factsOf({ info, features, limits }: GPUAdapter): AdapterFacts {
  const said = [info.vendor, info.architecture, info.device, info.description].filter((text) => text !== '');
  const fallback = (info as { isFallbackAdapter?: boolean }).isFallbackAdapter === true;
  return {
    name: info.description || said.join(' ') || 'unnamed',
    software: fallback || said.some((text) => SOFTWARE.test(text)),
    timestamps: features.has('timestamp-query'),
    limits: {
      bufferBytes: Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize),
      workgroupBytes: limits.maxComputeWorkgroupStorageSize,
      workgroupThreads: limits.maxComputeInvocationsPerWorkgroup,
    },
  };
}
