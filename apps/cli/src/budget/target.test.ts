import { bytesTarget, latencyTarget, macsTarget, paramsTarget } from './target.js';

test.each([
  [macsTarget, '0.5', { fraction: 0.5 }],
  [macsTarget, '.25', { fraction: 0.25 }],
  [macsTarget, '1', { fraction: 1 }],
  [macsTarget, '1.5M', { amount: 1.5e6 }],
  [paramsTarget, '20k', { amount: 20000 }],
  [paramsTarget, '20000', { amount: 20000 }],
  [bytesTarget, '64kB', { amount: 64000 }],
  [bytesTarget, '1 MiB', { amount: 1048576 }],
  [bytesTarget, '1B', { amount: 1 }],
  [latencyTarget, '12ms', { amount: 12 }],
  [latencyTarget, '0.5ms', { amount: 0.5 }],
  [latencyTarget, '1.5s', { amount: 1500 }],
  [latencyTarget, '0.6', { fraction: 0.6 }],
])('%p reads %s', (parse, text, expected) => expect(parse(text)).toEqual(expected));

test.each([
  [macsTarget, '0'],
  [macsTarget, '-1'],
  [macsTarget, '5 apples'],
  [macsTarget, ''],
  [macsTarget, '1e3'],
  [latencyTarget, '12us'],
  [bytesTarget, '3constructor'],
])('%p refuses %j', (parse, text) =>
  expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'option-value', found: text })),
);
