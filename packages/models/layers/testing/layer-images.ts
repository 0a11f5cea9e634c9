import { L } from './build.js';
import { apply, below, channelsOf, common, type Op, padding, pick, remember, width } from './draft.js';

/** What takes [batch, h, w, c]. */
export const images: Record<string, Op> = {
  conv: (d, x) => {
    const { random } = d;
    const kernelSize = 1 + below(random, Math.min(3, x.shape[1]!, x.shape[2]!));
    const strides = 1 + below(random, 2);
    const layer = L.conv2d({
      filters: width(random),
      kernelSize,
      strides,
      padding: padding(random),
      ...common(random),
    });
    return apply(remember(d, layer, x), x);
  },
  dilated: ({ random }, x) =>
    apply(L.conv2d({ filters: width(random), kernelSize: 2, dilationRate: 2, padding: 'same', ...common(random) }), x),
  depthwise: ({ random }, x) =>
    channelsOf(x) > 8
      ? undefined
      : apply(
          L.depthwiseConv2d({
            kernelSize: 2,
            padding: 'same',
            depthMultiplier: 1 + below(random, 2),
            ...common(random),
          }),
          x,
        ),
  separable: ({ random }, x) =>
    apply(
      L.separableConv2d({
        ...{ filters: width(random), kernelSize: 2, padding: 'same', depthMultiplier: 1 + below(random, 2) },
        ...common(random),
      }),
      x,
    ),
  transposed: ({ random }, x) =>
    x.shape[1]! > 6
      ? undefined
      : apply(
          L.conv2dTranspose({
            ...{ filters: width(random), kernelSize: 2, strides: 1 + below(random, 2), padding: padding(random) },
            ...common(random),
          }),
          x,
        ),
  maxPool: ({ random }, x) => apply(L.maxPooling2d({ poolSize: 2, strides: 1 + below(random, 2), padding: 'same' }), x),
  averagePool: (_, x) => apply(L.averagePooling2d({ poolSize: 2, strides: 1, padding: 'same' }), x),
  pad: ({ random }, x) =>
    x.shape[1]! > 6
      ? undefined
      : apply(
          L.zeroPadding2d({
            padding: [
              [below(random, 2), 1],
              [0, below(random, 2)],
            ],
          }),
          x,
        ),
  crop: (_, x) =>
    x.shape[1]! < 3 || x.shape[2]! < 3
      ? undefined
      : apply(
          L.cropping2D({
            cropping: [
              [1, 0],
              [0, 1],
            ],
          }),
          x,
        ),
  upsample: ({ random }, x) =>
    x.shape[1]! > 4
      ? undefined
      : apply(
          L.upSampling2d({ size: [1 + below(random, 2), 2], interpolation: pick(random, ['nearest', 'bilinear']) }),
          x,
        ),
  /** Squeeze and excite. */
  gate: ({ random }, x) => {
    const c = channelsOf(x);
    const squeezed = apply(L.globalAveragePooling2d({}), x);
    const inner = apply(L.dense({ units: width(random), activation: 'relu' }), squeezed);
    const gates = apply(L.dense({ units: c, activation: 'sigmoid' }), inner);
    return apply(L.multiply(), [x, apply(L.reshape({ targetShape: [1, 1, c] }), gates)]);
  },
  /** One map that all channels are multiplied by. */
  attention: (_, x) =>
    apply(L.multiply(), [x, apply(L.conv2d({ filters: 1, kernelSize: 1, activation: 'sigmoid' }), x)]),
  channelsFirst: ({ random }, x) => {
    const first = apply(L.permute({ dims: [3, 1, 2] }), x);
    const conv = L.conv2d({ filters: width(random), kernelSize: 1, dataFormat: 'channelsFirst', ...common(random) });
    const out = apply(conv, first);
    const pooled = apply(
      L.maxPooling2d({ poolSize: 2, strides: 1, padding: 'same', dataFormat: 'channelsFirst' }),
      out,
    );
    return random() < 0.5 ? apply(L.permute({ dims: [2, 3, 1] }), pooled) : apply(L.flatten(), pooled);
  },
  /** Works along the places, for every channel by itself. */
  mixer: ({ random }, x) => {
    const [, h, w, c] = x.shape as number[];
    const turned = apply(L.permute({ dims: [2, 1] }), apply(L.reshape({ targetShape: [h * w, c] }), x));
    const inner = apply(L.dense({ units: width(random), activation: 'relu' }), turned);
    const back = apply(L.permute({ dims: [2, 1] }), apply(L.dense({ units: h * w }), inner));
    return apply(L.add(), [x, apply(L.reshape({ targetShape: [h, w, c] }), back)]);
  },
  volume: ({ random }, x) => {
    const [, h, w, c] = x.shape as number[];
    const deep = apply(L.reshape({ targetShape: [1, h, w, c] }), x);
    const conv = apply(L.conv3d({ filters: width(random), kernelSize: 1, ...common(random) }), deep);
    const up = apply(L.conv3dTranspose({ filters: width(random), kernelSize: 1, ...common(random) }), conv);
    const pooled = apply(L.maxPooling3d({ poolSize: 1, strides: 1 }), up);
    return apply(L.reshape({ targetShape: [h, w, channelsOf(pooled)] }), pooled);
  },
  sequence: (_, x) => apply(L.reshape({ targetShape: [x.shape[1]! * x.shape[2]!, channelsOf(x)] }), x),
  flatten: (_, x) => apply(L.flatten(), x),
  globalAverage: (_, x) => apply(L.globalAveragePooling2d({}), x),
  globalMax: (_, x) => apply(L.globalMaxPooling2d({}), x),
  timeConv: ({ random }, x) =>
    apply(
      L.timeDistributed({
        layer: L.conv1d({ filters: width(random), kernelSize: 2, padding: 'same', ...common(random) }),
      }),
      x,
    ),
};
