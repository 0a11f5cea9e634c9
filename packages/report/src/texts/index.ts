import { chinese } from './zh.js';
import { english } from './en.js';
import type { Texts } from './texts.js';

export { chinese, english };
export { translate } from './translate.js';
export type { Texts } from './texts.js';

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

export const textsOf = (language: Language): Texts => ({ en: english, zh: chinese })[language];
