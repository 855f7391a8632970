// Writes which object types of the schema have no id: the cache keeps them inside the object that holds them. And
// which types an interface has: else fragments on an interface, such as on UserError, are read as if nothing matched.
import { readFileSync, writeFileSync } from 'node:fs';

import { buildSchema, isAbstractType, isObjectType } from 'graphql';

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf-8'));
const roots = new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]);
const names = Object.values(schema.getTypeMap())
  .filter((type) => isObjectType(type) && !roots.has(type) && !type.name.startsWith('__'))
  .filter((type) => !('id' in type.getFields()) || ['SegmentUsage', 'KeyName', 'AttributeUse'].includes(type.name))
  .map((type) => type.name)
  .sort();
const possible = Object.values(schema.getTypeMap())
  .filter((type) => isAbstractType(type) && !type.name.startsWith('__'))
  .map((type) => [type.name, schema.getPossibleTypes(type).map((one) => one.name)]);
writeFileSync(
  new URL('../src/gql/keys.ts', import.meta.url),
  `export const WITHOUT_KEY = ${JSON.stringify(names.join(' '))}.split(' ');\n` +
    `export const POSSIBLE_TYPES: Record<string, string[]> = ${JSON.stringify(Object.fromEntries(possible))};\n`,
);
