// Members, campaigns, playbooks, the wall and keys, as a person uses them, on a demo with real servers.
import { expect, test } from '@playwright/test';

import { accessible, ask, demo, open } from './demo';

const UPSERT = 'mutation ($input: UpsertMembersInput!) { upsertMembers(input: $input) { created rowErrors { message } errors { message } } }';

async function someoneIn(externalId: string, city: string): Promise<void> {
  await ask(UPSERT, { input: { kind: 'PERSON', members: [{ externalId, name: `<i>${externalId}</i>`, city }] } });
}

test('members are found by criteria, and one is edited and tagged', async ({ page }) => {
  const complaints = await open(page, '/members');
  await someoneIn('found-1', 'Findheim');
  await page.getByRole('button', { name: 'Criteria' }).click();
  await page.getByLabel('Show members that match').fill("city = 'Findheim'");
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/where=/);
  await page.getByRole('link', { name: '<i>found-1</i>' }).click();
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('dialog').getByLabel('Industry').fill('Gardening');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Gardening')).toBeVisible();
  await page.getByRole('button', { name: /^Actions for/ }).click();
  await page.getByRole('menuitem', { name: 'Tags' }).click();
  await page.getByLabel('Add tags').fill('console-tag');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('console-tag', { exact: true })).toBeVisible();
  await accessible(page);
  await page.getByRole('button', { name: 'Why is it in All people?' }).click();
  await expect(page.getByRole('heading', { name: 'Why <i>found-1</i> is in All people' })).toBeVisible();
  await page.keyboard.press('Escape');
  expect(complaints).toEqual([]);
});

test('a campaign runs to its end', async ({ page }) => {
  const complaints = await open(page, '/campaigns/new');
  await page.getByLabel('Name').fill('<b>Letters</b> of autumn');
  await page.getByLabel('Search segments for Contact the members of').fill('All people');
  await page.getByRole('group', { name: 'Segments for Contact the members of' }).getByLabel(/^All people/).check();
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { name: '<b>Letters</b> of autumn' })).toBeVisible();
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Start' }).click();
  await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible();
  await page.getByRole('button', { name: 'Record metrics' }).click();
  const record = page.getByRole('dialog');
  for (const [label, value] of [['Spend', '12.50'], ['Impressions', '1000'], ['Clicks', '40']] as const) await record.getByLabel(label).fill(value);
  await record.getByRole('button', { name: 'Save' }).click();
  await expect(page.locator('.figure').filter({ hasText: 'Click rate' }).locator('b')).toHaveText('4%');
  await accessible(page);
  await page.getByRole('button', { name: 'End' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End' }).click();
  await expect(page.getByText('Completed', { exact: true })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Edit' })).toHaveCount(0);
  expect(complaints).toEqual([]);
});

test('a playbook acts and is seen, and the wall moves by it', async ({ page, context }) => {
  const create = 'mutation ($input: CreateSegmentInput!) { createSegment(input: $input) { segment { id } errors { message } } }';
  const made = await ask<{ createSegment: { segment: { id: string } } }>(create, { input: { name: 'People on the wall', kind: 'PERSON', type: 'STATIC' } });
  const complaints = await open(page, '/playbooks/new');
  await page.getByLabel('Name').fill('Wall watchers');
  await page.getByLabel('Whenever a member matches').fill("city = 'Wallstadt'");
  await expect(page.getByText('0 members match')).toBeVisible();
  await page.getByLabel('Search segments for Add it to').fill('People on the wall');
  await page.getByRole('group', { name: 'Segments for Add it to' }).getByLabel(/^People on the wall/).check();
  await accessible(page);
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { name: 'Wall watchers' })).toBeVisible();
  await expect(page.getByText('It has added and removed nobody yet.')).toBeVisible();

  const wall = await context.newPage();
  complaints.push(...await open(wall, `/wall?segments=${made.createSegment.segment.id}&title=Our%20wall`));
  const size = wall.getByRole('region', { name: 'People on the wall' }).getByTestId('size');
  await expect(size).toHaveText('0');
  await accessible(wall);
  await someoneIn('watcher-1', 'Wallstadt');
  await expect(size).toHaveText('1');
  await expect(page.getByRole('link', { name: '<i>watcher-1</i>' }).first()).toBeVisible();

  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByRole('button', { name: 'Resume' })).toBeVisible();
  expect(complaints).toEqual([]);
});

test('a new API key is shown once', async ({ page }) => {
  const complaints = await open(page, '/access?tab=keys');
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Reports of the console');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  const secret = await page.getByLabel('The secret').inputValue();
  expect(secret).toMatch(/^sgk_live_.{20,}/);
  await accessible(page);
  await page.getByRole('button', { name: 'I have kept it' }).click();
  await expect(page.getByText('Reports of the console', { exact: true })).toBeVisible();
  expect(await page.content()).not.toContain(secret);
  await page.reload();
  await expect(page.getByText('Reports of the console', { exact: true })).toBeVisible();
  expect(await page.content()).not.toContain(secret);
  expect(complaints).toEqual([]);
});

test('every page is accessible and fits on a phone', async ({ page }) => {
  test.slow();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: 'dark' });
  const complaints = await open(page, '/members');
  for (const [path, heading] of [
    ['/members?kind=ACCOUNT', 'Members'], ['/campaigns', 'Campaigns'], ['/playbooks', 'Playbooks'], ['/destinations', 'Destinations'], ['/webhooks', 'Webhooks'],
    ['/catalogue', 'Catalogue'], ['/access', 'Users and keys'], ['/settings', 'Settings'], ['/settings?tab=audit', 'Settings'],
  ] as const) {
    await page.goto(new URL(path, demo.console_url).href);
    await expect(page.getByRole('heading', { name: heading, exact: true, level: 1 })).toBeVisible();
    await expect(page.getByText('Loading', { exact: true })).toHaveCount(0);
    await accessible(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(390);
  }
  expect(complaints).toEqual([]);
});
