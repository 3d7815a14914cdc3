// Opens the demo page in a headless Chromium and exits with 0 only if every number on it came from WebGPU and is right.
// KANTOR_BROWSER names another Chromium than the one installed.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer-core';

const web = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const timeout = 300_000; // a software adapter on a busy machine takes its time
const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

function serve(root) {
  const types = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost'); // resolves any `..`
    const file = path.join(root, pathname === '/' ? 'index.html' : pathname);
    fs.readFile(file, (error, data) => {
      // 204: Chromium asks for an icon, and an absent one would count as an error on the page.
      if (error) response.writeHead(pathname === '/favicon.ico' ? 204 : 404).end();
      else response.writeHead(200, { 'content-type': types[path.extname(file)] ?? 'application/octet-stream' }).end(data);
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function check(report, errors) {
  const failures = [...errors];
  if (!report.onGpu) failures.push(`the numbers do not come from WebGPU but from: ${report.adapter}`);
  if (report.rows.length === 0) failures.push('the page compared nothing');
  for (const row of report.rows.filter((row) => !row.ok)) {
    failures.push(`${row.problem}, ${row.quantity}: ${row.got}, not ${row.expected}`);
  }
  return failures;
}

const executablePath = process.env.KANTOR_BROWSER || browsers.find((file) => fs.existsSync(file));
if (!executablePath) {
  console.error(`no Chromium at ${browsers.join(', ')}: set KANTOR_BROWSER`);
  process.exit(1);
}

const server = await serve(web);
const browser = await puppeteer.launch({
  executablePath, headless: true, timeout, protocolTimeout: timeout,
  // The first lets root run it, in a container too; the second lets WebGPU take a software adapter.
  args: ['--no-sandbox', '--enable-unsafe-webgpu'],
});
let failures;
try {
  const page = await browser.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(`uncaught on the page: ${error.message}`));
  page.on('console', (message) => {
    console.log(`[console ${message.type()}] ${message.text()}`);
    if (message.type() === 'error') errors.push(`console error: ${message.text()}`);
  });
  await page.goto(`http://localhost:${server.address().port}/`, { timeout });
  const report = await page.evaluate(() => window.report?.catch((error) => ({ failed: `${error.message ?? error}` })));
  if (report === undefined || report.failed) {
    failures = [...errors, `the page failed: ${report?.failed ?? 'no report'}`];
  } else {
    console.log(`${await browser.version()}: ${report.adapter}, ${report.milliseconds.toFixed(0)} ms`);
    console.table(report.rows.map((row) => ({ ...row, error: row.error.toExponential(1), bound: row.bound.toExponential(1) })));
    failures = check(report, errors);
  }
} finally {
  await browser.close();
  server.close();
}
for (const failure of failures) console.error(`FAIL ${failure}`);
process.exit(failures.length === 0 ? 0 : 1);
