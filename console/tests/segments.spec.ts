// The list of segments, one segment, and imports.
import { readFileSync } from 'node:fs';

import { expect, test } from '@playwright/test';

import { accessible, ask, open, segment } from './demo';

const COUNTRIES = `country = 'DE' OR country = 'FR'`;

test('an archive of several says which was refused, and why', async ({ page }) => {
  const made: Record<string, string> = {};
  for (const name of ['Bulk one', 'Bulk two', 'Bulk used']) {
    const created = await segment({ name, kind: 'PERSON', criteriaText: COUNTRIES, activate: true });
    made[name] = created.id;
  }
  await segment({ name: 'Uses a bulk', kind: 'PERSON', activate: true, criteria: { segment: { op: 'IN', id: made['Bulk used'] } } });
  const complaints = await open(page, '/segments?search=Bulk');
  for (const name of Object.keys(made)) await page.getByLabel(`Select ${name}`).check();
  await page.getByRole('toolbar', { name: 'Selected segments' }).getByRole('button', { name: 'Archive' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('Uses a bulk')).toBeVisible();
  await dialog.getByRole('button', { name: 'Archive', exact: true }).click();
  await expect(dialog.getByText('Done: 2. Refused: 1.')).toBeVisible();
  await expect(dialog.getByRole('listitem').first()).toContainText('Bulk used');
  await expect(dialog.getByRole('listitem').first()).toContainText(/refused.+\S/s);
  await accessible(page);
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await expect(page.getByRole('link', { name: 'Bulk one' })).toBeHidden();
  await expect(page.getByRole('link', { name: 'Bulk used', exact: true })).toBeVisible();
  expect(complaints).toEqual([]);
});

test('a segment gets a label and a star, and is found by them', async ({ page }) => {
  await segment({ name: 'Starred one', kind: 'ACCOUNT', type: 'STATIC', activate: true });
  await open(page, '/segments?search=Starred');
  await page.getByRole('button', { name: 'Favourite: Starred one' }).click();
  await expect(page.getByRole('button', { name: 'Favourite: Starred one' })).toHaveAttribute('aria-pressed', 'true');
  await page.getByLabel('Select Starred one').check();
  await page.getByRole('toolbar').getByRole('button', { name: 'Labels' }).click();
  await page.getByRole('dialog').getByLabel('New label', { exact: true }).fill('<i>Mine</i>');
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('checkbox', { name: '<i>Mine</i>' })).toBeChecked();
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Favourites', exact: true }).click();
  await expect(page.getByRole('row').filter({ hasText: 'Starred one' }).getByText('<i>Mine</i>')).toBeVisible();
  expect(page.url()).toContain('favourite=yes');
});

test('the tabs of a segment, and why a member is in it', async ({ page }) => {
  const { segments } = await ask<{ segments: { nodes: { id: string }[] } }>('{ segments(first: 1, search: "Champions gone quiet") { nodes { id } } }');
  const id = segments.nodes[0]?.id ?? '';
  const complaints = await open(page, `/segments/${id}`);
  const chart = page.getByRole('slider', { name: /Size over time/ });
  await chart.focus();
  await page.keyboard.press('Home');
  await expect(chart).toHaveAttribute('aria-valuetext', /Members 0/);
  await page.keyboard.press('End');
  await expect(chart).toHaveAttribute('aria-valuetext', /Members [1-9]/);
  await expect(page.getByRole('img', { name: /Can be contacted/ }).first()).toBeVisible();
  await accessible(page);
  const parts = page.getByRole('navigation', { name: 'Parts of the segment' });
  await parts.getByRole('link', { name: 'Members' }).click();
  await page.getByRole('button', { name: /^Why is .+ in it\?$/ }).first().click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('Criteria, part by part')).toBeVisible();
  await expect(dialog.getByRole('img', { name: 'matches', exact: true }).first()).toBeVisible();
  await expect(dialog.getByText(/it has .*(champion|vip)/).first()).toBeVisible();
  expect(page.url()).toContain('why=');
  await accessible(page);
  await page.keyboard.press('Escape');
  for (const name of ['Automation', 'Activity', 'Compare']) {
    await parts.getByRole('link', { name }).click();
    await expect(parts.getByRole('link', { name })).toHaveAttribute('aria-current', 'page');
    await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0);
    await accessible(page);
  }
  await page.getByRole('checkbox', { name: /^All people/ }).check();
  await expect(page.getByRole('img', { name: /Champions gone quiet and All people share [1-9]/ })).toBeVisible();
  expect(complaints).toEqual([]);
});

