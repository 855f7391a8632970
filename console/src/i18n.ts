// The language of the console: English or German, by choice or as the browser says.
import { i18n } from '@lingui/core';

export type Locale = 'en' | 'de';
const KEY = 'seggraph-language';

export const localeNow = (): Locale => i18n.locale as Locale;

export async function activate(locale: Locale): Promise<void> {
  const { messages } = locale === 'de' ? await import('./locales/de') : await import('./locales/en');
  i18n.loadAndActivate({ locale, messages });
  document.documentElement.lang = locale;
}

export function firstLocale(): Locale {
  const kept = localStorage.getItem(KEY);
  if (kept === 'en' || kept === 'de') return kept;
  return navigator.language.startsWith('de') ? 'de' : 'en';
}

export async function choose(locale: Locale): Promise<void> {
  localStorage.setItem(KEY, locale);
  await activate(locale);
}
