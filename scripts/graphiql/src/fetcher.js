// Queries and mutations go over HTTP, subscriptions over one WebSocket (graphql-transport-ws) that is closed
// when the last of them ends: so an edited Authorization header is used by the next subscription. Whoever writes no
// such header is the one who signed in.
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { createClient } from 'graphql-ws';

const ACCEPT = 'application/graphql-response+json, application/json;q=0.9';

export function createFetcher(location, token) {
  const signedIn = { Authorization: `Bearer ${token}` };
  let headers = signedIn;
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
    const own = options?.headers ?? {};
    const isOther = Object.keys(own).some((name) => name.toLowerCase() === 'authorization');
    headers = isOther ? own : { ...signedIn, ...own };
    return fetcher(params, { ...options, headers });
  };
}
