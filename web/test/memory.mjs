// Memory after many solves and frees is what it was before them.
import assert from 'node:assert/strict';
import { call, blank } from './harness/in_page.mjs';
import { withPage } from './harness/watched_page.mjs';

const megabyte = 2 ** 20;

/** Bytes of JavaScript's heap after a collection; undefined where the browser does not tell. */
async function heap(page, name) {
  if (name !== 'chromium') return undefined;
  const session = await page.createCDPSession();
  await session.send('HeapProfiler.collectGarbage');
  await session.detach();
  return (await page.metrics()).JSHeapUsedSize;
}

async function measured(page, name, work, count) {
  const sizes = await call(page, 'memory.js', work, count);
  return { ...sizes, heap: await heap(page, name) };
}

function compare(t, before, after) {
  const sizes = Object.entries(before).filter(([what, start]) => what !== 'peak' && start !== undefined);
  for (const [what, start] of sizes) {
    t.diagnostic(`${what}: ${(start / megabyte).toFixed(2)} MB before, ${(after[what] / megabyte).toFixed(2)} MB after`);
  }
  for (const [what, start] of sizes) {
    assert.ok(Math.abs(after[what] - start) <= 5 * megabyte, `${what} went from ${start} to ${after[what]} bytes`);
  }
}

export async function memory(t, { browser, name, origin }) {
  await t.test('100 solves and frees', (t) => withPage(browser, async (page) => {
    await page.goto(origin + blank);
    const before = await measured(page, name, 'solveAndFree', 10); // the first solves fill the pools
    compare(t, before, await measured(page, name, 'solveAndFree', 100));
  }));

  await t.test('8 contexts opened and freed', (t) => withPage(browser, async (page) => {
    await page.goto(origin + blank);
    const before = await measured(page, name, 'openAndFree', 2);
    compare(t, before, await measured(page, name, 'openAndFree', 8));
  }));
}
