import { spawnSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type Draft, type Json, type Kind, KINDS, MAIN, SHARD } from './drafts.js';

/** One way in which a model can be wrong. */
export interface Row {
  readonly what: string;
  /** What makes it so, for each kind that it concerns. */
  readonly make: Partial<Record<Kind, (d: Draft) => void>>;
  /** The error's code, or what it matches. */
  readonly code: string | RegExp;
  /** What the message says beside the file. */
  readonly says?: readonly string[];
  /** The base name of the file in the message; default: that of the weights. */
  readonly file?: 'shard' | 'main' | 'any';
}

type Make = (d: Draft) => void;

const on = (kinds: readonly Kind[], make: Make): Row['make'] => Object.fromEntries(kinds.map((kind) => [kind, make]));
export const MANIFESTS = ['layers', 'graph'] as const;
const TENSORS = ['safetensors', 'index'] as const;
const DECLARED = ['layers', 'graph', 'compact'] as const;
const SHARDED = ['layers', 'graph', 'index'] as const;

const nameOf = (d: Draft) => SHARD[d.kind];
/** Runs when the files are written. */
const then = (d: Draft, act: (shard: string, dir: string) => void) => {
  d.after = (dir) => act(join(dir, nameOf(d)), dir);
};
const cut =
  (bytes: number): Make =>
  (d) =>
    then(d, (shard) => truncateSync(shard, readFileSync(shard).length - bytes));
const append =
  (text: string): Make =>
  (d) =>
    then(d, (shard) => writeFileSync(shard, Buffer.concat([readFileSync(shard), Buffer.from(text)])));
const inPlace =
  (act: (path: string) => void, of: (d: Draft) => string = nameOf): Make =>
  (d) =>
    (d.after = (dir) => {
      rmSync(join(dir, of(d)));
      act(join(dir, of(d)));
    });
const fifo = (path: string) => void spawnSync('mkfifo', [path]);
const mainOf = (d: Draft) => MAIN[d.kind];

/** The index's or the manifest's name for the shard. */
const rename =
  (name: string): Make =>
  (d) => {
    if (d.kind === 'index') d.json.weight_map['fc/kernel'] = name;
    else d.json.weightsManifest[0].paths = [name];
  };
/** Another name for 'fc/kernel'. */
const call =
  (name: string): Make =>
  (d) => {
    const moved = (object: Json) =>
      Object.fromEntries(Object.entries(object).map(([key, value]) => [key === 'fc/kernel' ? name : key, value]));
    if (d.kind === 'index') d.json.weight_map = moved(d.json.weight_map);
    if (!d.header) return void (d.kernel.name = name);
    d.header = moved(d.header);
    if (d.kind === 'safetensors') d.json = d.header;
  };
const shape =
  (value: unknown): Make =>
  (d) =>
    void (d.kernel.shape = value);
const edit =
  (change: (text: string) => string): Make =>
  (d) => {
    if (d.kind === 'safetensors') d.json.__metadata__ = {};
    d.text = change(JSON.stringify(d.json));
  };
const bytesText =
  (change: (text: string) => Uint8Array): Make =>
  (d) =>
    void (d.text = change(JSON.stringify(d.json)));
const outside = (path: string) => {
  const place = join(dirname(dirname(path)), `outside-${path.split('/').at(-2)}-${path.split('/').at(-1)}`);
  renameSync(path, place);
  symlinkSync(place, path);
};
const value =
  (bits: number, at = 4): Make =>
  (d) => {
    new DataView(d.data.buffer, d.data.byteOffset).setUint32(at * 4, bits, true);
    // The float's word is turned left by one bit in a compact record.
    const [body] = d.bodies;
    if (!body) return;
    const turned = ((bits << 1) | (bits >>> 31)) >>> 0;
    for (let plane = 0; plane < 4; plane++) body[1 + plane * 7 + 1 + at] = (turned >>> (8 * plane)) & 255;
  };
const quantized =
  (dtype: unknown, rest: object): Make =>
  (d) =>
    void (d.kernel.quantization = { dtype, ...rest });
const utf16 = (text: string) => new Uint8Array(Buffer.from(`\ufeff${text}`, 'utf16le'));

