// A map of a Bessel function with a crosshair, and a von Mises-Fisher distribution on the sphere, sampled and fitted.
import { Directions, VonMisesFisher, bessel } from '../shared/kantor.js';
import { showFit } from './fit_table.js';
import { oncePerFrame } from '../shared/frame.js';
import { functions } from './functions.js';
import { withPower } from '../shared/notation.js';
import { Plane, columns, grid, rows } from './plane.js';
import { drawProfile, meridian, shareOfPeak } from './profile.js';
import { Reading } from './reading.js';
import { Sphere } from './sphere.js';
import { pause } from '../shared/pace.js';
import { runTask } from '../shared/shell.js';
import { onResize, onThemeChange } from '../shared/surface.js';

const element = (id) => document.getElementById(id);
const show = (id, text) => { element(id).textContent = text; };
const points = grid();
const plane = new Plane(element('plane'), element('legend'), { onMove: moved });
const reading = new Reading();
const sphere = new Sphere(element('sphere'));
const truth = Float64Array.of(2 / 7, 3 / 7, 6 / 7);
let seed = 1;

// What is still to be done. One task does all of it, the quick sphere before what is left of the map, so that moving a
// slider neither waits for the map nor throws it away.
const asked = { sample: 0 };
const answered = { sample: 0 };
let map = {};
let working = false;
let used; // the context of the answers

function work() {
  if (!working) runTask(answer);
}

async function answer({ context, signal, progress }) {
  working = true;
  let text = '';
  if (context !== used) { // what a lost device has said is said again
    if (used) restart();
    answered.sample = -1;
    used = context;
  }
  try {
    for (;;) {
      signal.throwIfAborted();
      if (answered.sample !== asked.sample) {
        const version = asked.sample;
        await drawAndFit(context, signal);
        answered.sample = version;
      } else if (map.done < points.v.length) {
        await evaluateStrip(context, progress);
      } else if (!map.finished) {
        text = await finish(signal);
      } else return text;
      await pause(signal);
    }
  } finally {
    working = false;
    // Only now, so that a first visit compiles what the map needs before what the crosshair needs.
    if (!signal.aborted) reading.hold(context);
  }
}

// The map

function restart() {
  const name = element('function').value;
  map = { name, title: functions[name].title, precision: element('digits').value, done: 0, size: 0, milliseconds: 0, finished: false };
  plane.begin(functions[name]);
  for (const part of document.querySelectorAll('.logs')) part.hidden = !functions[name].of;
  show('name', functions[name].title);
  show('of', functions[name].of ? `${functions[name].of} itself` : '');
  reading.update();
  work();
}

async function finish(signal) {
  const whole = map;
  await plane.finish(signal);
  whole.finished = true;
  const seconds = (whole.milliseconds / 1000).toFixed(2);
  return `${whole.done.toLocaleString('en')} values of ${whole.title} in ${whole.precision} precision, ${seconds} s.`;
}

// The twin on the CPU holds the page up while it computes, a GPU does not but takes its time to answer: strips of a size
// that takes about so many milliseconds.
async function evaluateStrip(context, progress) {
  const strip = map;
  const [budget, first] = context.backend === 'cpu' ? [16, 128] : [160, 1024];
  if (strip.size === 0) progress(undefined, `${strip.title}: a first strip, for which a kernel may have to be compiled…`);
  strip.size ||= first;
  const from = strip.done;
  const to = Math.min(points.v.length, from + strip.size);
  const start = performance.now();
  const [v, x] = [points.v.subarray(from, to), points.x.subarray(from, to)];
  const values = await bessel(context, strip.name, v, x, { precision: strip.precision });
  const took = performance.now() - start;
  if (strip !== map) return; // another function by now
  if (took < budget / 2) strip.size *= 2;
  else if (took > 2 * budget) strip.size = Math.max(64, Math.floor(strip.size / 2));
  strip.milliseconds += took;
  strip.done = to;
  plane.fill(from, values);
  progress(to / points.v.length, `${strip.title}: ${Math.floor(to / columns)} of ${rows} orders…`);
}

function moved(v, x) {
  [element('v').value, element('x').value] = [v, x];
  reading.update();
}

// The sphere

const concentration = () => {
  const place = Number(element('kappa').value);
  return place === 0 ? 0 : 10 ** (-2 + (6 * (place - 1)) / 599);
};
const count = () => Math.round(5000 ** (Number(element('count').value) / 200));

let shown; // what the profile shows

async function drawAndFit(context, signal) {
  const kappa = concentration();
  const population = new VonMisesFisher(truth, kappa);
  let directions;
  let fit;
  let along;
  try {
    const sample = population.sample(count(), seed);
    sphere.setSample(sample, truth);
    directions = await Directions.create(context, sample, 3);
    signal.throwIfAborted();
    fit = await VonMisesFisher.fit(directions);
    signal.throwIfAborted();
    const { distribution } = fit;
    along = await Directions.create(context, meridian(distribution.mean), 3);
    const wanted = [population.logDensity(directions), fit.isPointMass ? undefined : distribution.logDensity(along)];
    const [likelihood, density] = await Promise.allSettled(wanted);
    for (const { reason } of [likelihood, density]) if (reason) throw reason;
    shown = { sample, mean: distribution.mean, density: density.value };
    sphere.setFit(fit.isUniform ? undefined : distribution.mean, density.value ? shareOfPeak(density.value) : () => 0);
    showProfile();
    showFit(population, fit, directions.length, likelihood.value.reduce((sum, value) => sum + value, 0));
  } finally {
    for (const object of [population, directions, along, fit?.distribution]) object?.free();
  }
}

const showProfile = oncePerFrame(() => {
  if (shown) drawProfile(element('profile'), shown.sample, shown.mean, shown.density);
});

// Controls

function resample() {
  asked.sample += 1;
  const kappa = concentration();
  show('kappa-value', withPower(String(Number(kappa.toPrecision(3)))));
  show('count-value', count().toLocaleString('en'));
  element('kappa').ariaValueText = element('kappa-value').textContent;
  element('count').ariaValueText = element('count-value').textContent;
  work();
}

element('function').append(...Object.entries(functions).map(([name, { title }]) => new Option(`${title}   (${name})`, name)));
for (const id of ['function', 'digits']) element(id).addEventListener('change', restart);
element('evaluate').addEventListener('click', restart);
for (const id of ['v', 'x']) {
  element(id).addEventListener('input', () => {
    plane.moveTo(Number(element('v').value), Number(element('x').value));
    reading.update();
  });
}
for (const id of ['kappa', 'count']) element(id).addEventListener('input', resample);
element('sample').addEventListener('click', () => {
  seed += 1;
  resample();
});
onResize(element('profile'), showProfile);
onThemeChange(showProfile);
plane.moveTo(Number(element('v').value), Number(element('x').value));
restart();
resample();
