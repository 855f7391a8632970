// Asks for a token or an API key until the server accepts one: the schema is for those who are signed in.
import { forgetToken, keepToken } from './token.js';

const QUESTION = '{"query":"{ __typename }"}';

async function isAccepted(location, token) {
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json', Authorization: `Bearer ${token}` };
  const answer = await fetch(location.pathname, { method: 'POST', headers, body: QUESTION });
  return answer.status !== 401 && answer.status !== 403;
}

export async function signIn(root, location, storage, token) {
  if (token && (await isAccepted(location, token))) return token;
  forgetToken(storage);
  const form = document.createElement('form');
  form.className = 'sign-in';
  form.innerHTML = `
    <h1>seggraph</h1>
    <label for="token">Token or API key</label>
    <input id="token" type="password" autocomplete="off" required />
    <button type="submit">Sign in</button>
    <p role="status"></p>`;
  const [field, status] = [form.querySelector('input'), form.querySelector('p')];
  status.textContent = token ? 'This token is not accepted any more.' : '';
  root.replaceChildren(form);
  field.focus();
  return new Promise((resolve) => {
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const given = field.value.trim();
      if (!(await isAccepted(location, given))) {
        status.textContent = 'It is not accepted: it is wrong, has expired, or may not be used from here.';
        return;
      }
      keepToken(given, storage);
      root.replaceChildren();
      resolve(given);
    });
  });
}
