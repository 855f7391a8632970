// `/graphql#token=…` signs in. A fragment never leaves the browser, and it is taken out of the address at once, so
// that it stays out of the history, of bookmarks and of screenshots. The token is kept until the tab is closed.
const KEPT = 'seggraph:token';

export function takeToken(location, history, storage) {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get('token');
  if (token === null) return storage.getItem(KEPT);
  fragment.delete('token');
  const rest = fragment.toString();
  history.replaceState(null, '', location.pathname + location.search + (rest ? `#${rest}` : ''));
  keepToken(token, storage);
  return token;
}

export function keepToken(token, storage) {
  storage.setItem(KEPT, token);
}

export function forgetToken(storage) {
  storage.removeItem(KEPT);
}
