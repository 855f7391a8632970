// One demo with real servers for all tests of a worker, and a page that is signed in.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import AxeBuilder from '@axe-core/playwright';
import { expect, test as base, type Page } from '@playwright/test';

export interface Demo { console_url: string; url: string; token: string }

export const test = base.extend<{ complaints: string[] }, { demo: Demo }>({
  demo: [async ({}, use) => {
    // A demo that runs already can be given: its line of --json.
    const running = process.env['DEMO'];
    if (running) return use(JSON.parse(running) as Demo);
    const folder = mkdtempSync(join(tmpdir(), 'seggraph-console-'));
    const python = process.env['PYTHON'] ?? '../.venv/bin/python';
    const server = spawn(python, ['-m', 'seggraph', 'demo', '--json', '--port', '0', '--members', '300'], {
      env: { ...process.env, SEGGRAPH_DATA_DIR: folder }, stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise((resolve) => server.once('exit', resolve));
    const demo = await new Promise<Demo>((resolve, reject) => {
      server.stdout.once('data', (line: Buffer) => resolve(JSON.parse(line.toString()) as Demo));
      server.once('exit', (code) => reject(new Error(`The demo ended with ${code}.`)));
    });
    await use(demo);
    server.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }, { scope: 'worker', timeout: 600_000 }],
  /** What the browser refused or complained about. */
  complaints: async ({ page }, use) => {
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await use(complaints);
  },
});

/** Open a page signed in. */
export async function open(page: Page, demo: Demo, path: string): Promise<void> {
  await page.goto(`${new URL(path, demo.console_url).href}#token=${demo.token}`);
  await expect(page.getByText('Live', { exact: true })).toBeVisible();
}

export async function accessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.filter((one) => one.impact === 'serious' || one.impact === 'critical').map((one) => `${one.id}: ${one.nodes[0]?.html}`)).toEqual([]);
}

/** Ask the API something, for what a test needs to be there. */
export async function ask<Data>(demo: Demo, query: string, variables: Record<string, unknown> = {}): Promise<Data> {
  const answer = await fetch(demo.url, {
    method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${demo.token}` }, body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await answer.json()) as { data: Data; errors?: readonly { message: string }[] };
  if (errors) throw new Error(errors[0]?.message);
  return data;
}
