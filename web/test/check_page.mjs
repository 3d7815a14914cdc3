// The check page: every row of its table, and what it gives to be copied.
import assert from 'node:assert/strict';
import { keepStates, open, runOf } from './harness/demo.mjs';
import { writeReport } from './harness/reports.mjs';
import { withPage } from './harness/watched_page.mjs';

/** After a run: the report as the page gives it, kept for the comparison; every row must have passed. */
export async function checkReport(t, page, name) {
  const report = JSON.parse(await page.$eval('#json', (text) => text.value));
  const lines = await page.$$eval('#table tbody tr', (lines) => lines.filter((line) => line.cells.length > 1).length);
  assert.equal(lines, report.rows.length, 'lines of the table');
  await writeReport(name, report);
  t.diagnostic(`${report.rows.length} rows of ${new Set(report.rows.map((row) => row.kernel)).size} kernels`);
  assert.equal(report.backend, 'webgpu');
  assert.ok(report.rows.length > 200, `${report.rows.length} rows are not the whole check`);
  const failed = report.rows.filter((row) => !row.passed);
  assert.deepEqual(failed.map((row) => `${row.kernel}, ${row.quantity}: ${row.error ?? row.failure}`), []);
  assert.equal(report.passed, true);
}

/** A browser that forbids the clipboard: the text is there to be copied by hand. */
export function copyRefused({ browser, origin }) {
  return withPage(browser, async (page) => {
    await open(page, origin, 'check');
    await page.select('#only', 'vmf');
    assert.equal(await runOf(page, () => page.click('#check')), 'done');
    await page.click('#copy');
    await page.waitForFunction(() => document.querySelector('#report').open);
    const selected = await page.$eval('#json', (text) => text.value.slice(text.selectionStart, text.selectionEnd));
    assert.ok(JSON.parse(selected).rows.length > 0, 'the selected text is the report');
  }, {
    before: [keepStates, () => {
      navigator.clipboard.writeText = async () => {
        throw new DOMException('Write permission denied.', 'NotAllowedError');
      };
    }],
  });
}
