import { Sinkhorn } from '../shared/kantor.js';
import { Line } from './line.js';
import { Grid } from './grid.js';
import { Points } from './points.js';
import { animate } from './player.js';
import { debounce } from '../shared/pace.js';
import { runTask } from '../shared/shell.js';
import { fitCanvas, onResize, onThemeChange } from '../shared/surface.js';

const geometries = { line: Line, grid: Grid, points: Points };
const tolerances = { single: 1e-5, double: 1e-10 };
const element = (id) => document.getElementById(id);
const chosen = (name) => document.querySelector(`input[name=${name}]:checked`).value;
const [densities, plan, between] = ['densities', 'plan', 'between'].map(element);

let geometry; // what the visitor edits
let reading; // what the pictures show: the last solution, with the weights it is of
let potentials; // of the target, from the last solution of the very same problem at another ε

// Solving

async function solve({ context, signal, progress }) {
  offerPrecisions(context.precision);
  const precision = element('precision-choice').value;
  const tolerance = tolerances[precision];
  const { source, target, geometry: between, largestCost } = geometry.problem();
  const maxIterations = Number(element('iterations').value);
  const epsilon = relativeEpsilon() * largestCost;
  const problem = { ...between, ...asked(source, target, largestCost) };
  const debiased = element('debiased').checked;
  const warm = potentials !== undefined;
  show('tolerance', tolerance.toExponential().replace('e-', 'e−'));
  show('start', warm ? 'the last potentials' : 'zero');
  show('problem', `${source.length.toLocaleString('en')} × ${target.length.toLocaleString('en')}, ε = ${epsilon.toPrecision(3)}`);
  verdict(`Solving. ${lastOne()}`);
  staleness(true);

  let solution;
  let divergence;
  let firstError;
  try {
    const started = performance.now();
    const sinkhorn = new Sinkhorn({ epsilon, tolerance, maxIterations, precision });
    const solving = sinkhorn[debiased ? 'divergence' : 'solve'](
      context, { ...problem, ...(warm && { start: potentials }) }, {
        signal,
        onProgress({ iterations, marginalError }) {
          show('iteration-count', iterations.toLocaleString('en'));
          show('marginal-error', marginalError.toExponential(2));
          show('solve-time', seconds(performance.now() - started));
          // The error falls by about the same factor every iteration, so its logarithm tells how far the solve is.
          if (Number.isFinite(marginalError) && marginalError > 0) firstError ??= marginalError;
          const fallen = firstError > tolerance ? Math.log(firstError / marginalError) / Math.log(firstError / tolerance) : 0;
          progress(Math.min(1, Math.max(fallen || 0, iterations / maxIterations)),
            `Iteration ${iterations.toLocaleString('en')} of at most ${maxIterations.toLocaleString('en')}`);
        },
      });
    if (debiased) {
      divergence = await solving;
      solution = divergence.cross();
    } else {
      solution = await solving;
    }
    const solveTime = performance.now() - started;
    reading = { ...(await geometry.read(solution, signal)), of: geometry, source, target, converged: solution.converged[0] };
    const { g } = await solution.potentials();
    potentials = g.every(Number.isFinite) ? g : undefined;
    report(solution, divergence, solveTime, tolerance);
    staleness(false);
    drawResult();
    return outcome(solution, tolerance);
  } catch (error) {
    verdict(`✗ No solution of this problem: ${error.message.replace(/\.$/, '')}. ${lastOne()}`, 'bad');
    throw error;
  } finally {
    solution?.free();
    divergence?.free();
  }
}

// The weights, and what is asked of the marginals. With a reach masses count as they are, of which the larger is 1.
function asked(source, target, largestCost) {
  const reach = Number(element('reach').value);
  if (reach === Infinity) return { source, target };
  const mass = (weights) => weights.reduce((sum, weight) => sum + weight, 0);
  const unit = Math.max(mass(source), mass(target)) || 1;
  const [a, b] = [source, target].map((weights) => weights.map((weight) => weight / unit));
  return { source: a, target: b, reach: reach * largestCost };
}

function report(solution, divergence, time, tolerance) {
  show('iteration-count', solution.iterations[0].toLocaleString('en'));
  show('marginal-error', solution.marginalError[0].toExponential(2));
  show('solve-time', seconds(time));
  show('variant', solution.variant);
  show('solved-on', solution.adapter);
  // Digits beyond those that the tolerance stands for would say nothing.
  const digits = tolerance < 1e-8 ? 10 : 6;
  for (const name of ['transport', 'regularized', 'entropy']) {
    show(`${name}-cost`, solution[`${name}Cost`][0].toPrecision(digits));
    element(`${name}-cost`).classList.toggle('bad', !solution.converged[0]);
  }
  show('mass', solution.mass[0].toPrecision(digits));
  show('divergence', divergence ? divergence.values[0].toPrecision(digits) : 'not asked for');
  element('divergence').classList.toggle('bad', divergence !== undefined && !divergence.converged[0]);
}

