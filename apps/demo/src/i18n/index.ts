import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { en, type Messages } from './en.js';
import { zh } from './zh.js';

export { en, type Messages, zh };
export type Language = 'en' | 'zh';
export const LANGUAGES: Readonly<Record<Language, string>> = { en: 'English', zh: '中文' };
export const MESSAGES: Readonly<Record<Language, Messages>> = { en, zh };
/** What `<html lang>` says. */
export const TAGS: Readonly<Record<Language, string>> = { en: 'en', zh: 'zh-CN' };

export const chooseLanguage = (wanted: readonly (string | null | undefined)[]): Language => {
  for (const tag of wanted) {
    if (/^zh\b/i.test(tag ?? '')) return 'zh';
    if (/^en\b/i.test(tag ?? '')) return 'en';
  }
  return 'en';
};

export const LanguageContext = createContext<Language>('en');
export const useLanguage = () => useContext(LanguageContext);
export const useText = () => MESSAGES[useLanguage()];
