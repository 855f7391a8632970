// Who is signed in: the token of this browser. It comes in the fragment of a link, which never leaves the browser, or
// is typed in, and it is kept until its owner signs out.
const KEY = 'seggraph-token';

let listeners: (() => void)[] = [];
let refused = false;

/** Take the token out of the address, so that nobody reads it there or in the history. */
export function takeToken(): void {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (!given) return;
  localStorage.setItem(KEY, given);
  history.replaceState(null, '', location.pathname + location.search);
}

export const token = (): string | null => localStorage.getItem(KEY);

/** Whether the server refused the last token: it has expired, or was withdrawn. */
export const wasRefused = (): boolean => refused;

export function signIn(given: string): void {
  refused = false;
  localStorage.setItem(KEY, given);
  changed();
}

export function signOut(because: { refused: boolean } = { refused: false }): void {
  refused = because.refused;
  localStorage.removeItem(KEY);
  changed();
}

export function onSession(listener: () => void): () => void {
  listeners.push(listener);
  return () => {
    listeners = listeners.filter((one) => one !== listener);
  };
}

function changed(): void {
  for (const listener of listeners) listener();
}

// Another window signed in or out.
addEventListener('storage', (event) => {
  if (event.key === KEY) changed();
});

/** Whether a token or an API key is accepted, and why not. */
export async function isAccepted(given: string): Promise<boolean> {
  const answer = await fetch(addressOf('graphql'), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json', Authorization: `Bearer ${given}` },
    body: '{"query":"{ __typename }"}',
  });
  return answer.status !== 401 && answer.status !== 403;
}

/** The address of something that the server has beside the console. */
export const addressOf = (path: string): string => new URL(path, document.baseURI).href;
