// WebGPU against the f64 twin on the CPU, through the package.
import {
  Directions, Distributions, Divergence, Sinkhorn, VonMisesFisher, bessel, check, checkKernels, logBesselI,
} from 'kantor';
import { allWithin, equal, holds, within } from './assert.js';
import { Random, normalized } from './random.js';

/** Costs in [0, 1) and weights from a fixed generator. */
function transportProblem(seed, n, m, batch = 1) {
  const random = new Random(seed);
  const cost = random.array(n * m);
  return { source: normalized(random.array(batch * n), n), target: normalized(random.array(batch * m), m), cost, batch };
}

async function solved(context, problem, options, use) {
  const solution = await new Sinkhorn({ epsilon: 0.05, tolerance: 1e-6, maxIterations: 2000, ...options })
    .solve(context, problem);
  try {
    return await use(solution);
  } finally {
    solution.free();
  }
}

const besselFunctions = [
  'log-i', 'log-i-scaled', 'log-i-regularized', 'log-k', 'log-k-scaled', 'log-k-regularized', 'ratio-i', 'ratio-k',
  'd-log-i-dx', 'd-log-i-dv', 'd-log-k-dx', 'd-log-k-dv', 'log-gamma',
];

/** Orders from 1e-2 to 1e5, arguments from 1e-3 to 1e6; half of them below 40, where the formulas meet. */
function besselPoints(count) {
  const random = new Random(2);
  const [v, x] = [new Float64Array(count), new Float64Array(count)];
  for (let k = 0; k < count; k++) {
    const [order, argument] = k % 2 === 0 ? [1e5, 1e6] : [40, 40];
    v[k] = Math.fround(random.between(1e-2, order));
    x[k] = Math.fround(random.between(1e-3, argument));
  }
  return { v, x };
}

/**
 * What the library's tests allow in double precision (src/check/bessel/criterion.rs), and 1e-14 for the twin on top: a
 * rounding of v or x moves a function by the size of the terms that cancel in it.
 */
function besselBound(name, v, x, exact) {
  const w = Math.hypot(v, x);
  const terms = {
    'log-i': w, 'log-k': w, 'log-i-scaled': Math.max(v, 1), 'log-k-scaled': Math.max(v, 1),
    'log-i-regularized': Math.min(w, 64), 'log-k-regularized': Math.min(Math.max(w, 1), 64),
  }[name];
  const size = Math.abs(exact);
  if (terms !== undefined) return 5e-14 * (Math.max(size, terms) + 1);
  // Below this the low word of a double-float is subnormal, and the value only as good as its high word.
  if (name.startsWith('ratio')) return (size < 2 ** -78 ? 2 ** -22 : 1.1e-13) * size;
  return 2.1e-13 * Math.max(size, 1);
}

/** 300 directions in 20 dimensions around the first axis, and 200 around the second. */
function twoBundles() {
  const dimension = 20;
  const around = (axis, n) => {
    const mean = Float64Array.from({ length: dimension }, (_, k) => (k === axis ? 1 : 0));
    const distribution = new VonMisesFisher(mean, 80);
    const rows = distribution.sample(n, axis);
    distribution.free();
    return rows;
  };
  return { dimension, rows: Float64Array.from([...around(0, 300), ...around(1, 200)]) };
}

/** Two times eight rows of 64 bins, and the same on the twin; frees them after `use`. */
async function rowsOnBoth(context, twin, use) {
  const bins = 64;
  const random = new Random(3);
  const [p, q] = [normalized(random.array(8 * bins), bins), normalized(random.array(8 * bins), bins)];
  const made = await Promise.all([context, context, twin, twin].map((where, k) =>
    Distributions.create(where, k % 2 === 0 ? p : q, bins)));
  try {
    return await use(...made);
  } finally {
    for (const rows of made) rows.free();
  }
}

