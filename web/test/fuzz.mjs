// Ten thousand calls at random, most on the twin, some on the device. KANTOR_FUZZ_CALLS says how many, KANTOR_FUZZ_SEED
// from where: each run of 500 has a seed of its own, so that a fault can be seen again soon.
import assert from 'node:assert/strict';
import { blank, call } from './harness/in_page.mjs';
import { onTheTwin } from './harness/lacking.mjs';
import { withPage } from './harness/watched_page.mjs';

const calls = Number(process.env.KANTOR_FUZZ_CALLS) || 10_000;
const first = Number(process.env.KANTOR_FUZZ_SEED) || 1;
const each = 500;

/** Adds up how calls ended. */
function add(total, counts) {
  for (const [name, ends] of Object.entries(counts)) {
    total[name] ??= {};
    for (const [end, count] of Object.entries(ends)) total[name][end] = (total[name][end] ?? 0) + count;
  }
}

export async function fuzz(t, { browser, origin }) {
  const total = {};
  let took = 0;
  await withPage(browser, async (page) => {
    await page.goto(origin + blank);
    for (let k = 0; k * each < calls; k++) {
      const settings = { seed: first + k, calls: Math.min(each, calls - k * each), onDevice: k % 10 === 9 ? 0.5 : 0 };
      const found = await call(page, 'fuzz.js', 'run', settings);
      assert.deepEqual(found.faults, [], `faults from seed ${settings.seed}`);
      add(total, found.counts);
      took += found.took;
    }
  }, { tolerated: onTheTwin }); // contexts are opened without options, too
  const ends = Object.values(total).flatMap(Object.entries);
  const made = ends.reduce((sum, [, count]) => sum + count, 0);
  const done = ends.filter(([end]) => end === 'done').reduce((sum, [, count]) => sum + count, 0);
  t.diagnostic(`${made} calls in ${(took / 1000).toFixed(0)} s, ${done} of them done, no fault`);
  for (const [name, ends] of Object.entries(total)) {
    t.diagnostic(`${name}: ${Object.entries(ends).map(([end, count]) => `${count} ${end}`).join(', ')}`);
  }
  assert.ok(made >= calls, `${made} calls of ${calls}`);
  // Calls that are all refused would show little.
  assert.ok(done > made / 3, `only ${done} of ${made} calls did something`);
}
