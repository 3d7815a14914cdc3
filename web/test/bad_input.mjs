// Wrong input: always an error that says what is wrong, and never a word in the console.
import { blank, runAll } from './harness/in_page.mjs';
import { withPage } from './harness/watched_page.mjs';

export async function badInput(t, { browser, origin }) {
  await withPage(browser, async (page) => {
    await page.goto(origin + blank);
    await runAll(t, page, 'bad_input.js');
    await runAll(t, page, 'hostile.js');
  });
}