export const tests = {
  async 'transport of 64 × 64'({ context, twin }) {
    const problem = transportProblem(1, 64, 64);
    const numbers = async (solution) => ({
      cost: solution.transportCost[0], regularized: solution.regularizedCost[0], entropy: solution.entropyCost[0],
      error: solution.marginalError[0], plan: await solution.plan(),
    });
    const got = await solved(context, problem, {}, numbers);
    const exact = await solved(twin, problem, {}, numbers);
    for (const name of ['cost', 'regularized', 'entropy']) {
      within(got[name], exact[name], 1e-5 * Math.abs(exact[name]), name);
    }
    within(got.error, 0, 1e-5, 'marginal error');
    const share = allWithin(got.plan, exact.plan, 1e-4 * Math.max(...exact.plan), 'plan');
    return [`worst entry of the plan: ${share.toFixed(2)} of what is allowed`];
  },

  async 'a batch, its plans, products and potentials'({ context, twin }) {
    const [n, m, batch, columns] = [24, 40, 3, 2];
    const problem = transportProblem(5, n, m, batch);
    const [right, left] = [new Random(6).array(m * columns), new Random(7).array(n * columns)];
    const numbers = async (solution) => {
      equal(solution.length, batch, 'length');
      return {
        costs: solution.transportCost, plan: await solution.plan(2), product: await solution.apply(right, 2),
        transposed: await solution.applyTransposed(left, 2), potentials: await solution.potentials(2),
        iterations: solution.iterations,
      };
    };
    const got = await solved(context, problem, {}, numbers);
    const exact = await solved(twin, problem, {}, numbers);
    equal(got.costs.length, batch, 'costs');
    equal(got.iterations.length, batch, 'iterations');
    allWithin(got.costs, exact.costs, (k) => 1e-5 * exact.costs[k], 'transport costs');
    allWithin(got.plan, exact.plan, 1e-4 * Math.max(...exact.plan), 'plan');
    equal(got.product.length, n * columns, 'length of P x');
    equal(got.transposed.length, m * columns, 'length of Pᵀ x');
    // Products by hand, from the twin's plan.
    const by = (rows, inner, entry, x) => Float64Array.from({ length: rows * columns }, (_, k) => {
      let sum = 0;
      for (let j = 0; j < inner; j++) sum += entry(Math.floor(k / columns), j) * x[j * columns + (k % columns)];
      return sum;
    });
    allWithin(got.product, by(n, m, (i, j) => exact.plan[i * m + j], right), 1e-5, 'P x');
    allWithin(got.transposed, by(m, n, (j, i) => exact.plan[i * m + j], left), 1e-5, 'Pᵀ x');
    equal(got.potentials.f.length, n, 'length of f');
    equal(got.potentials.g.length, m, 'length of g');
    // f + g is unique, and f and g are up to a constant.
    const sums = ({ f, g }) => f.map((f, i) => f + g[i]);
    allWithin(sums(got.potentials), sums(exact.potentials), 1e-4, 'f + g');
  },

  async 'double precision, annealing, a warm start and progress'({ context, twin }) {
    const problem = transportProblem(8, 48, 48);
    const settings = { epsilon: 0.01, tolerance: 1e-5, maxIterations: 5000 };
    const cost = (solution) => solution.transportCost[0];
    const exact = await solved(twin, problem, settings, cost);
    within(await solved(context, problem, settings, cost), exact, 1e-3 * exact, 'single');
    // To the end: two solves that stop somewhere within the tolerance agree no better than it.
    const fine = { ...settings, tolerance: 1e-9 };
    const finest = await solved(twin, problem, { ...fine, precision: 'double' }, cost);
    within(await solved(context, problem, { ...fine, precision: 'double' }, cost), finest, 1e-9 * finest, 'double');
    const annealing = { from: 1, factor: 0.5 };
    within(await solved(context, problem, { ...settings, annealing }, cost), exact, 1e-3 * exact, 'annealed');

    const seen = [];
    const solution = await new Sinkhorn(settings).solve(context, problem, { onProgress: (step) => seen.push(step) });
    const { g } = await solution.potentials();
    const cold = solution.iterations[0];
    solution.requireConverged();
    solution.free();
    const warm = await solved(context, { ...problem, start: g }, settings, (solution) => solution.iterations[0]);
    holds(warm < cold, `a warm start takes ${warm} iterations, a cold one ${cold}`);
    holds(seen.length > 0, 'no progress was told');
    for (const step of seen) {
      const { finished, problems, iterations, marginalError } = step;
      equal(problems, 1, 'problems');
      const sensible = (finished === 0 || finished === 1) && iterations <= settings.maxIterations && marginalError >= 0;
      holds(sensible, `progress makes sense: ${JSON.stringify(step)}`);
    }
    return [`${cold} iterations cold, ${warm} warm, ${seen.length} calls of onProgress`];
  },

  async 'all divergences with their gradients'({ context, twin }) {
    equal(Divergence.names.length, 18, 'number of divergences');
    return rowsOnBoth(context, twin, async (p, q, exactP, exactQ) => {
      let worst = 0;
      for (const name of Divergence.names) {
        const divergence = new Divergence(name);
        const got = await divergence.valueAndGradient(p, q);
        const exact = await divergence.valueAndGradient(exactP, exactQ);
        allWithin(got.values, exact.values, (row) => 1e-6 * Math.abs(exact.values[row]), name);
        allWithin((await divergence.rows(p, q)).values, got.values, (row) => 1e-6 * Math.abs(got.values[row]), `rows, ${name}`);
        for (const side of ['gradientP', 'gradientQ']) {
          const largest = (row) => {
            const slopes = exact[side].subarray(row * p.bins, (row + 1) * p.bins);
            return slopes.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0);
          };
          const share = allWithin(got[side], exact[side], (k) => 1e-5 * largest(Math.floor(k / p.bins)), `${side}, ${name}`);
          worst = Math.max(worst, share);
        }
        divergence.free?.();
      }
      return [`worst slope: ${worst.toFixed(2)} of what is allowed`];
    });
  },

  async 'one side, an upstream gradient, reductions, masks, bits and pairs'({ context, twin }) {
    return rowsOnBoth(context, twin, async (p, q) => {
      const { values } = await new Divergence('kl').rows(p, q);
      const ones = new Float32Array(8).fill(1);
      const both = await new Divergence('kl').valueAndGradient(p, q);
      const twice = await new Divergence('kl').valueAndGradient(p, q, { side: 'q', upstream: ones.map((one) => 2 * one) });
      equal(twice.gradientP, undefined, 'the gradient of the other side');
      const largest = both.gradientQ.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0);
      allWithin(twice.gradientQ, both.gradientQ.map((slope) => 2 * slope), 1e-5 * largest, 'twice the slope');

      const total = values.reduce((sum, value) => sum + value, 0);
      const reduced = async (options) => (await new Divergence('kl', options).rows(p, q)).reduced;
      equal(await reduced({}), undefined, 'nothing to reduce');
      within(await reduced({ reduction: 'sum' }), total, 1e-6 * total, 'sum');
      within(await reduced({ reduction: 'mean' }), total / 8, 1e-6 * total, 'mean');
      const mask = Array.from({ length: 8 }, (_, row) => row < 2);
      within(await reduced({ reduction: 'sum', mask }), values[0] + values[1], 1e-6 * total, 'masked sum');
      const rowWeights = Float32Array.from({ length: 8 }, (_, row) => (row === 3 ? 1 : 0));
      within(await reduced({ reduction: 'sum', rowWeights }), values[3], 1e-6 * total, 'weighted sum');
      const bits = await new Divergence('kl', { unit: 'bits' }).rows(p, q);
      within(bits.values[0], values[0] / Math.LN2, 1e-6 * values[0], 'bits');

      const pairs = await new Divergence('kl').pairwise(p, q);
      equal(pairs.length, 64, 'pairs');
      for (let row = 0; row < 8; row++) within(pairs[row * 9], values[row], 1e-6 * values[row], `pair ${row}`);
      const js = new Divergence('js', { parameter: 0.25 });
      equal(js.parameter, 0.25, 'parameter');
      equal(js.name, 'js', 'name');
      equal(new Divergence('kl').parameter, undefined, 'no parameter');
    });
  },

  async 'every log-Bessel function in double'({ context, twin }) {
    const { v, x } = besselPoints(512);
    const shares = [];
    for (const name of besselFunctions) {
      const got = await bessel(context, name, v, x, { precision: 'double' });
      const exact = await bessel(twin, name, v, x, { precision: 'double' });
      equal(got.length, v.length, name);
      const bound = (i) => besselBound(name, v[i], x[i], exact[i]);
      shares.push(`${name} ${allWithin(got, exact, bound, name).toFixed(2)}`);
    }
    const [large] = await logBesselI(context, 2048, 3000, { precision: 'double' });
    const [exact] = await logBesselI(twin, 2048, 3000, { precision: 'double' });
    within(large, exact, 5e-14 * (exact + Math.hypot(2048, 3000)), 'log I_2048(3000)');
    return [`worst share of what is allowed: ${shares.join(', ')}`, `log I_2048(3000) = ${large}`];
  },

  async 'directions: fits in both precisions, densities'({ context, twin }) {
    const { dimension, rows } = twoBundles();
    const here = await Directions.create(context, rows, dimension);
    const there = await Directions.create(twin, rows, dimension);
    try {
      equal(here.length, 500, 'length');
      equal(here.dimension, dimension, 'dimension');
      const exact = (await VonMisesFisher.fit(there, { precision: 'double' })).distribution;
      for (const [precision, share] of [['single', 1e-5], ['double', 1e-9]]) {
        const { distribution } = await VonMisesFisher.fit(here, { precision });
        within(distribution.concentration, exact.concentration, share * exact.concentration, `concentration, ${precision}`);
        const sum = (values) => values.reduce((sum, value) => sum + value, 0);
        const got = sum(await exact.logDensity(here, { precision }));
        const expected = sum(await exact.logDensity(there, { precision }));
        within(got, expected, share * Math.max(Math.abs(expected), 1), `sum of log-densities, ${precision}`);
        within(distribution.klDivergence(exact), 0, 1e-6, 'KL of the two fits');
      }
      const heavy = new Float32Array(500).fill(0).fill(1, 0, 300);
      const first = await VonMisesFisher.fit(here, { weights: heavy });
      holds(first.distribution.mean[0] > 0.99, 'weights leave out the second bundle');
    } finally {
      here.free();
      there.free();
    }
  },

  async 'kantor check of one kernel'({ context }) {
    const kernels = checkKernels();
    holds(kernels.length > 10 && new Set(kernels).size === kernels.length, 'kernels have names');
    const [kernel] = kernels;
    let told = [];
    const rows = await check(context, { kernel, onProgress: (rows) => (told = rows) });
    holds(rows.length > 0, 'rows');
    holds(told.length > 0 && told.length <= rows.length, `${told.length} rows told on the way, ${rows.length} in the end`);
    for (const row of rows) holds(row.passed, `${row.kernel}, ${row.quantity}: ${row.error} ${row.unit}`);
  },

  async 'arrays are the page’s again as soon as a call returns'({ context, twin }) {
    return rowsOnBoth(context, twin, async (p, q) => {
      const kl = new Divergence('kl');
      const upstream = new Float32Array(8).fill(1);
      const pending = kl.valueAndGradient(p, q, { side: 'q', upstream });
      upstream.fill(NaN);
      const { gradientQ } = await kl.valueAndGradient(p, q, { side: 'q' });
      allWithin((await pending).gradientQ, gradientQ, 0, 'the gradient of what was given');

      const problem = transportProblem(10, 16, 16);
      const solving = new Sinkhorn({ epsilon: 0.5 }).solve(context, problem);
      for (const name of ['source', 'target', 'cost']) problem[name].fill(NaN);
      const solution = await solving;
      holds(solution.converged[0], 'the problem that was given');
      solution.free();

      const rows = new Float64Array([1, 0, 0, 1]);
      const weights = new Float64Array([1, 0]);
      const directions = await Directions.create(context, rows, 2);
      const fitting = VonMisesFisher.fit(directions, { weights });
      weights.fill(NaN);
      holds((await fitting).isPointMass, 'the one direction that had a weight');
      directions.free();
    });
  },

  async 'Float32Array and Float64Array are the same numbers'({ context }) {
    const problem = transportProblem(9, 16, 16);
    const wide = Object.fromEntries(Object.entries(problem).map(([name, value]) =>
      [name, ArrayBuffer.isView(value) ? Float64Array.from(value) : value]));
    const cost = (solution) => solution.transportCost[0];
    within(await solved(context, wide, {}, cost), await solved(context, problem, {}, cost), 1e-12, 'transport cost');
  },

  async 'objects dispose of themselves'({ context }) {
    const half = new Float32Array([0.5, 0.5]);
    const solution = await new Sinkhorn({ epsilon: 1 }).solve(context, {
      source: half, target: half, cost: new Float32Array([0, 1, 1, 0]),
    });
    // Firefox here has no Symbol.dispose of its own: then there is nothing that `using` could call.
    if (Symbol.dispose) solution[Symbol.dispose]();
    else solution.free();
    const { inUse, idle, peak } = context.memory;
    holds(inUse >= 0 && idle >= 0 && peak >= inUse, `memory: ${inUse} in use, ${idle} idle, ${peak} at its peak`);
  },
};
