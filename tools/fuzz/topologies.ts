// Models that are nearly right for the adapters: random networks, in whose topology and manifest a few values are changed, with the
// weights that belonged to them. A reader here is all that validate does: the strict reader, TensorFlow.js, the adapter.
import { adaptGraph } from '@espalier/adapter-graph';
import { adaptLayers, type LayersPrunable, loadLayersModel, toArtifacts } from '@espalier/adapter-layers';
import { type Random } from '@espalier/core';
import { decodeModelFiles, encodeModelFiles, type NamedBytes } from '@espalier/format';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { randomGraph as randomNodes } from '../../packages/models/graph/testing/graphs.js';
import { randomGraph as randomLayers } from '../../packages/models/layers/testing/graphs.js';
import { pick, VALUES } from '../../packages/formats/testing/mutate.js';
import type { Target } from '../../packages/formats/testing/targets.js';

const NETWORKS = 12;
const NUMBERS = [0, -1, 2, 3, 7, 0.5, 1e3, 1e9, 2 ** 31, 2 ** 53, '4', '-1', NaN];

type Slot = { readonly holder: Record<string, unknown>; readonly key: string };

/** Every place in a value where another value lies. */
function slotsOf(value: unknown, found: Slot[] = []): Slot[] {
  if (typeof value !== 'object' || value === null) return found;
  for (const key of Object.keys(value)) {
    const holder = value as Record<string, unknown>;
    found.push({ holder, key });
    slotsOf(holder[key], found);
  }
  return found;
}

/** One to three values replaced, removed, doubled, or put in each other's place. */
function mutateTree(document: unknown, random: Random): unknown {
  const copy = { root: structuredClone(document) };
  for (let n = 1 + Math.floor(random() * 3); n > 0; n--) {
    const slots = slotsOf(copy.root);
    const { holder, key } = pick(random, slots);
    const value = holder[key];
    const act = random();
    if (typeof value === 'number' && act < 0.6) holder[key] = pick(random, NUMBERS);
    else if (act < 0.3)
      holder[key] = structuredClone(
        pick(
          random,
          slots.filter((slot) => slot.key === key),
        ).holder[key],
      );
    else if (act < 0.5) {
      const other = pick(random, slots);
      holder[key] = structuredClone(other.holder[other.key]);
    } else if (act < 0.7 && !Array.isArray(holder)) delete holder[key];
    else if (act < 0.7) (holder as unknown as unknown[]).splice(Number(key), 1);
    else if (act < 0.8 && Array.isArray(value)) value.push(...(structuredClone(value) as unknown[]));
    else holder[key] = pick(random, VALUES);
  }
  return copy.root;
}

const textOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** A model.json and its shard as one input: the length of the shard first. */
function joined(json: Uint8Array, shard: Uint8Array): Uint8Array {
  const out = new Uint8Array(4 + shard.length + json.length);
  new DataView(out.buffer).setUint32(0, shard.length, true);
  out.set(shard, 4);
  out.set(json, 4 + shard.length);
  return out;
}

function filesOf(bytes: Uint8Array): NamedBytes[] {
  const end = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return [
    { name: 'model.json', bytes: bytes.slice(end) },
    { name: 'weights.bin', bytes: bytes.slice(4, end) },
  ];
}

/** What is refused leaves nothing behind. (A model that was built is disposed as TensorFlow.js can.) */
async function read(bytes: Uint8Array): Promise<void> {
  const { numTensors } = tf.memory();
  try {
    await build(bytes);
  } catch (error) {
    const left = tf.memory().numTensors - numTensors;
    throw left === 0 ? error : new Error(`${left} tensors are left behind by ${error}`, { cause: error });
  } finally {
    tf.disposeVariables();
  }
}

async function build(bytes: Uint8Array): Promise<void> {
  const { format, artifacts } = decodeModelFiles(filesOf(bytes));
  if (format === 'graph-model') {
    const model = adaptGraph(artifacts);
    model.describe();
    model.dispose();
    return;
  }
  const layers = await loadLayersModel(artifacts);
  let model: LayersPrunable;
  try {
    model = adaptLayers(layers);
  } catch (error) {
    tf.disposeVariables();
    throw error;
  }
  model.describe();
  model.dispose();
}

/** It advises every process in Node to install its native backend. */
tf.env().set('IS_TEST', true);

/** The readers of topologies, by name. */
export async function topologyTargets(): Promise<Record<string, Target>> {
  await tf.setBackend('cpu');
  const layers: Record<string, Uint8Array>[] = [];
  for (let seed = 1; seed <= NETWORKS; seed++) {
    const { model } = randomLayers(seed);
    const artifacts = await toArtifacts(model);
    model.dispose();
    layers.push(encodeModelFiles(artifacts));
  }
  tf.disposeVariables();
  const graphs = Array.from({ length: NETWORKS }, (_, i) => encodeModelFiles(randomNodes(i + 1).artifacts));
  const make = (models: readonly Record<string, Uint8Array>[]) => {
    const parsed = models.map((files) => ({
      json: JSON.parse(new TextDecoder().decode(files['model.json'])) as unknown,
      shard: files['weights.bin'] ?? new Uint8Array(0),
    }));
    return (random: Random) => {
      const { json, shard } = pick(random, parsed);
      return joined(textOf(mutateTree(json, random)), shard);
    };
  };
  return {
    'layers-topology': { make: make(layers), read },
    'graph-topology': { make: make(graphs), read },
  };
}
