// A module that stops in the middle of its work: nothing waits for ever.
import { blank, call } from './harness/in_page.mjs';
import { withPage } from './harness/watched_page.mjs';

export async function trap(t, { browser, origin }) {
  for (const backend of ['cpu', 'webgpu']) {
    await t.test(`within a solve, ${backend}`, () => withPage(browser, async (page) => {
      await page.goto(origin + blank);
      await call(page, 'trap.js', 'stopWithinASolve', backend);
      await page.reload();
      await call(page, 'trap.js', 'works');
    }));
  }
  await t.test('within a call', () => withPage(browser, async (page) => {
    await page.goto(origin + blank);
    await call(page, 'trap.js', 'stopWithinACall');
  }));
}
