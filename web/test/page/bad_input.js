// Everything a user can get wrong: each is one rejected promise, or one thrown error, that says what is wrong.
import {
  Context, Directions, Distributions, Divergence, Sinkhorn, VonMisesFisher, bessel, check, logBesselI,
} from 'kantor';
import { equal, failsWith, failure, holds } from './assert.js';
import { endlessSolve } from './problems.js';

const half = new Float32Array([0.5, 0.5]);
const cost = new Float32Array([0, 1, 1, 0]);
const problem = { source: half, target: half, cost };

const solve = (context, changes, options) => new Sinkhorn({ epsilon: 1 }).solve(context, { ...problem, ...changes }, options);

/** Rows of two bins compared with themselves: numbers that are none are found by the kernels that read them. */
async function compared(context, values) {
  const rows = await Distributions.create(context, values, 2);
  try {
    return await new Divergence('kl').rows(rows, rows);
  } finally {
    rows.free();
  }
}

/** Runs [what, work] pairs, all of which must fail as invalid input. */
async function allInvalid(cases) {
  for (const [what, work] of cases) await failsWith('invalid-input', work, what);
}

/** The type itself is wrong: a TypeError, as from the platform's own functions, or invalid input. */
async function allMistyped(cases) {
  for (const [what, work] of cases) {
    const error = await failure(work, what);
    const said = error instanceof TypeError || error.kind === 'invalid-input';
    holds(said, `${what}: "${error.name}: ${error.message}" is neither a TypeError nor of kind invalid-input`);
  }
}

