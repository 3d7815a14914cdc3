// What the check page found in each browser, kept for the comparison and for whoever looks into it later.
import fs from 'node:fs/promises';
import path from 'node:path';
import { test } from './folders.mjs';

const file = (browser) => path.join(test, 'reports', `${browser}.json`);

/** Writes `report`, an object with `adapter` and `rows`. */
export async function writeReport(browser, report) {
  await fs.mkdir(path.dirname(file(browser)), { recursive: true });
  await fs.writeFile(file(browser), `${JSON.stringify({ browser, ...report }, null, 2)}\n`);
}

/** The report of `browser` from this run. */
export async function readReport(browser) {
  return JSON.parse(await fs.readFile(file(browser), 'utf8').catch(() => {
    throw new Error(`the check page left no report for ${browser}`);
  }));
}

/** Removes what an earlier run left of `browser`. */
export function clearReport(browser) {
  return fs.rm(file(browser), { force: true });
}
