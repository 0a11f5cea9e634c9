import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { abiFiles } from '../../scripts/abi-files.cjs';
import { BORDER_JOB } from './jobs.js';
import { writeJob } from './write-job.js';

/** But for how lines are broken. */
const squeezed = (text: string) => text.replace(/\s+/g, '').replace(/,(?=[\])}])/g, '');

test.each(Object.entries(abiFiles()))('%s is what the table and the kernels give', (path, text) => {
  expect(squeezed(readFileSync(join(__dirname, '../..', path), 'utf8'))).toBe(squeezed(text));
});

test('a job is words by their place in the list, floats as floats, and nothing beside it', () => {
  const bytes = new ArrayBuffer(4 * (BORDER_JOB.length + 4));
  const [floats, words] = [new Float32Array(bytes), new Uint32Array(bytes).fill(99)];
  const job = Object.fromEntries(BORDER_JOB.map((name, i) => [name, i + 10])) as Record<
    (typeof BORDER_JOB)[number],
    number
  >;
  writeJob({ floats: () => floats, words: () => words }, 8, BORDER_JOB, { ...job, top: -1, fill: 0.5 });
  expect([...words.subarray(0, 2), ...words.subarray(-2)]).toEqual([99, 99, 99, 99]);
  expect([...words.subarray(2, 2 + BORDER_JOB.length)]).toEqual(
    BORDER_JOB.map((name, i) => (name === 'top' ? 0xffffffff : name === 'fill' ? 0x3f000000 : i + 10)),
  );
});
