// What the page in front asked the server, for GraphiQL: a developer sees the page and its queries side by side.
import { stringifyDocument, type Operation } from '@urql/core';

interface Asked { query: string; variables: unknown; page: string }

const asked = new Map<string, Asked>();
/** What every page asks. */
const EVERYWHERE = new Set(['Viewer', 'StartCursor']);
const MOST_TABS = 8;

/** Remember a query of the page that is shown. */
export function remember(operation: Operation): void {
  if (operation.kind !== 'query') return;
  const query = stringifyDocument(operation.query).replaceAll(/^\s*__typename\n/gm, '');
  const name = /\b(?:query)\s+(\w+)/.exec(query)?.[1] ?? '';
  if (EVERYWHERE.has(name)) return;
  asked.delete(name);
  asked.set(name, { query, variables: operation.variables, page: location.pathname });
}

/** Put the queries of this page into the tabs of GraphiQL, the longest first, before those that are there. */
export function handToGraphiQL(): void {
  const own = [...asked]
    .filter(([, one]) => one.page === location.pathname)
    .sort(([, one], [, other]) => other.query.length - one.query.length)
    .slice(0, MOST_TABS)
    .map(([name, one]) => ({
      id: `console-${name}`, title: name, query: one.query, variables: JSON.stringify(one.variables, null, 2), headers: null, operationName: name, response: null,
    }));
  if (!own.length) return;
  localStorage.setItem(TABS, JSON.stringify({ activeTabIndex: 0, tabs: [...own, ...tabsThere()] }));
}

/** Where GraphiQL keeps its tabs. */
const TABS = 'graphiql:tabState';

function tabsThere(): unknown[] {
  try {
    const { tabs } = JSON.parse(localStorage.getItem(TABS) ?? '{}') as { tabs?: { id: string }[] };
    return (tabs ?? []).filter((one) => !one.id.startsWith('console-'));
  } catch {
    return [];
  }
}
