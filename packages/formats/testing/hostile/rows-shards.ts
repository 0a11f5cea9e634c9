import { mkdirSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { KINDS } from './drafts.js';
import {
  MANIFESTS,
  SHARDED,
  append,
  cut,
  fifo,
  inPlace,
  mainOf,
  on,
  outside,
  rename,
  then,
  type Row,
} from './edits.js';

/** What may be wrong with the files that hold the weights. */
export const SHARDS_ROWS: readonly Row[] = [
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
];
