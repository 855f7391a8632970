// The demo that the tests use, and what they all do with it.
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

interface Demo { console_url: string; url: string; token: string }

export const demo = JSON.parse(process.env['SEGGRAPH_CONSOLE_DEMO'] ?? '{}') as Demo;

export const addressOf = (path: string): string => `${new URL(path, demo.console_url).href}#token=${demo.token}`;

/** Open a page signed in, as somebody who has seen the tour. Returns what the browser refused or complained about. */
export async function open(page: Page, path = '/segments'): Promise<string[]> {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await page.addInitScript(() => localStorage.setItem('seggraph-tour', 'over'));
  await page.goto(addressOf(path));
  await expect(page.getByText('Live', { exact: true })).toBeVisible();
  return complaints;
}

export async function accessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.filter((one) => one.impact === 'serious' || one.impact === 'critical').map((one) => `${one.id}: ${one.nodes[0]?.html}`)).toEqual([]);
}

/** Ask the API beside the console, as another user would. */
export async function ask<Data>(query: string, variables: object = {}): Promise<Data> {
  const answer = await fetch(demo.url, {
    method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${demo.token}` }, body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await answer.json()) as { data: Data; errors?: unknown };
  expect(errors).toBeUndefined();
  return data;
}

/** Create a segment through the API. Returns its id and version. */
export async function segment(input: object): Promise<{ id: string; version: number }> {
  const { createSegment } = await ask<{ createSegment: { segment: { id: string; version: number } | null; errors: unknown[] } }>(
    'mutation ($input: CreateSegmentInput!) { createSegment(input: $input) { segment { id version } errors { message } } }', { input: { type: 'DYNAMIC', ...input } },
  );
  expect(createSegment.errors).toEqual([]);
  if (!createSegment.segment) throw new Error('There is no segment.');
  return createSegment.segment;
}
