// The language of the page: Chinese or English, kept in the address and in this browser.
//
// Messages come from messages/*.json through paraglide; its locale is read from the state here, so that every
// message in a template follows a switch without a reload.
import { overwriteGetLocale } from '../paraglide/runtime.js';

export const LANGUAGES = ['zh-CN', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

const STORAGE_KEY = 'gridward.language';

export function parseLanguage(text: string | null | undefined): Language | null {
  if (!text) return null;
  if (text.toLowerCase().startsWith('zh')) return 'zh-CN';
  if (text.toLowerCase().startsWith('en')) return 'en';
  return null;
}

function firstLanguage(): Language {
  const asked = new URLSearchParams(location.search).get('lang');
  const preferred = navigator.languages.map(parseLanguage).find((language) => language !== null);
  return parseLanguage(asked) ?? parseLanguage(localStorage.getItem(STORAGE_KEY)) ?? preferred ?? 'en';
}

class LanguageState {
  current = $state<Language>(firstLanguage());

  choose(language: Language): void {
    this.current = language;
    localStorage.setItem(STORAGE_KEY, language);
  }
}

export const language = new LanguageState();
overwriteGetLocale(() => language.current);
