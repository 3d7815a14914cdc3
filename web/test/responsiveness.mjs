// How a page feels: blocks of its main thread, and the time to the first answer. Times are told, not judged by the exit
// status: they are the machine's as much as ours.
import assert from 'node:assert/strict';
import { keepStates, onWebGpu, open, runOf, status, waitFor } from './harness/demo.mjs';
import { call, blank } from './harness/in_page.mjs';
import { withPage } from './harness/watched_page.mjs';

const block = 50; // ms that computing may keep the main thread
const wait = 1500; // ms from navigation to the first answer, on two cores with a warm cache

const verdict = (value, limit) => `${value.toFixed(0)} ms, ${value <= limit ? 'within' : 'ABOVE'} ${limit} ms`;

function tellBlocks(t, { took, longestGap, longTasks }) {
  t.diagnostic(`ran for ${took.toFixed(0)} ms; a timer came late by at most ${verdict(longestGap, block)}`);
  if (longTasks === undefined) t.diagnostic('this browser does not observe long tasks');
  else t.diagnostic(`longest task: ${verdict(Math.max(0, ...longTasks), block)}`);
}

/** Notes when a demo page has its first answer, in milliseconds from the navigation. */
function noteFirstAnswer() {
  const look = () => {
    if (document.querySelector('main')?.dataset.state === 'done') window.firstAnswer ??= performance.now();
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
}

/** The button of every page that computes by itself. */
const buttons = { transport: '#solve', colours: '#solve', divergences: '#compute', bessel: '#evaluate' };

export async function responsiveness(t, { browser, origin }) {
  for (const backend of ['webgpu', 'cpu']) {
    await t.test(`the main thread during a solve of 500 × 500, ${backend}`, (t) => withPage(browser, async (page) => {
      await page.goto(origin + blank);
      tellBlocks(t, await call(page, 'responsiveness.js', 'solveWatched', 500, backend));
    }));
  }

  for (const backend of ['webgpu', 'cpu']) {
    await t.test(`the first answer after navigation: import, context, 32 × 32, ${backend}`, (t) => withPage(browser, async (page) => {
      for (const visit of ['first', 'second', 'third']) {
        await page.goto(origin + blank);
        t.diagnostic(`${visit} visit: ${verdict(await call(page, 'responsiveness.js', 'firstResult', backend), wait)}`);
      }
    }));
  }

  for (const [name, button] of Object.entries(buttons)) {
    await t.test(`the page ${name}: its first answer, and its main thread when it runs again`, (t) => withPage(browser, async (page) => {
      for (const visit of ['first', 'second']) {
        await open(page, origin, name, onWebGpu);
        await waitFor(page, ['done']);
        t.diagnostic(`${visit} visit: ${verdict(await page.evaluate(() => window.firstAnswer), wait)}`);
      }
      await call(page, 'main_thread.js', 'watch');
      assert.equal(await runOf(page, () => page.click(button)), 'done', await status(page));
      tellBlocks(t, await call(page, 'main_thread.js', 'watched'));
    }, { before: [noteFirstAnswer, keepStates] }));
  }
}
