// What the columns of a file can go to, and what a file must have.
import { msg } from '@lingui/core/macro';
import type { MessageDescriptor } from '@lingui/core';

import type { ImportContent, MemberKind } from '../../gql/graphql';

export interface Place { field: string; group: 'keys' | 'fields' | 'addresses' | 'consents' | 'attributes' }

const PROFILE = ['name', 'firstName', 'lastName', 'salutation', 'phone', 'country', 'city', 'postalCode', 'state', 'address', 'industry', 'employees', 'revenue', 'score', 'isTarget', 'tags'];
const PARTS = ['lines', 'line2', 'postalCode', 'city', 'state', 'country'];
const CONSENTS = ['consentEmail', 'consentDirectMail', 'consentSms', 'consentPhone', 'consentPush'];
const ITEMS = ['items.sku', 'items.name', 'items.quantity', 'items.price', 'items.total'];

const memberKeys = (kind: MemberKind): string[] => ['memberExternalId', ...(kind === 'PERSON' ? ['memberEmail'] : []), ...(kind === 'ACCOUNT' || kind === 'ORGANIZATION' ? ['memberDomain'] : [])];

/** The fields for columns of a file, besides attributes and properties, whose names are free. */
export function placesFor(content: ImportContent, kind: MemberKind): Place[] {
  const as = (group: Place['group'], fields: readonly string[]): Place[] => fields.map((field) => ({ field, group }));
  switch (content) {
    case 'MEMBERS': return [...as('keys', ['externalId', 'email', 'domain']), ...as('fields', PROFILE), ...as('addresses', ['shippingAddress', 'billingAddress', ...['shippingAddress', 'billingAddress'].flatMap((one) => PARTS.map((part) => `${one}.${part}`))]), ...as('consents', CONSENTS)];
    case 'EVENTS': return [...as('keys', memberKeys(kind)), ...as('fields', ['occurredAt', 'name', 'externalId', 'value', 'properties'])];
    case 'ORDERS': return [...as('keys', memberKeys(kind)), ...as('fields', ['occurredAt', 'externalId', 'value', 'properties', ...ITEMS])];
    case 'RELATIONS': return [...as('keys', memberKeys(kind)), ...as('fields', ['relation', 'relatedExternalId', 'relatedEmail', 'relatedDomain', 'relatedName'])];
    case 'SUPPRESSIONS': return as('fields', ['email', 'phone', 'address', 'channel', 'reason', 'suppressedAt']);
  }
}

/** What the free names of a content begin with. */
export const prefixOf = (content: ImportContent): string | null => (content === 'MEMBERS' ? 'attributes.' : content === 'EVENTS' || content === 'ORDERS' ? 'properties.' : null);

export interface Need { text: MessageDescriptor; isMet: boolean }

/** What a file must say, and whether the mapping has it. `given` is what is said for all rows. */
export function needsOf(content: ImportContent, kind: MemberKind, fields: ReadonlySet<string>, given: { eventName?: string; relation?: string }): Need[] {
  const has = (...names: string[]): boolean => names.some((name) => fields.has(name));
  const member: Need = { text: msg`Whose row it is: an external id, or the email address of people, or the domain of accounts`, isMet: has(...memberKeys(kind)) };
  switch (content) {
    case 'MEMBERS':
      if (kind === 'PERSON') return [{ text: msg`An external id or an email address`, isMet: has('externalId', 'email') }];
      if (kind === 'ACCOUNT') return [{ text: msg`An external id or a domain`, isMet: has('externalId', 'domain') }];
      return [{ text: msg`An external id`, isMet: has('externalId') }];
    case 'EVENTS': return [member, { text: msg`When it happened`, isMet: has('occurredAt') }, { text: msg`The name of the event: in a column, or one for all rows`, isMet: has('name') || Boolean(given.eventName?.trim()) }];
    case 'ORDERS': return [member, { text: msg`When it happened`, isMet: has('occurredAt') }];
    case 'RELATIONS': return [member, { text: msg`The other member: an external id, an email address, a domain or a name`, isMet: has('relatedExternalId', 'relatedEmail', 'relatedDomain', 'relatedName') }, { text: msg`The relation: in a column, or one for all rows`, isMet: has('relation') || Boolean(given.relation?.trim()) }];
    case 'SUPPRESSIONS': return [{ text: msg`An email address, a phone number or a postal address`, isMet: has('email', 'phone', 'address') }];
  }
}

/** A field in words: shippingAddress.postalCode is "Shipping address, postal code". */
export function fieldText(field: string): string {
  const words = field.replace(/^(attributes|properties)\./, '').split('.').map((part) => part.replace(/([a-z\d])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`));
  const text = words.join(', ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The rows of a CSV file, at most so many. Quoted cells may hold commas, quotes and line ends. */
export function rowsOfCsv(text: string, most: number): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let isQuoted = false;
  for (let at = 0; at < text.length && rows.length < most; at += 1) {
    const sign = text[at];
    if (isQuoted) {
      if (sign === '"' && text[at + 1] === '"') { cell += '"'; at += 1; } else if (sign === '"') isQuoted = false; else cell += sign;
    } else if (sign === '"') isQuoted = true;
    else if (sign === ',') { row.push(cell); cell = ''; }
    else if (sign === '\n') { row.push(cell.replace(/\r$/, '')); rows.push(row); row = []; cell = ''; } else cell += sign;
  }
  if ((cell || row.length) && rows.length < most) rows.push([...row, cell]);
  return rows;
}
