const { createHash } = require('node:crypto');
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

/** sha256 over the names and contents of a folder's *.ts and the compiler's version. */
exports.assemblyHash = (folderName = 'assembly') => {
  const folder = join(__dirname, '..', folderName);
  const hash = createHash('sha256').update(require('assemblyscript/package.json').version);
  for (const name of readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .sort()) {
    hash.update(`\n${name}\n`).update(readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n'));
  }
  return hash.digest('hex');
};
