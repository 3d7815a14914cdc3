// The quick start of the package's README, word for word, from a static file server.
import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import path from 'node:path';
import { withEmptyProject } from './harness/empty_project.mjs';
import { onTheTwin } from './harness/lacking.mjs';
import { serve } from './harness/server.mjs';
import { withPage } from './harness/watched_page.mjs';

export async function quickStart(t, { browser }) {
  await t.test('the README’s page', (t) => withEmptyProject([], async (project) => {
    const readme = await fs.readFile(path.join(project, 'node_modules/kantor/README.md'), 'utf8');
    const [, page] = /```html\n(.*?)```/s.exec(readme) ?? assert.fail('the README has no page');
    await fs.writeFile(path.join(project, 'index.html'), page);
    const server = await serve(project);
    try {
      await withPage(browser, async (page) => {
        await page.goto(server.origin);
        await page.waitForFunction(() => document.body?.innerText.trim());
        const text = await page.evaluate(() => document.body.innerText);
        t.diagnostic(text);
        assert.match(text, /converged: true/);
      }, { tolerated: onTheTwin });
    } finally {
      await server.close();
    }
  }));
}
