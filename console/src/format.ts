// Numbers, money and times as the reader's language writes them. What is not known is “–”, and never 0.
import { localeNow } from './i18n';

export const NOTHING = '–';

const kept = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>();

function formatter<T extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>(name: string, make: (locale: string) => T): T {
  const key = `${localeNow()} ${name}`;
  let found = kept.get(key);
  if (!found) kept.set(key, (found = make(localeNow())));
  return found as T;
}

export function count(value: number | null | undefined): string {
  return value == null ? NOTHING : formatter('count', (l) => new Intl.NumberFormat(l)).format(value);
}

export function compact(value: number | null | undefined): string {
  return value == null ? NOTHING : formatter('compact', (l) => new Intl.NumberFormat(l, { notation: 'compact', maximumFractionDigits: 1 })).format(value);
}

export function percent(value: number | null | undefined, digits = 0): string {
  return value == null ? NOTHING : formatter(`percent${digits}`, (l) => new Intl.NumberFormat(l, { style: 'percent', maximumFractionDigits: digits })).format(value);
}

/** Money comes as a decimal text; it is shown, never computed with. */
export function money(value: string | null | undefined, currency: string): string {
  if (value == null) return NOTHING;
  return formatter(`money ${currency}`, (l) => new Intl.NumberFormat(l, { style: 'currency', currency, maximumFractionDigits: 2 })).format(value as unknown as number);
}

export function moment(value: string | null | undefined): string {
  return value == null ? NOTHING : formatter('moment', (l) => new Intl.DateTimeFormat(l, { dateStyle: 'medium', timeStyle: 'short' })).format(new Date(value));
}

export function day(value: string | null | undefined): string {
  return value == null ? NOTHING : formatter('day', (l) => new Intl.DateTimeFormat(l, { dateStyle: 'medium' })).format(new Date(value));
}

const UNITS = [['year', 31_536_000], ['month', 2_592_000], ['day', 86_400], ['hour', 3_600], ['minute', 60], ['second', 1]] as const;

export function ago(value: string | number | null | undefined, now = Date.now()): string {
  if (value == null) return NOTHING;
  const seconds = (new Date(value).getTime() - now) / 1000;
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS[5];
  return formatter('ago', (l) => new Intl.RelativeTimeFormat(l, { numeric: 'auto' })).format(Math.round(seconds / size), unit);
}
