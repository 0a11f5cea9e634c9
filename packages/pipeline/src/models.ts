import { say } from './notes.js';
/** The kinds of models that there are. A third kind is a line in this list, and no program learns of it. */
import {
  InputError,
  isEspalierError,
  type PrunableModel,
  show,
  UsageError,
  type View as AdaptOptions,
} from '@espalier/core';
import type { io } from '@tensorflow/tfjs-core';

export type { AdaptOptions };

interface ModelKind {
  /** For people: 'a tf.LayersModel'. */
  readonly name: string;
  /** Whether a live model is of this kind. */
  is(model: object): boolean;
  adapt(model: object, options: AdaptOptions): Promise<PrunableModel>;
  /** Whether files hold one of this kind. */
  holds(artifacts: io.ModelArtifacts): boolean;
  open(artifacts: io.ModelArtifacts, options: AdaptOptions): Promise<PrunableModel>;
}

/** What an adapter needs is loaded with the first model that is its kind. */
const KINDS: readonly ModelKind[] = [
  {
    name: 'a tf.LayersModel',
    is: (model) => 'layers' in model && 'getWeights' in model,
    adapt: async (model, options) => (await import('@espalier/adapter-layers')).adaptLayers(model as never, options),
    holds: ({ format = 'layers-model' }) => format === 'layers-model',
    async open(artifacts, options) {
      const { adaptLayers, loadLayersModel } = await import('@espalier/adapter-layers');
      const model = await loadLayersModel(artifacts);
      try {
        return adaptLayers(model, options);
      } catch (error) {
        model.dispose();
        throw error;
      }
    },
  },
  {
    name: 'a tf.GraphModel',
    is: (model) => 'executor' in model && 'modelSignature' in model,
    adapt: async (model, options) => (await import('@espalier/adapter-graph')).adaptGraph(model as never, options),
    holds: ({ format }) => format === 'graph-model',
    open: async (artifacts, options) => (await import('@espalier/adapter-graph')).adaptGraph(artifacts, options),
  },
];

export const isPrunable = (model: object): model is PrunableModel =>
  'params' in model && 'groups' in model && 'mask' in model && 'signature' in model;

/** The adapter for a live model; one that is adapted already is taken as it is. Throws a UsageError with code 'model-kind'. */
export async function adapt(model: object, options: AdaptOptions = {}): Promise<PrunableModel> {
  if (typeof model === 'object' && model !== null) {
    if (isPrunable(model)) return Object.keys(options).length === 0 ? model : model.with(options);
    const kind = KINDS.find(({ is }) => is(model));
    if (kind) return kind.adapt(model, options);
  }
  const wanted = `${KINDS.map(({ name }) => name).join(', ')} or a PrunableModel`;
  const found = kindOf(model);
  throw new UsageError('model-kind', `there is no adapter for ${found}; wanted ${wanted}`, {
    where: 'model',
    wanted,
    found,
  });
}

const kindOf = (value: unknown) =>
  value === null ? 'null' : typeof value === 'object' ? (value.constructor?.name ?? 'an object') : typeof value;

export interface OpenOptions extends AdaptOptions {
  /** The file, for what is said of it. */
  readonly where?: string;
  /** Weights that hold a NaN or an infinity are left alone: nothing can be said of their scores. */
  readonly leaveNotFinite?: boolean;
}

/** A model from what files hold, adapted; nothing is left behind if that fails. What is wrong is said with the file's name. */
export async function openArtifacts(artifacts: io.ModelArtifacts, options: OpenOptions = {}): Promise<PrunableModel> {
  const { where, leaveNotFinite, ...rest } = options;
  try {
    const kind = KINDS.find(({ holds }) => holds(artifacts));
    if (!kind) throw unknownFormat(artifacts.format!);
    const model = await kind.open(artifacts, rest);
    return leaveNotFinite ? await spareNotFinite(model) : model;
  } catch (error) {
    if (where === undefined || !isEspalierError(error) || error.name !== 'InputError') throw error;
    const { code, message, wanted, found, fix } = error;
    const at = show(where);
    throw new InputError(code, `${at}: ${message}`, {
      where: error.where === undefined ? at : `${at}: ${error.where}`,
      ...(wanted !== undefined && { wanted }),
      ...(found !== undefined && { found }),
      ...(fix !== undefined && { fix }),
      cause: error,
    });
  }
}

function unknownFormat(found: string): InputError {
  const wanted = KINDS.map(({ name }) => name).join(' or ');
  return new InputError('model-format', `wanted ${wanted}, found artifacts of the format ${show(found)}`, {
    where: 'format',
    wanted,
    found,
  });
}

async function spareNotFinite(model: PrunableModel): Promise<PrunableModel> {
  const found: string[] = [];
  for (const { id } of model.params) if (!(await model.read(id)).every(Number.isFinite)) found.push(id);
  return found.length === 0
    ? model
    : model.with({ leaveAlone: Object.fromEntries(found.map((id) => [id, say('not-finite')])) });
}
