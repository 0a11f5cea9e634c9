import type { Rule } from '../trace.js';
import { cast, elementwise, forward, notAtZero, power, prelu } from './elementwise.js';
import { addN, concat, pack, pad, split, tile, unpack } from './join.js';
import { batchNorm, biasAdd, convolution, depthwise, matMul, pool, transposed } from './kernels.js';
import { expandDims, rankOf, reshape, resize, shapeOf, countOf, spaceBatch, squeeze, transpose } from './layout.js';
import { overLast, reduce } from './reduce.js';
import { gather, slice, stridedSlice } from './slice.js';

const all = (ops: string, rule: Rule) => ops.split(' ').map((op): [string, Rule] => [op, rule]);

/** How channels pass each operation. Where one is missing, they cannot be followed, and stay. */
export const RULES: ReadonlyMap<string, Rule> = new Map([
  ...all('Conv2D _FusedConv2D Conv3D', convolution),
  ...all('DepthwiseConv2dNative DepthwiseConv2d FusedDepthwiseConv2dNative', depthwise),
  ...all('Conv2DBackpropInput Conv2dTranspose', transposed),
  ...all('MatMul _FusedMatMul BatchMatMul BatchMatMulV2', matMul),
  ...all('BiasAdd', biasAdd),
  ...all('FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3', batchNorm),
  ...all('MaxPool AvgPool MaxPool3D AvgPool3D', pool),

  ...all('Relu Relu6 Elu Selu Sigmoid Tanh Softplus LeakyRelu Exp Expm1 Erf Abs Neg Sign Square', elementwise()),
  ...all('Floor Ceil Round Sin Cos Sinh Cosh Atan Log1p ClipByValue ZerosLike OnesLike', elementwise()),
  ...all('IsNan IsInf IsFinite LogicalNot FakeQuantWithMinMaxVars', elementwise()),
  ...all('Log Reciprocal Rsqrt Sqrt', notAtZero),
  ...all('Add AddV2', elementwise({ learns: 'bias', arithmetic: (a, b) => a + b })),
  ...all('Sub', elementwise({ learns: 'bias', arithmetic: (a, b) => a - b })),
  ...all('Mul', elementwise({ learns: 'norm', arithmetic: (a, b) => a * b })),
  ...all('Maximum', elementwise({ arithmetic: Math.max })),
  ...all('Minimum', elementwise({ arithmetic: Math.min })),
  ...all('SquaredDifference Equal NotEqual Greater GreaterEqual Less LessEqual', elementwise()),
  ...all('LogicalAnd LogicalOr SelectV2', elementwise()),
  ...all('RealDiv Div DivNoNan', elementwise({ divisor: 1 })),
  ...all('FloorDiv', elementwise({ divisor: 1, arithmetic: (a, b) => Math.floor(a / b) })),
  ...all('FloorMod Mod', elementwise({ divisor: 1 })),
  ...all('Pow', power),
  ...all('Prelu', prelu),
  ...all('Cast', cast),
  ...all('Identity IdentityN StopGradient PreventGradient Snapshot CheckNumerics EnsureShape', forward),

  ...all('Mean Sum Max Min Prod All Any', reduce()),
  ...all('ArgMax ArgMin', reduce('never')),
  ...all('Softmax LogSoftmax', overLast),

  ...all('Reshape', reshape),
  ...all('Transpose', transpose),
  ...all('ExpandDims', expandDims),
  ...all('Squeeze', squeeze),
  ...all('Shape', shapeOf),
  ...all('Rank', rankOf),
  ...all('Size', countOf),
  ...all('ResizeBilinear ResizeNearestNeighbor', resize),
  ...all('SpaceToBatchND', spaceBatch(false)),
  ...all('BatchToSpaceND', spaceBatch(true)),

  ...all('Concat ConcatV2', concat),
  ...all('AddN', addN),
  ...all('Pack', pack),
  ...all('Unpack', unpack),
  ...all('Split SplitV', split),
  ...all('Pad PadV2 MirrorPad', pad),
  ...all('Tile', tile),
  ...all('Slice', slice),
  ...all('StridedSlice', stridedSlice),
  ...all('Gather GatherV2', gather),
]);
