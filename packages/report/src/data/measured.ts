import type { Compact, Report, Row } from '@espalier/pipeline';

/** How many points of accuracy a trial may lose to be recommended. */
export const TOLERANCE = 1;

export const lossOf = ({ accuracy }: Row) => (accuracy ? accuracy.dense - accuracy.pruned : 0);

/** Every backend that anything was timed on, by the name it was asked for. */
export function backendsOf({ dense, rows }: Pick<Report, 'dense' | 'rows'>): string[] {
  return [...new Set([dense, ...rows].flatMap(({ latency }) => latency.map(({ backend }) => backend)))];
}

/** Every form of values that a compact file was written with. */
export function valuesOf({ dense, rows }: Pick<Report, 'dense' | 'rows'>): string[] {
  return [...new Set([dense, ...rows].flatMap(({ compact = [] }) => compact.map(({ values }) => values)))];
}

export const timingOn = <T extends { readonly backend: string }>(timings: readonly T[], backend: string) =>
  timings.find((timing) => timing.backend === backend);

export const compactAs = ({ compact }: { readonly compact?: readonly Compact[] | undefined }, values: string) =>
  compact?.find((form) => form.values === values);

/** The compact file that keeps every bit. */
export const exactCompact = (measured: { readonly compact?: readonly Compact[] | undefined }) =>
  compactAs(measured, 'float32');

/** Brotli where files were written, else what is kept. */
export const sizeOf = ({ bytes, params }: Row) => bytes?.brotli ?? params.kept;
