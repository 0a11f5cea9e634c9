import { type Granularity, granularityOf, InputError, type Note, readNote, show } from '@espalier/core';
import * as z from 'zod';

/** Raised when a reader of the old form could misunderstand the new one. */
export const REPORT_VERSION = 2;

const count = z.int().nonnegative();
const fraction = z.number().min(0).max(1);
const percent = z.number().min(0).max(100);
const milliseconds = z.number().nonnegative();
const text = z.string();
const shape = z.array(count);

const bytesSchema = z.object({ raw: count, gzip: count, brotli: count });

/** The compact file with its values in one form, and what the model predicts that is read from it. */
const compactSchema = z.object({
  /** 'float32' keeps every bit; others, such as 'int8', do not. */
  values: text,
  bytes: count,
  /** null where it was not measured. */
  accuracy: percent.nullable(),
});

/** MACs per sample; null where the model's sizes are open. */
const macsSchema = z.object({ dense: z.number().nonnegative(), kept: z.number().nonnegative() });

const timingSchema = z.object({
  /** The backend that was asked for, and the one that held the output after the run. */
  backend: text,
  ran: text,
  batch: z.int().positive(),
  medianMs: milliseconds,
  p10Ms: milliseconds,
  p90Ms: milliseconds,
  /** Timed samples, warm-up left out. */
  runs: z.int().positive(),
});

const latencySchema = timingSchema.extend({
  /** The dense model's median in the same rounds. */
  denseMedianMs: milliseconds,
  /** Dense time over pruned time, round by round: above 1 the pruned model is the faster one. */
  speedup: z.object({ median: z.number().positive(), p10: z.number().positive(), p90: z.number().positive() }),
  /** MACs dense / kept: what the arithmetic alone would allow; null where MACs are unknown or none are left. */
  theoretical: z.number().positive().nullable(),
});

const layerSchema = z.object({
  /** The parameter's id, such as 'conv1/kernel'. */
  id: text,
  shape,
  size: count,
  kept: count,
  /** The largest pruned score; null for structured and N:M plans, and where nothing was pruned. */
  threshold: z.number().nullable(),
});

/** One kernel before and after: what the three panels of the classic explanation show. */
const panelSchema = z.object({
  param: text,
  shape,
  /** The largest pruned magnitude, where one threshold on |w| decided; else null. */
  threshold: z.number().nonnegative().nullable(),
  /** Bin i of both histograms is [low + i·w, low + (i + 1)·w) with w = (high − low) / bins; the last one is closed. */
  low: z.number(),
  high: z.number(),
  before: z.array(count),
  /** The weights that are left; pruned ones are not among them. */
  after: z.array(count),
  pruned: count,
  mask: z.object({
    /** The kernel seen as a matrix: [product of the leading axes, last axis]. */
    of: z.tuple([count, count]),
    /** The top left corner of it, at most 32 × 32: one string a row, '1' = kept, '0' = pruned. */
    rows: z.array(z.string().regex(/^[01]*$/)),
  }),
});

const span = z.union([z.int().positive(), z.literal('all')]);
const extentSchema = z.object({
  inputs: span.optional(),
  outputs: span.optional(),
  positions: z.union([z.array(z.int().positive()), z.literal('all')]).optional(),
});

/** `Granularity` of '@espalier/core': what was kept or pruned together, and where a count was fixed. */
const granularitySchema: z.ZodType<Granularity> = z.object({
  kind: text,
  name: text,
  cell: extentSchema.optional(),
  counts: z.array(z.object({ within: extentSchema, keep: count.optional() })).optional(),
  units: z.boolean().optional(),
});

/** `Note` of '@espalier/core'. */
const noteSchema: z.ZodType<Note> = z.object({
  code: text.optional(),
  get params() {
    return z.record(text, z.union([text, z.number(), noteSchema])).optional();
  },
  /** The same in English. */
  text,
});

const rowSchema = z.object({
  /** Unique in the report. */
  id: text,
  strategy: text,
  scorer: text,
  scope: text.optional(),
  granularity: granularitySchema.optional(),
  sparsity: z.object({ requested: fraction, achieved: fraction }),
  params: z.object({ total: count, prunable: count, kept: count }),
  macs: macsSchema.nullable(),
  /** The files as written; null where none were. */
  bytes: bytesSchema.nullable(),
  /** One entry a form of the values; absent where no compact file was written. */
  compact: z.array(compactSchema).optional(),
  accuracy: z.object({ dense: percent, pruned: percent }).nullable(),
  /** Mean training loss of the last epoch, after fine-tuning. */
  loss: z.number().optional(),
  /** One entry a backend. */
  latency: z.array(latencySchema),
  layers: z.array(layerSchema),
  /** Over the groups that may be pruned; only where channels were removed. */
  channels: z.object({ total: count, kept: count }).optional(),
  fineTuned: z.object({ epochs: z.int().positive() }).optional(),
  /** Wall-clock seconds of each phase. */
  seconds: z.object({
    score: z.number().nonnegative(),
    select: z.number().nonnegative(),
    fineTune: z.number().nonnegative().optional(),
    shrink: z.number().nonnegative().optional(),
    measure: z.number().nonnegative(),
  }),
  panel: panelSchema.optional(),
  /** What the reader should hear: layers left dense, layers emptied. */
  notes: z.array(noteSchema),
});

