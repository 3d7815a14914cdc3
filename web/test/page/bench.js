// Times of the workloads of `kantor bench` in a page: the same shapes and settings, inputs of the same kind.
import { Context, Distributions, Divergence, Sinkhorn } from 'kantor';
import { Random, normalized } from './random.js';

const repeats = 3;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Milliseconds of the first call, which compiles, and the median of three after it. */
async function timed(work) {
  const once = async () => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  const first = await once();
  const times = [];
  for (let k = 0; k < repeats; k++) times.push(await once());
  return { first, median: median(times) };
}

async function solved(context, problem, epsilon, maxIterations) {
  const sinkhorn = new Sinkhorn({ epsilon, tolerance: 0, maxIterations });
  let variant;
  const times = await timed(async () => {
    const solution = await sinkhorn.solve(context, problem);
    ({ variant } = solution);
    solution.free();
  });
  return { ...times, variant };
}

/** Divergences, by what they are called in the table, of rows of `make()` with others. */
async function compared(context, make, bins, options, divergences) {
  const p = await Distributions.create(context, make(), bins, options);
  const q = await Distributions.create(context, make(), bins, options);
  const times = [];
  for (const [what, name] of Object.entries(divergences)) {
    const divergence = new Divergence(name);
    times.push({ what, ...await timed(() => divergence.rows(p, q)) });
  }
  p.free();
  q.free();
  return times;
}

const workloads = {
  /** One dense 2048×2048 problem of squared distances in the unit square, ε 0.01, 100 iterations. */
  async T2(context) {
    const n = 2048;
    const random = new Random(2);
    const [x, y] = [random.array(2 * n), random.array(2 * n)];
    const cost = new Float32Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) cost[i * n + j] = (x[2 * i] - y[2 * j]) ** 2 + (x[2 * i + 1] - y[2 * j + 1]) ** 2;
    }
    const uniform = new Float32Array(n).fill(1);
    return [{ what: 'solve', ...await solved(context, { source: uniform, target: uniform, cost }, 0.01, 100) }];
  },

  /** 10,000 problems of 32×32, each with its own cost, ε 0.05, 50 iterations. */
  async T6(context) {
    const [batch, n] = [10_000, 32];
    const cost = new Random(6).array(batch * n * n);
    const uniform = new Float32Array(batch * n).fill(1);
    return [{ what: 'solve', ...await solved(context, { source: uniform, target: uniform, cost, batch }, 0.05, 50) }];
  },

  /** KL, JS and total variation of 1024 pairs of rows of 32,768 weights that are on the device. */
  D1(context) {
    const random = new Random(9);
    // Rows of sum 1, as natively: to others the first pass may not be enough.
    const weights = () => normalized(random.array(1024 * 32_768).map((x) => Math.exp(3 * x)), 32_768);
    const divergences = { KL: 'kl', JS: 'js', 'total variation': 'total-variation' };
    return compared(context, weights, 32_768, {}, divergences);
  },

  /** KL and JS of 256 pairs of rows of 131,072 logits that are on the device. */
  D2(context) {
    const random = new Random(10);
    const logits = () => random.array(256 * 131_072).map((x) => 8 * x - 4);
    return compared(context, logits, 131_072, { input: 'logits' }, { KL: 'kl', JS: 'js' });
  },
};

/** Times of a workload on a context of its own. */
export async function time(workload) {
  const context = await Context.create({ backend: 'webgpu' });
  try {
    return { adapter: context.adapter, rows: await workloads[workload](context) };
  } finally {
    context.free();
  }
}
