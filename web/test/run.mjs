// Tests of the package and its demo pages in real browsers:
//
//     npm test                   everything
//     npm test -- pages memory   these suites only
//
// KANTOR_BROWSERS names the browsers, "chromium firefox" unless given; one that is missing fails.
import { test } from 'node:test';
import { badInput } from './bad_input.mjs';
import { compare } from './compare.mjs';
import { csp } from './csp.mjs';
import { deno } from './deno.mjs';
import { fuzz } from './fuzz.mjs';
import { browsers, launch } from './harness/browsers.mjs';
import { pack } from './harness/empty_project.mjs';
import { web } from './harness/folders.mjs';
import { clearReport } from './harness/reports.mjs';
import { serve } from './harness/server.mjs';
import { memory } from './memory.mjs';
import { packageInPage } from './package.mjs';
import { pages } from './pages.mjs';
import { quickStart } from './quick_start.mjs';
import { responsiveness } from './responsiveness.mjs';
import { screenshots } from './screenshots.mjs';
import { stayingAlive } from './staying_alive.mjs';
import { trap } from './trap.mjs';
import { types } from './types.mjs';
import { viteProject } from './vite.mjs';

const chosen = process.argv.slice(2);
const wanted = ([name]) => chosen.length === 0 || chosen.includes(name);

/** In every browser. */
const suites = Object.entries({
  package: packageInPage, 'bad-input': badInput, 'staying-alive': stayingAlive, trap, fuzz, memory, responsiveness, csp, pages, screenshots,
}).filter(wanted);
/** Once, of what a user installs; the browser is the first. */
const installed = Object.entries({ types, deno, vite: viteProject, 'quick-start': quickStart }).filter(wanted);

const { origin, close } = await serve(web);
for (const name of suites.length > 0 ? browsers : []) {
  await test(name, async (t) => {
    if (wanted(['pages'])) await clearReport(name);
    const browser = await launch(name);
    try {
      t.diagnostic(await browser.version());
      for (const [title, suite] of suites) await t.test(title, (t) => suite(t, { browser, name, origin }));
    } finally {
      await browser.close();
    }
  });
}
if (installed.length > 0) {
  await test('the packed package', async (t) => {
    const browser = await launch(browsers[0]);
    try {
      for (const [title, suite] of installed) await t.test(title, (t) => suite(t, { browser }));
    } finally {
      await browser.close();
      await pack().then(({ remove }) => remove(), () => {});
    }
  });
}
if (wanted(['compare'])) await test('comparison', (t) => compare(t, browsers));
await close();
