// Transport between points, grids and pictures, with masses that agree or not: against closed forms, and one kind of
// geometry against another.
import { Sinkhorn } from 'kantor';
import { allWithin, equal, holds, within } from './assert.js';
import { Random, normalized } from './random.js';

const shares = { single: 1e-5, double: 1e-10 };
const half = new Float64Array([0.5, 0.5]);
const swap = new Float64Array([0, 1, 1, 0]);

/** Runs `work` on the device and on the twin, in either precision: with `solve` and `divergence`, and the share that errors may have. */
async function everywhere({ context, twin }, options, work) {
  for (const [where, on] of Object.entries({ device: context, twin })) {
    for (const [precision, share] of Object.entries(shares)) {
      const sinkhorn = new Sinkhorn({ precision, maxIterations: 10_000, ...options });
      const kept = [];
      const keep = (object) => {
        kept.push(object);
        object.requireConverged();
        return object;
      };
      try {
        await work({
          solve: async (problem) => keep(await sinkhorn.solve(on, problem)),
          divergence: async (problem) => keep(await sinkhorn.divergence(on, problem)),
          share, what: `${where}, ${precision}`,
        });
      } finally {
        for (const object of [sinkhorn, ...kept]) object.free();
      }
    }
  }
}

/** Row-major n×m costs of `cost(i, j)`. */
const matrix = (n, m, cost) => Float64Array.from({ length: n * m }, (_, k) => cost(Math.floor(k / m), k % m));

/** n points in d dimensions, from −1 to 1, that f32 holds as they are. */
const points = (random, n, d) => Float64Array.from(random.array(n * d), (u) => Math.fround(2 * u - 1));

const point = (cloud, d, i) => cloud.subarray(i * d, (i + 1) * d);
const distance = (x, y) => Math.hypot(...x.map((u, k) => u - y[k]));
const dot = (x, y) => x.reduce((sum, u, k) => sum + u * y[k], 0);

const groundCosts = [
  ['squared', (x, y) => distance(x, y) ** 2],
  ['half-squared', (x, y) => distance(x, y) ** 2 / 2],
  ['cosine', (x, y) => 1 - dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y))],
  [{ power: 1 }, distance],
  [{ power: 1.5 }, (x, y) => distance(x, y) ** 1.5],
];

/** That two solutions are the same, up to a share of their size. */
async function same(got, expected, share, what) {
  for (const name of ['transportCost', 'regularizedCost', 'entropyCost', 'mass', 'epsilon']) {
    allWithin(got[name], expected[name], (k) => share * Math.max(1, Math.abs(expected[name][k])), `${what}: ${name}`);
  }
  const plan = await expected.plan();
  allWithin(await got.plan(), plan, 10 * share * Math.max(...plan), `${what}: plan`);
}

/** The mass that moves between single points of masses a and b, and what the objective comes to. */
function alone(a, b, cost, epsilon, reach) {
  const mass = (a * b) ** ((epsilon + reach) / (epsilon + 2 * reach)) * Math.exp(-cost / (epsilon + 2 * reach));
  return { mass, value: epsilon * a * b + reach * (a + b) - (epsilon + 2 * reach) * mass };
}

