/**
 * What Espalier says of a model or a decision, by code. Notes and reasons travel as these English sentences, in plan files, reports and
 * JSON, and so may those of anybody else; a page in another language says the ones that it knows by their codes.
 * `{why}` is a sentence again.
 */
export const SENTENCES = {
  // Strategies
  'dense-no-input-axis': '{id} stays dense: it has no input axis for {pattern}',
  'dense-short-axis':
    '{id} stays dense: its {axis} axis has {size} of the {group} entries that a group of {pattern} needs',
  'dense-tail': '{id}: the last {rest} of {size} {axis} stay dense, {pattern} does not divide them',
  'dense-no-block-axes': '{id} stays dense: it has no input and output axis for {block} blocks',
  'dense-small': '{id} stays dense: it is smaller than a {block} block',
  'dense-block-tail': '{id}: the last {rest} {axis} stay dense, {block} blocks do not divide them',
  'order-kept': 'the channels of {id} keep their order: {why}',
  'order-read-otherwise': '{id} reads them in another order',
  'order-few-channels': '{size} channels are no group of {group}',
  'order-not-aligned': 'the {size} channels do not line up with groups of {group} in {id}',

  // Scorers and repairs
  'inputs-not-had': '{id} is left as it is: {why}',
  'few-rows':
    '{id}: {rows} rows of calibration data for {inputs} inputs, too few to tell them apart; give at least {least}',
  'few-samples':
    '{scorer}: {samples} samples of calibration data for blocks of {block} weights, too few to tell them apart; give at least {least}',
  'dead-input': '{id}: {count} of its inputs is zero in all calibration data',
  'dead-inputs': '{id}: {count} of its inputs are zero in all calibration data',
  'singular-hessian': '{id}: its Hessian is singular, dampened by {damping} of its mean diagonal to solve with it',
  'loss-not-finite':
    'obs: the loss of step {step} of {steps} along the labels is not finite; kept the values before it',
  'not-compensated': '{id}: not compensated, {why}',
  'no-bias': 'it has no bias',
  'inputs-not-followed': 'its inputs are not followed',
  'no-data': 'there is no data',
  'is-no-kernel': 'it is no kernel',
  'layer-not-followed': 'it is a weight of the layer class {what}, which is not followed',
  'not-followed': '{what} is not followed',

  // Why something is left alone
  'left-alone': '{id} is left alone: {why}',
  'nothing-left': '{id}: no weight is left, so everything behind it sees a constant',
  ignored: 'ignored by {glob}',
  'inputs-kept': 'read by a layer that keeps its inputs, by {glob}',
  'not-finite': 'holds NaN or infinities',
  'runs-through': 'runs through {id}, which {why}',
  'model-output': 'model output',
  'only-channel': 'it is the only channel',
  'a-bias': 'a bias',
  'a-scale': 'a scale',
  'a-statistic': 'a statistic',
  'unknown-layer': 'the layer class {what} is not known, its weights are left alone',
  'other-type': 'its values are {type}, only float32 is pruned',
  'an-embedding': 'an embedding is looked up, not multiplied: zeros in it save no arithmetic',
  'a-constant': 'a constant of {what}',
  unread: 'no output reads it',
  'not-multiplied': '{what} is not known to multiply by it as it is',
  'also-read': 'also read by {what}',
  'shared-with-reader': '{id} is also read by {what}',

  // Why channels stay
  feeds: 'feeds {what}, {why}',
  'mixed-axis': 'lie along an axis that {what} mixes',
  'made-by': 'what {what} makes',
  'model-input': "the model's input {what}",
  'meets-unfollowed': 'meets channels that cannot be followed in {what}',
  'meets-fixed': 'meets channels that stay in {what}',
  counted: 'is counted in {what}',
  spread: 'is spread over all channels by {what}',
  repeated: 'is repeated for all channels in {what}',
  'mixes-channels': 'which mixes channels',
  'not-followed-through': 'through which channels are not followed',
  'mixes-axis': 'which mixes the axis that they lie along',
  'drops-axis': 'which drops their axis',
  'takes-apart': 'which takes them apart',
  'picks-some': 'which picks some of them',
  'lays-out': 'which lays channels out so that they cannot be followed',
  'first-state': 'which takes its first state from another layer',
  'as-indices': 'which reads channels as indices',
  'as-places': 'which takes them for places',
  'shape-at-run': 'whose shape is worked out while it runs',
  'other-size': 'whose kernel is of another size',
  'kernel-no-weight': 'whose kernel is no weight',
  'other-axis': 'which adds along another axis',
  'works-out-weights': '{what} works out its weights',
  'works-out-size': '{what} works out its size while it runs',
  'other-count': "axis {number} of '{id}' has {size} entries for {count} channels",
  'shares-fixed': "shares '{id}' with channels that stay",
  'meets-call': "meets at '{id}' channels that stay, in another call of the layer",
  normalises: 'which normalises axis {number} of {axes}',
  'unknown-activation': '{what} applies {name}, which is not known to keep channels apart',
  'by-budget': 'the budget leaves it alone',
  'zero-epsilon': 'whose epsilon is 0',
  'mean-mixes': 'whose mean and variance mix channels',

  // Why a trial was not possible
  'channels-impossible':
    'sparsity {sparsity} of {total} channels is too much: {why}, which leaves {size} to remove; use a sparsity of at most {most}',
  'one-of-each': 'each of the {count} groups keeps at least one',
  'floors-keep': 'floors and rounding keep {count}',
  'output-unsupported':
    '{scorer} needs class probabilities or logits of shape [n, classes], under softmax cross-entropy, got {why}; use the empirical Fisher (hessian), which takes any loss',
  'of-shape': 'an output of shape [{shape}]',
  'scores-missing':
    '{scorer} has no scores for the parameter {id}: the loss does not depend on it; leave it out with --ignore',
  'group-scores-missing':
    '{scorer} has no scores for the group {id}: the loss does not depend on it; leave it out with --ignore',
  'scores-not-finite':
    "the scores of '{id}' must be finite, got {value} at index {index}; check the weights and the calibration data",
  'scored-unknown': '{scorer} scores {id}, which is no parameter of the model',
  'scored-length': '{scorer} needs {wanted} scores for {id}, got {size}',
  'scored-not-finite':
    '{scorer}: the scores of {id} must be finite, got {value} at index {index}; check the weights and the calibration data',
  'scored-negative':
    '{scorer}: the scores of {id} must be 0 or more, got {value} at index {index}; a scorer whose scores have signs says signed: true',
  'batch-loss-not-finite':
    '{scorer}: the loss of calibration batch {index} is {value}; check the weights, and that the data is normalised as in training',
  'sample-loss-not-finite':
    '{scorer}: the loss of calibration sample {index} must be finite, got {value}; check the weights, and that the data is normalised as in training',
  'gradient-not-finite':
    "{scorer}: the gradient of '{id}' must be finite, got {value} at index {index}; check the weights, and that the data is normalised as in training",
  'sample-output-not-finite':
    "{scorer}: the model's output for calibration sample {sample} must be finite, got {value} at class {index}; check the weights, and that the data is normalised as in training",
  'inputs-not-finite':
    "the activations that enter '{id}' must be finite, got others; check the weights, and that the data is normalised as in training",
  'data-loss-not-finite':
    'OBS: the loss of the calibration data must be finite, got {value}; check the weights, the labels, and that the data is normalised as in training',
  'output-nan': "the model's output for sample {sample} is NaN; check the weights and the normalisation of the data",
  'tuning-diverged': 'the loss is {value} after {epochs} epochs of fine-tuning; use a lower learning rate',
  'loss-diverged':
    'the training loss is {value} in epoch {epoch} of {epochs}, step {step} of {steps}; use a smaller learning rate, and check that the data is normalised as the model expects',
  'weight-diverged':
    "a weight of '{id}' is {value} in epoch {epoch} of {epochs}, step {step} of {steps}; use a smaller learning rate, and check that the data is normalised as the model expects",

  // Of a whole comparison
  'kernels-used': "{backend}: pruned models run on {kernels}, the dense model on TensorFlow.js's own kernels",
  'device-in-software': '{backend}: {device} computes in software; its times say nothing about a GPU',
  device: '{backend}: measured on {device}',
  'new-values': 'weights that stay have new values: {options}',
  'brotli-quality': 'brotli at quality {quality}; the command line compresses at {other}',
  'were-quantised': 'weights were stored quantised ({types}); they are float32 from here on, also in what is written',
  'unknown-operation':
    '{id} is the operation {what}, which TensorFlow.js does not have; the model runs only where a program registers it',
} as const;

