import { sha256 } from '@noble/hashes/sha2.js';
import type { Bits, Note, Plan } from './contracts.js';
import { InputError } from './errors.js';
import { checkGranularity, granularityOf } from './granularity.js';
import { readNote } from './note.js';
import { memoryPlan } from './plan.js';

/*
 * A plan file, byte by byte:
 *   0   8 bytes   'ESPLPLAN'
 *   8   u32 LE    version, 2; files of version 1, which named N:M and blocks alone by `pattern` and `block` and whose notes are
 *                 strings, are read
 *   12  u32 LE    length of the header in bytes
 *   16            header: JSON in UTF-8, { params: [[id, bits]…], units: [[group, bits]…], granularity?, thresholds?, notes? };
 *                 a note is { code?, params?, text }, its params strings, numbers or notes
 *   …             the masks in the header's order, params before units, each padded with 0 bits to a whole byte
 *   end − 32      SHA-256 of everything before it
 */
const MAGIC = 'ESPLPLAN';
const VERSION = 2;
const START = 16;
const DIGEST = 32;

type Entries = [id: string, length: number][];
interface Header extends Pick<Plan, 'granularity' | 'thresholds' | 'notes'> {
  params: Entries;
  units: Entries;
}

/** The plan as bytes for a file; the same plan gives the same bytes. */
export async function encodePlan(plan: Plan): Promise<Uint8Array> {
  const masks: Bits[] = [];
  for (const id of plan.params) masks.push(await plan.mask(id));
  const units = Object.entries(plan.units);
  const header: Header = {
    params: plan.params.map((id, i) => [id, masks[i].length]),
    units: units.map(([id, bits]) => [id, bits.length]),
    ...(plan.granularity && { granularity: plan.granularity }),
    ...(plan.thresholds && { thresholds: plan.thresholds }),
    ...(plan.notes && { notes: plan.notes }),
  };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const parts = [...masks, ...units.map(([, bits]) => bits)].map((bits) => bits.bytes);
  const body = parts.reduce((sum, part) => sum + part.length, START + json.length);
  const out = new Uint8Array(body + DIGEST);
  out.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(out.buffer);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, json.length, true);
  out.set(json, START);
  let at = START + json.length;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  out.set(sha256(out.subarray(0, body)), body);
  return out;
}

/** The plan in a file's bytes. Throws an InputError with code 'plan-file' for anything but a whole, unchanged plan file. */
export function decodePlan(bytes: Uint8Array, where = 'plan file'): Plan {
  const fail = (wanted: string, found: string): never => {
    throw new InputError('plan-file', `${where}: wanted ${wanted}, found ${found}; save the plan again`, {
      where,
      wanted,
      found,
      fix: 'save the plan again',
    });
  };
  if (bytes.length < START + DIGEST) fail(`at least ${START + DIGEST} bytes`, String(bytes.length));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (new TextDecoder('latin1').decode(bytes.subarray(0, 8)) !== MAGIC)
    fail(`a file that begins with ${MAGIC}`, 'something else');
  const version = view.getUint32(8, true);
  if (version !== 1 && version !== VERSION) fail(`version 1 or ${VERSION}`, `version ${version}`);
  const body = bytes.length - DIGEST;
  if (sha256(bytes.subarray(0, body)).some((byte, i) => byte !== bytes[body + i]))
    fail('a matching checksum', 'a different one');
  const end = START + view.getUint32(12, true);
  if (end > body) fail('a header inside the file', `one of ${end - START} bytes`);
  const header = parseHeader(bytes.subarray(START, end), version, fail);
  let at = end;
  const take = (entries: Entries) =>
    Object.fromEntries(
      entries.map(([id, length]) => {
        const size = Math.ceil(length / 8);
        if (at + size > body) fail(`${size} bytes for ${id}`, `${body - at}`);
        const bits = { length, bytes: bytes.slice(at, at + size) };
        if ((length & 7) !== 0 && bits.bytes[size - 1] >> (length & 7) !== 0) fail(`0 bits after ${id}`, 'others');
        at += size;
        return [id, bits];
      }),
    );
  const plan = {
    masks: take(header.params),
    units: take(header.units),
    granularity: header.granularity,
    thresholds: header.thresholds,
    notes: header.notes,
  };
  if (at !== body) fail(`${at + DIGEST} bytes`, String(bytes.length));
  return memoryPlan(plan);
}

function readNotes(list: unknown, fail: (wanted: string, found: string) => never): Note[] {
  const notes = Array.isArray(list) ? list.map((value) => readNote(value)) : [undefined];
  if (!notes.every((note) => note !== undefined)) return fail('a list of notes in the header', 'another');
  return notes;
}

function parseHeader(bytes: Uint8Array, version: number, fail: (wanted: string, found: string) => never): Header {
  let header: Partial<Header>;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return fail('a JSON header', String(error));
  }
  const areEntries = (list: unknown): list is Entries =>
    Array.isArray(list) &&
    list.every(
      (e) => Array.isArray(e) && typeof e[0] === 'string' && Number.isSafeInteger(e[1]) && e[1] >= 0 && e[1] < 2 ** 52,
    ) &&
    new Set(list.map((e) => e[0])).size === list.length;
  const { params, units } = header ?? {};
  if (!areEntries(params) || !areEntries(units))
    return fail('lists of unique params and units in the header', 'others');
  const granularity = version === 1 ? granularityOf(header as Parameters<typeof granularityOf>[0]) : header.granularity;
  try {
    if (granularity !== undefined) checkGranularity(granularity, 'header');
  } catch (error) {
    return fail('a granularity that describes itself', String(error));
  }
  return {
    ...header,
    params,
    units,
    granularity,
    ...(header.notes !== undefined && { notes: readNotes(header.notes, fail) }),
  };
}
