// Times of the kernels in the browsers beside the native build on the same machine. No test: nothing here fails.
//
//     npm run bench -- ../target/release/kantor
//
// Firefox takes the system's Vulkan driver, so that its times compare with native ones; Chromium brings its own.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { browsers, launch } from './harness/browsers.mjs';
import { web } from './harness/folders.mjs';
import { blank, call } from './harness/in_page.mjs';
import { serve } from './harness/server.mjs';
import { withPage } from './harness/watched_page.mjs';

const [kantor] = process.argv.slice(2);
const workloads = ['T2', 'T6', 'D1', 'D2'];

/** Milliseconds of the native build; of rows those that are on the device already. */
async function native(workload) {
  const { stdout } = await promisify(execFile)(kantor, ['bench', '--adapter', 'vulkan', '--workload', workload, '--json']);
  const { adapter, workloads: solves, rows } = JSON.parse(stdout);
  const times = [
    ...solves.map((row) => ({ what: 'solve', median: row.median_ms, variant: row.variant })),
    ...rows.map((row) => ({ what: row.what, median: row.resident_ms })),
  ];
  return { adapter, rows: times };
}

const { origin, close } = await serve(web);
for (const workload of workloads) {
  const found = {};
  if (kantor) found.native = await native(workload);
  for (const name of browsers) {
    const browser = await launch(name);
    try {
      found[name] = await withPage(browser, async (page) => {
        await page.goto(origin + blank);
        return call(page, 'bench.js', 'time', workload);
      });
    } finally {
      await browser.close();
    }
  }
  console.log(`\n${workload}`);
  for (const [where, { adapter, rows }] of Object.entries(found)) {
    for (const { what, median, variant } of rows) {
      const reference = found.native?.rows.find((row) => row.what === what)?.median;
      const ratio = reference && where !== 'native' ? `  ${(median / reference).toFixed(2)}× native` : '';
      console.log(`  ${where.padEnd(9)} ${what.padEnd(16)} ${median.toFixed(1).padStart(8)} ms${ratio}  ${variant ?? ''}  ${adapter}`);
    }
  }
}
await close();
