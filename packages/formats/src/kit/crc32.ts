/** Eight tables of 256: table k holds the remainders of a byte that k more bytes follow (slicing by 8). */
const TABLES = (() => {
  const tables = Array.from({ length: 8 }, () => new Int32Array(256));
  for (let i = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    tables[0][i] = crc;
  }
  for (let k = 1; k < 8; k++) {
    for (let i = 0; i < 256; i++) tables[k][i] = (tables[k - 1][i] >>> 8) ^ tables[0][tables[k - 1][i] & 255];
  }
  return tables;
})();

const NONE = new Int32Array(0);

/** CRC-32 as in ISO 3309 and PNG: polynomial 0x04c11db7 reflected, initial value and final XOR of all ones. */
export function crc32(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES;
  let crc = -1;
  let i = 0;
  for (; i < bytes.length && (bytes.byteOffset + i) % 4 !== 0; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]) & 255];
  const count = ((bytes.length - i) >> 3) * 2;
  // What is too short may end before it is aligned.
  const words = count > 0 ? new Int32Array(bytes.buffer, bytes.byteOffset + i, count) : NONE;
  for (let w = 0; w < words.length; w += 2) {
    const a = crc ^ words[w];
    const b = words[w + 1];
    crc =
      t7[a & 255] ^
      t6[(a >>> 8) & 255] ^
      t5[(a >>> 16) & 255] ^
      t4[a >>> 24] ^
      t3[b & 255] ^
      t2[(b >>> 8) & 255] ^
      t1[(b >>> 16) & 255] ^
      t0[b >>> 24];
  }
  for (i += 4 * words.length; i < bytes.length; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]) & 255];
  return ~crc >>> 0;
}
