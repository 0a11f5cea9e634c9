import * as z from 'zod';
import { target, targetOf } from './kinds.js';
import { UNITS } from './table.js';

type Unit = keyof typeof UNITS;
const read = (unit: Unit, word: string) => {
  const kind = target(UNITS[unit], '');
  return kind.schema(z).safeParse(kind.parse(word));
};

test.each<[Unit, string, object]>([
  ['macs', '0.5', { fraction: 0.5 }],
  ['macs', '.25', { fraction: 0.25 }],
  ['macs', '1', { fraction: 1 }],
  ['macs', '1.5M', { amount: 1.5e6 }],
  ['params', '20k', { amount: 20000 }],
  ['params', '20000', { amount: 20000 }],
  ['bytes', '64kB', { amount: 64000 }],
  ['bytes', '1 MiB', { amount: 1048576 }],
  ['bytes', '1B', { amount: 1 }],
  ['latency', '12ms', { amount: 12 }],
  ['latency', '0.5ms', { amount: 0.5 }],
  ['latency', '1.5s', { amount: 1500 }],
  ['latency', '0.6', { fraction: 0.6 }],
])('%s reads %s', (unit, word, expected) => {
  const { data } = read(unit, word);
  expect(targetOf(data!, UNITS[unit])).toEqual(expected);
});

test.each<[Unit, string]>([
  ['macs', '0'],
  ['macs', '-1'],
  ['macs', '5 apples'],
  ['macs', ''],
  ['macs', '1e3'],
  ['latency', '12us'],
  ['latency', '12'],
  ['bytes', '3constructor'],
])('%s refuses %j', (unit, word) => expect(read(unit, word).success).toBe(false));
