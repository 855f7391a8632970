// Views of lists that people keep, and what the workspace uses.
import { expect, test } from '@playwright/test';

import { accessible, open } from './demo';

test('a view of the list is kept, opened again and deleted', async ({ page }) => {
  const complaints = await open(page, '/segments?type=STATIC&sort=NAME:ASC');
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('button', { name: 'Save this view' }).click();
  const dialog = page.getByRole('dialog', { name: 'Save this view' });
  await dialog.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(dialog.getByText(/name/i).last()).toBeVisible();
  await dialog.getByLabel('Name').fill('From files <b>');
  await dialog.getByLabel('Everybody in the workspace sees it').check();
  await accessible(page);
  await dialog.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(dialog).toBeHidden();
  // It is there after the page was left, and shows the same list.
  await open(page, '/segments');
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('link', { name: 'From files <b>' }).click();
  await expect(page).toHaveURL(/type=STATIC&sort=NAME/);
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('button', { name: 'Delete the view From files <b>' }).click();
  await expect(page.getByRole('link', { name: 'From files <b>' })).toBeHidden();
  expect(complaints).toEqual([]);
});

test('administrators see what the workspace uses', async ({ page }) => {
  const complaints = await open(page, '/settings?tab=usage');
  await expect(page.getByRole('row', { name: /^API keys/ })).toContainText('1,000');
  expect(complaints).toEqual([]);
});
