import { dense } from './dense-form.js';
import type { Format } from './format.js';
import { blocks4, unstructured } from './panel-forms.js';
import { blocks16, denseVector, sliced } from './vector-forms.js';

export const FORMATS: readonly Format[] = [unstructured, blocks4, dense, sliced, blocks16, denseVector];