export type SentenceCode = keyof typeof SENTENCES;

type Named<T extends string> = T extends `${string}{${infer Name}}${infer Rest}` ? Name | Named<Rest> : never;

/** What a sentence has to be given. */
export type SentenceParams<C extends SentenceCode> = Readonly<Record<Named<(typeof SENTENCES)[C]>, string | number>>;

/** A sentence in English. */
export function sentence<C extends SentenceCode>(code: C, params: SentenceParams<C>): string {
  return fill(SENTENCES[code], params);
}

/** A template with values in the places of their names. */
export const fill = (template: string, params: Readonly<Record<string, string | number>>): string =>
  template.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name]));

export interface ReadSentence {
  readonly code: SentenceCode;
  readonly params: Readonly<Record<string, string>>;
}

/** The code and the values of a sentence that was made here; undefined = it is somebody else's. */
export function readSentence(text: string): ReadSentence | undefined {
  for (const { code, pattern } of (patterns ??= makePatterns())) {
    const found = pattern.exec(text);
    if (found) return { code, params: { ...found.groups } };
  }
  return undefined;
}

interface Pattern {
  readonly code: SentenceCode;
  readonly pattern: RegExp;
}

let patterns: readonly Pattern[] | undefined;

/** Those with the most words of their own first: they are the least likely to be taken for another. */
function makePatterns(): Pattern[] {
  const own = (code: SentenceCode) => SENTENCES[code].replace(/\{\w+\}/g, '').length;
  return (Object.keys(SENTENCES) as SentenceCode[])
    .sort((a, b) => own(b) - own(a))
    .map((code) => {
      const parts = SENTENCES[code].split(/\{(\w+)\}/);
      const source = parts.map((part, i) => (i % 2 === 1 ? `(?<${part}>.+?)` : escape(part))).join('');
      return { code, pattern: new RegExp(`^${source}$`, 's') };
    });
}

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