/** What may be wrong with a model's files, whatever its layers are. */
export const FILE_ROWS: readonly Row[] = [
  { what: 'cut off, whole elements', make: on(KINDS, cut(4)), code: /truncated|offsets/, says: ['wanted', 'found'] },
  { what: 'cut off inside an element', make: on(KINDS, cut(2)), code: /truncated|offsets/ },
  {
    what: 'cut off to nothing',
    make: on(KINDS, (d) => then(d, (shard) => truncateSync(shard, 0))),
    code: /truncated|header/,
  },
  { what: 'trailing bytes', make: on(KINDS, append('\0\0\0\0')), code: /trailing|offsets/ },
  { what: 'one trailing byte', make: on(KINDS, append('x')), code: /trailing|offsets/ },
  {
    what: 'a shard missing',
    make: on(
      SHARDED,
      inPlace(() => undefined),
    ),
    code: /-missing$/,
    says: ['nothing there'],
  },
  {
    what: 'a shard that is a folder',
    make: on(
      KINDS,
      inPlace((path) => mkdirSync(path)),
    ),
    code: /not-a-file|model-missing/,
    says: ['folder'],
  },
  { what: 'a shard that is a FIFO', make: on(KINDS, inPlace(fifo)), code: /not-a-file/, says: ['a pipe'] },
  {
    what: 'the model itself a FIFO',
    make: on(KINDS, inPlace(fifo, mainOf)),
    code: /not-a-file/,
    says: ['a pipe'],
    file: 'main',
  },
  {
    what: 'a shard that is a device',
    make: on(
      KINDS,
      inPlace((path) => symlinkSync('/dev/zero', path)),
    ),
    code: /not-a-file|shard-path/,
  },
  {
    what: 'a shard path with ..',
    make: on(SHARDED, rename('../weights.bin')),
    code: 'shard-path',
    says: ["'..'"],
    file: 'main',
  },
  {
    what: 'a shard path with .. inside',
    make: on(SHARDED, rename('a/../weights.bin')),
    code: 'shard-path',
    file: 'main',
  },
  {
    what: 'an absolute shard path',
    make: on(SHARDED, rename('/etc/passwd')),
    code: 'shard-path',
    says: ['an absolute path'],
    file: 'main',
  },
  {
    what: 'a URL as shard path',
    make: on(SHARDED, rename('https://example.com/w.bin')),
    code: 'shard-path',
    says: ['a URL'],
    file: 'main',
  },
  {
    what: 'a file: URL as shard path',
    make: on(SHARDED, rename('file:///etc/passwd')),
    code: 'shard-path',
    file: 'main',
  },
  {
    what: 'a percent-encoded shard path',
    make: on(SHARDED, rename('%2e%2e%2fweights.bin')),
    code: 'shard-path',
    says: ['percent-encoding'],
    file: 'main',
  },
  {
    what: 'a shard path with NUL',
    make: on(SHARDED, rename('weights.bin\0.txt')),
    code: 'shard-path',
    says: ['NUL'],
    file: 'main',
  },
  {
    what: 'a shard path with a backslash',
    make: on(SHARDED, rename('..\\weights.bin')),
    code: 'shard-path',
    file: 'main',
  },
  { what: 'an empty shard path', make: on(SHARDED, rename('')), code: 'shard-path', file: 'main' },
  {
    what: 'a shard path that is the folder',
    make: on(SHARDED, rename('./')),
    code: 'shard-path',
    says: ['the folder itself'],
    file: 'main',
  },
  {
    what: 'a shard path too long',
    make: on(SHARDED, rename(`${'x'.repeat(300)}.bin`)),
    code: /-unreadable/,
    says: ['xxx.bin', 'too long'],
    file: 'any',
  },
  {
    what: 'a shard that links out of the folder',
    make: on(SHARDED, (d) => then(d, outside)),
    code: 'shard-path',
    says: ['a link that leaves it'],
    file: 'main',
  },
  {
    what: 'a shard that links to itself',
    make: on(
      SHARDED,
      inPlace((path) => symlinkSync(path, path)),
    ),
    code: /-unreadable/,
  },
  {
    what: 'a shard twice',
    make: {
      ...on(MANIFESTS, (d) => (d.json.weightsManifest[0].paths = ['weights.bin', 'weights.bin'])),
      index: (d) => {
        d.json.weight_map['fc/bias'] = './a.safetensors';
      },
    },
    code: 'shard-duplicate',
    file: 'main',
  },
  {
    what: 'a shard twice, by a link',
    make: {
      ...on(MANIFESTS, (d) => {
        d.json.weightsManifest[0].paths = ['weights.bin', 'again.bin'];
        then(d, (shard, dir) => symlinkSync(shard, join(dir, 'again.bin')));
      }),
      index: (d) =>
        then(d, (shard, dir) => {
          rmSync(join(dir, 'b.safetensors'));
          symlinkSync(shard, join(dir, 'b.safetensors'));
        }),
    },
    code: 'shard-duplicate',
    file: 'main',
  },
  {
    what: 'model.json as its own shard',
    make: { layers: rename('model.json'), graph: rename('model.json'), index: rename('m.safetensors.index.json') },
    code: 'shard-duplicate',
    file: 'main',
  },
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
  {
    what: 'quantisation: scale NaN',
    make: on(DECLARED, (d) => quantized('uint8', { scale: NaN, min: 0 })(d)),
    code: 'weight-quantization',
    says: ["'fc/kernel'", 'a finite scale'],
  },
  {
    what: 'quantisation: the word NaN',
    make: on(DECLARED, (d) => {
      quantized('uint8', { scale: -77, min: 0 })(d);
      edit((text) => text.replace('-77', 'NaN'))(d);
    }),
    code: 'json-syntax',
    file: 'main',
  },
  {
    what: 'quantisation: scale 0',
    make: on(DECLARED, quantized('uint8', { scale: 0, min: 0 })),
    code: 'weight-quantization',
    says: ["'fc/kernel'", 'found 0'],
  },
  {
    what: 'quantisation: scale Infinity',
    make: on(DECLARED, (d) => {
      quantized('uint8', { scale: -77, min: 0 })(d);
      edit((text) => text.replace('-77', '1e999'))(d);
    }),
    code: 'json-number',
    says: ['1e999'],
    file: 'main',
  },
  {
    what: 'quantisation: scale beyond float32',
    make: on(DECLARED, quantized('uint16', { scale: 1e38, min: 0 })),
    code: 'weight-quantization',
    says: ["'fc/kernel'"],
  },
  {
    what: 'quantisation: min is none',
    make: on(DECLARED, quantized('uint8', { scale: 1, min: null })),
    code: 'weight-quantization',
  },
  {
    what: 'quantisation: an unknown dtype',
    make: on(DECLARED, quantized('int3', { scale: 1, min: 0 })),
    code: 'weight-quantization',
    says: ["'int3'"],
  },
  {
    what: 'a NaN',
    make: on(KINDS, value(0x7fc00000)),
    code: 'weight-not-finite',
    says: ["'fc/kernel'", 'index 4 ([1, 1])'],
  },
  {
    what: 'an infinity',
    make: on(KINDS, value(0x7f800000)),
    code: 'weight-not-finite',
    says: ["'fc/kernel'", 'index 4'],
  },
  {
    what: 'minus infinity',
    make: on(KINDS, value(0xff800000, 5)),
    code: 'weight-not-finite',
    says: ["'fc/kernel'", 'index 5'],
  },
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

/** Models that are in order, however odd, and have to be read. */
export const GOOD_ROWS: readonly Pick<Row, 'what' | 'make'>[] = [
  { what: 'plain', make: on(KINDS, () => undefined) },
  {
    what: 'a hard link as shard',
    make: on(KINDS, (d) =>
      then(d, (shard, dir) => linkSync(shard, join(dirname(dir), `hard-${d.kind}-${dir.split('/').at(-1)}`))),
    ),
  },
  {
    what: 'a shard that links to a file of the folder',
    make: on(SHARDED, (d) =>
      then(d, (shard, dir) => {
        renameSync(shard, join(dir, 'real.bin'));
        symlinkSync('real.bin', shard);
      }),
    ),
  },
  { what: 'spaces behind the header', make: { safetensors: edit0((text) => `${text}    `) } },
];

function edit0(change: (text: string) => string): Make {
  return (d) => {
    d.after = (dir) => {
      const path = join(dir, 'm.safetensors');
      const bytes = readFileSync(path);
      const length = Number(bytes.readBigUInt64LE());
      const header = Buffer.from(change(bytes.subarray(8, 8 + length).toString('utf8')));
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(header.length));
      writeFileSync(path, Buffer.concat([size, header, bytes.subarray(8 + length)]));
    };
  };
}
