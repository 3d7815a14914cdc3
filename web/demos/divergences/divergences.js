// Two histograms, every divergence between them in both directions, the gradient of one, and all of them as q slides.
import { Divergence } from '../shared/kantor.js';
import { Charts } from './charts.js';
import { all, compareAll, differentiate } from './comparison.js';
import { describe } from './family.js';
import { Histogram } from './histogram.js';
import { brief } from '../shared/notation.js';
import { presets, weightsOf } from './presets.js';
import { FamilyTable } from './table.js';
import { runTask } from '../shared/shell.js';

const element = (id) => document.getElementById(id);
const own = 'own';
const binChoices = [3, 8, 12, 16, 24, 32, 48];

const editors = Object.fromEntries([['p', '--source'], ['q', '--target']].map(([name, colour]) => {
  const onEdit = () => {
    element('preset').value = own;
    edited();
  };
  return [name, new Histogram(element(name), element(`slope-${name}`), { name, colour, onEdit })];
}));
const entries = Divergence.names.map((name) => ({ name, ...describe(name) }));
const table = new FamilyTable(element('rows'), entries, { onSelect: chosen, onParameter: edited });
const charts = new Charts({
  list: element('charts'), slider: element('shift'), shifted: element('shifted'), pair: element('pair'),
}, entries);

// What has been asked for and what has been answered. A task works until they agree, so that while somebody draws it takes
// the newest histograms each time it comes round, and is never thrown away half done.
const asked = { values: 0, gradient: 0 };
const answered = { values: 0, gradient: 0 };
let working = false;
let used; // the context of the answers

function edited() {
  asked.values += 1;
  describeMass();
  chosen();
}

function chosen() {
  asked.gradient += 1;
  charts.select(table.selected);
  if (!working) runTask(answer);
}

async function answer(task) {
  working = true;
  let pairs = 0;
  try {
    if (task.context !== used) Object.assign(answered, { values: -1, gradient: -1 }); // what a lost device has said is said again
    used = task.context;
    while (answered.values !== asked.values || answered.gradient !== asked.gradient) {
      const version = { ...asked };
      const compared = answered.values !== asked.values ? compare(task) : undefined;
      const [newPairs] = await all([compared, follow(task)]);
      pairs = newPairs ?? pairs;
      Object.assign(answered, version);
    }
  } finally {
    working = false;
  }
  return pairs ? `${entries.length} divergences between ${pairs} pairs of histograms, each in one call.` : '';
}

function question() {
  const settings = { unit: element('unit').value, precision: element('digits').value };
  return { p: editors.p.weights.slice(), q: editors.q.weights.slice(), settings };
}

const withParameter = (entry) => ({ ...entry, parameter: table.parameter(entry.name) });

async function compare({ context, signal, progress }) {
  const { p, q, settings } = question();
  const results = new Map();
  const onResult = (entry, result, share) => {
    results.set(entry.name, result);
    table.show(entry, result, settings.precision === 'double' ? 15 : 7);
    progress(share, `${results.size} of ${entries.length} divergences…`);
  };
  const background = Number(element('background').value);
  try {
    const family = entries.map(withParameter);
    const { slid, pairs } = await compareAll({ p, q, background, entries: family, settings }, { context, signal, onResult });
    charts.show(slid, results, settings.unit);
    return pairs;
  } catch (error) {
    const empty = [p, q].findIndex((weights) => weights.every((weight) => weight === 0));
    if (error.kind === 'invalid-input' && empty >= 0) error.message = `${'pq'[empty]} has no mass: raise one of its bins.`;
    throw error;
  }
}

// Shows the gradient of the divergence that is selected.
async function follow({ context, signal }) {
  const entry = withParameter(entries.find(({ name }) => name === table.selected));
  const { p, q, settings } = question();
  const slopes = await differentiate({ p, q, entry, settings }, { context, signal });
  if (slopes.refused) return showGradient(`${entry.title} is not defined for this parameter`);
  if (slopes.infinite) return showGradient(`${entry.title} is infinite: no slope to follow`);
  showGradient(entry.title, slopes, { p, q }, entry.logarithmic ? ` ${settings.unit}` : '');
}

// Slopes come with respect to the weights as drawn; times their sum they are those of the normalised histogram.
function showGradient(words, slopes, weights, unit) {
  for (const [name, editor] of Object.entries(editors)) {
    // Other bins by now, and a newer gradient on its way.
    if (slopes && slopes[name].length !== editor.weights.length) continue;
    const total = slopes && weights[name].reduce((sum, weight) => sum + weight, 0);
    // A bin that both lack has no slope: what filling it does depends on which is filled first.
    const neither = (bin) => weights.p[bin] + weights.q[bin] === 0;
    editor.setGradient(slopes && Float64Array.from(slopes[name], (slope, bin) => (neither(bin) ? 0 : slope * total)));
    const steepest = slopes && `up to ${brief(editor.steepest)}${unit} per unit of mass`;
    element(`steepest-${name}`).textContent = slopes ? `${words}: ${steepest}` : words;
  }
}

function describeMass() {
  for (const [name, { weights }] of Object.entries(editors)) {
    const empty = weights.filter((weight) => weight === 0).length;
    element(`about-${name}`).textContent = empty === weights.length ? 'no mass at all'
      : empty > 0 ? `${empty} of ${weights.length} bins empty` : `${weights.length} bins, none empty`;
  }
}

function load(preset, n) {
  const [p, q] = weightsOf(preset, n);
  editors.p.set(p);
  editors.q.set(q);
  element('bins').value = p.length;
  edited();
}

element('preset').append(...Object.entries(presets).map(([key, { title }]) => new Option(title, key)), new Option('As drawn', own));
element('bins').append(...binChoices.map((bins) => new Option(bins, bins, bins === 24, bins === 24)));
element('preset').addEventListener('change', ({ target }) => {
  if (target.value !== own) load(presets[target.value], Number(element('bins').value));
});
element('bins').addEventListener('change', ({ target }) => {
  const n = Number(target.value);
  const preset = presets[element('preset').value];
  if (preset && !preset.bins) return load(preset, n);
  if (preset) element('preset').value = own;
  for (const editor of Object.values(editors)) editor.set(resample(editor.weights, n));
  edited();
});
for (const id of ['unit', 'digits', 'background']) element(id).addEventListener('change', edited);
element('swap').addEventListener('click', () => {
  const { p, q } = editors;
  const weights = p.weights;
  p.set(q.weights);
  q.set(weights);
  element('preset').value = own;
  edited();
});
element('compute').addEventListener('click', edited);

// The nearest old bin for each new one.
function resample(weights, n) {
  return Float32Array.from({ length: n }, (_, i) => weights[Math.floor(((i + 0.5) * weights.length) / n)]);
}

element('shift').value = 0;
load(presets.nested, 24);
