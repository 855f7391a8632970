// Events of the server over one WebSocket. After a lost connection each subscription goes on behind the last event
// that it got: graphql-ws sends the same payload again, so the cursor of each event is written into its variables.
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
import { createClient, type Client } from 'graphql-ws';

import { addressOf, token } from '../session';
import { hashOf } from './hashes';

export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'off';

let client: Client | null = null;
let state: LiveState = 'off';
let since = Date.now();
const listeners = new Set<() => void>();

export const liveState = (): LiveState => state;
/** Since when the state is what it is. */
export const liveSince = (): number => since;

export function onLiveState(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function become(next: LiveState): void {
  if (next === state) return;
  state = next;
  since = Date.now();
  for (const listener of listeners) listener();
}

export function connect(): Client {
  const opened = createClient({
    url: addressOf('graphql').replace(/^http/, 'ws'),
    connectionParams: () => ({ Authorization: `Bearer ${token() ?? ''}` }),
    keepAlive: 12_000,
    // The client wants a text; the server is sent the hash alone.
    jsonMessageReplacer: (key, value: unknown) => (key === 'query' ? undefined : value),
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: async (retries) => {
      const pause = Math.min(250 * 2 ** retries, 8_000) * (0.75 + Math.random() / 2);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause);
        addEventListener('online', () => (clearTimeout(timer), resolve()), { once: true });
      });
    },
    // 4401, 4403: the token is not accepted any more; the next request of the page finds out and asks for another.
    shouldRetry: (problem) => problem instanceof CloseEvent && ![4401, 4403].includes(problem.code),
    on: {
      connecting: (isRetry) => become(isRetry ? 'reconnecting' : 'connecting'),
      connected: () => become('live'),
      closed: () => become(client === opened ? 'reconnecting' : 'off'),
    },
  });
  client = opened;
  return opened;
}

export async function disconnect(): Promise<void> {
  const open = client;
  client = null;
  become('off');
  await open?.dispose();
}

interface Sink<T> {
  next(value: { data?: T | null; errors?: readonly { message: string }[] }): void;
  error(problem: unknown): void;
  complete(): void;
}

/** Subscribe to a document. Its variables hold the last cursor seen, under `after`, if its events have cursors. */
export function subscribeTo<T, V extends Record<string, unknown>>(
  document: DocumentTypeDecoration<T, V>,
  variables: V,
  sink: Sink<T>,
): () => void {
  const payload = { documentId: hashOf(document), query: '', variables: { ...variables } };
  return (client ?? connect()).subscribe<T>(payload, {
    ...sink,
    next: (value) => {
      for (const event of Object.values((value.data ?? {}) as Record<string, { cursor?: string } | null>)) {
        if (event?.cursor) (payload.variables as Record<string, unknown>)['after'] = event.cursor;
      }
      sink.next(value as never);
    },
  });
}
