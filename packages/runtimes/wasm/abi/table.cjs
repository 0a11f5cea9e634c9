// What the host and the kernels in WebAssembly tell each other, once. `npm run build:abi -w @espalier/kernels-wasm` writes both sides
// from it: assembly/abi.ts and assembly-select/abi.ts for the kernels, src/abi/ for the host. A test compares.
//
// Fields are [name, type, what it says]. i32 and f32 are numbers; usize is a place in memory or a distance there, in bytes.

/** The fields of Geometry in packages/runtimes/kit: sizes in pixels and channels, NHWC. */
const SHAPE = [
  ['batch', 'i32'],
  ['inHeight', 'i32'],
  ['inWidth', 'i32'],
  ['inChannels', 'i32'],
  ['outHeight', 'i32'],
  ['outWidth', 'i32'],
  ['outChannels', 'i32'],
  ['kernelHeight', 'i32'],
  ['kernelWidth', 'i32'],
  ['strideHeight', 'i32'],
  ['strideWidth', 'i32'],
  ['dilationHeight', 'i32'],
  ['dilationWidth', 'i32'],
  ['top', 'i32'],
  ['left', 'i32'],
];

const LIMITS = [
  ['low', 'f32', 'Results are clamped to these two.'],
  ['high', 'f32'],
];

/** Jobs lie in memory as 32-bit words, in this order. */
exports.JOBS = {
  ConvolveJob: {
    says: [
      'One convolution or matrix product over rows of pixels, NHWC. A product of [N, K] by [K, M] is a 1×1 convolution of one image, one',
      'pixel high and N wide.',
    ],
    fields: [
      ['format', 'i32', 'A Format.'],
      ...SHAPE,
      ['linear', 'i32', 'Not 0: output pixel n reads input pixel n alone.'],
      ['blockInputs', 'i32', 'Inputs of one block of K; a multiple of 4.'],
      ['steps', 'usize', 'The weights.'],
      ['counts', 'usize', 'How many steps of them each row, or group of four rows, has in each block.'],
      ['panel', 'usize', 'Scratch: inputs [blockInputs][width].'],
      ['sums', 'usize', 'Scratch: [rows of outputs][width].'],
      ['pointers', 'usize', 'Scratch: [taps][width].'],
      ['biases', 'usize', 'Scratch: [rows of outputs][8].'],
      ['zeros', 'usize', '[inChannels]'],
    ],
  },
  PlaneJob: {
    says: [
      'One convolution over planes. A plane holds one channel of all images; pixels are read in runs of neighbours, a run for each row of each',
      'image, or one for everything where rows follow each other without gaps.',
    ],
    fields: [
      ['format', 'i32', 'A Format.'],
      ['inputs', 'i32'],
      ['outputs', 'i32'],
      ['blockInputs', 'i32', 'Inputs of one block of K.'],
      ['images', 'i32'],
      ['runs', 'i32', 'Of one image.'],
      ['pixels', 'i32', 'Of one run.'],
      ['runBytes', 'usize', 'From one run to the next, in x.'],
      ['imageBytes', 'usize', 'From one image to the next, in x.'],
      ['outStride', 'usize', "From one output's plane to the next."],
      ['steps', 'usize', 'The weights.'],
      ['counts', 'usize', 'How many steps of them each row, or group of four rows, has in each block.'],
      ['offsets', 'usize', "Bytes from x to each input's plane; blocks and dense."],
      ['panel', 'usize', 'Scratch of blocks and dense: inputs [blockInputs][8].'],
      ['sums', 'usize', 'Likewise: [outputs, rounded up to 4][8].'],
      ['zeros', 'usize', 'Likewise: 128 bytes.'],
      ['bias', 'usize'],
      ...LIMITS,
      ['residual', 'usize', 'Bytes from y to what is added to it; 0 = nothing.'],
    ],
  },
  BorderJob: {
    says: ['How planes are copied into planes with a border around each image, one for each phase of the stride.'],
    fields: [
      ['batch', 'i32'],
      ['inHeight', 'i32'],
      ['inWidth', 'i32'],
      ['top', 'i32'],
      ['left', 'i32'],
      ['strideHeight', 'i32'],
      ['strideWidth', 'i32'],
      ['phasesHeight', 'i32'],
      ['phasesWidth', 'i32'],
      ['rows', 'i32', 'Of one phase of one image.'],
      ['columns', 'i32'],
      ['planeBytes', 'usize', "From one phase's plane to the next."],
      ['fill', 'f32', 'What the border is made of.'],
    ],
  },
  NineJob: {
    says: ['A 3×3 depthwise convolution with a padding of at most 1: no copy with a border.'],
    fields: [
      ['stride', 'i32', '1 or 2, in both directions.'],
      ['inChannels', 'i32'],
      ['multiplier', 'i32', 'Outputs of one channel.'],
      ['batch', 'i32'],
      ['inHeight', 'i32'],
      ['inWidth', 'i32'],
      ['outHeight', 'i32'],
      ['outWidth', 'i32'],
      ['top', 'i32'],
      ['left', 'i32'],
      ['inStride', 'usize', 'From one plane to the next, in x and in y.'],
      ['outStride', 'usize'],
      ['weights', 'usize', '[inChannels × multiplier][9]'],
      ['bias', 'usize'],
      ['zeros', 'usize', 'A row of zeros, with room before and behind.'],
      [
        'masks',
        'usize',
        "Which inputs lie inside the image, a vector of bits for each column of taps: of a row's first four outputs, and of its last.",
      ],
      ...LIMITS,
    ],
  },
  TapJob: {
    says: ['A depthwise convolution or a pooling: one plane at a time, a border around it, then every tap.'],
    fields: [
      ['window', 'i32', 'A Window.'],
      ['inChannels', 'i32'],
      ['multiplier', 'i32', 'Outputs of one channel.'],
      ['taps', 'i32'],
      ['batch', 'i32'],
      ['outHeight', 'i32'],
      ['outWidth', 'i32'],
      ['rowBytes', 'usize', 'Between rows of the bordered plane.'],
      ['imageBytes', 'usize', 'Between images of it.'],
      ['inStride', 'usize', 'From one plane to the next, in x and in y.'],
      ['outStride', 'usize'],
      ['offsets', 'usize', 'Bytes from the first tap to each.'],
      ['weights', 'usize', '[inChannels × multiplier][taps]; of a mean, one factor for each output pixel of an image.'],
      ['bias', 'usize'],
      ['border', 'usize', 'A BorderJob.'],
      ['scratch', 'usize', 'Where the bordered plane goes.'],
      ...LIMITS,
    ],
  },
};