export const tests = {
  async 'lengths that do not fit'({ context }) {
    const error = await failsWith('invalid-input', () => solve(context, { cost: new Float32Array(3) }), 'a cost of 3');
    holds(typeof error.argument === 'string' && error.argument.length > 0, 'the error names no argument');
    await allInvalid([
      ['no source', () => solve(context, { source: new Float32Array(0) })],
      ['a batch of 2 with weights for 1', () => solve(context, { batch: 2, target: new Float32Array(3) })],
      ['a start too short', () => solve(context, { start: new Float32Array(1) })],
      ['5 numbers in rows of 3', () => Distributions.create(context, new Float32Array(5).fill(1), 3)],
      ['rows of no bins', () => Distributions.create(context, half, 0)],
      ['5 numbers in 3 dimensions', () => Directions.create(context, new Float32Array(5).fill(1), 3)],
      ['two orders and three arguments', () => logBesselI(context, new Float32Array(2), new Float32Array(3))],
    ]);
  },

  async 'numbers that are none'({ context }) {
    const withNan = new Float32Array([0.5, NaN]);
    const error = await failsWith('invalid-input', () => solve(context, { source: withNan }), 'a weight that is NaN');
    equal(error.index, 1, 'the index of the NaN');
    await allInvalid([
      ['a negative weight', () => solve(context, { target: new Float32Array([-0.5, 1.5]) })],
      ['a cost of −∞', () => solve(context, { cost: new Float32Array([0, -Infinity, 1, 0]) })],
      ['a cost that is NaN', () => solve(context, { cost: new Float64Array([0, NaN, 1, 0]) })],
      ['weights that are all zero', () => solve(context, { source: new Float32Array(2) })],
      ['a histogram with NaN', () => compared(context, withNan)],
      ['a negative bin', () => compared(context, new Float32Array([1, -1]))],
      ['an empty histogram', () => compared(context, new Float32Array(2))],
      ['a direction that is NaN', () => Directions.create(context, withNan, 2)],
      ['a negative argument', () => logBesselI(context, 1, -1)],
      ['an order that is NaN', () => logBesselI(context, NaN, 1)],
    ]);
  },

  // A cost of infinity is none that is wrong: it forbids a pair (transport.js has what comes of it).
  async 'an infinite cost forbids a pair'({ context }) {
    const solution = await solve(context, { cost: new Float32Array([0, Infinity, Infinity, 0]) });
    equal((await solution.plan())[1], 0, 'the plan there');
    equal(solution.transportCost[0], 0, 'transport cost');
    solution.free();
    const alone = await new Sinkhorn({ epsilon: 1, maxIterations: 50 }).solve(context, {
      ...problem, cost: new Float32Array([Infinity, Infinity, 1, 0]),
    });
    equal(alone.converged[0], false, 'with a bin that has no partner: converged');
    alone.free();
  },

  async 'geometries and marginals: the argument is named'({ context }) {
    const [x, y] = [new Float64Array([0, 0, 1, 1]), new Float64Array([1, 0, 0, 1])];
    const cloud = { points: [x, y], dimensions: 2 };
    const weights = { source: half, target: half };
    const pixels = (data, width, height) => ({ data, width, height });
    const picture = pixels(new Uint8ClampedArray(16).fill(255), 2, 2);
    const two = (image) => ({ source: image, target: image });
    for (const [argument, problem] of Object.entries({
      'cost: is missing': weights,
      'cost: is Float32Array': { ...cloud, cost },
      'cost: "euclidean"': { ...cloud, cost: 'euclidean' },
      'cost: has no "exponent"': { ...cloud, cost: { exponent: 2 } },
      'cost.power: 0.5': { ...cloud, cost: { power: 0.5 } },
      'cost: is not of a grid': { ...weights, cost, grid: [2] },
      'dimensions: is missing': { points: [x, y] },
      'dimensions: 1.5': { ...cloud, dimensions: 1.5 },
      'dimensions: is not of a matrix': { ...weights, cost, dimensions: 2 },
      'points[0]: 4 numbers': { ...cloud, dimensions: 3 },
      'points[1], row 1, index 0: NaN': { ...cloud, points: [x, new Float64Array([0, 0, NaN, 0])] },
      'points[1]: is Array': { ...cloud, points: [x, [0, 0, 1, 1]] },
      'points: has 1 clouds': { ...cloud, points: [x] },
      'points: has 3 entries': { ...cloud, points: [x, y, x] },
      'points: is number': { ...cloud, points: 3 },
      'points[0], row 0: a point at the origin': { ...cloud, cost: 'cosine' },
      'source: has 3 weights': { ...cloud, batch: 2, source: new Float64Array(3).fill(1) },
      'points: has one cloud': { ...cloud, batch: 2, source: half, target: new Float64Array(4).fill(1) },
      'target: 3 weights': { ...cloud, target: new Float32Array(3).fill(1) },
      'grid: is not of points': { ...cloud, grid: [2] },
      'grid: has 4 entries': { ...weights, grid: [1, 1, 1, 2] },
      'grid: 0 has no pixels': { ...weights, grid: [0] },
      'grid: is number': { ...weights, grid: 2 },
      'grid: -2': { ...weights, grid: [-2] },
      'source: has 2 weights': { ...weights, grid: [2 ** 24, 2] },
      'spacing: has 2 numbers': { ...weights, grid: [2], spacing: [1, 1] },
      'spacing, index 0: 0.0': { ...weights, grid: [2], spacing: 0 },
      'exponent: 0.5': { ...weights, grid: [2], exponent: 0.5 },
      'exponent: is not of a matrix': { ...weights, cost, exponent: 1 },
      'grid: is [2, 2], but': { ...two(picture), target: pixels(new Float32Array(6).fill(1), 3, 2) },
      'grid: is [4], but': { ...two(picture), grid: [4] },
      'source: its data has 15': two(pixels(new Uint8ClampedArray(15), 2, 2)),
      'source: its data is Array': two(pixels([1, 1, 1, 1], 2, 2)),
      'source: is Object, not a Float32Array': two({ data: new Uint8Array(4), height: 2 }),
      'source: is Object, not a Float32Array, Float64Array or ImageData: it has no width': two(pixels(new Uint8Array(4), -2, -2)),
      'source, row 0, index 3: -1': two(pixels(new Float32Array([1, 1, 1, -1]), 2, 2)),
      'source, row 0: has no mass': two(pixels(new Uint8ClampedArray(16), 2, 2)),
      'target: is missing': { source: picture },
      'channel: "grey"': { ...two(picture), channel: 'grey' },
      'channel: is of pictures': { ...weights, cost, channel: 'red' },
      'channel: is of pixels of four': { ...two(pixels(new Float32Array(4).fill(1), 2, 2)), channel: 'red' },
      'pairwise[1]: is 1×4': { pairwise: [picture, pixels(picture.data, 4, 1)] },
      'pairwise[0]: is number': { pairwise: [1, 2], grid: [2] },
      'pairwise: has no pictures': { pairwise: [], grid: [2] },
      'pairwise: one row': { pairwise: half, grid: [2] },
      'pairwise: is given beside source': { ...weights, pairwise: half, cost },
      'pairwise, row 1, index 0: NaN': { pairwise: new Float32Array([1, 1, NaN, 1]), cost },
      'batch: is not for pairwise': { pairwise: new Float32Array(4).fill(1), cost, batch: 2 },
      'batch: is 3, but': { source: new Float32Array(4).fill(1), target: half, grid: [2], batch: 3 },
      'cost: has 3 elements': { pairwise: half, cost: new Float32Array(3) },
      'reach: 0.0 is not above zero': { ...cloud, reach: 0 },
      'reach: NaN': { ...cloud, reach: { source: NaN } },
      'reach: is string': { ...cloud, reach: '1' },
      'reach: has no "both"': { ...cloud, reach: { both: 1 } },
      'source: is string': { ...cloud, reach: { source: '1' } },
      'mass: -1': { ...cloud, mass: -1 },
      'mass: 2.0 is more': { ...cloud, mass: 2 },
      'mass: is given beside reach': { ...cloud, mass: 0.5, reach: 1 },
      'normalize: is number': { ...cloud, normalize: 1 },
      'target, row 0: its mass is 2.0, that of the source 1.0': { ...cloud, target: new Float32Array([1, 1]), normalize: false },
      'start, row 0, index 0: NaN': { ...cloud, start: new Float64Array([NaN, 0]) },
      'start: has 1 potentials': { ...cloud, start: new Float64Array(1) },
    })) {
      const error = await failsWith('invalid-input', () => new Sinkhorn({ epsilon: 1 }).solve(context, problem), argument);
      holds(error.message.startsWith(argument), `"${error.message}" does not begin with "${argument}"`);
      equal(error.argument, /^[^:, ]+/.exec(argument)[0], 'argument');
    }
    const settings = { 'epsilon: is string': { epsilon: '1' }, 'epsilon: has no "share"': { epsilon: { share: 1 } },
      'relative: is missing': { epsilon: { relative: undefined } }, 'annealing: is boolean': { epsilon: 1, annealing: true } };
    for (const [words, options] of Object.entries(settings)) {
      const error = await failsWith('invalid-input', () => new Sinkhorn(options), words);
      holds(error.message.startsWith(words), `"${error.message}" does not begin with "${words}"`);
    }
    const none = () => new Sinkhorn({ epsilon: 1, maxIterations: 0 }).solve(context, { ...problem });
    equal((await failsWith('invalid-input', none, 'no iterations')).argument, 'maxIterations', 'argument');
    const lopsided = { ...weights, cost: new Float32Array([0, 1, 2, 0]) };
    const debiased = () => new Sinkhorn({ epsilon: 1 }).divergence(context, lopsided);
    equal((await failsWith('invalid-input', debiased, 'a cost that is not symmetric')).argument, 'cost', 'argument');
  },

  async 'the first bad row of several is named'({ context }) {
    const rows = new Float32Array([1, 1, 1, 1, 1, NaN]);
    const error = await failsWith('invalid-input', () => compared(context, rows), 'NaN in the third row');
    equal(error.row, 2, 'row');
    equal(error.index, 1, 'index');
  },

  async 'settings out of their range'({ context }) {
    const solver = (options) => async () => new Sinkhorn(options).solve(context, problem);
    await allInvalid([
      ['ε = 0', solver({ epsilon: 0 })],
      ['ε < 0', solver({ epsilon: -1 })],
      ['ε that is NaN', solver({ epsilon: NaN })],
      ['a negative tolerance', solver({ epsilon: 1, tolerance: -1 })],
      ['annealing that grows', solver({ epsilon: 1, annealing: { from: 10, factor: 2 } })],
      ['an order out of range', async () => {
        const rows = await Distributions.create(context, half, 2);
        await new Divergence('renyi', { parameter: -1 }).rows(rows, rows);
      }],
      ['a temperature of 0', () => Distributions.create(context, half, 2, { input: 'logits', temperature: 0 })],
      ['a negative concentration', () => new VonMisesFisher(new Float64Array([1, 0, 0]), -1)],
      ['a mean of length 0', () => new VonMisesFisher(new Float64Array(3), 1)],
    ]);
  },

  async 'names that do not exist'({ context }) {
    await allInvalid([
      ['a backend', () => Context.create({ backend: 'cuda' })],
      ['a precision', () => logBesselI(context, 1, 1, { precision: 'half' })],
      ['a solver precision', async () => new Sinkhorn({ epsilon: 1, precision: 'half' }).solve(context, problem)],
      ['a divergence', () => new Divergence('kullback')],
      ['a unit', () => new Divergence('kl', { unit: 'bans' })],
      ['a reduction', () => new Divergence('kl', { reduction: 'max' })],
      ['an input', () => Distributions.create(context, half, 2, { input: 'counts' })],
      ['a Bessel function', () => bessel(context, 'log-j', 1, 1)],
      ['a kernel', () => check(context, { kernel: 'no such kernel' })],
    ]);
  },

  // A misspelt option that is passed over in silence is a wrong answer that nobody sees.
  async 'options that do not exist'({ context }) {
    await allMistyped([
      ['Sinkhorn', () => new Sinkhorn({ epsilon: 1, maxIteration: 5 })],
      ['Context', () => Context.create({ Backend: 'cpu' })],
      ['problem', () => solve(context, { costs: cost })],
      ['solve', () => solve(context, {}, { onprogress() {} })],
      ['Divergence', () => new Divergence('kl', { units: 'bits' })],
      ['Distributions', () => Distributions.create(context, half, 2, { normalise: true })],
      ['bessel', () => logBesselI(context, 1, 1, { precison: 'double' })],
    ]);
  },

  async 'types that are wrong'({ context }) {
    await allMistyped([
      ['a string for weights', () => solve(context, { source: '0.5, 0.5' })],
      ['a plain array for weights', () => solve(context, { source: [0.5, 0.5] })],
      ['integers for weights', () => solve(context, { source: new Int32Array([1, 1]) })],
      ['no cost', () => solve(context, { cost: undefined })],
      ['null for a problem', () => new Sinkhorn({ epsilon: 1 }).solve(context, null)],
      ['no problem', () => new Sinkhorn({ epsilon: 1 }).solve(context)],
      ['a batch of 1.5', () => solve(context, { batch: 1.5 })],
      ['no context', () => solve(undefined, {})],
      ['an object for a context', () => solve({}, {})],
      ['no settings', () => new Sinkhorn()],
      ['no ε', () => new Sinkhorn({})],
      ['a string for ε', () => new Sinkhorn({ epsilon: '1' })],
      ['a string for bins', () => Distributions.create(context, half, '2')],
      ['bins of 1.5', () => Distributions.create(context, half, 1.5)],
      ['a number for a divergence', () => new Divergence(1)],
      ['an order as text', () => logBesselI(context, '1', 1)],
      ['a number for a signal', () => solve(context, {}, { signal: 5 })],
      ['a number for onProgress', () => solve(context, {}, { onProgress: 5 })],
      ['numbers in place of distributions', () => new Divergence('kl').rows(half, half)],
      ['numbers in place of directions', () => VonMisesFisher.fit(half)],
    ]);
  },

  async 'problems and rows that do not exist'({ context }) {
    const solution = await solve(context, {});
    try {
      await allInvalid([
        ['plan of a second problem', () => solution.plan(1)],
        ['potentials of a second problem', () => solution.potentials(1)],
        ['a product with 3 numbers', () => solution.apply(new Float32Array(3))],
        ['a product with nothing', () => solution.applyTransposed(new Float32Array(0))],
      ]);
    } finally {
      solution.free();
    }
  },

  async 'rows of different lengths, or of another context'({ context, twin }) {
    const two = await Distributions.create(context, half, 2);
    const three = await Distributions.create(context, new Float32Array(3).fill(1 / 3), 3);
    const elsewhere = await Distributions.create(twin, half, 2);
    await allInvalid([
      ['2 bins with 3', () => new Divergence('kl').rows(two, three)],
      ['two contexts', () => new Divergence('kl').rows(two, elsewhere)],
      ['an upstream gradient too long', () => new Divergence('kl').valueAndGradient(two, two, { upstream: new Float32Array(5) })],
      ['a mask too long', () => new Divergence('kl', { reduction: 'sum', mask: [true, true] }).rows(two, two)],
    ]);
    for (const rows of [two, three, elsewhere]) rows.free();
  },

  async 'objects that were freed'({ context }) {
    const solution = await solve(context, {});
    const rows = await Distributions.create(context, half, 2);
    const directions = await Directions.create(context, new Float64Array([1, 0, 0, 1]), 2);
    const mine = await Context.create({ backend: 'cpu' });
    for (const object of [solution, rows, directions, mine]) object.free();
    await allMistyped([
      ['the plan', () => solution.plan()],
      ['the potentials', () => solution.potentials()],
      ['rows', () => new Divergence('kl').rows(rows, rows)],
      ['directions', () => VonMisesFisher.fit(directions)],
      ['the context', () => solve(mine, {})],
    ]);
    for (const object of [solution, rows, directions, mine]) object.free(); // twice is no error
  },

  // What a callback throws is the user's own: it must come back to them.
  async 'an onProgress that throws'({ context }) {
    const thrown = new RangeError('mine');
    const onProgress = () => {
      throw thrown;
    };
    const error = await failure(() => endlessSolve(context, { onProgress }), 'a callback that throws');
    equal(error, thrown, 'the error');
  },

  async 'not converged is said, not thrown'({ context }) {
    const solution = await new Sinkhorn({ epsilon: 1e-3, maxIterations: 1 }).solve(context, {
      source: new Float32Array([0.3, 0.7]), target: new Float32Array([0.6, 0.4]), cost,
    });
    equal(solution.converged[0], false, 'converged');
    equal(solution.stop[0], 'max-iterations', 'stop');
    await failsWith('not-converged', async () => solution.requireConverged(), 'requireConverged');
    solution.free();
  },

  async 'all is well afterwards'({ context }) {
    const solution = await solve(context, {});
    holds(Math.abs(solution.transportCost[0] - 0.268_941_421) < 1e-6, 'the same context still solves');
    solution.free();
  },
};
