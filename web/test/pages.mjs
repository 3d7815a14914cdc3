// Every demo page, used as a visitor would: with the mouse, with the keyboard, cancelled, on a phone, without a GPU.
import assert from 'node:assert/strict';
import { checkReport, copyRefused } from './check_page.mjs';
import { colours } from './colours_page.mjs';
import { keepStates, onWebGpu, open, runOf, status, tabTo, waitFor } from './harness/demo.mjs';
import { allowSlowness } from './harness/lacking.mjs';
import { photograph } from './harness/photograph.mjs';
import { withPage } from './harness/watched_page.mjs';

/** The button that computes, and a control that makes the page run when it has the focus and the key is pressed. */
const controls = {
  transport: { button: '#solve', control: '#epsilon', key: 'ArrowRight' },
  colours: { button: '#solve', control: '#solve', key: 'Enter' },
  divergences: { button: '#compute', control: '#compute', key: 'Enter' },
  bessel: { button: '#evaluate', control: '#evaluate', key: 'Enter' },
  check: { button: '#check', control: '#check', key: 'Enter' },
};

/** Opens a page and waits for what it does by itself; the check begins when it is told to. */
async function settled(page, origin, demo, query = onWebGpu) {
  await open(page, origin, demo, query);
  await waitFor(page, demo === 'check' ? ['ready'] : ['done']);
}

async function clicked(page, button) {
  assert.equal(await runOf(page, () => page.click(button)), 'done', await status(page));
}

/** The transport page with masses that need not agree: less moves, and the divergence is told. */
async function reached({ browser, name, origin }, geometry) {
  await withPage(browser, async (page) => {
    await settled(page, origin, 'transport');
    if (geometry !== 'line') {
      assert.equal(await runOf(page, () => page.click(`#geometry input[value=${geometry}]`)), 'done', await status(page));
    }
    const number = async (id) => Number(await page.$eval(`#${id}`, (output) => output.textContent));
    assert.ok(Math.abs(await number('mass') - 1) < 1e-4, `${await number('mass')} moves`);
    assert.equal(await runOf(page, () => page.select('#reach', '0.1')), 'done', await status(page));
    const less = await number('mass');
    assert.ok(less > 0 && less < 0.999, `${less} moves with a reach`);
    await tabTo(page, '#debiased');
    assert.equal(await runOf(page, () => page.keyboard.press(' ')), 'done', await status(page));
    const [divergence, cost] = [await number('divergence'), await number('regularized-cost')];
    assert.ok(divergence > 0 && divergence < cost, `a divergence of ${divergence} beside a cost of ${cost}`);
    await photograph(page, name, `transport-${geometry}-reach`);
  }, { before: keepStates });
}

export async function pages(t, { browser, name, origin }) {
  await t.test('index', () => withPage(browser, async (page) => {
    await page.goto(`${origin}/demos/index.html${onWebGpu}`);
    const links = await page.$$eval('main a', (links) => links.map((link) => link.getAttribute('href')));
    for (const demo of Object.keys(controls)) assert.ok(links.includes(`${demo}.html`), `no link to ${demo}`);
    await photograph(page, name, 'index-light');
  }));

  for (const [demo, { button, control, key }] of Object.entries(controls)) {
    await t.test(`${demo}: a click on its button`, (t) => withPage(browser, async (page) => {
      await settled(page, origin, demo);
      await clicked(page, button);
      t.diagnostic(await status(page));
      if (demo === 'check') await checkReport(t, page, name);
      await photograph(page, name, `${demo}-light`);
    }, { before: keepStates }));

    await t.test(`${demo}: by keyboard, cancelled, and again`, (t) => withPage(browser, async (page) => {
      await settled(page, origin, demo);
      await tabTo(page, control);
      await page.evaluate(() => (window.slow = true));
      const run = runOf(page, () => page.keyboard.press(key));
      await page.waitForSelector('#cancel', { visible: true });
      await page.click('#cancel');
      assert.equal(await run, 'cancelled', await status(page));
      t.diagnostic(await status(page));
      await page.evaluate(() => (window.slow = false));
      if (demo === 'check') return; // a whole run is seen above
      await page.waitForSelector('#retry', { visible: true });
      assert.equal(await runOf(page, () => page.click('#retry')), 'done', await status(page));
    }, { before: [keepStates, allowSlowness] }));

    if (demo === 'check') continue; // the twin against itself: its numbers are tested natively
    await t.test(`${demo}: on the CPU`, (t) => withPage(browser, async (page) => {
      await settled(page, origin, demo, '?backend=cpu');
      await clicked(page, button);
      t.diagnostic(await status(page));
    }, { before: keepStates }));
  }
  for (const geometry of ['line', 'grid', 'points']) {
    await t.test(`transport: ${geometry} with a reach, and its divergence`, () => reached({ browser, name, origin }, geometry));
  }
  await t.test('colours: picked files', (t) => colours(t, { browser, origin }));
  await t.test('check: no permission to copy', () => copyRefused({ browser, origin }));
}
