// A tab whose console is watched: a test fails if anything was written there that it did not expect.
import assert from 'node:assert/strict';
import { timeout } from './browsers.mjs';

const counts = new Set(['error', 'warn', 'warning', 'assert']);

/**
 * Opens a tab, hands it to `use`, closes it, and fails on errors and warnings in the console, uncaught errors and
 * requests that did not succeed. `before` runs in every document before its scripts; `expected` lists patterns of messages
 * that must appear, each exactly once; messages that match `tolerated` may appear.
 */
export async function withPage(browser, use, { before, expected = [], tolerated } = {}) {
  const page = await browser.newPage();
  page.setDefaultTimeout(timeout);
  await page.setViewport({ width: 1280, height: 900 });
  const messages = [];
  page.on('console', (message) => {
    if (counts.has(message.type())) messages.push(`console ${message.type()}: ${message.text().slice(0, 300)}`);
  });
  page.on('pageerror', (error) => messages.push(`uncaught: ${error.message}`));
  page.on('response', (response) => {
    if (response.status() >= 400) messages.push(`${response.status()} for ${response.url()}`);
  });
  try {
    for (const script of [before ?? []].flat()) await page.evaluateOnNewDocument(script);
    const result = await use(page);
    const unexpected = messages.filter((text) => !tolerated?.test(text));
    for (const pattern of expected) {
      const at = unexpected.findIndex((text) => pattern.test(text));
      assert.notEqual(at, -1, `nothing in the console matches ${pattern}`);
      unexpected.splice(at, 1);
    }
    assert.deepEqual(unexpected, [], 'the console has messages');
    return result;
  } catch (error) {
    // What the page said may be the reason.
    if (messages.length > 0) error.message += `\nconsole:\n  ${messages.join('\n  ')}`;
    throw error;
  } finally {
    await page.close();
  }
}
