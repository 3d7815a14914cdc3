// The pages' content security policy: nothing that they do is against it, and what an attacker would do is.
import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { demos, keepStates, onWebGpu, open, runOf } from './harness/demo.mjs';
import { web } from './harness/folders.mjs';
import { png } from './harness/png.mjs';
import { withPage } from './harness/watched_page.mjs';

/** Keeps every breach that the browser reports of a page. Runs before the page's scripts. */
function keepViolations() {
  window.violations = [];
  document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sample }) => {
    window.violations.push(`${effectiveDirective}: ${blockedURI} ${sample}`);
  });
}

const violations = (page) => page.evaluate(() => window.violations);

/** What a script injected into the page would try; each must be refused. */
function attack() {
  window.injected = [];
  const inline = document.createElement('script');
  inline.textContent = 'window.injected.push("an inline script")';
  document.head.append(inline);
  const foreign = document.createElement('script');
  foreign.src = 'data:text/javascript,window.injected.push("a script from an address of its own")';
  document.head.append(foreign);
  document.body.insertAdjacentHTML('beforeend', '<img src="data:,none" onerror="window.injected.push(`a handler`)">');
  setTimeout(() => { // what the debugger calls itself may evaluate
    try {
      (0, eval)('window.injected.push("eval")');
    } catch { /* as it should be */ }
  });
  const style = document.createElement('style');
  style.textContent = 'main { display: none }';
  document.head.append(style);
  if (getComputedStyle(document.querySelector('main')).display === 'none') window.injected.push('a style');
}

/** The console's words on what the policy refused. */
const refusals = /Content[- ]Security[- ]Policy|violates the following|Refused to|blocked an? (inline|style|JavaScript|event)/i;

export async function csp(t, { browser, origin }) {
  await t.test('every page has the policy, and no script or style of its own', async () => {
    const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/;
    const files = (await fs.readdir(path.join(web, 'demos'))).filter((file) => file.endsWith('.html'));
    assert.ok(files.length > demos.length, files.join(', '));
    for (const file of files) {
      const text = await fs.readFile(path.join(web, 'demos', file), 'utf8');
      const [, content] = policy.exec(text) ?? assert.fail(`${file} has no policy`);
      assert.match(content, /default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self';/, file);
      assert.doesNotMatch(content, /'unsafe-/, file);
      assert.doesNotMatch(text, /<style|<script(?![^>]* src=)| style=| on\w+=/, file);
    }
  });

  for (const name of ['index', ...demos]) {
    await t.test(`${name} keeps to its policy`, () => withPage(browser, async (page) => {
      await open(page, origin, name, onWebGpu);
      if (name === 'colours') {
        // A picture of the visitor's, and the result as a file: addresses that the page makes itself.
        const input = await page.$('#source-file');
        const file = await writePicture();
        assert.equal(await runOf(page, () => input.uploadFile(file)), 'done');
        await page.click('#download');
      }
      if (name === 'check') {
        await page.select('#only', 'vmf');
        assert.equal(await runOf(page, () => page.click('#check')), 'done');
      }
      assert.deepEqual(await violations(page), []);
    }, { before: [keepViolations, keepStates] }));
  }

  for (const name of ['index', ...demos]) {
    await t.test(`${name} refuses what is injected`, (t) => withPage(browser, async (page) => {
      await open(page, origin, name, onWebGpu);
      await page.evaluate(attack);
      // Reports come with the next tasks.
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
      assert.deepEqual(await page.evaluate(() => window.injected), [], 'what ran all the same');
      const found = await violations(page);
      t.diagnostic(found.join('; '));
      for (const directive of ['script-src-elem', 'script-src-attr', 'script-src:', 'style-src']) {
        assert.ok(found.some((violation) => violation.startsWith(directive)), `${directive} is not among ${found}`);
      }
    }, { before: keepViolations, tolerated: refusals }));
  }
}

async function writePicture() {
  const file = path.join(await fs.mkdtemp(path.join(os.tmpdir(), 'kantor-csp-')), 'picture.png');
  await fs.writeFile(file, png(64, 48, (x, y) => x + y));
  return file;
}
