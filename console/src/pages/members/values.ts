// Values of members as texts, and what is typed as values.
import { moment, NOTHING } from '../../format';
import { word } from '../../words';

export function show(value: unknown): string {
  if (value === null || value === undefined || value === '') return NOTHING;
  if (Array.isArray(value)) return value.map(show).join(', ');
  if (typeof value === 'object') return Object.values(value).map(show).join(', ');
  if (typeof value === 'boolean') return word(value ? 'YES' : 'NO');
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value)) return moment(value);
  return String(value);
}

/** A value as it stands in a text field. */
export function written(value: unknown): string {
  if (value === null || value === undefined) return '';
  return Array.isArray(value) ? value.map(String).join(', ') : String(value);
}

/** What is typed for an attribute of a type; null empties it. */
export function typed(text: string, type: string): unknown {
  const given = text.trim();
  if (!given) return null;
  if (type === 'NUMBER') return Number.isFinite(Number(given)) ? Number(given) : given;
  if (type === 'BOOLEAN') return given === 'true';
  if (type === 'STRING_LIST') return given.split(',').map((one) => one.trim()).filter(Boolean);
  return given;
}

/** An address in one line. */
export function addressLine(value: unknown): string {
  if (typeof value !== 'object' || value === null) return show(value);
  const { lines, postalCode, city, state, country, ...others } = value as Record<string, unknown>;
  const town = [postalCode, city].filter(Boolean).join(' ');
  return show([...(Array.isArray(lines) ? lines : [lines]), town, state, country, ...Object.values(others)].filter(Boolean));
}
