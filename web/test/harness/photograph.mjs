// Screenshots, left in test/screenshots/ as artifacts, and the one thing about a layout that a program can judge.
import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import path from 'node:path';
import { test } from './folders.mjs';

const widths = { wide: 1280, phone: 360 };

/** Pictures of the whole page, wide and as on a phone; nothing may reach over the edge of either. */
export async function photograph(page, browser, name) {
  const folder = path.join(test, 'screenshots', browser);
  await fs.mkdir(folder, { recursive: true });
  const { width, height } = page.viewport();
  for (const [size, width] of Object.entries(widths)) {
    await page.setViewport({ width, height: 900 });
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    await page.screenshot({ path: path.join(folder, `${name}-${size}.png`), fullPage: true });
    const content = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(content <= width, `the page is ${content} px wide in a window of ${width}`);
  }
  await page.setViewport({ width, height });
}
