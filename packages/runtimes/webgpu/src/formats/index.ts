import type { Format } from './format.js';
import { blocks, groups, unstructured, wideGroups } from './tiled.js';
import { blocksVector, unstructuredVector } from './vector.js';

export const FORMATS: readonly Format[] = [unstructured, blocks, groups, wideGroups, unstructuredVector, blocksVector];

/** Formats for zeros anywhere: on a GPU they lose to dense kernels until most weights are gone. */
export const SCATTERED: readonly string[] = [unstructured.name, unstructuredVector.name];
