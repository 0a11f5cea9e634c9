import { version_converter } from '@tensorflow/tfjs-converter';
import { version_core } from '@tensorflow/tfjs-core';
import { version_layers } from '@tensorflow/tfjs-layers';
import { freemem, totalmem } from 'node:os';
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
  readonly tfjs: Readonly<Record<string, string>>;
  /** What is not as it should be. */
  readonly complaints: readonly string[];
}

export function machineFacts(): MachineFacts {
  const { node, platform, cpu, cores } = machine(version_core);
  const tfjs = { core: version_core, layers: version_layers, converter: version_converter };
  return {
    node,
    platform,
    cpu,
    cores,
    memory: { totalBytes: totalmem(), freeBytes: freemem() },
    tfjs,
    complaints: [...nodeComplaints(node), ...versionComplaints(tfjs)],
  };
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
