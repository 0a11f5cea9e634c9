import { linkSync, renameSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KINDS } from './drafts.js';
import { SHARDED, editHeader, on, then, type Row } from './edits.js';

import { SHARDS_ROWS } from './rows-shards.js';
import { NAMES_ROWS } from './rows-names.js';
import { VALUES_ROWS } from './rows-values.js';
import { JSON_ROWS } from './rows-json.js';
import { TENSORS_ROWS } from './rows-tensors.js';

/** What may be wrong with a model's files, whatever its layers are. */
export const FILE_ROWS: readonly Row[] = [...SHARDS_ROWS, ...NAMES_ROWS, ...VALUES_ROWS, ...JSON_ROWS, ...TENSORS_ROWS];

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
  { what: 'spaces behind the header', make: { safetensors: editHeader((text) => `${text}    `) } },
];
