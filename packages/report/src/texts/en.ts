import { ENGLISH } from '@espalier/figures';
import type { Texts } from './texts.js';

const epochs = (n: number) => `${n} ${n === 1 ? 'epoch' : 'epochs'}`;
const points = (n: number) => `${n} ${n === 1 ? 'point' : 'points'}`;
const zerosToo = 'dense kernels multiply the zeros too';

export const english: Texts = {
  lang: 'en',
  name: 'English',
  figure: ENGLISH,
  names: {},
  blocks: (outputs, inputs) => `${outputs}×${inputs} blocks`,
  comma: ', ',
  semicolon: '; ',
  colon: ': ',

  title: (model) => `Pruning ${model}`,
  dense: 'dense',
  fineTuned: 'fine-tuned',
  epochs,
  fineTunedFor: (duration) => `fine-tuned ${duration}`,

  facts: {
    model: 'model',
    modelText: (name, params, kernels, macs) =>
      `${name}: ${params} parameters, ${kernels} kernels, ${macs} MACs a sample`,
    data: 'data',
    dataText: (name, samples) => `${name}, accuracy on ${samples} samples`,
    sharedData: 'the same samples calibrated',
    noData: 'none, so no accuracy',
    trials: 'trials',
    measured: (n) => `${n} measured`,
    scorer: (name) => `scorer ${name}`,
    scope: (name) => `scope ${name}`,
    fineTuning: (duration) => `fine-tuning ${duration}`,
    batch: (sizes) => `batch ${sizes}`,
    machine: 'machine',
    cores: (n) => `${n} ${n === 1 ? 'core' : 'cores'}`,
    when: 'when',
  },

  summary: {
    heading: 'In short',
    smallest: 'smallest',
    quickest: (backend) => `quickest on ${backend}`,
    mostAccurate: 'most accurate',
    points: (signed) => `${signed} points`,
    smaller: (times) => `${times} smaller`,
    quicker: (times) => `${times} as fast`,
    within: (n) => `Of the trials that lose at most ${points(n)} of accuracy.`,
    noneWithin: (n) => `No trial is within ${points(n)} of the dense model.`,
    noneQuicker: 'none is quicker than the dense model',
  },

  granularity: {
    heading: 'What each granularity is worth',
    read: (n) =>
      `The smallest trial of each that loses at most ${points(n)} of accuracy. Quicker: dense time over pruned time, median and p10–p90 over rounds in which both ran, beside what the MACs alone would allow and how much of that became real.`,
    column: 'granularity',
    smaller: 'smaller, brotli',
    compact: 'smaller, compact file',
    compactFile: 'compact file',
    quicker: (backend) => `quicker on ${backend}`,
    hardware: 'hardware that makes it quick',
    needs: ({ kind, name, units }) => {
      if (units) return `any: fewer ${name} in ordinary dense kernels`;
      if (kind === 'block') {
        return `SIMD kernels for blocks, such as those of @espalier/kernels-wasm; ${zerosToo}`;
      }
      if (kind === 'weights') return `sparse kernels; ${zerosToo}`;
      const cores = name === '2:4' ? ' (GPUs with sparse tensor cores have them)' : '';
      return `kernels for ${kind === 'n:m' ? `the ${name} pattern` : name}${cores}; ${zerosToo}`;
    },
    of: (times) => `of ${times} in MACs`,
    realised: (share) => `${share} realised`,
    noneWithin: (n) => `none is within ${points(n)}`,
  },

  trials: {
    heading: 'Every trial',
    read: 'Parameters and MACs: share kept. Times: median, p10–p90, and dense time over pruned time in the same rounds, coloured where p10 and p90 agree.',
    trial: 'trial',
    sparsity: 'sparsity',
    accuracy: 'accuracy, %',
    params: 'parameters',
    macs: 'MACs',
    ofWeights: 'of weights',
    ofChannels: 'of channels',
    ranOn: (backend) => `ran on ${backend}`,
  },

  terminal: {
    model: (name, params, macs) => `${name}: ${params} parameters, ${macs} MACs a sample`,
    measured: (samples, data) => `, accuracy in % on ${samples} samples of ${data}`,
    accuracy: 'accuracy',
    params: 'params',
    compact: 'compact',
    sharesKept: (heads) => `${heads}: share kept`,
    times: 'times: median of a batch, then dense time over it in the same rounds',
    leftOut: (heads) => `without room here, but in the report: ${heads}`,
    leftOutOfChanges: (heads) => `without room here, but in the page: ${heads}`,
    note: (text, trials) => `note: ${text}${trials === '' ? '' : ` (${trials})`}`,
    impossible: (trial, message) => `not possible: ${trial}: ${message}`,
  },

  sizes: {
    heading: 'Size on disk',
    read: 'Raw, gzip and brotli: the model.json and its weights as written, every byte counted. Compact: one .espalier file, with the values kept bit for bit (float32) or in a shorter form, and the accuracy of the model that is read back from it.',
    raw: 'raw',
    gzip: 'gzip',
    brotli: 'brotli',
    compact: (values) => `compact, ${values}`,
  },

  pareto: {
    heading: 'Accuracy against cost',
    read: 'Up and to the left is better. The line is the frontier: no trial on it is beaten on both axes. Labels are sparsities.',
    accuracy: 'accuracy, %',
    sizeTitle: 'Accuracy against size',
    size: 'size of the files, brotli',
    compactTitle: 'Accuracy against compact size',
    compact: 'size of the compact file',
    latencyTitle: (backend) => `Accuracy against latency on ${backend}`,
    latency: 'time over dense time in the same rounds, with p10–p90',
    description: (title, all, frontier) => `${title}. ${all} points. On the frontier: ${frontier}`,
    point: (trial, accuracy, cost) => `${trial}: ${accuracy}% at ${cost}`,
  },

  layers: {
    heading: 'Where the zeros are',
    read: 'The sparsity of every kernel, with its share of all parameters. Under a global scope the scores share the cut out; under a local one every kernel gives the same share.',
    title: (sparsity) => `Sparsity of each kernel at ${sparsity}`,
    axis: 'share of weights removed',
    share: (percent) => `${percent} of parameters`,
    largest: (shown, all) => `The ${shown} largest of ${all} kernels.`,
  },

  kernel: {
    heading: 'One kernel, weight by weight',
    read: 'Before: all weights, the threshold dashed where one decided. After: those kept. Mask: its first rows and columns.',
  },

  notes: {
    heading: 'Notes',
    impossible: (trial) => `not possible: ${trial}`,
    omitted: (sections) => `Left out to keep this file small, but in the JSON: ${sections}.`,
  },

  again: { heading: 'Make it again' },

  comparison: {
    title: (model) => `Two reports on ${model}`,
    heading: 'What changed',
    read: 'The old value, the new one and the difference. Only a difference beyond the noise is called better or worse.',
    size: 'brotli',
    latency: (backend) => `${backend}, over dense`,
    noise: 'within the noise',
    better: 'better',
    worse: 'worse',
    same: 'the same',
    added: 'only in the new report',
    removed: 'only in the old report',
    nothing: 'The reports have no trial in common.',
    verdict: (better, worse, noise) => `${better} better, ${worse} worse, ${noise} within the noise or the same`,
    differs: (what, old, now) => `The reports differ in ${what}: ${old} → ${now}.`,
    method: (old, now) =>
      `Accuracy: noise is two standard errors of the difference of two measurements on ${old} and ${now} samples, taken as independent. Time: each time is divided by the dense model's in the same rounds, and two ratios differ where their p10–p90 do not overlap. Sizes have no noise.`,
  },

  save: (what, form) => `Download “${what}” as ${form}`,
  language: 'Language',
};
