// Calls of the package at random: with arguments that are right, nearly right or of no kind at all, on objects that live or
// were freed, one after the other or at once, aborted or left alone. Every one settles, and every error has a kind.
import * as kantor from 'kantor';
import { Random } from './random.js';
import { solvesStill } from './problems.js';
import { anything, array, number, options } from './values.js';

const { Context, Directions, Distributions, Divergence, Sinkhorn, VonMisesFisher } = kantor;

const kinds = new Set([
  'no-adapter', 'device-lost', 'limit-exceeded', 'out-of-memory', 'invalid-input', 'not-converged', 'precision-unavailable',
  'shader', 'readback', 'device', 'cancelled',
]);
/** Milliseconds that a call may take on the twin; on a device, whose kernels are compiled when they are first used. */
const patience = { twin: 10_000, device: 120_000 };

/** What a callback of the page throws, and must come back as it is. */
const ours = new RangeError('of the page');

/** The classes of what is kept. */
const classes = {
  sinkhorns: Sinkhorn, solutions: kantor.Solution, debiased: kantor.SinkhornDivergence, rows: Distributions, divergences: Divergence, directions: Directions,
  distributions: VonMisesFisher,
};

const bessels = ['log-i', 'log-i-scaled', 'log-k', 'ratio-i', 'd-log-i-dx', 'd-log-k-dv', 'log-gamma', 'log-j', ''];
const divergences = [...Divergence.names, 'kullback', ''];

class Fuzz {
  constructor(seed, contexts, onDevice) {
    this.random = Object.assign(new Random(seed), {
      below(n) { return Math.floor(this.next() * n); },
      chance(share) { return this.next() < share; },
      of(list) { return list[this.below(list.length)]; },
    });
    this.contexts = contexts;
    this.onDevice = onDevice;
    this.objects = Object.fromEntries(Object.keys(classes).map((kind) => [kind, []]));
    this.counts = {};
    this.faults = [];
  }

  // Arguments

  context() {
    const { twin, context } = this.contexts;
    if (this.random.chance(0.02)) return anything(this.random);
    return this.random.chance(this.onDevice) ? context : twin;
  }

  /** An object made before, of this kind or of another, alive or not. */
  object(kind) {
    if (this.random.chance(0.03)) return anything(this.random);
    const from = this.random.chance(0.03) ? this.random.of(Object.values(this.objects)) : this.objects[kind];
    return this.random.of(from);
  }

  or(value) {
    return this.random.chance(0.04) ? anything(this.random) : value();
  }

  keep(kind, object) {
    const kept = this.objects[kind];
    kept.push(object);
    if (kept.length > 12) this.random.of([() => kept.shift().free?.(), () => kept.shift()])();
    return object;
  }

  precision() {
    return this.random.of(['single', 'double', 'single', 'half']);
  }

  cancelling() {
    if (!this.random.chance(0.2)) return { options: this.random.chance(0.03) ? anything(this.random) : undefined };
    const { random } = this;
    const controller = new AbortController();
    if (random.chance(0.2)) controller.abort(random.chance(0.5) ? ours : undefined);
    else setTimeout(() => controller.abort(), random.below(20));
    const onProgress = random.chance(0.2) ? () => { throw ours; } : () => {};
    return { options: options(random, { signal: () => controller.signal, onProgress: () => onProgress }), controller };
  }

  // Calls: each makes one and returns what it returns

  sinkhorn() {
    const { random } = this;
    const epsilon = () => (random.chance(0.85) ? 10 ** (3 * random.next() - 2) : number(random));
    const annealing = () => this.or(() => options(random, { from: epsilon, factor: () => (random.chance(0.7) ? 0.5 : number(random)) }, 0.95));
    const relative = () => this.or(() => options(random, { relative: epsilon }, 0.95));
    return this.keep('sinkhorns', new Sinkhorn(this.or(() => ({
      epsilon: random.chance(0.8) ? epsilon() : relative(),
      ...options(random, {
        tolerance: () => (random.chance(0.8) ? 1e-4 : number(random)), maxIterations: () => random.of([1, 3, 20, 100, 0, -1, 1.5]),
        precision: () => this.precision(), annealing: () => (random.chance(0.2) ? false : annealing()),
      }, 0.3),
    }))));
  }

