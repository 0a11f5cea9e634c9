import { type Law } from './law.js';
import type { AdapterSubject } from './adapter-subject.js';
import { FILE_LAWS } from './adapter-file-laws.js';
import { GRADIENT_LAWS } from './adapter-gradient-laws.js';
import { MASK_LAWS } from './adapter-mask-laws.js';
import { MODEL_LAWS } from './adapter-model-laws.js';
import { VIEW_LAWS } from './adapter-view-laws.js';

export const ADAPTER_LAWS: readonly Law<AdapterSubject>[] = [
  ...MODEL_LAWS,
  ...GRADIENT_LAWS,
  ...MASK_LAWS,
  ...VIEW_LAWS,
  ...FILE_LAWS,
];
