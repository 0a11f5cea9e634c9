// Sections of measurements as one table for people and one JSON document. --only REGEXP chooses among 'section net'; --rows FILE keeps
// each measurement as it comes, and what is in the file is not measured again, so that a table can be made in parts.
import '@tensorflow/tfjs-backend-wasm';
import { parseArgs } from 'node:util';
import { enableTraining } from '@espalier/kernels-wasm/training';
import * as tf from '@tensorflow/tfjs-core';
import { machine, publish, spread, wantedGroup } from '../harness.mjs';
import { rowStore, summarise, tableOf } from './rows.mjs';

const text = { type: 'string' };
const { values } = parseArgs({ options: { only: text, rows: text, out: text } });

/** Runs the sections, by name, and prints what they found. */
export async function runSections(name, what, sections) {
  tf.env().set('PROD', true);
  await tf.setBackend('wasm');
  enableTraining();
  const store = rowStore(values.rows, (section, net) => wantedGroup(`${section} ${net}`));
  for (const run of Object.values(sections)) await run(store);
  const rows = summarise(store.all(), Object.keys(sections));
  process.stderr.write(`\n${tableOf(rows)}\n\n`);
  const label = ({ section, net, method, setting }) => `${section}: ${net} ${method} ${setting}`;
  publish({
    name,
    what,
    unit: '%',
    cases: Object.fromEntries(rows.map((row) => [label(row), spread(row.values)])),
    table: true,
    rows,
    machine: machine(['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm']),
  });
}
