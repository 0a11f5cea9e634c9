// npm run demo: builds the comparison app and serves it; the address is printed. What follows -- goes to vite preview.
import { install, node } from './steps.mjs';

install();
node('build', 'nx/dist/bin/nx.js', ['run-many', '-t', 'build', '-p', '@espalier/demo', '--outputStyle=static'], {
  quiet: true,
});
node('the demo, until Ctrl-C', 'vite/bin/vite.js', ['preview', 'apps/demo', ...process.argv.slice(2)]);