test('a member that was removed is kept out, and is given back', async ({ page }) => {
  const made = await segment({ name: 'Kept out', kind: 'PERSON', criteriaText: COUNTRIES, activate: true });
  await open(page, `/segments/${made.id}/members`);
  await page.getByRole('checkbox', { name: /^Select (?!all)/ }).first().check();
  await page.getByRole('button', { name: 'Remove from the segment' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('link', { name: /Kept out 1/ }).click();
  await page.getByRole('checkbox', { name: /^Select (?!all)/ }).first().check();
  await page.getByRole('button', { name: 'Give back to automation' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Give back' }).click();
  await expect(page.getByText('Nobody is kept out')).toBeVisible();
});

test('a file with mistakes is imported to the end', async ({ page }) => {
  const complaints = await open(page, '/imports');
  const choose = (name: string, content: string | Buffer): Promise<void> => page.getByLabel('File', { exact: true }).setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(content) });
  await choose('sheet.xlsx', Buffer.from([0x50, 0x4b, 3, 4, 20, 0, 0, 0, 8, 0]));
  await expect(page.getByText('sheet.xlsx was not taken:')).toBeVisible();
  await expect(page.getByText('What works: a CSV file')).toBeVisible();
  await choose('people.csv', 'Customer ID,Email,Since\nc-1,ann@import.example,01/02/2026\nc-2,nonsense,03/04/2026\nc-1,twice@import.example,05/06/2026\n');
  await expect(page.getByRole('heading', { name: 'people.csv' })).toBeVisible();
  await expect(page.getByText('Open questions, in: Since')).toBeVisible();
  await accessible(page);
  await page.getByRole('button', { name: /^Try it/ }).click();
  await expect(page.getByRole('alert')).toContainText(/\S/);
  await page.getByLabel(/Day and month/).selectOption('DMY');
  await expect(page.getByText('2026-02-01')).toBeVisible();
  await page.getByRole('button', { name: /^Try it/ }).click();
  await expect(page.getByRole('heading', { name: 'What would happen to each row' })).toBeVisible();
  await expect(page.getByRole('group', { name: 'Rejected rows' }).getByRole('row').filter({ hasText: 'nonsense' })).toContainText('email');
  await accessible(page);
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'What became of each row' })).toBeVisible();
  await expect(page.locator('.figure').filter({ hasText: 'new' }).locator('b')).toHaveText('2');
  await expect(page.locator('.figure').filter({ hasText: 'twice in the file' }).locator('b')).toHaveText('1');
  const link = await page.getByRole('link', { name: 'Download them as CSV' }).getAttribute('href');
  expect(await (await fetch(link ?? '')).text()).toContain('nonsense');
  await page.getByRole('link', { name: 'All imports' }).click();
  await expect(page.getByRole('group', { name: 'Earlier imports' }).getByRole('row').filter({ hasText: 'people.csv' }).first()).toContainText('Completed');
  expect(complaints).toEqual([]);
});

test('a report of ads names the campaigns that it does not know', async ({ page }) => {
  const complaints = await open(page, '/imports/report');
  await page.getByLabel('File', { exact: true }).setInputFiles({ name: 'report.csv', mimeType: 'text/csv', buffer: readFileSync('../examples/files/ad-report-google-ads.csv') });
  await expect(page.getByText('There is no such campaign.').first()).toBeVisible();
  await accessible(page);
  await page.getByLabel('Campaign of Spring sale / Brand').selectOption({ label: 'Leave these rows out' });
  await page.getByRole('button', { name: 'Check again' }).click();
  await expect(page.locator('.figure').filter({ hasText: 'with a mistake' }).locator('b')).toHaveText('0');
  await page.getByRole('button', { name: 'Record the metrics' }).click();
  await expect(page.getByRole('heading', { name: 'What became of each row' })).toBeVisible();
  expect(complaints).toEqual([]);
});

test('a segment on a narrow dark screen', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await open(page, '/segments');
  await page.getByRole('link', { name: 'Warm contacts' }).click();
  await expect(page.getByRole('slider').first()).toBeVisible();
  await accessible(page);
  for (const tab of ['Members', 'Automation', 'Activity', 'Compare']) {
    await page.getByRole('navigation', { name: 'Parts of the segment' }).getByRole('link', { name: tab }).click();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  }
});
