import { memoryPlan, type PrunableModel, sizeOf, summarisePlan } from '@espalier/core';
import { decodeModelFiles, type DecodedModel } from '@espalier/format/web';
import { openArtifacts } from '@espalier/pipeline';
import lenet300Json from '@espalier/zoo/models/lenet-300-100/model.json?url';
import lenet300Weights from '@espalier/zoo/models/lenet-300-100/weights.bin?url';
import lenet5Json from '@espalier/zoo/models/lenet-5/model.json?url';
import lenet5Weights from '@espalier/zoo/models/lenet-5/weights.bin?url';
import resnetJson from '@espalier/zoo/models/resnet-ds/model.json?url';
import resnetWeights from '@espalier/zoo/models/resnet-ds/weights.bin?url';
import type { ZooName } from '@espalier/zoo/web';
import { fetchBytes } from './fetch-bytes.js';
import { bytesOf } from './file-bytes.js';
import type { ModelInfo, ModelSource } from './protocol.js';

export interface OpenModel {
  readonly model: PrunableModel;
  readonly info: ModelInfo;
}

const FILES: Readonly<Record<ZooName, readonly [json: string, weights: string]>> = {
  'lenet-300-100': [lenet300Json, lenet300Weights],
  'lenet-5': [lenet5Json, lenet5Weights],
  'resnet-ds': [resnetJson, resnetWeights],
};

/** Reads a model strictly and adapts it; nothing is left behind if that fails. */
export async function openModel(source: ModelSource): Promise<OpenModel> {
  const { name, format, artifacts } = await read(source);
  const opened = await openArtifacts(artifacts);
  // The page's data has labels.
  const model = opened.output === 'linear' ? opened.withLoss('softmaxCrossEntropy') : opened;
  const { macs, params } = await summarisePlan(memoryPlan({}), model, 0);
  return {
    model,
    info: {
      name,
      format,
      params: params.total,
      macs: macs && macs.dense,
      kernels: model.params
        .filter(({ role }) => role === 'kernel')
        .map(({ id, shape, skip }) => ({
          id,
          shape: [...shape],
          size: sizeOf(shape),
          ...(skip !== undefined && { skip }),
        })),
      inputShapes: model.signature.inputs.map(({ shape }) => shape.slice(1)),
      outputShapes: model.signature.outputs.map(({ shape }) => shape.slice(1)),
      channels: model.groups.some(({ skip }) => skip === undefined),
      notes: model.notes,
    },
  };
}

async function read(source: ModelSource): Promise<Pick<DecodedModel, 'name' | 'format' | 'artifacts'>> {
  if (source.kind === 'artifacts') {
    const { name, artifacts } = source;
    return { name, format: artifacts.format as DecodedModel['format'], artifacts };
  }
  if (source.kind === 'files') {
    const decoded = decodeModelFiles(await Promise.all(source.files.map(bytesOf)));
    return { ...decoded, name: nameOf(decoded) };
  }
  const [json, weights] = await Promise.all(FILES[source.name].map(fetchBytes));
  const files = [
    { name: 'model.json', bytes: json },
    { name: 'weights.bin', bytes: weights },
  ];
  return { ...decodeModelFiles(files), name: source.name };
}

/** The folder's name says more than 'model.json'. */
function nameOf({ name, container }: DecodedModel): string {
  const parts = name.split('/');
  const file = parts[parts.length - 1];
  if (container === 'model.json' && parts.length > 1) return parts[parts.length - 2];
  return file.replace(/\.(espalier|json)$/i, '') || file;
}
