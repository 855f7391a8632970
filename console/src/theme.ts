// Light or dark: as the system says, or as the reader chose.
export type Theme = 'system' | 'light' | 'dark';
const KEY = 'seggraph-theme';

export const themeNow = (): Theme => (localStorage.getItem(KEY) as Theme | null) ?? 'system';

export function applyTheme(theme: Theme = themeNow()): void {
  localStorage.setItem(KEY, theme);
  document.documentElement.dataset['theme'] = theme;
}
