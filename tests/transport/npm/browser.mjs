// Opens the GraphiQL page in a browser whose only reachable host is the server, and uses it as a person would.
import { chromium } from 'playwright-core';

const [url, executablePath, screenshot] = process.argv.slice(2);
const origin = new URL(url).origin;
const complaints = [];
const strangers = [];

const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
         '--disable-component-update', '--disable-sync'],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
await page.route('**', (route) => {
  const address = route.request().url();
  if (address.startsWith(origin) || /^(data|blob):/.test(address)) return route.continue();
  strangers.push(address);
  return route.abort();
});
const addresses = [];
page.on('request', (request) => addresses.push(request.url()));
page.setDefaultTimeout(15000);
page.on('pageerror', (error) => complaints.push(String(error)));
page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));

async function ask(query, expected) {
  const editor = page.locator('.graphiql-query-editor .monaco-editor').first();
  await editor.click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(query);
  await page.waitForTimeout(600); // GraphiQL reads the names of the operations only after a pause in typing.
  await page.keyboard.press('Control+Enter');
  await page.waitForFunction(
    (text) => document.querySelector('.result-window')?.innerText.replaceAll('\u00a0', ' ').includes(text),
    expected,
  );
}

await page.goto(`${url}#token=good-token`);
await page.waitForSelector('.graphiql-execute-button');
await page.waitForFunction(() => document.querySelector('.graphiql-query-editor')?.innerText.includes('Segments'));
if (screenshot) await page.screenshot({ path: screenshot });
await ask('query { token }', 'Bearer good-token');
await ask('subscription { count(to: 4) }', '"count": 4');
if (screenshot) await page.screenshot({ path: screenshot.replace('.png', '-subscription.png') });

// The tab stays signed in; another one asks until it is given a token that holds.
await page.goto('about:blank');
await page.goto(url);
await page.waitForSelector('.graphiql-execute-button');
const other = await browser.newPage();
other.setDefaultTimeout(15000);
await other.goto(url);
await other.fill('#token', 'wrong');
await other.click('button[type=submit]');
await other.waitForFunction(() => document.querySelector('[role=status]')?.textContent.includes('not accepted'));
await other.fill('#token', 'good-token');
await other.click('button[type=submit]');
await other.waitForSelector('.graphiql-execute-button');
const tabs = await other.locator('.graphiql-tab button[role=tab], .graphiql-tab-button').allInnerTexts();

console.log(JSON.stringify({
  tabs: tabs.map((text) => text.trim()).filter(Boolean),
  complaints,
  strangers,
  addressBar: page.url(),
  leaked: addresses.filter((address) => address.includes('good-token')),
}));
await browser.close();
