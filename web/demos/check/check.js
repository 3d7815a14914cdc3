// The check page: runs everything in a worker, since half of the work is the twins', on the processor.
import { checkKernels, version } from '../shared/kantor.js';
import { runTask, openContext, welcomeAnyAdapter } from '../shared/shell.js';

const element = (id) => document.getElementById(id);
const table = element('table');
let rows = [];
let machine = {};

const rooms = ['bessel', 'divergence', 'information', 'losses', 'transport', 'vmf'];
for (const [label, names] of [['rooms', rooms], ['kernels', checkKernels()]]) {
  const group = document.createElement('optgroup');
  group.label = label;
  group.append(...names.map((name) => new Option(name, name)));
  element('only').append(group);
}

element('check').addEventListener('click', () => runTask(checked));
element('show').addEventListener('change', () => show(rows));
element('copy').addEventListener('click', copy);
welcomeAnyAdapter();
openContext();

async function checked({ context, signal, progress }) {
  rows = [];
  show(rows);
  element('copy').disabled = true;
  element('verdict').hidden = true;
  element('report').hidden = true;
  const kernel = element('only').value || undefined;
  const expected = kernel ? 1 : checkKernels().length;
  progress(undefined, 'The twins against known answers…');
  rows = await inWorker({ backend: context.backend, kernel }, signal, (found) => {
    const kernels = new Set(found.filter((row) => row.cases > 0 && !row.quantity.startsWith('twin')).map((row) => row.kernel));
    progress(kernel ? undefined : kernels.size / expected, `Kernels checked on the device: ${kernels.size}…`);
    rows = found;
    show(rows);
  });
  machine = { adapter: context.adapter, backend: context.backend, precision: context.precision };
  const { vendor, architecture, isFallbackAdapter } = context.device?.adapterInfo ?? {};
  Object.assign(machine, { vendor, architecture, isFallbackAdapter });
  finish();
  const breaches = rows.filter((row) => !row.passed).length;
  return breaches ? { text: `${breaches} of ${rows.length} rows breach their tolerance.`, caution: true } : 'All within tolerance.';
}

// The rows of a check in a worker of its own, which ends with it or with the signal.
function inWorker(request, signal, onProgress) {
  const worker = new Worker(new URL('check_worker.js', import.meta.url), { type: 'module' });
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    worker.onmessage = ({ data }) => {
      if (data.progress) onProgress(data.progress);
      else if (data.rows) resolve(data.rows);
      else reject(Object.assign(new Error(data.message), { kind: data.kind }));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(Object.assign(new Error(`The worker could not run: ${event.message ?? 'its module did not load'}.`), { kind: 'device' }));
    };
    worker.postMessage(request);
  }).finally(() => worker.terminate());
}

function finish() {
  const kernels = new Set(rows.map((row) => row.kernel)).size;
  const breaches = rows.filter((row) => !row.passed);
  const where = machine.backend === 'cpu' ? 'the f64 twin on the processor' : 'WebGPU in this browser';
  element('verdict').textContent = breaches.length === 0
    ? `Every one of ${kernels} kernels is within its tolerance on ${where}.`
    : `${breaches.length} of ${rows.length} rows breach their tolerance on ${where}: ${[...new Set(breaches.map((row) => row.kernel))].join(', ')}.`;
  element('verdict').className = `verdict ${breaches.length === 0 ? 'good' : 'bad'}`;
  element('verdict').hidden = false;
  element('json').value = JSON.stringify(report(), null, 1);
  element('report').hidden = false;
  element('copy').disabled = false;
  show(rows);
}

// Infinity is no JSON: the tolerance of a row that only informs, and the error of a result that was no number, are null.
function report() {
  return { version: version(), date: new Date().toISOString(), userAgent: navigator.userAgent, ...machine,
    passed: rows.every((row) => row.passed), rows };
}

async function copy() {
  const button = element('copy');
  try {
    await navigator.clipboard.writeText(element('json').value);
    button.textContent = 'Copied';
  } catch { // no permission, or no secure context
    element('report').open = true;
    element('json').select();
    button.textContent = 'Selected below: copy it from there';
  }
  setTimeout(() => { button.textContent = 'Copy as JSON'; }, 2500);
}

function show(rows) {
  const onlyBreaches = element('show').value === 'breaches';
  const bodies = new Map();
  for (const row of rows) {
    if (onlyBreaches && row.passed) continue;
    if (!bodies.has(row.kernel)) bodies.set(row.kernel, bodyOf(row.kernel));
    bodies.get(row.kernel).append(lineOf(row));
  }
  for (const body of [...table.tBodies]) body.remove();
  table.append(...bodies.values());
  table.parentElement.hidden = rows.length === 0;
}

function bodyOf(kernel) {
  const body = document.createElement('tbody');
  const heading = body.insertRow().appendChild(document.createElement('th'));
  heading.textContent = kernel;
  heading.colSpan = 7;
  heading.scope = 'rowgroup';
  return body;
}

function lineOf(row) {
  const line = document.createElement('tr');
  const verdict = row.informative ? ['info', 'soft'] : row.passed ? ['ok', 'good'] : ['BREACH', 'bad'];
  const cells = [[row.quantity, 'quantity'], [digits(row.error), 'number'], [row.informative ? '' : digits(row.tolerance), 'number'],
    [row.unit, ''], [row.failure ?? '', ''], [row.cases.toLocaleString('en'), 'number'], [verdict[0], `verdict ${verdict[1]}`]];
  for (const [text, name] of cells) {
    const cell = line.insertCell();
    cell.textContent = text;
    cell.className = name;
  }
  if (!row.informative && !row.failure) line.cells[4].append(shareOf(row));
  line.title = row.reason;
  return line;
}

function shareOf({ error, tolerance }) {
  const share = error === 0 ? 0 : 1 + Math.log10(tolerance > 0 ? error / tolerance : Infinity) / 3;
  const meter = document.createElement('span');
  meter.className = `share${share > 1 ? ' over' : ''}`;
  meter.appendChild(document.createElement('span')).style.width = `${100 * Math.min(Math.max(share, 0), 1)}%`;
  return meter;
}

function digits(x) {
  if (x === Infinity) return '∞';
  if (x === Math.round(x) && x < 1e7) return String(x);
  return x >= 1e-3 && x < 1e5 ? x.toFixed(3) : x.toExponential(2);
}
