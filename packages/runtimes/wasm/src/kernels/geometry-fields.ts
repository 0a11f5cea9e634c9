import type { Geometry } from '@espalier/kernels-kit';

/** The names in the order in which the kernels read them; assembly/job.ts is the other side. */
export const GEOMETRY_FIELDS = [
  'batch',
  'inHeight',
  'inWidth',
  'inChannels',
  'outHeight',
  'outWidth',
  'outChannels',
  'kernelHeight',
  'kernelWidth',
  'strideHeight',
  'strideWidth',
  'dilationHeight',
  'dilationWidth',
  'top',
  'left',
] as const satisfies readonly (keyof Geometry)[];