/** Codes by name: the first is 0. For the host they are constants, or a list where it needs the names themselves. */
exports.CODES = {
  Format: { says: 'How weights are stored.', names: ['unstructured', 'blocks', 'dense'] },
  Window: { says: "What becomes of a window's pixels.", names: ['sum', 'max', 'mean'] },
  Curve: {
    list: 'CURVES',
    says: 'What follows a sum and is more than a clamp.',
    names: ['prelu', 'elu', 'sigmoid', 'swish', 'tanh'],
  },
  Combination: {
    list: 'COMBINATIONS',
    says: 'What becomes of two values.',
    names: ['add', 'sub', 'mul', 'max', 'min', 'div'],
  },
};

exports.CONSTANTS = {
  FINISHED_TOGETHER: { says: 'Outputs that are finished together: a few cache lines of each pixel.', value: 64 },
  DENSE_PIXELS: {
    says: 'Pixels whose places the dense kernel looks up together; a block of weights is read once for all.',
    value: 64,
  },
};

const CHUNK = 32_768;

/** The selection has a memory of its own: these regions, one behind the other. */
exports.SELECTION = {
  constants: { CHUNK: { says: 'Scores in a chunk.', value: CHUNK } },
  regions: [
    ['SCORES', 4 * CHUNK, 'The scores of a chunk.'],
    ['INSIDE', 4 * CHUNK + 16, 'Keys strictly inside the bracket, with room for one store past the end.'],
    ['BITS', CHUNK / 8 + 16, 'One bit a score.'],
    ['COUNTS', 16, 'A ChunkCounts.'],
    ['SHUFFLES', 256, 'For each of 16 patterns of four lanes, the shuffle that moves the chosen ones to the front.'],
  ],
  jobs: {
    ChunkCounts: {
      says: ['What was counted in one chunk.'],
      fields: [
        ['below', 'i32', 'Keys below low.'],
        ['over', 'i32', 'Keys above low.'],
        ['above', 'i32', 'Keys above high.'],
        ['largest', 'i32', "The largest magnitude's bits."],
      ],
    },
  },
};
