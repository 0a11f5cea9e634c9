import { version_core } from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { freemem, totalmem } from 'node:os';
import { pathToFileURL } from 'node:url';
import { machine } from '../about.js';

/** The only version whose insides the sparse kernels know. */
export const TFJS_WANTED = '4.22';

const OLDEST_NODE = [20, 19];

export interface MachineFacts {
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memory: { readonly totalBytes: number; readonly freeBytes: number };
  /** The versions of the packages @tensorflow/tfjs-… that Espalier runs on. */
  readonly tfjs: Readonly<Record<string, string>>;
  /** Of those that programs in the working folder get, where they are others. */
  readonly tfjsHere: Readonly<Record<string, string>>;
  /** The version of npm webgpu; absent = it is not installed. */
  readonly webgpu?: string;
  /** What is not as it should be. */
  readonly complaints: readonly string[];
}

/** The packages of TensorFlow.js that a program may run. */
const TFJS = [
  'core',
  'layers',
  'converter',
  'data',
  'backend-cpu',
  'backend-wasm',
  'backend-webgl',
  'backend-webgpu',
  'node',
  'node-gpu',
];

export function machineFacts(folder: string = process.cwd()): MachineFacts {
  const { node, platform, cpu, cores } = machine(version_core);
  const [own, here] = [import.meta.url, pathToFileURL(`${folder}/any.js`).href];
  const tfjs = tfjsFrom(own);
  const others = Object.entries(tfjsFrom(here)).filter(([name, version]) => version !== tfjs[name]);
  const tfjsHere = Object.fromEntries(others);
  const webgpu = versionOf('webgpu', own);
  return {
    node,
    platform,
    cpu,
    cores,
    memory: { totalBytes: totalmem(), freeBytes: freemem() },
    tfjs,
    tfjsHere,
    ...(webgpu !== undefined && { webgpu }),
    complaints: [...nodeComplaints(node), ...versionComplaints(tfjs)],
  };
}

function tfjsFrom(url: string): Record<string, string> {
  const found = TFJS.map((name) => [name, versionOf(`@tensorflow/tfjs-${name}`, url)] as const);
  return Object.fromEntries(found.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
}

/** The version of a package as a module there would get it; undefined = it would get none. */
function versionOf(name: string, url: string): string | undefined {
  try {
    const path = createRequire(url).resolve(`${name}/package.json`);
    return (JSON.parse(readFileSync(path, 'utf8')) as { version?: string }).version;
  } catch {
    return undefined;
  }
}

export function nodeComplaints(node: string): string[] {
  const [major, minor] = node.replace('v', '').split('.').map(Number);
  const [least, patch] = OLDEST_NODE;
  return major > least || (major === least && minor >= patch)
    ? []
    : [`Node ${node} is older than ${OLDEST_NODE.join('.')}: install a newer one`];
}

export const versionComplaints = (tfjs: Readonly<Record<string, string>>): string[] =>
  Object.entries(tfjs)
    .filter(([, version]) => !version.startsWith(`${TFJS_WANTED}.`))
    .map(([name, version]) => `@tensorflow/tfjs-${name} is ${version}: the sparse kernels need ${TFJS_WANTED}`);
