// The protocol of the demo pages: `<main data-state>` says where a page is.
import assert from 'node:assert/strict';
import { timeout } from './browsers.mjs';

export const demos = ['transport', 'colours', 'divergences', 'bessel', 'check'];

/** Asks a page for the kernels: on a software adapter it would take the twin. */
export const onWebGpu = '?backend=webgpu';

/** The state of the page and, where it failed, the kind of the error. */
export function state(page) {
  return page.$eval('main', (main) => ({ state: main.dataset.state, kind: main.dataset.kind }));
}

/** What the strip at the foot of the page says. */
export function status(page) {
  return page.$eval('.strip', (strip) => strip.innerText.replace(/\s+/g, ' ').trim());
}

/** Waits until the page is in one of `states`, and says which; a page that failed instead is an error at once. */
export async function waitFor(page, states) {
  await page.waitForFunction(
    (states) => states.includes(document.querySelector('main')?.dataset.state), { timeout }, [...states, 'failed'],
  ).catch(async (error) => {
    const { state: now } = await state(page);
    throw new Error(`the page stays ${now}, and is not ${states.join(' or ')}: ${await status(page)}`, { cause: error });
  });
  const { state: reached } = await state(page);
  assert.ok(states.includes(reached), `the page is ${reached}, not ${states.join(' or ')}: ${await status(page)}`);
  return reached;
}

/** Waits until the page has loaded and is of use. */
export async function loaded(page) {
  await waitFor(page, ['ready', 'done']);
}

/** Opens a demo page and waits until it is of use. */
export async function open(page, origin, name, query = '') {
  const response = await page.goto(`${origin}/demos/${name}.html${query}`);
  assert.ok(response.ok(), `${response.url()}: ${response.status()}`);
  await loaded(page);
}

/** Keeps every state that a page has been in, however short. Runs before the page's scripts. */
export function keepStates() {
  window.states = [];
  const note = (records) => {
    const main = document.querySelector('main');
    if (!main) return;
    for (const { target, oldValue } of records) if (target === main && oldValue !== null) window.states.push(oldValue);
   
  };
  new MutationObserver(note).observe(document, {
    subtree: true, childList: true, attributes: true, attributeFilter: ['data-state'], attributeOldValue: true,
  });
}

/** Calls `act`, which must make the page run, waits for that run to end, and says how it did. Needs `keepStates`. */
export async function runOf(page, act) {
  const before = await page.evaluate(() => window.states.length);
  await act();
  await page.waitForFunction((before) => {
    const since = window.states.slice(before);
    return since.includes('running') && ['done', 'failed', 'cancelled'].includes(document.querySelector('main').dataset.state);
  }, { timeout }, before).catch(async (error) => {
    const { state: now } = await state(page);
    throw new Error(`no run began and ended; the page is ${now}: ${await status(page)}`, { cause: error });
  });
  return (await state(page)).state;
}

/** Presses Tab until the element has the focus, as someone without a mouse does. */
export async function tabTo(page, selector) {
  await page.evaluate(() => document.activeElement?.blur());
  for (let presses = 0; presses < 100; presses++) {
    await page.keyboard.press('Tab');
    if (await page.$eval(selector, (element) => element === document.activeElement)) return;
  }
  assert.fail(`Tab never reaches ${selector}`);
}
