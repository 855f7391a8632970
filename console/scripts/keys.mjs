// Writes which object types of the schema have no id: the cache keeps them inside the object that holds them.
import { readFileSync, writeFileSync } from 'node:fs';

import { buildSchema, isObjectType } from 'graphql';

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf-8'));
const roots = new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]);
const names = Object.values(schema.getTypeMap())
  .filter((type) => isObjectType(type) && !roots.has(type) && !type.name.startsWith('__'))
  .filter((type) => !('id' in type.getFields()) || ['SegmentUsage', 'KeyName', 'AttributeUse'].includes(type.name))
  .map((type) => type.name)
  .sort();
writeFileSync(
  new URL('../src/gql/keys.ts', import.meta.url),
  `export const WITHOUT_KEY = ${JSON.stringify(names.join(' '))}.split(' ');\n`,
);
