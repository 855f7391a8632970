// What a person does with segments in the console, and what happens to them when the network, a token or a part fails.
import { expect, test, type WebSocketRoute } from '@playwright/test';

import { accessible, addressOf, ask, demo, open, segment } from './demo';
import { routes } from './routes';

test('the link of the demo shows the segments, hides its token, and begins with a tour that does not return', async ({ page }) => {
  await page.goto(addressOf('/segments'));
  await expect(page.getByRole('link', { name: 'Warm contacts' })).toBeVisible();
  expect(page.url()).not.toContain('token');
  const tour = page.getByRole('region', { name: 'First steps' });
  await expect(tour.getByRole('heading', { name: 'Numbers move by themselves' })).toBeVisible();
  await accessible(page);
  for (let step = 0; step < 3; step += 1) await tour.getByRole('button', { name: 'Next' }).click();
  await tour.getByRole('button', { name: 'Done' }).click();
  await expect(tour).toBeHidden();
  await page.reload();
  await expect(page.getByRole('link', { name: 'Warm contacts' })).toBeVisible();
  await expect(tour).toBeHidden();
});

test('GraphiQL opens with the queries of the page', async ({ page }) => {
  await open(page);
  await expect(page.getByRole('link', { name: 'Warm contacts' })).toBeVisible();
  await page.getByRole('link', { name: 'GraphiQL' }).click();
  await expect(page.getByRole('tab', { name: /^Segments\b/ })).toBeVisible();
  await expect(page.locator('.graphiql-query-editor')).toContainText('query');
});

test('every page is usable by everybody', async ({ page }) => {
  const complaints = await open(page);
  for (const route of routes) {
    await page.goto(new URL(route, demo.console_url).href);
    await expect(page.getByText('Live', { exact: true })).toBeVisible();
    await expect(page.locator('main h1, main h2').first()).toBeVisible();
    await accessible(page);
  }
  // The page that does not exist is answered with 404; the browser complains about that alone.
  expect(complaints.filter((one) => !one.includes('404'))).toEqual([]);
});

test('a segment is written, previewed, activated, and its reach arrives', async ({ page }) => {
  const complaints = await open(page, '/segments/new');
  await page.getByLabel('Name').fill('<b>German</b> accounts');
  await page.getByRole('textbox', { name: 'Criteria as text' }).click();
  await page.keyboard.insertText("country = 'DE'");
  await expect(page.getByText('Members where Country is "DE".')).toBeVisible();
  await page.getByRole('button', { name: 'Save and activate' }).click();
  await expect(page.getByRole('heading', { name: '<b>German</b> accounts' })).toBeVisible();
  await expect(page.locator('.figure').filter({ hasText: 'Email' }).locator('b').first()).toHaveText(/\d+/);
  await accessible(page);
  // A name stays as it was written also within a sentence.
  await page.getByRole('link', { name: 'Edit', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Edit <b>German</b> accounts' })).toBeVisible();
  expect(complaints).toEqual([]);
});

test('two windows see each other', async ({ page, context }) => {
  await open(page);
  const other = await context.newPage();
  await open(other);
  await page.getByRole('button', { name: 'Actions for Warm contacts' }).click();
  await page.getByRole('menuitem', { name: 'Pause' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
  await expect(other.getByRole('row').filter({ hasText: 'Warm contacts' }).getByText('Paused', { exact: true })).toBeVisible();
});

test('a change while the network is away is seen when it is back', async ({ page }) => {
  const { id } = await segment({ name: 'Away and back', kind: 'ACCOUNT', criteriaText: "country = 'DE'" });
  const sockets: WebSocketRoute[] = [];
  let isAway = false;
  await page.routeWebSocket(/graphql/, (socket) => {
    if (isAway) return void socket.close({ code: 1012 });
    sockets.push(socket);
    socket.connectToServer();
  });
  await open(page);
  await expect(page.getByRole('link', { name: 'Away and back' })).toBeVisible();
  isAway = true;
  for (const socket of sockets) await socket.close({ code: 1012 });
  await expect(page.getByText(/^Not live since/)).toBeVisible();
  await ask('mutation ($input: UpdateSegmentInput!) { updateSegment(input: $input) { errors { message } } }', { input: { id, name: 'Renamed meanwhile' } });
  await expect(page.getByRole('link', { name: 'Away and back' })).toBeVisible();
  isAway = false;
  await expect(page.getByText('Live', { exact: true })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Renamed meanwhile' })).toBeVisible();
});

test('a token that is not accepted asks for another, at first and later', async ({ page, context }) => {
  await page.goto(`${new URL('/segments', demo.console_url).href}#token=wrong`);
  await expect(page.getByText('Your token is not accepted any more. Sign in again.')).toBeVisible();
  await accessible(page);
  const later = await context.newPage();
  await open(later);
  await later.route('**/graphql', (route) => route.fulfill({ status: 401, contentType: 'application/json', body: '{"errors":[{"message":"The token has expired.","extensions":{"code":"UNAUTHENTICATED"}}]}' }));
  await later.getByRole('link', { name: 'Warm contacts' }).click();
  await expect(later.getByText('Your token is not accepted any more. Sign in again.')).toBeVisible();
});

test('a slow API shows that it loads, and an error in half of a page leaves the other half', async ({ page }) => {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => { release = resolve; });
  await page.route('**/graphql', async (route) => {
    const body = route.request().postData() ?? '';
    if (body.includes('"Segments"')) await released;
    if (body.includes('"PreviewDetails"')) return route.fulfill({ status: 200, contentType: 'application/json', body: '{"data":null,"errors":[{"message":"It broke.","extensions":{"code":"INTERNAL"}}]}' });
    return route.continue();
  });
  await open(page);
  await expect(page.getByText('Loading').first()).toBeAttached();
  release();
  await expect(page.getByRole('link', { name: 'Warm contacts' })).toBeVisible();
  await page.getByRole('link', { name: 'New segment' }).click();
  await page.getByRole('textbox', { name: 'Criteria as text' }).click();
  await page.keyboard.insertText("country = 'US'");
  await expect(page.getByText('It broke.')).toBeVisible();
  await expect(page.getByText('Members where Country is "US".')).toBeVisible();
});

test('archiving what an active campaign uses is refused, and says by which', async ({ page }) => {
  const { segments } = await ask<{ segments: { nodes: { id: string; name: string; usages: { campaigns: { name: string; status: string; holds: boolean }[] } }[] } }>(
    '{ segments(first: 100, filter: { statuses: [ACTIVE] }) { nodes { id name usages { campaigns { name status holds } } } } }',
  );
  const used = segments.nodes.find((one) => one.usages.campaigns.some((campaign) => campaign.holds));
  const campaign = used?.usages.campaigns.find((one) => one.holds);
  if (!used || !campaign) throw new Error('No campaign of the demo is active.');
  await open(page, `/segments?search=${encodeURIComponent(used.name)}`);
  await page.getByRole('button', { name: `Actions for ${used.name}`, exact: true }).click();
  await page.getByRole('menuitem', { name: 'Archive' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(campaign.name);
  await expect(dialog.getByText('prevents archiving').first()).toBeVisible();
  await dialog.getByRole('button', { name: 'Archive', exact: true }).click();
  await expect(dialog.getByRole('alert')).toContainText(campaign.name);
});

test('a narrow dark screen', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await open(page);
  await accessible(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});
