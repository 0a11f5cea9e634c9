import { type Flow, refuse, type Visit } from './flow.js';

/** Follows the channels through one application of a layer; returns those of its output. */
type Handler = (visit: Visit) => Flow | undefined;

const same: Handler = ({ flow }) => flow;

/** Layers that multiply by a kernel: they read the incoming channels along one axis and open a group along the other. */
function kernelLayer(inAxisFromEnd: number, outAxisFromEnd: number): Handler {
  return (visit) => {
    const shape = visit.shapeOf('kernel')!;
    visit.site(visit.flow, 'kernel', shape.length - inAxisFromEnd);
    const own = visit.open(shape[shape.length - outAxisFromEnd]);
    visit.site(own, 'kernel', shape.length - outAxisFromEnd);
    visit.site(own, 'bias', 0);
    return fusedActivation(visit, own);
  };
}

/** Softmax ties all channels together: without one, the others change. */
const mixesChannels = (activation: unknown) => activation === 'softmax' || activation === 'logSoftmax';

function fusedActivation({ config, name }: Visit, flow: Flow | undefined): Flow | undefined {
  if (mixesChannels(config.activation)) refuse(flow, `the softmax of '${name}' ties its channels together`);
  return flow;
}

const activation: Handler = (visit) => {
  const { config, name, flow } = visit;
  if (mixesChannels(config.activation)) return refuse(flow, `feeds '${name}', whose softmax ties channels together`);
  return flow;
};

/** Channel c of the input becomes channels c·mult … c·mult + mult − 1 of the output. */
function multiplied({ flow, shapeOf }: Visit): Flow | undefined {
  const mult = shapeOf('depthwise_kernel')![3];
  return (
    flow && {
      group: flow.group,
      unitOf: Int32Array.from({ length: flow.unitOf.length * mult }, (_, c) => flow.unitOf[Math.floor(c / mult)]),
    }
  );
}

const depthwise: Handler = (visit) => {
  visit.site(visit.flow, 'depthwise_kernel', 2);
  const out = multiplied(visit);
  visit.site(out, 'bias', 0);
  return fusedActivation(visit, out);
};

const separable: Handler = (visit) => {
  visit.site(visit.flow, 'depthwise_kernel', 2);
  visit.site(multiplied(visit), 'pointwise_kernel', 2);
  const own = visit.open(visit.shapeOf('pointwise_kernel')![3]);
  visit.site(own, 'pointwise_kernel', 3);
  visit.site(own, 'bias', 0);
  return fusedActivation(visit, own);
};

const batchNorm: Handler = (visit) => {
  const { config, flow, input, name } = visit;
  const axis = config.axis as number;
  if (axis !== -1 && axis !== input.shape.length - 1)
    return refuse(flow, `feeds '${name}', which normalises along axis ${axis}`);
  for (const weight of ['gamma', 'beta', 'moving_mean', 'moving_variance']) visit.site(flow, weight, 0);
  return flow;
};

/** alpha has one value a channel, or one that all channels share. */
const prelu: Handler = (visit) => {
  const shape = visit.shapeOf('alpha')!;
  if (shape[shape.length - 1] === visit.flow?.unitOf.length) visit.site(visit.flow, 'alpha', shape.length - 1);
  return visit.flow;
};

/** Position p and channel c become p·C + c. */
const flatten: Handler = ({ flow, input, name }) => {
  const positions = input.shape.slice(1, -1);
  if (positions.includes(null)) return refuse(flow, `feeds '${name}', which flattens an open size`);
  const count = (positions as number[]).reduce((a, b) => a * b, 1);
  const channels = flow?.unitOf.length ?? 0;
  return (
    flow && {
      group: flow.group,
      unitOf: Int32Array.from({ length: count * channels }, (_, i) => flow.unitOf[i % channels]),
    }
  );
};

const POINTWISE = [
  'ReLU',
  'LeakyReLU',
  'ELU',
  'ThresholdedReLU',
  'Dropout',
  'SpatialDropout1D',
  'GaussianNoise',
  'GaussianDropout',
  'AlphaDropout',
  'Rescaling',
];
const POOLING = [
  'MaxPooling1D',
  'MaxPooling2D',
  'MaxPooling3D',
  'AveragePooling1D',
  'AveragePooling2D',
  'AveragePooling3D',
  'GlobalAveragePooling1D',
  'GlobalAveragePooling2D',
  'GlobalMaxPooling1D',
  'GlobalMaxPooling2D',
];
const SPATIAL = ['ZeroPadding2D', 'Cropping2D', 'UpSampling2D'];

export const HANDLERS: ReadonlyMap<string, Handler> = new Map([
  ...[...POINTWISE, ...POOLING, ...SPATIAL].map((name) => [name, same] as const),
  ...['Dense', 'Conv1D', 'Conv2D', 'Conv3D'].map((name) => [name, kernelLayer(2, 1)] as const),
  ...['Conv2DTranspose', 'Conv3DTranspose'].map((name) => [name, kernelLayer(1, 2)] as const),
  ['DepthwiseConv2D', depthwise],
  ['SeparableConv2D', separable],
  ['BatchNormalization', batchNorm],
  ['PReLU', prelu],
  ['Activation', activation],
  ['Flatten', flatten],
]);
