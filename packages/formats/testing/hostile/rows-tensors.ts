import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KINDS } from './drafts.js';
import { DECLARED, MANIFESTS, TENSORS, append, edit, mainOf, on, then, type Row } from './edits.js';

/** What may be wrong with safetensors and with compact files alone. */
export const TENSORS_ROWS: readonly Row[] = [
  {
    what: 'tensors that overlap',
    make: {
      safetensors: (d) => {
        d.json['fc/bias'].data_offsets = [20, 32];
        d.data = d.data.slice(0, 32);
      },
    },
    code: 'safetensors-offsets',
    says: ["'fc/bias'", 'overlap'],
  },
  {
    what: 'the same bytes twice',
    make: { safetensors: (d) => (d.json['fc/bias'] = { ...d.kernel }) },
    code: 'safetensors-offsets',
    says: ['overlap'],
  },
  {
    what: 'a hole',
    make: {
      safetensors: (d) => {
        d.json['fc/bias'].data_offsets = [28, 40];
        d.data = Uint8Array.from([...d.data, 0, 0, 0, 0]);
      },
      index: (d) => {
        d.kernel.data_offsets = [4, 28];
        d.data = Uint8Array.from([0, 0, 0, 0, ...d.data]);
      },
    },
    code: 'safetensors-offsets',
    says: ['a hole'],
  },
  {
    what: 'offsets backwards',
    make: on(TENSORS, (d) => (d.kernel.data_offsets = [24, 0])),
    code: 'safetensors-offsets',
  },
  {
    what: 'offsets that are none',
    make: on(TENSORS, (d) => (d.kernel.data_offsets = [0, '24'])),
    code: 'safetensors-offsets',
    says: ["'24'"],
  },
  {
    what: 'a polyglot: a zip file behind it',
    make: on(TENSORS, append('PK\x05\x06'.padEnd(22, '\0'))),
    code: 'safetensors-offsets',
  },
  {
    what: 'a polyglot: a zip file in front',
    make: on(TENSORS, (d) =>
      then(d, (shard) => writeFileSync(shard, Buffer.concat([Buffer.from('PK\x03\x04\0\0\0\0'), readFileSync(shard)]))),
    ),
    code: 'safetensors-header',
  },
  {
    what: 'a polyglot: something in the header, behind its object',
    make: { safetensors: edit((text) => `${text}<script>`) },
    code: /safetensors-header|json-syntax/,
  },
  {
    what: 'a polyglot: a header that begins with a space',
    make: { safetensors: edit((text) => ` ${text}`) },
    code: 'safetensors-header',
  },
  {
    what: 'another field in an entry',
    make: on(TENSORS, (d) => (d.kernel.offset = 3)),
    code: 'safetensors-entry',
    says: ["'offset'"],
  },
  {
    what: 'metadata that is no text',
    make: { safetensors: (d) => (d.json.__metadata__ = { 'espalier.model': {}, format: 3 }) },
    code: 'safetensors-header',
  },
  {
    what: 'a weight missing',
    make: {
      safetensors: (d) => {
        delete d.json['fc/bias'];
        d.data = d.data.slice(0, 24);
      },
      index: (d) => delete d.json.weight_map['fc/bias'],
    },
    code: 'weights-missing',
    says: ["'fc/bias'"],
    file: 'main',
  },
  {
    what: 'a weight missing in its file',
    make: { index: (d) => (d.json.weight_map['fc/other'] = 'b.safetensors') },
    code: 'safetensors-index',
    says: ["'fc/other'"],
    file: 'main',
  },
  {
    what: 'a weight that the index does not name',
    make: {
      index: (d) => {
        d.header.extra = { dtype: 'U8', shape: [0], data_offsets: [24, 24] };
      },
    },
    code: 'safetensors-index',
    says: ["'extra'"],
    file: 'main',
  },
  {
    what: 'a weight too many',
    make: {
      safetensors: (d) => (d.json.extra = { dtype: 'U8', shape: [0], data_offsets: [36, 36] }),
      index: (d) => {
        d.header.extra = { dtype: 'U8', shape: [0], data_offsets: [24, 24] };
        d.json.weight_map.extra = 'a.safetensors';
      },
    },
    code: 'weights-extra',
    says: ["'extra'"],
    file: 'main',
  },
  { what: 'an index that is a list', make: { index: (d) => (d.json = []) }, code: 'safetensors-index', file: 'main' },
  {
    what: 'an index whose files are numbers',
    make: { index: (d) => (d.json.weight_map['fc/kernel'] = 3) },
    code: 'safetensors-index',
    file: 'main',
  },
  {
    what: 'an empty file',
    make: on(KINDS, (d) => (d.after = (dir) => truncateSync(join(dir, mainOf(d)), 0))),
    code: /json-syntax|header|compact-truncated/,
    file: 'main',
  },
  {
    what: 'JSON that is a number',
    make: on([...MANIFESTS, 'compact'], (d) => (d.text = '3')),
    code: 'model-invalid',
    file: 'main',
  },
  {
    what: 'an unknown format',
    make: on(DECLARED, (d) => (d.json.format = 'onnx')),
    code: 'model-format',
    says: ["'onnx'"],
    file: 'main',
  },
  {
    what: 'a checksum off by one',
    make: {
      compact: (d) =>
        then(d, (shard) => {
          const bytes = readFileSync(shard);
          bytes[bytes.length - 1]++;
          writeFileSync(shard, bytes);
        }),
    },
    code: 'compact-checksum',
    says: ["'fc/bias'", 'CRC-32'],
  },
  {
    what: 'a bit that fell over',
    make: {
      compact: (d) =>
        then(d, (shard) => {
          const bytes = readFileSync(shard);
          bytes[bytes.length - 8] ^= 4;
          writeFileSync(shard, bytes);
        }),
    },
    code: 'compact-checksum',
    says: ["'fc/bias'"],
  },
  {
    what: 'a zip bomb',
    make: {
      compact: (d) => {
        d.kernel.shape = [2 ** 15, 2 ** 15];
        d.bodies[0] = Uint8Array.of(0, 8, 0, 8, 0, 8, 0, 8, 0);
      },
    },
    code: 'compact-ratio',
    says: ['bytes'],
  },
];
