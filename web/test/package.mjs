// The package in a page: answers known without it, and WebGPU against the f64 twin.
import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import path from 'node:path';
import { web } from './harness/folders.mjs';
import { blank, call, runAll } from './harness/in_page.mjs';
import { withPage } from './harness/watched_page.mjs';

export async function packageInPage(t, { browser, origin }) {
  await withPage(browser, async (page) => {
    await page.goto(origin + blank);
    t.diagnostic(await call(page, 'contexts.js', 'describe'));
    await t.test('its version is that of its package.json', async () => {
      const { version } = JSON.parse(await fs.readFile(path.join(web, 'pkg/package.json'), 'utf8'));
      assert.equal(await page.evaluate(async () => (await import('kantor')).version()), version);
    });
    await runAll(t, page, 'known_answers.js');
    await runAll(t, page, 'transport.js');
    await runAll(t, page, 'against_twin.js');
  });
}
