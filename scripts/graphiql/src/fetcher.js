// Queries and mutations go over HTTP, subscriptions over one WebSocket (graphql-transport-ws) that is closed
// when the last of them ends: so an edited Authorization header is used by the next subscription.
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { createClient } from 'graphql-ws';

const ACCEPT = 'application/graphql-response+json, application/json;q=0.9';

export function createFetcher(location) {
  let headers = {};
  const wsClient = createClient({
    url: `${location.origin.replace(/^http/, 'ws')}${location.pathname}`,
    connectionParams: () => headers,
    lazyCloseTimeout: 0,
    retryAttempts: 3,
  });
  const fetcher = createGraphiQLFetcher({
    url: location.pathname,
    headers: { Accept: ACCEPT },
    wsClient,
    enableIncrementalDelivery: false,
  });
  return (params, options) => {
    headers = options?.headers ?? {};
    return fetcher(params, options);
  };
}
