// Where a new segment can begin: criteria as text, which the builder turns into conditions.
import { t } from '@lingui/core/macro';

import type { EventOfKind, FieldOfKind } from '../../api/builder';

export interface Start { key: string; name: string; text: string }

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Starts that this workspace has data for. */
export function startsOf(fields: readonly FieldOfKind[], events: readonly EventOfKind[]): readonly Start[] {
  const has = (name: string): boolean => fields.some((one) => one.name === name && one.memberCount !== 0);
  const example = (name: string): string => quoted(String(fields.find((one) => one.name === name)?.example ?? ''));
  const [busiest] = [...events].sort((one, other) => other.count - one.count);
  const date = fields.find((one) => one.type === 'DATE' && one.memberCount);
  return [
    { key: 'all', name: t`Everybody`, text: 'ALL()' },
    ...(has('country') ? [{ key: 'country', name: t`In a country`, text: `country IN (${example('country')})` }] : []),
    { key: 'new', name: t`New in the last 30 days`, text: 'createdAt IN LAST 30 DAYS' },
    ...(has('score') ? [{ key: 'score', name: t`High score, not a customer`, text: "score >= 70 AND NOT TAGS HAS ANY ('customer')" }] : []),
    ...(busiest ? [
      { key: 'often', name: t`Did “${busiest.name}” often`, text: `COUNT(EVENT ${quoted(busiest.name)} IN LAST 30 DAYS) >= 3` },
      { key: 'quiet', name: t`Gone quiet`, text: `COUNT(EVENT ${quoted(busiest.name)}) >= 1 AND COUNT(EVENT ${quoted(busiest.name)} IN LAST 90 DAYS) = 0` },
    ] : []),
    ...(date ? [{ key: 'soon', name: t`${date.label} in the next 30 days`, text: `${/^\w+$/.test(date.name) ? date.name : `"${date.name}"`} IN NEXT 30 DAYS` }] : []),
    { key: 'email', name: t`May be contacted by email`, text: 'CONSENT(EMAIL) IS GRANTED' },
  ];
}
