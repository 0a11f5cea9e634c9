import { KINDS } from './drafts.js';
import { DECLARED, TENSORS, call, edit, on, shape, type Row } from './edits.js';

/** What may be wrong with names, shapes and dtypes. */
export const NAMES_ROWS: readonly Row[] = [
  {
    what: 'a weight twice',
    make: {
      ...on(DECLARED, (d) => d.weights.push(d.kernel)),
      safetensors: edit((text) => text.replace('"fc/bias"', '"fc/kernel"')),
      index: edit((text) => text.replace('"fc/bias"', '"fc/kernel"')),
    },
    code: /weight-duplicate|json-key/,
    says: ["'fc/kernel'"],
    file: 'main',
  },
  {
    what: 'a JSON key twice',
    make: on(
      KINDS,
      edit((text) => `{"a":1,"a":2,${text.slice(1)}`),
    ),
    code: 'json-key',
    says: ["'a' again", 'line 1, column'],
    file: 'main',
  },
  {
    what: 'the key __proto__',
    make: on(
      KINDS,
      edit((text) => `{"__proto__":{},${text.slice(1)}`),
    ),
    code: 'json-key',
    says: ['__proto__'],
    file: 'main',
  },
  {
    what: 'a weight called __proto__',
    make: on(DECLARED, call('__proto__')),
    code: 'weight-name',
    says: ['__proto__'],
    file: 'main',
  },
  { what: 'a weight without a name', make: on(DECLARED, call('')), code: 'weight-name', file: 'main' },
  {
    what: 'a tensor called constructor',
    make: on(TENSORS, call('constructor')),
    code: 'weights-missing',
    says: ["'fc/kernel'"],
    file: 'main',
  },
  { what: 'a tensor without a name', make: on(TENSORS, call('')), code: 'weights-missing', file: 'main' },
  { what: 'a negative dimension', make: on(KINDS, shape([-2, 3])), code: 'weight-shape', says: ["'fc/kernel'", '-2'] },
  {
    what: 'a fractional dimension',
    make: on(KINDS, shape([1.5, 4])),
    code: 'weight-shape',
    says: ["'fc/kernel'", '1.5'],
  },
  {
    what: 'a string as dimension',
    make: on(KINDS, shape(['2', 3])),
    code: 'weight-shape',
    says: ["'fc/kernel'", "'2'"],
  },
  { what: 'null as dimension', make: on(KINDS, shape([null, 3])), code: 'weight-shape', says: ["'fc/kernel'", 'null'] },
  {
    what: 'a shape that is none',
    make: on(KINDS, shape({ 0: 2 })),
    code: /weight-shape|manifest-invalid/,
    says: ["'fc/kernel'", 'an object'],
  },
  {
    what: 'a shape of 10⁵ axes',
    make: on(KINDS, shape(new Array(1e5).fill(1))),
    code: /weight-shape|offsets/,
    says: ["'fc/kernel'"],
  },
  {
    what: 'a product over 2⁵³',
    make: on(KINDS, shape([2 ** 40, 2 ** 40])),
    code: /weight-shape|offsets/,
    says: ["'fc/kernel'"],
  },
  {
    what: 'a product over 2⁵³ behind a zero',
    make: on(KINDS, shape([0, 2 ** 40, 2 ** 40])),
    code: /weight-shape|offsets/,
    says: ["'fc/kernel'"],
  },
  {
    what: 'more elements than bytes',
    make: on(KINDS, shape([2 ** 20, 2 ** 20])),
    code: /truncated|offsets|ratio|weights-size/,
    says: ['wanted', 'found'],
  },
  { what: 'fewer elements than bytes', make: on(KINDS, shape([1, 1])), code: /trailing|truncated|offsets/ },
  {
    what: 'an unknown dtype',
    make: on(KINDS, (d) => (d.kernel.dtype = 'float63')),
    code: /dtype/,
    says: ["'fc/kernel'", "'float63'"],
  },
  {
    what: 'a dtype that is no text',
    make: on(KINDS, (d) => (d.kernel.dtype = ['float32'])),
    code: /dtype/,
    says: ["'fc/kernel'"],
  },
  {
    what: 'a dtype called constructor',
    make: on(KINDS, (d) => (d.kernel.dtype = 'constructor')),
    code: /dtype/,
    says: ["'fc/kernel'"],
  },
  {
    what: 'another dtype than the model wants',
    make: on(TENSORS, (d) => (d.kernel.dtype = 'I32')),
    code: 'weight-dtype',
    says: ["'fc/kernel'", 'F32', 'I32'],
    file: 'main',
  },
  {
    what: 'another shape than the model wants',
    make: on(TENSORS, shape([3, 2])),
    code: 'weight-shape',
    says: ["'fc/kernel'", '[3, 2]'],
    file: 'main',
  },
];
