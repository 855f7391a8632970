// What a person does with the builder: conditions by pointer and by keyboard, their text, mistakes, and others who save.
import { expect, test, type Locator, type Page } from '@playwright/test';

import { accessible, ask, open, segment } from './demo';

const text = (page: Page): Locator => page.getByRole('textbox', { name: 'Criteria as text' });
const tree = (page: Page): Locator => page.getByRole('treegrid', { name: 'Conditions' });
const row = (page: Page, words: string): Locator => tree(page).getByRole('row').filter({ hasText: words });

/** Write the whole text anew, as pasting does. */
async function write(page: Page, criteria: string): Promise<void> {
  await text(page).click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(criteria);
}

async function add(page: Page, what: string): Promise<void> {
  await page.getByRole('button', { name: 'Add a condition', exact: true }).click();
  await page.getByRole('menuitem', { name: what, exact: true }).click();
}

test('conditions are put together, moved and undone, and the text follows', async ({ page }) => {
  const complaints = await open(page, '/segments/new');
  await add(page, 'Field');
  await page.getByRole('combobox', { name: 'Field' }).fill('countr');
  await page.getByRole('option', { name: /^Country/ }).click();
  await page.getByRole('combobox', { name: 'Operator' }).selectOption('IN');
  await page.getByRole('combobox', { name: 'Add a value: Values' }).click();
  await page.getByRole('option', { name: /^DE/ }).click();
  await page.getByRole('combobox', { name: 'Add a value: Values' }).fill('AT');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(text(page)).toHaveText("country IN ('DE', 'AT')");
  await expect(page.getByText('Members where Country is "DE" or "AT".')).toBeVisible();

  await add(page, 'Event');
  await page.getByRole('combobox', { name: 'Event' }).fill('order');
  await page.keyboard.press('Tab');
  await page.getByRole('combobox', { name: 'When' }).selectOption('last');
  await expect(text(page)).toHaveText("country IN ('DE', 'AT') AND COUNT(EVENT 'order' IN LAST 30 DAYS) >= 1");
  await expect(row(page, 'Country').locator('.builder-count')).toHaveText(/\d/);

  // A condition that is not finished is neither counted nor lost.
  await add(page, 'Tags');
  await expect(row(page, 'Tags').getByText('Not finished')).toBeVisible();
  await expect(text(page)).toHaveText(/>= 1$/);
  await row(page, 'Tags').getByRole('button', { name: 'Actions for Tags' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();

  // By keyboard: into a group of its own, with all its settings, and back.
  await row(page, 'Country').getByRole('button', { name: 'Actions for Country' }).click();
  await page.getByRole('menuitem', { name: 'Put into a new group' }).click();
  await expect(row(page, 'Country')).toHaveAttribute('aria-level', '2');
  await row(page, 'Event order').focus();
  await page.keyboard.press('Alt+ArrowUp');
  await expect(text(page)).toHaveText(/^COUNT.* AND country IN \('DE', 'AT'\)$/);

  // By dragging: into the group.
  await row(page, 'Event order').dragTo(row(page, 'At least one'), { sourcePosition: { x: 14, y: 20 } });
  await expect(row(page, 'Event order')).toHaveAttribute('aria-level', '2');
  await expect(text(page)).toHaveText("country IN ('DE', 'AT') OR COUNT(EVENT 'order' IN LAST 30 DAYS) >= 1");
  await page.getByRole('combobox', { name: 'How the conditions of the group are joined' }).selectOption('none');
  await expect(text(page)).toHaveText(/^NOT \(/);

  await page.getByRole('heading', { name: 'New segment' }).click();
  for (let step = 0; step < 3; step += 1) await page.keyboard.press('Control+z');
  await expect(text(page)).toHaveText(/^country IN .* AND COUNT/);
  await page.keyboard.press('Control+Shift+z');
  await expect(text(page)).toHaveText(/^COUNT.* AND country/);
  await accessible(page);
  expect(complaints).toEqual([]);
});

test('every kind of condition is read from text, and its form writes it again', async ({ page }) => {
  const complaints = await open(page, '/segments/new');
  const criteria = [
    "NOT TAGS HAS ANY ('vip')", 'CONSENT(EMAIL) IS GRANTED', "SAMPLE 50% SEED 'a'", 'employees BETWEEN 10 AND 5000', 'createdAt IN LAST 400 DAYS', 'isTarget = TRUE',
    "SUM(items OF EVENT 'order' FROM 2020-01-01 TO 2030-01-01 WHERE channel = 'web') >= 0", "SEQUENCE(EVENT 'login', EVENT 'order') WITHIN 30 DAYS",
    "LAST_AT(EVENT 'login') NOT IN LAST 2 DAYS", "COUNT(RELATED 'people' WHERE country = 'DE' OR firstName STARTS WITH 'A') >= 0", 'industry IS SET',
  ].join(' OR ');
  await write(page, criteria);
  await expect(tree(page).getByRole('row')).toHaveCount(13);
  await page.getByRole('combobox', { name: 'How the conditions are joined' }).selectOption('all');
  await expect(text(page)).toHaveText(criteria.replaceAll(' OR ', ' AND ').replace("'DE' AND firstName", "'DE' OR firstName"));
  for (const words of ['Tags', 'Consent', 'Sample', 'Employees', 'Event order from', 'Sequence', 'Event login', 'Related: people']) {
    await row(page, words).first().locator('.builder-words').click();
  }
  await accessible(page);
  expect(complaints).toEqual([]);
});

test('wrong text is marked where it is wrong, and nothing is lost', async ({ page }) => {
  await open(page, '/segments/new');
  await write(page, "country = 'DE'");
  await expect(row(page, 'Country')).toBeVisible();
  await write(page, "contry = 'DE' AND employes > 5");
  await expect(page.getByText('Line 1, column 1: ACCOUNT has no field "contry"; did you mean country?')).toBeVisible();
  await expect(row(page, 'Country')).toBeVisible();
  await page.getByRole('button', { name: /^Line 1, column 19/ }).click();
  await page.keyboard.press('End');
  await expect(text(page)).toHaveText("contry = 'DE' AND employes > 5");
  await page.locator('.cm-lintRange').first().hover();
  await page.locator('.cm-diagnosticAction', { hasText: 'country' }).click();
  await expect(text(page)).toHaveText("country = 'DE' AND employes > 5");
  await write(page, "country = 'DE' AND employees > 5 AND (");
  await expect(page.getByText(/^Line 1, column \d+: expected/)).toBeVisible();
  await page.getByLabel('Name').fill('Pasted');
  await page.getByRole('button', { name: 'Save as draft' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'expected' }).first()).toBeVisible();
  await expect(text(page)).toHaveText("country = 'DE' AND employees > 5 AND (");
  await accessible(page);
});

test('a second editor is noticed, and both versions are kept', async ({ page }) => {
  const { id, version } = await segment({ name: 'Two editors', kind: 'ACCOUNT', criteriaText: "country = 'DE'" });
  await open(page, `/segments/${id}/edit`);
  await write(page, "country = 'FR'");
  await expect(page.getByText('When it is saved')).toBeVisible();
  await ask('mutation ($input: UpdateSegmentInput!) { updateSegment(input: $input) { errors { message } } }', { input: { id, version, name: 'Two editors, theirs', criteriaText: "country = 'AT'" } });
  const conflict = page.getByRole('alert').filter({ hasText: 'saved this segment' });
  await expect(conflict).toContainText("country = 'AT'");
  await expect(conflict).toContainText("country = 'FR'");
  await accessible(page);
  await conflict.getByRole('button', { name: 'Save yours over it' }).click();
  await expect(page.getByRole('heading', { name: 'Two editors', exact: true })).toBeVisible();
  const { segment: saved } = await ask<{ segment: { criteriaText: string } }>('query ($id: ID!) { segment(id: $id) { criteriaText } }', { id });
  expect(saved.criteriaText).toBe("country = 'FR'");
});

test('a new edit cancels the running count', async ({ page }) => {
  await open(page, '/segments/new');
  let held = 0;
  await page.route('**/graphql', async (route) => {
    if (!route.request().postData()?.includes('score > 1')) return route.continue();
    held += 1;
  });
  await write(page, 'score > 1');
  await expect.poll(() => held).toBeGreaterThan(0);
  const cancelled = page.waitForEvent('requestfailed', (request) => Boolean(request.postData()?.includes('score > 1')));
  await write(page, 'score > 2');
  await cancelled;
  await expect(page.getByText('Members where Score is more than 2.')).toBeVisible();
});

test('a segment that is gone says so', async ({ page }) => {
  const { id, version } = await segment({ name: 'Soon gone', kind: 'ACCOUNT' });
  expect(version).toBeGreaterThan(0);
  await ask('mutation ($input: SegmentIdInput!) { deleteSegment(input: $input) { errors { message } } }', { input: { id } });
  await open(page, `/segments/${id}/edit`);
  await expect(page.getByRole('heading', { name: 'There is no such segment' })).toBeVisible();
  await accessible(page);
});

test('the builder on a narrow dark screen', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await open(page, '/segments/new');
  await write(page, "country = 'DE' AND (score > 5 OR (employees > 5 AND NOT TAGS HAS ANY ('a')))");
  await expect(tree(page).getByRole('row')).toHaveCount(6);
  await row(page, 'Score').getByRole('button', { name: /^Score/ }).click();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await accessible(page);
});
