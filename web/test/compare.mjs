// The check of every kernel in the browsers beside that of the native build on lavapipe: the same rows, each within its
// tolerance. KANTOR_NATIVE_CHECK names the output of `kantor check --json`.
import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import { readReport } from './harness/reports.mjs';

const number = (value) => (typeof value === 'number' ? value.toExponential(1) : '–');

/** Lines of aligned columns; the first two are text. */
function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((cell, column) =>
    (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  ').trimEnd());
}

async function native(file) {
  const { adapters } = JSON.parse(await fs.readFile(file, 'utf8'));
  const checked = adapters.filter(({ rows }) => rows.length > 0);
  assert.equal(checked.length, 1, `${file} is not of one adapter`);
  return checked[0];
}

export async function compare(t, browsers) {
  const file = process.env.KANTOR_NATIVE_CHECK;
  await t.test('kernels, natively and in the browsers', { skip: file ? false : 'KANTOR_NATIVE_CHECK names no file' }, async (t) => {
    const { adapter, rows } = await native(file);
    const reports = await Promise.all(browsers.map(readReport));
    const key = ({ kernel, quantity }) => `${kernel}: ${quantity}`;
    const found = reports.map((report) => new Map(report.rows.map((row) => [key(row), row])));

    t.diagnostic(`native: ${adapter}`);
    for (const { browser, adapter } of reports) t.diagnostic(`${browser}: ${adapter}`);
    const failures = [];
    const lines = [['kernel', 'quantity', 'tolerance', 'unit', 'native', ...browsers]];
    for (const row of rows) {
      const line = [row.kernel, row.quantity, number(row.tolerance), row.unit, number(row.error)];
      browsers.forEach((browser, k) => {
        const there = found[k].get(key(row));
        line.push(there ? number(there.error) : 'missing');
        if (!there) failures.push(`${browser} has no row ${key(row)}`);
        else if (!there.passed) failures.push(`${browser}, ${key(row)}: ${there.error} is above ${there.tolerance} ${there.unit}`);
      });
      lines.push(line);
    }
    for (const line of table(lines)) t.diagnostic(line);
    assert.deepEqual(failures, []);
  });
}
