// What a person does with the console, on a demo with real servers.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';

interface Demo { console_url: string; url: string; token: string }

let process_: ChildProcess;
let demo: Demo;

test.beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'seggraph-console-'));
  const python = process.env['PYTHON'] ?? '../.venv/bin/python';
  process_ = spawn(python, ['-m', 'seggraph', 'demo', '--json', '--port', '0', '--members', '300'], {
    env: { ...process.env, SEGGRAPH_DATA_DIR: folder }, stdio: ['ignore', 'pipe', 'ignore'],
  });
  demo = await new Promise<Demo>((resolve) => process_.stdout?.once('data', (line: Buffer) => resolve(JSON.parse(line.toString()) as Demo)));
});

test.afterAll(async () => {
  const ended = new Promise((resolve) => process_.once('exit', resolve));
  process_.kill('SIGTERM');
  await ended;
});

/** Open a page signed in. Returns what the browser refused or complained about. */
async function open(page: Page, path = '/segments'): Promise<string[]> {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(`${new URL(path, demo.console_url).href}#token=${demo.token}`);
  await expect(page.getByText('Live', { exact: true })).toBeVisible();
  return complaints;
}

async function accessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.filter((one) => one.impact === 'serious' || one.impact === 'critical').map((one) => `${one.id}: ${one.nodes[0]?.html}`)).toEqual([]);
}

test('the link of the demo shows the segments and hides its token', async ({ page }) => {
  const complaints = await open(page);
  await expect(page.getByRole('link', { name: 'Warm contacts' })).toBeVisible();
  expect(page.url()).not.toContain('token');
  await accessible(page);
  expect(complaints).toEqual([]);
});

test('a segment is written, previewed, activated, and its reach arrives', async ({ page }) => {
  const complaints = await open(page, '/segments/new');
  await page.getByLabel('Name').fill('<b>German</b> accounts');
  await page.getByLabel('Criteria').fill("countri = 'DE'");
  await expect(page.getByText('did you mean country?')).toBeVisible();
  await page.getByLabel('Criteria').fill("country = 'DE'");
  await expect(page.getByText('Members where Country is "DE".')).toBeVisible();
  await accessible(page);
  await page.getByRole('button', { name: 'Save and activate' }).click();
  await expect(page.getByRole('heading', { name: '<b>German</b> accounts' })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Who is in it' })).toBeVisible();
  await expect(page.locator('.figure').filter({ hasText: 'Email' }).locator('b')).toHaveText(/\d+/);
  await accessible(page);
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

test('a token that is not accepted asks for another', async ({ page }) => {
  await page.goto(`${new URL('/segments', demo.console_url).href}#token=wrong`);
  await expect(page.getByText('Your token is not accepted any more. Sign in again.')).toBeVisible();
  await accessible(page);
});

test('a narrow dark screen', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await open(page);
  await accessible(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});
