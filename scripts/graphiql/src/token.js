// `/graphql#token=…` fills in the Authorization header. A fragment never leaves the browser, and it is taken
// out of the address at once, so that it stays out of the history, of bookmarks and of screenshots.
export function takeToken(location, history) {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get('token');
  if (token === null) return null;
  fragment.delete('token');
  const rest = fragment.toString();
  history.replaceState(null, '', location.pathname + location.search + (rest ? `#${rest}` : ''));
  return token;
}
