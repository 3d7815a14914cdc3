// The demo page. `window.report` is a promise of what the page shows, for the browser test.
import init, { solve_demo } from './pkg/kantor_web.js';

async function run() {
  await init();
  const start = performance.now();
  const demo = await solve_demo();
  return {
    adapter: demo.adapter,
    onGpu: demo.on_gpu,
    milliseconds: performance.now() - start,
    rows: demo.comparisons.map((c) => ({
      problem: c.problem, quantity: c.quantity, got: c.got, expected: c.expected, error: c.error, bound: c.bound, ok: c.ok,
    })),
  };
}

function show({ adapter, milliseconds, rows }) {
  document.querySelector('#status').textContent = `${adapter}, ${milliseconds.toFixed(0)} ms`;
  const table = document.querySelector('#table');
  for (const row of rows) {
    const cells = [row.problem, row.quantity, row.got.toPrecision(12), row.expected.toPrecision(12),
      row.error.toExponential(1), row.bound.toExponential(1), row.ok ? 'ok' : 'WRONG'];
    const tr = table.tBodies[0].insertRow();
    for (const cell of cells) tr.insertCell().textContent = cell;
  }
  table.hidden = false;
}

window.report = run();
window.report.then(show, (error) => {
  document.querySelector('#status').textContent = `Failed: ${error.message ?? error}`;
});
