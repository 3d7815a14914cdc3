// A page that stays alive: lost devices, cancelled solves, two tabs, navigation, and browsers without WebGPU.
import assert from 'node:assert/strict';
import { call, blank, runAll } from './harness/in_page.mjs';
import { keepDevices, lacking, onTheTwin, softwareAlone } from './harness/lacking.mjs';
import { loaded, onWebGpu, open, state, status, waitFor } from './harness/demo.mjs';
import { withPage } from './harness/watched_page.mjs';

export async function stayingAlive(t, { browser, origin }) {
  await withPage(browser, async (page) => {
    await page.goto(origin + blank);
    await runAll(t, page, 'staying_alive.js');
  });

  await t.test('two tabs at once', async (t) => {
    const inTab = () => withPage(browser, async (page) => {
      await page.goto(origin + blank);
      return call(page, 'staying_alive.js', 'solveFor', 2);
    });
    const [one, other] = await Promise.all([inTab(), inTab()]);
    t.diagnostic(`${one} and ${other} solves in two seconds`);
  });

  await t.test('navigating away during a solve and back', () => withPage(browser, async (page) => {
    await page.goto(origin + blank);
    await call(page, 'staying_alive.js', 'startEndlessSolve');
    await page.goto(`${origin}/demos/index.html${onWebGpu}`);
    // Not page.goBack(): in Firefox it waits for an event that a page from the cache of pages does not have.
    await page.evaluate(() => history.back());
    await page.waitForFunction((path) => location.pathname === path, {}, blank);
    assert.ok(await call(page, 'staying_alive.js', 'solveFor', 0.1) > 0);
  }));

  for (const [what, before] of Object.entries(lacking)) {
    await t.test(`${what}: the CPU twin answers and says so`, (t) => withPage(browser, async (page) => {
      await page.goto(origin + blank);
      const kind = what === 'no device' ? 'device' : 'no-adapter';
      for (const note of await call(page, 'staying_alive.js', 'fallsBack', kind)) t.diagnostic(note.slice(0, 300));
    }, { before, expected: [onTheTwin] }));
  }

  await t.test('an adapter of software: the CPU twin answers, and WebGPU where it is named', (t) => withPage(browser, async (page) => {
    await page.goto(origin + blank);
    for (const note of await call(page, 'staying_alive.js', 'prefersTheTwin')) t.diagnostic(note);
  }, { before: softwareAlone, expected: [onTheTwin] }));

  for (const what of ['no WebGPU', 'no adapter', 'no permission']) {
    await t.test(`${what}: a page says so and works`, (t) => withPage(browser, async (page) => {
      await open(page, origin, 'transport');
      const text = await status(page);
      t.diagnostic(text);
      assert.match(text, /WebGPU|adapter|GPU/i, 'the reason is on the page');
      assert.match(text, /CPU/i, 'what computes instead is on the page');
    }, { before: lacking[what], expected: [onTheTwin] }));
  }

  for (const name of ['transport', 'divergences']) {
    await t.test(`a device lost on the page ${name}, and Retry`, (t) => withPage(browser, async (page) => {
      await open(page, origin, name, onWebGpu);
      await page.evaluate(() => window.devicesOpened.at(-1).destroy());
      assert.equal(await waitFor(page, ['failed']), 'failed');
      assert.equal((await state(page)).kind, 'device-lost');
      t.diagnostic(await status(page));
      assert.match(await status(page), /Retry/);
      await page.click('#retry');
      await loaded(page);
      assert.equal(await page.evaluate(() => window.devicesOpened.length), 2, 'devices opened');
    }, { before: keepDevices }));
  }
}