export const tests = {
  async 'points cost what their matrix does'(contexts) {
    const [n, m, d] = [7, 9, 2];
    const random = new Random(21);
    const [x, y] = [points(random, n, d), points(random, m, d)];
    const [source, target] = [normalized(random.array(n)), normalized(random.array(m))];
    await everywhere(contexts, { epsilon: 0.3 }, async ({ solve, share, what }) => {
      for (const [cost, between] of groundCosts) {
        const costs = matrix(n, m, (i, j) => between(point(x, d, i), point(y, d, j)));
        const expected = await solve({ source, target, cost: costs });
        const got = await solve({ source, target, points: [x, y], dimensions: d, cost });
        await same(got, expected, share, `${what}, ${JSON.stringify(cost)}`);
      }
      const expected = await solve({ source, target, points: [x, y], dimensions: d, cost: 'squared' });
      await same(await solve({ source, target, points: [x, y], dimensions: d }), expected, 0, `${what}, squared unless given`);
    });
  },

  async 'points in Float32Array are the same, and weigh the same unless weights say otherwise'(contexts) {
    const [n, m, d] = [6, 4, 2];
    const random = new Random(22);
    const [x, y] = [points(random, n, d), points(random, m, d)];
    await everywhere(contexts, { epsilon: 0.2 }, async ({ solve, share, what }) => {
      const even = (bins) => new Float32Array(bins).fill(1);
      const expected = await solve({ source: even(n), target: even(m), points: [x, y], dimensions: d });
      const narrow = [Float32Array.from(x), Float32Array.from(y)];
      await same(await solve({ points: narrow, dimensions: d }), expected, share, what);
      const own = await solve({ points: x, dimensions: d });
      await same(own, await solve({ points: [x, x], dimensions: d }), 0, `${what}, one cloud for both sides`);
    });
  },

  async 'a batch of clouds, and of weights on one pair of clouds'(contexts) {
    const [n, m, d, batch] = [5, 6, 2, 3];
    const random = new Random(23);
    const [x, y] = [points(random, batch * n, d), points(random, batch * m, d)];
    const [source, target] = [normalized(random.array(batch * n), n), normalized(random.array(batch * m), m)];
    await everywhere(contexts, { epsilon: 0.25 }, async ({ solve, share, what }) => {
      const row = (values, k, length) => values.subarray(k * length, (k + 1) * length);
      const clouds = await solve({ source, target, points: [x, y], dimensions: d, batch });
      const shared = await solve({ source, target, points: [row(x, 0, n * d), row(y, 0, m * d)], dimensions: d, batch });
      for (let k = 0; k < batch; k++) {
        const weights = { source: row(source, k, n), target: row(target, k, m) };
        const one = await solve({ ...weights, points: [row(x, k, n * d), row(y, k, m * d)], dimensions: d });
        within(clouds.transportCost[k], one.transportCost[0], share, `${what}: cloud ${k}`);
        const other = await solve({ ...weights, points: [row(x, 0, n * d), row(y, 0, m * d)], dimensions: d });
        within(shared.transportCost[k], other.transportCost[0], share, `${what}: weights ${k}`);
      }
      const even = await solve({ points: [x, y], dimensions: d, batch });
      equal(even.length, batch, `${what}: clouds without weights`);
    });
  },

  async 'grids of one to three axes cost what their matrix does'(contexts) {
    const random = new Random(24);
    await everywhere(contexts, { epsilon: 0.2 }, async ({ solve, share, what }) => {
      for (const [grid, spacing, exponent] of [
        [[9], undefined, undefined], [[4, 5], undefined, 1], [[3, 4], [0.5, 0.25], 2], [[2, 3, 4], 0.25, 1.5],
      ]) {
        const pixels = grid.reduce((a, b) => a * b);
        const place = (pixel) => grid.map((length, axis) => {
          const step = Array.isArray(spacing) ? spacing[axis] : spacing ?? 1 / Math.max(1, length - 1);
          return step * (Math.floor(pixel / grid.slice(axis + 1).reduce((a, b) => a * b, 1)) % length);
        });
        const cost = matrix(pixels, pixels, (i, j) => {
          const [x, y] = [place(i), place(j)];
          return x.reduce((sum, u, axis) => sum + Math.abs(u - y[axis]) ** (exponent ?? 2), 0);
        });
        const [source, target] = [normalized(random.array(pixels)), normalized(random.array(pixels))];
        const given = { source, target, grid, ...(spacing && { spacing }), ...(exponent && { exponent }) };
        await same(await solve(given), await solve({ source, target, cost }), share, `${what}, ${grid.join('×')}`);
      }
    });
  },

  async 'single points with a reach, and masses that are kept'(contexts) {
    const [a, b, cost, epsilon, reach] = [1.5, 0.7, 0.8, 0.3, 0.9];
    const [source, target] = [new Float64Array([a]), new Float64Array([b])];
    const { mass, value } = alone(a, b, cost, epsilon, reach);
    within(mass, 0.702_526_407_915_996, 1e-14, 'the formula');
    await everywhere(contexts, { epsilon }, async ({ solve, share, what }) => {
      const between = { points: [new Float64Array([0, 0]), new Float64Array([cost, 0])], dimensions: 2, cost: { power: 1 } };
      const solution = await solve({ source, target, ...between, reach });
      within(solution.mass[0], mass, share, `${what}: mass`);
      within(solution.regularizedCost[0], value, share, `${what}: value`);
      within(solution.transportCost[0], cost * mass, share, `${what}: ⟨P, C⟩`);
      equal(solution.normalized, false, `${what}: normalized`);
      equal(solution.stop[0], 'converged', `${what}: stop`);
      // One side hard: the plan is its weights.
      const hard = await solve({ source, target, ...between, reach: { target: reach } });
      within(hard.mass[0], a, 10 * share, `${what}: mass with a hard source`);
      const both = await solve({ source, target, ...between, reach: { source: reach, target: reach } });
      within(both.mass[0], mass, share, `${what}: a reach for each side`);
      const one = await solve({ source, target, ...between, reach, normalize: true });
      within(one.mass[0], alone(1, 1, cost, epsilon, reach).mass, share, `${what}: mass of what is normalised`);
      equal(one.normalized, true, `${what}: normalised`);
    });
  },

  async 'a given mass, and its multiplier'(contexts) {
    const epsilon = 0.5;
    // By symmetry f = g = 0, and what moves is as without marginals.
    const share = 1 / (1 + Math.exp(-1 / epsilon));
    const [stays, moves] = [share / 4, (1 - share) / 4];
    await everywhere(contexts, { epsilon }, async ({ solve, share: error, what }) => {
      const solution = await solve({ source: half, target: half, cost: swap, mass: 0.5 });
      allWithin(await solution.plan(), [stays, moves, moves, stays], error, `${what}: plan`);
      within(solution.mass[0], 0.5, error, `${what}: mass`);
      within(solution.multiplier[0], epsilon * Math.log(share), 10 * error, `${what}: λ`);
      const { f, g } = await solution.potentials();
      allWithin([...f, ...g], [0, 0, 0, 0], 10 * error, `${what}: potentials`);
    });
  },

  async 'ε relative to the spread of the cost'(contexts) {
    // The entries 0, 1, 1, 0 have a standard deviation of ½.
    await everywhere(contexts, { epsilon: { relative: 2 } }, async ({ solve, share, what }) => {
      const solution = await solve({ source: half, target: half, cost: swap });
      within(solution.epsilon[0], 1, share, `${what}: ε`);
      within(solution.transportCost[0], 0.268_941_421_369_995, share, `${what}: transport cost`);
    });
  },

  async 'pairs that may not be coupled'(contexts) {
    const epsilon = 0.5;
    const cost = new Float32Array([0, Infinity, 1, 1, 0, 1]);
    const [source, target] = [new Float64Array([0.5, 0.5]), new Float64Array([0.4, 0.2, 0.4])];
    // Of the rest x = P₀₀ says all: x (x − 0.1) = e^(1/ε) (0.5 − x) (0.4 − x).
    const e = Math.exp(1 / epsilon);
    const [a, b, c] = [1 - e, 0.9 * e - 0.1, -0.2 * e];
    const x = (-b + Math.sqrt(b * b - 4 * a * c)) / (2 * a);
    await everywhere(contexts, { epsilon }, async ({ solve, share, what }) => {
      const plan = await (await solve({ source, target, cost })).plan();
      equal(plan[1], 0, `${what}: what is forbidden`);
      allWithin(plan, [x, 0, 0.5 - x, 0.4 - x, 0.2, x - 0.1], share, `${what}: plan`);
    });
  },

  async 'Sinkhorn divergences'(contexts) {
    const random = new Random(25);
    const x = points(random, 8, 2);
    const y = x.map((u, k) => u + [0.5, -1][k % 2]);
    const weights = normalized(random.array(8));
    await everywhere(contexts, { epsilon: 0.4 }, async ({ divergence, share, what }) => {
      // A translation costs its squared length, whatever ε is.
      const moved = await divergence({ source: weights, target: weights, points: [x, y], dimensions: 2 });
      within(moved.values[0], 1.25, 10 * share, `${what}: of a translation`);
      const cross = moved.cross();
      holds(cross.regularizedCost[0] !== moved.values[0], `${what}: the transport itself has a bias`);
      holds(cross.converged[0] && moved.converged[0], `${what}: converged`);
      cross.free();
      const itself = await divergence({ source: weights, target: weights, points: x, dimensions: 2 });
      within(itself.values[0], 0, share, `${what}: of a measure with itself`);
    });
    const [a, b, epsilon, reach] = [1.5, 0.7, 0.4, 0.9];
    const value = (a, b, cost) => alone(a, b, cost, epsilon, reach).value;
    const expected = value(a, b, 0.64) - (value(a, a, 0) + value(b, b, 0)) / 2 + epsilon * (a - b) ** 2 / 2;
    await everywhere(contexts, { epsilon }, async ({ divergence, share, what }) => {
      const single = await divergence({
        source: new Float64Array([a]), target: new Float64Array([b]), reach,
        points: [new Float64Array([0, 0]), new Float64Array([0, 0.8])], dimensions: 2,
      });
      within(single.values[0], expected, 10 * share, `${what}: unbalanced`);
    });
  },

  async 'all pairs'(contexts) {
    // A unit mass on the first, second and third of three pixels on [0, 1].
    const rows = new Float32Array([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    const squares = [0.25, 1, 0.25];
    await everywhere(contexts, { epsilon: 0.1 }, async ({ solve, divergence, share, what }) => {
      const line = await solve({ pairwise: rows, grid: [3] });
      equal(JSON.stringify(line.pairs), '[[0,1],[0,2],[1,2]]', `${what}: pairs`);
      allWithin(line.transportCost, squares, share, `${what}: on a grid`);
      const cost = matrix(3, 3, (i, j) => ((i - j) / 2) ** 2);
      allWithin((await solve({ pairwise: rows, cost })).transportCost, squares, share, `${what}: with a matrix`);
      const places = new Float64Array([0, 1, 0.5, 1, 1, 1]);
      allWithin((await divergence({ pairwise: rows, points: places, dimensions: 2 })).values, squares, share, `${what}: divergences`);
      const broadcast = await solve({ source: rows.subarray(0, 3), target: rows, grid: [3] });
      allWithin(broadcast.transportCost, [0, 0.25, 1], share, `${what}: one row against all`);
    });
  },

  async 'pictures are weights, and their pixels a grid'({ context, twin }) {
    const [width, height] = [5, 3];
    const random = new Random(26);
    const pixels = width * height;
    const bytes = () => Uint8ClampedArray.from(random.array(4 * pixels), (u) => 256 * u);
    const [p, q] = [bytes(), bytes()];
    const [first, second] = [p, q].map((data) => new ImageData(data, width, height));
    const weights = (data, of) => Float64Array.from({ length: pixels }, (_, k) => of(...[...data.subarray(4 * k, 4 * k + 4)].map((byte) => byte / 255)));
    const channels = {
      luminance: (r, g, b, a) => (0.2126 * r + 0.7152 * g + 0.0722 * b) * a,
      red: (r) => r, green: (_, g) => g, blue: (_r, _g, b) => b, alpha: (_r, _g, _b, a) => a,
    };
    await everywhere({ context, twin }, { epsilon: 0.2 }, async ({ solve, share, what }) => {
      const grid = [height, width];
      for (const [channel, of] of Object.entries(channels)) {
        const expected = await solve({ source: weights(p, of), target: weights(q, of), grid });
        await same(await solve({ source: first, target: second, channel }), expected, share, `${what}, ${channel}`);
        if (channel !== 'luminance') continue;
        await same(await solve({ source: first, target: second }), expected, share, `${what}, luminance unless given`);
        await same(await solve({ source: { data: p, width, height }, target: weights(q, of) }), expected, share, `${what}, no ImageData`);
        const floats = { data: Float32Array.from(p, (byte) => byte / 255), width, height };
        await same(await solve({ source: floats, target: second }), expected, 10 * share + 1e-6, `${what}, floats`);
        const grey = { data: weights(p, of), width, height };
        await same(await solve({ source: grey, target: second }), expected, share, `${what}, one sample a pixel`);
        const spaced = await solve({ source: first, target: second, spacing: [0.5, 0.25] });
        await same(await solve({ source: first, target: second, grid, spacing: [1 / (height - 1), 1 / (width - 1)] }), expected, share, `${what}, spaced`);
        within(spaced.transportCost[0], expected.transportCost[0], 1e-5, `${what}, the unit square`);
      }
      const all = await solve({ pairwise: [first, second, first] });
      equal(all.length, 3, `${what}: pairs of pictures`);
      within(all.transportCost[0], all.transportCost[2], 100 * share, `${what}: there and back`);
    });
  },

  async 'without annealing, and why problems stop'({ context }) {
    const random = new Random(27);
    const problem = { source: normalized(random.array(20)), target: normalized(random.array(20)), cost: random.array(400) };
    const stopped = async (options) => {
      const solution = await new Sinkhorn({ epsilon: 0.02, ...options }).solve(context, problem);
      const said = [solution.stop[0], solution.iterations[0]];
      solution.free();
      return said;
    };
    equal((await stopped({ annealing: false }))[0], 'converged', 'without annealing');
    const [stop, iterations] = await stopped({ annealing: false, maxIterations: 2 });
    equal(stop, 'max-iterations', 'after two iterations');
    equal(iterations, 2, 'iterations');
  },

  async 'large clouds and pictures without a matrix'({ context }) {
    const random = new Random(28);
    const x = points(random, 1500, 2);
    const y = x.map((u) => u + 0.5);
    const moved = await new Sinkhorn({ epsilon: 0.5 }).divergence(context, { points: [x, y], dimensions: 2 });
    within(moved.values[0], 0.5, 1e-3, 'a translation of 1500 points');
    moved.free();
    const side = 128;
    const disc = (u, v) => new ImageData(Uint8ClampedArray.from({ length: 4 * side * side }, (_, k) => {
      const pixel = Math.floor(k / 4);
      const inside = Math.hypot(pixel % side - u, Math.floor(pixel / side) - v) < 16;
      return k % 4 === 3 ? 255 : inside ? 255 : 0;
    }), side, side);
    const across = await new Sinkhorn({ epsilon: 0.01 }).divergence(context, { source: disc(32, 40), target: disc(80, 72) });
    within(across.values[0], (48 ** 2 + 32 ** 2) / (side - 1) ** 2, 1e-3, 'a disc that moves');
    const cross = across.cross();
    const notes = [`${side}×${side} pixels: ${cross.iterations[0]} iterations, ${cross.variant}`];
    cross.free();
    across.free();
    return notes;
  },
};
