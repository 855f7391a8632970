// A list that is longer than one page. Each page asks for what is behind the last row of the one before, and stays
// subscribed, so rows that change or come are seen in all of them.
import type { TypedDocumentNode } from '@urql/core';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useClient, type CombinedError } from 'urql';

import { useLiveEvents } from './events';

export interface Connection<Node> {
  nodes: readonly Node[];
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
  totalCount?: number;
}

export interface Pages<Node> {
  rows: readonly Node[];
  totalCount: number | null;
  isFetching: boolean;
  error: CombinedError | null;
  hasMore: boolean;
  more(): void;
  again(): void;
}

interface Paged<Node> {
  connection: Connection<Node> | null;
  error: CombinedError | null;
  isFetching: boolean;
}

/** The rows of a list. `refreshedBy` names events after which it is asked for anew. */
export function usePages<Data, Variables extends { after?: string | null }, Node extends object>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Omit<Variables, 'after'>,
  connectionOf: (data: Data) => Connection<Node> | null | undefined,
  options: { pause?: boolean; refreshedBy?: readonly string[] } = {},
): Pages<Node> {
  const client = useClient();
  const key = JSON.stringify(variables);
  const [pages, setPages] = useState<readonly Paged<Node>[]>([]);
  const [wanted, setWanted] = useState(1);
  const [round, setRound] = useState(0);
  const chosen = useRef(connectionOf);
  chosen.current = connectionOf;

  useEffect(() => {
    setWanted(1);
  }, [key]);

  useEffect(() => {
    if (options.pause) return;
    const ends: (() => void)[] = [];
    const store: Paged<Node>[] = [];
    const given = JSON.parse(key) as Omit<Variables, 'after'>;

    function follow(index: number, after: string | null): void {
      for (const end of ends.splice(index)) end();
      store.length = Math.min(store.length, index + 1);
      let next: string | null = null;
      const { unsubscribe } = client
        .query(document, { ...given, after } as Variables, { requestPolicy: 'cache-and-network' })
        .subscribe((result) => {
          const connection = result.data ? (chosen.current(result.data) ?? null) : (store[index]?.connection ?? null);
          store[index] = { connection, error: result.error ?? null, isFetching: result.stale };
          setPages([...store]);
          const cursor = connection?.pageInfo.hasNextPage ? (connection.pageInfo.endCursor ?? null) : null;
          if (index + 1 < wanted && cursor && cursor !== next) {
            next = cursor;
            follow(index + 1, cursor);
          }
        });
      ends[index] = unsubscribe;
    }

    follow(0, null);
    return () => {
      for (const end of ends) end?.();
    };
  }, [client, document, key, wanted, round, options.pause]);

  const again = useCallback(() => setRound((old) => old + 1), []);
  useLiveEvents(options.refreshedBy ?? [], again);

  const rows: Node[] = [];
  const seen = new Set<unknown>();
  for (const page of pages) {
    for (const node of page.connection?.nodes ?? []) {
      const id = 'id' in node ? node.id : node;
      if (!seen.has(id)) rows.push(node);
      seen.add(id);
    }
  }
  const last = pages.at(-1);
  const hasMore = Boolean(last?.connection?.pageInfo.hasNextPage);
  return {
    rows,
    totalCount: pages[0]?.connection?.totalCount ?? null,
    isFetching: pages.length < wanted || pages.some((page) => page.isFetching),
    error: pages.find((page) => page.error)?.error ?? null,
    hasMore,
    more: useCallback(() => setWanted((old) => Math.max(old, pages.length + 1)), [pages.length]),
    again,
  };
}
