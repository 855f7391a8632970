// One demo for all tests, in a folder that is thrown away. `SEGGRAPH_CONSOLE_DEMO` names one that runs already: what its
// `seggraph demo --json` printed.
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default async function start(): Promise<(() => Promise<void>) | void> {
  if (process.env['SEGGRAPH_CONSOLE_DEMO']) return;
  const folder = mkdtempSync(join(tmpdir(), 'seggraph-console-'));
  const python = process.env['PYTHON'] ?? '../.venv/bin/python';
  const demo = spawn(python, ['-m', 'seggraph', 'demo', '--json', '--port', '0', '--members', '300'], {
    env: { ...process.env, SEGGRAPH_DATA_DIR: folder }, stdio: ['ignore', 'pipe', 'ignore'],
  });
  process.env['SEGGRAPH_CONSOLE_DEMO'] = await new Promise<string>((resolve, reject) => {
    demo.stdout.once('data', (line: Buffer) => resolve(line.toString()));
    demo.once('exit', () => reject(new Error('The demo ended before it was ready.')));
  });
  return async () => {
    const ended = new Promise((resolve) => demo.once('exit', resolve));
    demo.kill('SIGTERM');
    await ended;
  };
}
