// npm start: from a fresh clone to the comparison of all three granularities.
import { build, install, node } from './steps.mjs';

install();
build();
node('compare', './apps/cli/bin/espalier.js', [
  'compare',
  'lenet-300-100',
  '--data',
  'mnist',
  '--fine-tune',
  '3',
  '-o',
  'report',
  ...process.argv.slice(2),
]);
process.stderr.write('\nIn the browser: npm run demo\n');
