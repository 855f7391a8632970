// The GraphQL client: a normalised cache, so that an event of one page shows on all; hashes instead of documents; and
// files and errors as the server wants them.
import { Client, fetchExchange, mapExchange, subscriptionExchange } from '@urql/core';
import { cacheExchange, type Cache } from '@urql/exchange-graphcache';
import { persistedExchange } from '@urql/exchange-persisted';

import { POSSIBLE_TYPES, WITHOUT_KEY } from '../gql/keys';
import { addressOf, signOut, token } from '../session';
import { remember } from './asked';
import { hashOf } from './hashes';
import { subscribeTo } from './live';

const keys = Object.fromEntries(WITHOUT_KEY.map((name) => [name, () => null]));

/** Forget the lists that a mutation may have changed. */
function forgetLists(cache: Cache, names: readonly string[]): void {
  for (const field of cache.inspectFields('Query')) {
    if (names.includes(field.fieldName)) cache.invalidate('Query', field.fieldName, field.arguments ?? undefined);
  }
}

const LISTS: Readonly<Record<string, readonly string[]>> = {
  Segment: ['segments', 'segmentCounts'],
  Campaign: ['campaigns'],
  Playbook: ['playbooks'],
  Webhook: ['webhooks'],
  Destination: ['destinations'],
  Delivery: ['deliveries'],
  ApiKey: ['apiKeys'],
  User: ['users'],
  Import: ['imports', 'importTemplates'],
  ImportTemplate: ['importTemplates'],
  Export: ['exports'],
  Attribute: ['criteriaFields'],
  Member: ['members'],
};

const MUTATIONS = [
  'createSegment', 'cloneSegment', 'deleteSegments', 'archiveSegments', 'unarchiveSegments', 'activateSegments',
  'pauseSegments', 'resumeSegments', 'combineSegments', 'createCampaign', 'deleteCampaign', 'createPlaybook',
  'deletePlaybook', 'createWebhook', 'deleteWebhook', 'createDestination', 'deleteDestination', 'deliverSegment',
  'deleteMembers', 'upsertMembers', 'tagMembers',
  'createApiKey', 'revokeApiKey', 'createUser', 'createImport', 'deleteImportTemplate', 'createExport', 'declareAttribute', 'updateAttribute',
];

const updates = Object.fromEntries(
  MUTATIONS.map((name) => {
    const noun = Object.keys(LISTS).find((one) => name.endsWith(one) || name.endsWith(`${one}s`));
    return [name, (_: unknown, __: unknown, cache: Cache) => forgetLists(cache, noun ? (LISTS[noun] ?? []) : [])];
  }),
);

export function newClient(): Client {
  return new Client({
    url: addressOf('graphql'),
    preferGetMethod: false,
    requestPolicy: 'cache-and-network',
    fetchOptions: () => ({
      headers: {
        Authorization: `Bearer ${token() ?? ''}`,
        Accept: 'application/graphql-response+json, application/json;q=0.9',
        'apollographql-client-name': 'seggraph-console',
        'Apollo-Require-Preflight': 'true',
      },
    }),
    exchanges: [
      mapExchange({
        onOperation: remember,
        onError: (problem) => {
          const codes = problem.graphQLErrors.map((error) => error.extensions['code']);
          if (problem.response?.status === 401 || codes.includes('UNAUTHENTICATED')) signOut({ refused: true });
        },
      }),
      cacheExchange({ keys, possibleTypes: POSSIBLE_TYPES, updates: { Mutation: updates } }),
      persistedExchange({
        enforcePersistedQueries: true,
        preferGetForPersistedQueries: false,
        enableForMutation: true,
        enableForSubscriptions: true,
        generateHash: async (_, document) => hashOf(document).replace('sha256:', ''),
      }),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: (_, operation) => ({
          subscribe: (sink) => ({
            unsubscribe: subscribeTo(operation.query as never, (operation.variables ?? {}) as never, sink as never),
          }),
        }),
      }),
    ],
  });
}
