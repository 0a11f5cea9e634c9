import type { Note } from './contracts.js';
import { sayings } from './note.js';

/** What core says of models and decisions, and what every plug-in may have to say. */
export const NOTES = {
  ignored: 'ignored by {glob}',
  'inputs-kept': 'read by a layer that keeps its inputs, by {glob}',
  'nothing-left': '{id}: no weight is left, so everything behind it sees a constant',

  'nothing-to-prune': 'nothing in this model can be pruned this way',
  'nothing-to-prune-as': 'nothing in this model can be pruned this way ({why})',
  'no-scores': 'has no scores',
  named: '{id}: {why}',
  both: '{first}; {next}',
  'and-others': '{first}; …',

  'inputs-unsupported':
    'the activations that enter {id} are not to be had: {why}; leave it out with {fix}, or use a scorer that looks at weights or gradients',
  'inputs-not-had': '{id} is left as it is: {why}',

  'score-param': '{scorer} has no scores for the parameter {id}; leave it out with {fix}',
  'scores-missing':
    '{scorer} has no scores for the parameter {id}: the loss does not depend on it; leave it out with {fix}',
  'group-scores-missing':
    '{scorer} has no scores for the group {id}: the loss does not depend on it; leave it out with {fix}',
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
} as const;

export const say = sayings(NOTES);

/** One after the other, `most` of them; undefined = there are none. */
export function listNotes(notes: readonly Note[], most: number): Note | undefined {
  const first = notes
    .slice(0, most)
    .reduceRight<Note | undefined>((next, note) => (next ? say('both', { first: note, next }) : note), undefined);
  return first && notes.length > most ? say('and-others', { first }) : first;
}