  problem() {
    const { random } = this;
    const [n, m, batch] = [1 + random.below(6), 1 + random.below(6), random.chance(0.7) ? 1 : 1 + random.below(4)];
    const off = () => (random.chance(0.03) ? random.below(3) - 1 : 0);
    const weights = (bins) => array(random, batch * bins + off()).map(Math.abs);
    const given = random.of([
      () => ({
        source: () => weights(n), target: () => weights(m),
        cost: () => array(random, (random.chance(0.5) ? 1 : batch) * n * m + off()),
      }),
      () => this.between(n, m, batch, weights, off), () => this.pictures(weights),
      () => ({ pairwise: () => weights(n), cost: () => array(random, n * n).map(Math.abs) }),
    ])();
    return options(random, {
      ...given,
      ...(batch > 1 || random.chance(0.1) ? { batch: () => batch } : {}),
      ...(random.chance(0.1) ? { start: () => array(random, batch * m) } : {}),
      ...(random.chance(0.2) ? { reach: () => random.of([random.next(), { source: random.next() }, number(random)]) } : {}),
      ...(random.chance(0.1) ? { mass: () => (random.chance(0.7) ? random.next() : number(random)) } : {}),
      ...(random.chance(0.1) ? { normalize: () => random.chance(0.5) } : {}),
    }, 0.99);
  }

  /** Clouds of points, with weights or without. */
  between(n, m, batch, weights, off) {
    const { random } = this;
    const dimensions = 1 + random.below(5);
    const clouds = random.chance(0.5) ? 1 : batch;
    const points = (count) => array(random, clouds * count * dimensions + off());
    return {
      points: () => (random.chance(0.9) ? [points(n), points(m)] : points(n)), dimensions: () => dimensions,
      ...(random.chance(0.7) ? { source: () => weights(n), target: () => weights(m) } : {}),
      ...(random.chance(0.5)
        ? { cost: () => random.of(['squared', 'half-squared', 'cosine', { power: 1 + random.next() }, { power: number(random) }, 'l2']) }
        : {}),
    };
  }

  /** A grid of one to three axes, some of pictures. */
  pictures(weights) {
    const { random } = this;
    const grid = Array.from({ length: 1 + random.below(3) }, () => 1 + random.below(4));
    const [height, width] = grid;
    const pixels = grid.reduce((a, b) => a * b);
    const picture = () => {
      const length = random.of([1, 4, 4, 4, 3]) * pixels;
      const data = random.chance(0.5) ? Uint8ClampedArray.from({ length }, () => random.below(256)) : array(random, length).map(Math.abs);
      return { data, height, width };
    };
    const row = () => (grid.length === 2 && random.chance(0.6) ? picture() : weights(pixels));
    return {
      ...(random.chance(0.8) ? { source: row, target: row } : { pairwise: () => [picture(), picture()] }),
      ...(random.chance(0.8) ? { grid: () => grid } : {}),
      ...(random.chance(0.2) ? { spacing: () => random.of([random.next(), grid.map(() => random.next()), number(random)]) } : {}),
      ...(random.chance(0.2) ? { exponent: () => random.of([1, 1.5, 2, number(random)]) } : {}),
      ...(random.chance(0.2) ? { channel: () => random.of(['luminance', 'red', 'alpha', 'hue']) } : {}),
    };
  }

  async solve() {
    const solver = this.object('sinkhorns');
    const { options } = this.cancelling();
    const problem = this.or(() => this.problem());
    if (this.random.chance(0.8)) {
      this.keep('solutions', await Sinkhorn.prototype.solve.call(solver, this.context(), problem, options));
      return;
    }
    const debiased = await Sinkhorn.prototype.divergence.call(solver, this.context(), problem, options);
    this.keep('debiased', debiased);
    this.keep('solutions', debiased.cross());
  }

