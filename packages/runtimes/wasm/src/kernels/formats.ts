import { dense } from './dense-format.js';
import type { Format } from './format.js';
import { blocks4, unstructured } from './panel-formats.js';
import { blocks16, denseVector, sliced } from './vector-formats.js';

export const FORMATS: readonly Format[] = [unstructured, blocks4, dense, sliced, blocks16, denseVector];
