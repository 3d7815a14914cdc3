// The tarball in an empty Vite project without any configuration: its development server, and its build.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { command, run, withEmptyProject } from './harness/empty_project.mjs';
import { web } from './harness/folders.mjs';
import { serve } from './harness/server.mjs';
import { withPage } from './harness/watched_page.mjs';

const files = ['installed/index.html', 'installed/vite_main.js', 'page/known_answers.js', 'page/assert.js'];

// Deno runs it, which is here anyway: Vite wants a newer Node than Debian 12 has.
const vite = ['run', '--allow-all', path.join(web, 'node_modules/vite/bin/vite.js')];
const env = { ...process.env, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' };

async function opened(t, browser, origin) {
  await withPage(browser, async (page) => {
    await page.goto(origin);
    await page.waitForFunction(() => window.report !== undefined);
    const report = await page.evaluate(() => window.report);
    t.diagnostic(report);
    assert.match(report, /^webgpu/);
  });
}

/** Starts Vite's development server, hands its address to `use`, and ends it. */
async function withDevelopmentServer(project, use) {
  // A group of its own, to be ended as a whole: what npm installs as `deno` starts the program proper as a child.
  const server = spawn(command('deno'), [...vite, '--host', 'localhost'], {
    cwd: project, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    const output = [];
    const origin = await new Promise((resolve, reject) => {
      server.once('error', reject);
      server.once('exit', () => reject(new Error(`Vite ended: ${output.join('\n')}`)));
      server.stderr.on('data', (data) => output.push(String(data)));
      createInterface({ input: server.stdout }).on('line', (line) => {
        output.push(line);
        const address = /http:\/\/localhost:\d+/.exec(line);
        if (address) resolve(address[0]);
      });
    });
    return await use(origin);
  } finally {
    process.kill(-server.pid);
  }
}

export async function viteProject(t, { browser }) {
  await withEmptyProject(files, async (project) => {
    await t.test('vite', (t) => withDevelopmentServer(project, (origin) => opened(t, browser, origin)));

    await t.test('vite build, served as plain files', async (t) => {
      const { stdout } = await run(command('deno'), [...vite, 'build'], { cwd: project, env });
      for (const line of stdout.split('\n').filter((line) => line.includes('dist/'))) t.diagnostic(line.trim());
      const server = await serve(path.join(project, 'dist'));
      try {
        await opened(t, browser, server.origin);
      } finally {
        await server.close();
      }
    });
  });
}