  ofSolution() {
    const { random } = this;
    const solution = this.object('solutions');
    const problem = this.or(() => random.below(3));
    const x = this.or(() => array(random, 1 + random.below(12)));
    const { prototype } = kantor.Solution;
    return this.random.of([
      () => prototype.plan.call(solution, problem), () => prototype.potentials.call(solution, problem),
      () => prototype.apply.call(solution, x, problem), () => prototype.applyTransposed.call(solution, x, problem),
      () => prototype.requireConverged.call(solution),
    ])();
  }

  property() {
    const { random } = this;
    const Class = random.of([Context, ...Object.values(classes)]);
    const getters = Object.entries(Object.getOwnPropertyDescriptors(Class.prototype)).filter(([, { get }]) => get);
    if (getters.length === 0) return undefined;
    const [, { get }] = random.of(getters);
    return get.call(random.chance(0.1) ? this.context() : this.object(random.of(Object.keys(this.objects))));
  }

  async rows() {
    const { random } = this;
    const [count, bins] = [1 + random.below(5), 1 + random.below(8)];
    const settings = random.chance(0.5) ? undefined : options(random, {
      input: () => random.of(['weights', 'logits', 'log-probabilities', 'counts']), normalize: () => random.chance(0.5),
      temperature: () => (random.chance(0.7) ? 1 : number(random)),
    }, 0.4);
    const values = this.or(() => array(random, count * bins + (random.chance(0.03) ? 1 : 0)));
    this.keep('rows', await Distributions.create(this.context(), values, this.or(() => bins), settings));
  }

  divergence() {
    const { random } = this;
    return this.keep('divergences', new Divergence(this.or(() => random.of(divergences)), this.or(() => options(random, {
      parameter: () => (random.chance(0.6) ? 0.5 : number(random)), unit: () => random.of(['nats', 'bits', 'bans']),
      precision: () => this.precision(), reduction: () => random.of(['none', 'sum', 'mean', 'max']),
      rowWeights: () => array(random, 1 + random.below(4)), mask: () => [true, false, true].slice(random.below(3)),
    }, 0.12))));
  }

  compare() {
    const { random } = this;
    const divergence = this.object('divergences');
    // Most often with itself: others have other lengths.
    const p = this.object('rows');
    const q = random.chance(0.5) ? p : this.object('rows');
    const { prototype } = Divergence;
    return random.of([
      () => prototype.rows.call(divergence, p, q), () => prototype.pairwise.call(divergence, p, q),
      () => prototype.valueAndGradient.call(divergence, p, q, this.or(() => options(random, {
        side: () => random.of(['p', 'q', 'both', 'r']), upstream: () => array(random, 1 + random.below(4)),
      }, 0.3))),
    ])();
  }

  async directions() {
    const { random } = this;
    const dimension = 1 + random.below(6);
    const values = this.or(() => array(random, (1 + random.below(6)) * dimension));
    this.keep('directions', await Directions.create(this.context(), values, this.or(() => dimension)));
  }

  async fit() {
    const settings = this.random.chance(0.5) ? undefined : options(this.random, {
      weights: () => array(this.random, 1 + this.random.below(6)), precision: () => this.precision(),
    }, 0.4);
    const { distribution } = await VonMisesFisher.fit(this.object('directions'), settings);
    this.keep('distributions', distribution);
  }

  distribution() {
    const { random } = this;
    const mean = this.or(() => array(random, 1 + random.below(6)));
    const concentration = this.or(() => (random.chance(0.7) ? 100 * random.next() : number(random)));
    return this.keep('distributions', new VonMisesFisher(mean, concentration));
  }

  ofDistribution() {
    const { random } = this;
    const distribution = this.object('distributions');
    const { prototype } = VonMisesFisher;
    return random.of([
      () => prototype.logDensity.call(distribution, this.object('directions'), this.or(() => ({ precision: this.precision() }))),
      () => prototype.klDivergence.call(distribution, this.object('distributions')),
      () => prototype.sample.call(distribution, this.or(() => random.below(20)), this.or(() => random.below(100))),
    ])();
  }