function outcome(solution, tolerance) {
  const iterations = solution.iterations[0].toLocaleString('en');
  if (solution.converged[0]) {
    verdict(`✓ Converged in ${iterations} iterations.`, 'good');
    return `Converged in ${iterations} iterations.`;
  }
  const error = solution.marginalError[0].toExponential(1);
  const text = `Not converged: after ${iterations} iterations the marginals are off by ${error}, not ${tolerance.toExponential()}.`;
  verdict(`✗ ${text} What you see is no solution. Raise ε or the limit.`, 'bad');
  return { text, caution: true };
}

function offerPrecisions(highest) {
  const [single, double] = element('precision-choice').options;
  double.disabled = highest !== 'double';
  double.textContent = double.disabled ? 'double (not on this adapter)' : 'double';
  if (double.disabled) single.selected = true;
}

function relativeEpsilon() {
  return 10 ** element('epsilon').value;
}

// What the page says

function show(id, text) {
  element(id).textContent = text;
}

function verdict(text, quality = '') {
  show('verdict', text);
  element('verdict').className = `verdict ${quality}`;
}

function lastOne() {
  return reading?.of === geometry ? 'The pictures and costs are those of the last one.' : '';
}

function staleness(stale) {
  element('plan-figure').classList.toggle('stale', stale);
  element('between-figure').classList.toggle('stale', stale);
}

function seconds(milliseconds) {
  return milliseconds < 1000 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}

function drawDensities() {
  const side = chosen('side');
  geometry.drawDensities(fitCanvas(densities), side, document.activeElement === densities);
  show('cursor', geometry.cursorText(side));
}

function drawResult() {
  if (reading?.of !== geometry) return;
  geometry.drawPlan(fitCanvas(plan), reading);
  drawBetween();
}

function drawBetween() {
  const t = Number(element('time').value);
  show('time-value', t.toFixed(2));
  if (reading?.of === geometry) geometry.drawBetween(fitCanvas(between), reading, t);
}

// What the visitor does

const solveSoon = debounce(() => runTask(solve));

function edited() {
  potentials = undefined;
  drawDensities();
  solveSoon();
}

function takeGeometry() {
  const Chosen = geometries[chosen('geometry')];
  element('preset').replaceChildren(...Chosen.presets.map((name) => new Option(name)));
  for (const [view, text] of Object.entries(Chosen.help)) show(`${view}-help`, text);
  const picks = 'pick' in Chosen.prototype;
  plan.tabIndex = picks ? 0 : -1;
  plan.setAttribute('role', picks ? 'application' : 'img');
  takePreset();
}

function takePreset() {
  geometry = new geometries[chosen('geometry')](element('preset').value);
  for (const canvas of [plan, between]) fitCanvas(canvas); // the old pictures and numbers are of something else
  for (const number of document.querySelectorAll('.numbers dd')) number.textContent = '–';
  edited();
}

function showEpsilon() {
  const percent = 100 * relativeEpsilon();
  show('epsilon-value', `${percent.toPrecision(percent < 100 ? 2 : 3)} %`);
}

element('geometry').addEventListener('change', takeGeometry);
element('preset').addEventListener('change', takePreset);
element('side').addEventListener('change', drawDensities);
element('epsilon').addEventListener('input', () => {
  showEpsilon();
  solveSoon();
});
element('precision-choice').addEventListener('change', solveSoon);
for (const id of ['iterations', 'debiased']) element(id).addEventListener('change', solveSoon);
element('reach').addEventListener('change', () => {
  potentials = undefined; // those of another problem
  solveSoon();
});
element('solve').addEventListener('click', () => {
  potentials = undefined;
  runTask(solve);
});

// The point of the unit square, y upwards, that an event happened at.
function pointOf(canvas, { clientX, clientY }) {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  return [(clientX - left) / width, 1 - (clientY - top) / height];
}

let last; // point of the gesture under way
densities.addEventListener('pointerdown', (event) => {
  if (event.button !== 0) return;
  densities.setPointerCapture(event.pointerId);
  last = pointOf(densities, event);
  geometry.stroke(chosen('side'), last, undefined, element('erase').checked);
  edited();
});
densities.addEventListener('pointermove', (event) => {
  if (!last) return;
  const to = pointOf(densities, event);
  geometry.stroke(chosen('side'), to, last, element('erase').checked);
  last = to;
  edited();
});
for (const end of ['pointerup', 'pointercancel']) densities.addEventListener(end, () => { last = undefined; });
densities.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const changed = geometry.key(chosen('side'), event);
  if (changed === undefined) return;
  event.preventDefault();
  if (changed) edited();
  else drawDensities();
});
for (const event of ['focus', 'blur']) densities.addEventListener(event, drawDensities);

for (const name of ['pointerdown', 'pointermove']) {
  plan.addEventListener(name, (event) => {
    geometry.pick?.(pointOf(plan, event));
    drawResult();
  });
}
plan.addEventListener('keydown', (event) => {
  if (!geometry.pickByKey?.(event)) return;
  event.preventDefault();
  drawResult();
});

animate(element('play'), element('time'), drawBetween);
onThemeChange(() => {
  drawDensities();
  drawResult();
});
for (const canvas of [densities, plan, between]) {
  onResize(canvas, () => {
    drawDensities();
    drawResult();
  });
}
showEpsilon();
takeGeometry();
