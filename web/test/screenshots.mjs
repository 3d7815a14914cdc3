// Pictures of every page for whoever wants to look, in the dark scheme; those in the light one come from pages.mjs.
import { launch } from './harness/browsers.mjs';
import { demos, onWebGpu, open } from './harness/demo.mjs';
import { photograph } from './harness/photograph.mjs';
import { withPage } from './harness/watched_page.mjs';

export async function screenshots(t, { name, origin }) {
  const browser = await launch(name, 'dark');
  try {
    for (const demo of ['index', ...demos]) {
      await t.test(`${demo}, dark`, () => withPage(browser, async (page) => {
        await open(page, origin, demo, onWebGpu);
        await photograph(page, name, `${demo}-dark`);
      }));
    }
  } finally {
    await browser.close();
  }
}
