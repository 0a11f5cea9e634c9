import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { KINDS } from './drafts.js';
import { MANIFESTS, TENSORS, bytesText, edit, mainOf, on, then, utf16, type Row } from './edits.js';

/** What may be wrong with the JSON of a model, wherever it is. */
export const JSON_ROWS: readonly Row[] = [
  {
    what: 'JSON 10⁵ deep',
    make: on(KINDS, (d) => (d.text = `{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}`)),
    code: 'json-depth',
    says: ['line 1, column'],
    file: 'main',
  },
  {
    what: 'JSON that does not end',
    make: on(
      KINDS,
      edit((text) => text.slice(0, -1)),
    ),
    code: /json-syntax|safetensors-header/,
    file: 'main',
  },
  {
    what: 'JSON with a byte-order mark',
    make: on(
      KINDS,
      edit((text) => `\ufeff${text}`),
    ),
    code: 'json-encoding',
    says: ['a byte-order mark'],
    file: 'main',
  },
  { what: 'JSON in UTF-16', make: on(KINDS, bytesText(utf16)), code: 'json-encoding', says: ['UTF-16'], file: 'main' },
  {
    what: 'JSON in UTF-16 without a mark',
    make: on(
      KINDS,
      bytesText((text) => utf16(text).slice(2)),
    ),
    code: 'json-encoding',
    says: ['UTF-16'],
    file: 'main',
  },
  {
    what: 'JSON in Latin-1',
    make: on(
      KINDS,
      bytesText((text) => new Uint8Array(Buffer.from(text.replace('{', '{"é":1,'), 'latin1'))),
    ),
    code: 'json-encoding',
    says: ['0xe9'],
    file: 'main',
  },
  {
    what: '4 GB of JSON',
    make: on([...MANIFESTS, 'index'], (d) => (d.after = (dir) => truncateSync(join(dir, mainOf(d)), 2 ** 32))),
    code: 'json-size',
    says: ['4294967296'],
    file: 'main',
  },
  {
    what: 'a header of 2⁶³ bytes',
    make: on(TENSORS, (d) => (d.headerLength = 2n ** 63n)),
    code: 'safetensors-header',
    says: ['9223372036854775808'],
  },
  {
    what: 'a header of 2⁶⁴ − 1 bytes',
    make: on(TENSORS, (d) => (d.headerLength = 2n ** 64n - 1n)),
    code: 'safetensors-header',
  },
  {
    what: 'a header beyond the file',
    make: on(TENSORS, (d) => (d.headerLength = 99_999_999n)),
    code: 'safetensors-header',
  },
  { what: 'a header of nothing', make: on(TENSORS, (d) => (d.headerLength = 0n)), code: /safetensors-header|json/ },
  {
    what: '4 GB of header',
    make: on(TENSORS, (d) => {
      d.headerLength = 2n ** 32n;
      then(d, (shard) => truncateSync(shard, 2 ** 33));
    }),
    code: 'safetensors-header',
    says: ['100000000'],
  },
  {
    what: 'a header of spaces',
    make: { safetensors: (d) => (d.text = `{"a":"${' '.repeat(1e6)}x"}`) },
    code: 'safetensors-entry',
  },
];