/** A trial that could not be run on this model, and why. */
const failureSchema = z.object({
  id: text,
  strategy: text,
  scorer: text,
  scope: text.optional(),
  sparsity: fraction.optional(),
  /** The code and message of the error. */
  code: text,
  message: text,
  /** The message as a note, where other languages have it. */
  note: noteSchema.optional(),
});

const denseSchema = z.object({
  params: count,
  macs: z.number().nonnegative().nullable(),
  bytes: bytesSchema.nullable(),
  compact: z.array(compactSchema).optional(),
  accuracy: percent.nullable(),
  latency: z.array(timingSchema),
});

export const reportSchema = z.object({
  version: z.literal(REPORT_VERSION),
  /** ISO 8601, as handed in by whoever ran the comparison. */
  created: z.iso.datetime({ offset: true }),
  /** The command line that makes this report again. */
  command: text,
  model: z.object({
    name: text,
    path: text.optional(),
    /** Kernels, pruned or not. */
    layers: count,
    params: count,
    macs: z.number().nonnegative().nullable(),
  }),
  data: z
    .object({
      name: text,
      /** Samples that accuracy was measured on. */
      samples: count,
      /** The same samples calibrated and measured. */
      shared: z.boolean().optional(),
    })
    .nullable(),
  machine: z.object({
    /** The version of Node; absent in a browser. */
    node: text.optional(),
    cpu: text,
    cores: z.int().positive(),
    platform: text,
    tfjs: text,
  }),
  dense: denseSchema,
  rows: z.array(rowSchema),
  failures: z.array(failureSchema),
  /** What holds for the comparison as a whole. */
  notes: z.array(noteSchema),
});

/** A comparison as plain JSON data: every number that the table, the figures and the page show. */
export type Report = z.infer<typeof reportSchema>;
export type Row = Report['rows'][number];
export type Failure = Report['failures'][number];
export type Dense = Report['dense'];
export type Panel = z.infer<typeof panelSchema>;
export type Compact = z.infer<typeof compactSchema>;
export type Bytes = z.infer<typeof bytesSchema>;
/** How long one model takes on one backend. */
export type Timing = z.infer<typeof timingSchema>;
/** The same, beside the dense model in the same rounds. */
export type Latency = z.infer<typeof latencySchema>;

/** The JSON Schema of report.json, as the package holds it. */
export const reportJsonSchema = () =>
  z.toJSONSchema(reportSchema.meta({ title: 'A comparison by Espalier' }), { reused: 'ref' });

/**
 * Checks that a value is a report, of version 1 too, whose rows named N:M and blocks alone and whose notes are strings; throws an
 * InputError with code 'report-invalid' that names the first wrong field.
 */
export function parseReport(value: unknown, where = 'report'): Report {
  const parsed = reportSchema.safeParse(modern(value));
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  const field = path.length > 0 ? `${where}.${path.map(String).join('.')}` : where;
  throw new InputError('report-invalid', `${show(field)} is not as a report of version ${REPORT_VERSION}: ${message}`, {
    where: field,
    wanted: `a report of version ${REPORT_VERSION}`,
    found: message,
  });
}

/** A note as the present form has it, a plain string too; what is none is left for the schema to name, unless it is too deep for that. */
const modernNote = (value: unknown) => readNote(value) ?? (typeof value === 'object' ? null : value);

/** Notes that are strings are notes without a code; of version 1, the rest in the present form too, as far as it is a report. */
function modern(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const said = <T>(from: T): T => {
    const { notes, note } = (from ?? {}) as { notes?: unknown; note?: unknown };
    return {
      ...from,
      ...(Array.isArray(notes) && { notes: notes.map(modernNote) }),
      ...(note !== undefined && { note: modernNote(note) }),
    };
  };
  const each = (list: unknown) =>
    Array.isArray(list) ? list.map((of: unknown) => (isObject(of) ? said(of) : of)) : list;
  const report = said(value) as Record<string, unknown>;
  return modernRows({ ...report, rows: each(report.rows), failures: each(report.failures) });
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function modernRows(value: object): unknown {
  const { version, rows } = value as { version?: unknown; rows?: unknown };
  if (version !== 1 || !Array.isArray(rows)) return value;
  const modernRow = ({ pattern, block, ...row }: Parameters<typeof granularityOf>[0]) => {
    const granularity = granularityOf({ ...(pattern && { pattern }), ...(block && { block }) });
    return granularity ? { ...row, granularity } : row;
  };
  return { ...(value as object), version: REPORT_VERSION, rows: rows.map((row) => modernRow(row ?? {})) };
}
