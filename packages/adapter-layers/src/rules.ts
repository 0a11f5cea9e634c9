import { fanOut, type Flow, iota, refold, type Rule, spoil, type Step, tie } from './flow.js';
import { kernelOf } from './kernels.js';
import { classOf } from './tfjs.js';

const labelOf = (step: Step) => `'${step.layer.name}' (${classOf(step.layer)})`;

/** Each value by itself. A removed channel may leave any constant behind: whoever reads it is cut too. */
const ELEMENTWISE = [
  ...['elu', 'gelu', 'gelu_new', 'hardSigmoid', 'linear', 'mish', 'relu', 'relu6', 'selu', 'sigmoid', 'softplus'],
  ...['softsign', 'swish', 'tanh'],
];

function activate(step: Step, flow: Flow | undefined): Flow | undefined {
  const activation = step.config.activation ?? 'linear';
  if (!flow || ELEMENTWISE.includes(String(activation))) return flow;
  return spoil(flow, `${labelOf(step)} applies ${String(activation)}, which is not known to keep channels apart`);
}

const pass: Rule = ({ flow }) => flow;
const mix: Rule = (step) => step.flow && spoil(step.flow, `feeds ${labelOf(step)}, which mixes channels`);

/** Dense and convolutions: the incoming units end at the kernel's input axis, and its output axis starts new ones. */
function produce(size: 'units' | 'filters', name = 'kernel'): Rule {
  return (step) => {
    const kernel = step.weights.get(name)!;
    const { inAxis, outAxis } = kernelOf(step.layer, name)!;
    if (step.flow) consume(step, step.flow, inAxis);
    const group = step.open(kernel.param.shape[outAxis]);
    const flow = { group, unitOf: iota(group.size) };
    tie(flow, kernel, outAxis);
    tie(flow, step.weights.get('bias'), 0);
    step.resize({ group: group.id, unitOf: flow.unitOf, change: (config, kept) => ({ ...config, [size]: kept }) });
    return activate(step, flow);
  };
}

function consume({ weights }: Step, flow: Flow, inAxis: number): void {
  const depthwise = weights.get('depthwise_kernel');
  if (!depthwise) return tie(flow, weights.get('kernel'), inAxis);
  tie(flow, depthwise, 2);
  tie({ ...flow, unitOf: fanOut(flow.unitOf, depthwise.param.shape[3]) }, weights.get('pointwise_kernel'), inAxis);
}

/** Depthwise convolution: a channel's filters and biases go with it, and it leaves `depthMultiplier` channels behind. */
const depthwise: Rule = (step) => {
  const { flow, weights } = step;
  if (!flow) return undefined;
  const kernel = weights.get('depthwise_kernel')!;
  tie(flow, kernel, 2);
  const out = { ...flow, unitOf: fanOut(flow.unitOf, kernel.param.shape[3]) };
  tie(out, weights.get('bias'), 0);
  return activate(step, out);
};

const batchNormalization: Rule = (step) => {
  const { flow, weights, config, input } = step;
  if (!flow) return undefined;
  const axis = Number(Array.isArray(config.axis) ? config.axis[0] : config.axis);
  if ((axis < 0 ? axis + input.length : axis) !== input.length - 1) {
    return spoil(flow, `feeds ${labelOf(step)}, which normalises axis ${axis}, not the channels`);
  }
  // A masked channel has variance 0, and 0 / √0 is no number.
  if (config.epsilon === 0) return spoil(flow, `feeds ${labelOf(step)}, whose epsilon is 0`);
  for (const weight of weights.values()) tie(flow, weight, 0);
  return flow;
};

/** Slopes are per entry, or shared along axes; shared along the channels, none belongs to a unit. */
const prelu: Rule = ({ flow, weights }) => {
  const alpha = weights.get('alpha');
  const axis = (alpha?.param.shape.length ?? 0) - 1;
  if (flow && alpha && !(alpha.param.shape[axis] === 1 && flow.unitOf.length > 1)) tie(flow, alpha, axis);
  return flow;
};

function fold({ flow, output }: Step): Flow | undefined | string {
  if (!flow) return undefined;
  const size = output[output.length - 1];
  const unitOf = size === null ? undefined : refold(flow.unitOf, size);
  return unitOf ? { ...flow, unitOf } : 'which lays channels out so that they cannot be followed';
}

const reshape: Rule = (step) => {
  const folded = fold(step);
  if (folded === undefined || typeof folded === 'string') return folded;
  step.resize({
    group: folded.group.id,
    unitOf: folded.unitOf,
    change(config, kept) {
      const target = [...(config.targetShape as (number | null)[])];
      // An open size works itself out.
      if (target[target.length - 1] !== null) target[target.length - 1] = kept;
      return { ...config, targetShape: target };
    },
  });
  return folded;
};

const permute: Rule = ({ flow, config }) => {
  const dims = config.dims as number[];
  return dims[dims.length - 1] === dims.length ? flow : 'which moves the channels to another axis';
};

const PASSING = [
  ...['ReLU', 'LeakyReLU', 'ELU', 'ThresholdedReLU', 'Dropout', 'SpatialDropout1D', 'GaussianNoise'],
  ...['GaussianDropout', 'AlphaDropout', 'RepeatVector', 'ZeroPadding2D', 'Cropping2D', 'UpSampling2D'],
  ...['MaxPooling1D', 'MaxPooling2D', 'MaxPooling3D', 'AveragePooling1D', 'AveragePooling2D', 'AveragePooling3D'],
  ...['GlobalMaxPooling1D', 'GlobalMaxPooling2D', 'GlobalAveragePooling1D', 'GlobalAveragePooling2D'],
];

/** How units pass each class of layer; where a class is missing, they cannot be followed. All have one input. */
export const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['InputLayer', () => undefined],
  ['Dense', produce('units')],
  ...['Conv1D', 'Conv2D', 'Conv3D', 'Conv2DTranspose', 'Conv3DTranspose'].map((name): [string, Rule] => [
    name,
    produce('filters'),
  ]),
  ['SeparableConv2D', produce('filters', 'pointwise_kernel')],
  ['DepthwiseConv2D', depthwise],
  ['BatchNormalization', batchNormalization],
  ['PReLU', prelu],
  ['Activation', (step) => activate(step, step.flow)],
  ['Softmax', mix],
  ['LayerNormalization', mix],
  ['Flatten', fold],
  ['Reshape', reshape],
  ['Permute', permute],
  ...PASSING.map((name): [string, Rule] => [name, pass]),
]);
