import type { Form } from './form.js';
import { blocks, groups, unstructured, wideGroups } from './tiled.js';
import { blocksVector, unstructuredVector } from './vector.js';

export const FORMS: readonly Form[] = [unstructured, blocks, groups, wideGroups, unstructuredVector, blocksVector];

/** Forms for zeros anywhere: on a GPU they lose to dense kernels until most weights are gone. */
export const SCATTERED: readonly string[] = [unstructured.name, unstructuredVector.name];
