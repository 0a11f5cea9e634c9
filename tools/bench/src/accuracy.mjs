// What accuracy every method leaves at every sparsity, without and with training, three seeds where training is involved. All of it
// takes hours; see accuracy/main.mjs for how to do it in parts.
import { fashion } from './accuracy/fashion.mjs';
import { goals } from './accuracy/goals.mjs';
import { layer } from './accuracy/layer.mjs';
import { inOrder } from './accuracy/in-order.mjs';
import { lenets } from './accuracy/lenets.mjs';
import { runSections } from './accuracy/main.mjs';
import { mlpnet } from './accuracy/mlpnet.mjs';
import { patterns } from './accuracy/patterns.mjs';
import { permutation } from './accuracy/permutation.mjs';

await runSections(
  'accuracy',
  'accuracy after pruning, calibrated and trained on 8,000 digits (fashion: 60,000 images), in percent',
  { mlpnet, lenets, goals, patterns, 'in-order': inOrder, permutation, layer, fashion },
);