  bessel() {
    const { random } = this;
    const count = 1 + random.below(10);
    const points = (of) => this.or(() => (random.chance(0.3) ? number(random) : array(random, of).map((x) => Math.abs(x) * 10)));
    const settings = random.chance(0.5) ? undefined : this.or(() => ({ precision: this.precision() }));
    const [v, x] = [points(count), points(random.chance(0.9) ? count : 3)];
    return random.of([
      () => kantor.logBesselI(this.context(), v, x, settings), () => kantor.logBesselK(this.context(), v, x, settings),
      () => kantor.bessel(this.context(), this.or(() => random.of(bessels)), v, x, settings),
    ])();
  }

  async open() {
    const opened = await Context.create(this.or(() => options(this.random, { backend: () => this.random.of(['cpu', 'cpu', 'cuda']) }, 1)));
    opened.free();
  }

  check() {
    const { options: settings } = this.cancelling();
    return kantor.check(this.contexts.twin, typeof settings === 'object' && settings !== null ? settings : { kernel: this.or(() => 'vmf') });
  }

  free() {
    const [kind, Class] = this.random.of(Object.entries(classes));
    Class.prototype.free.call(this.object(kind));
  }

  // Running

  async one([name]) {
    let timer;
    const allowed = this.onDevice > 0 ? patience.device : patience.twin;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, allowed, 'late')));
    let outcome;
    try {
      const value = this[name]();
      outcome = (await Promise.race([Promise.resolve(value).then(() => 'done'), late]));
      if (outcome === 'late') this.faults.push(`${name} has not settled after ${allowed / 1000} s`);
    } catch (error) {
      outcome = this.judged(name, error);
    } finally {
      clearTimeout(timer);
    }
    this.counts[name] ??= {};
    this.counts[name][outcome] = (this.counts[name][outcome] ?? 0) + 1;
  }

  judged(name, error) {
    if (error === ours) return 'of the page';
    if (error instanceof Error && kinds.has(error.kind) && error.message.length > 0) return error.kind;
    const where = error?.cause?.stack ?? error?.stack ?? '';
    this.faults.push(`${name}: ${error?.name}, kind ${error?.kind}: ${error?.message ?? String(error)} ${where}`.slice(0, 1500));
    return 'fault';
  }
}

const weights = {
  sinkhorn: 8, solve: 14, ofSolution: 14, property: 8, rows: 12, divergence: 8, compare: 14, directions: 6, fit: 4,
  distribution: 4, ofDistribution: 8, bessel: 8, open: 2, check: 0.2, free: 3,
};

/** `calls` calls from a seed, `onDevice` of them on the device; how they ended by what they were, and all faults. */
export async function run({ seed, calls, onDevice }) {
  const twin = await Context.create({ backend: 'cpu' });
  const context = onDevice > 0 ? await Context.create({ backend: 'webgpu' }) : twin;
  const fuzz = new Fuzz(seed, { twin, context }, onDevice);
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  const start = performance.now();
  for (let made = 0; made < calls && fuzz.faults.length < 10;) {
    // One after the other, or some at once.
    const together = fuzz.random.chance(0.9) ? 1 : 2 + fuzz.random.below(3);
    const running = [];
    for (let k = 0; k < together && made < calls; k++, made++) {
      let at = fuzz.random.next() * total;
      running.push(fuzz.one(Object.entries(weights).find(([, weight]) => (at -= weight) < 0) ?? ['solve']));
    }
    await Promise.all(running);
    // The browser has its turn, and timers theirs.
    if (made % 100 < together) await new Promise((resolve) => setTimeout(resolve));
  }
  for (const [name, where] of Object.entries({ 'the twin afterwards': twin, 'the device afterwards': context })) {
    await solvesStill(where, name).catch((error) => fuzz.judged(name, error));
  }
  return { counts: fuzz.counts, faults: fuzz.faults, took: performance.now() - start };
}
