// Objects that are made to mislead: what is read of them is what they are, or an error with a kind; and the module goes on.
import { Context, Distributions, Divergence, Sinkhorn, VonMisesFisher, bessel, logBesselI } from 'kantor';
import { equal, failsWith, holds, within } from './assert.js';
import { solvesStill } from './problems.js';

const half = new Float32Array([0.5, 0.5]);
const cost = new Float32Array([0, 1, 1, 0]);
const problem = { source: half, target: half, cost };
const solve = (context, changes, options) => new Sinkhorn({ epsilon: 1 }).solve(context, { ...problem, ...changes }, options);

const thrown = new RangeError('mine');
const throws = () => {
  throw thrown;
};

/** Runs `work` while `Object.prototype` has these properties. */
async function polluted(properties, work) {
  // Descriptors inherit, too.
  const bare = (property) => Object.assign(Object.create(null), property, { configurable: true });
  try {
    for (const [name, property] of Object.entries(properties)) Object.defineProperty(Object.prototype, name, bare(property));
    return await work();
  } finally {
    for (const name of Object.keys(properties)) delete Object.prototype[name];
  }
}

export const tests = {
  async 'options are an object’s own'({ twin }) {
    const inherited = Object.create({ epsilon: 1 });
    await failsWith('invalid-input', () => new Sinkhorn(inherited), 'an ε that is inherited');
    await failsWith('invalid-input', () => new Sinkhorn(Object.create(null)), 'nothing at all');
    new Sinkhorn(Object.assign(Object.create(null), { epsilon: 1 })).free();
    class Settings { epsilon = 1; }
    new Sinkhorn(new Settings()).free();
    await failsWith('invalid-input', () => new Sinkhorn(Object.defineProperty({ epsilon: 1 }, 'hidden', { value: 1 })), 'hidden');
    await failsWith('invalid-input', () => logBesselI(twin, 1, 1, Object.create({}, { precison: { value: 'double' } })), 'a slip');
  },

  async 'what is upon Object.prototype is no option'({ twin }) {
    const names = ['precision', 'maxIterations', 'tolerance', 'annealing', 'batch', 'start', 'points', 'grid', 'pairwise', 'dimensions',
      'spacing', 'exponent', 'channel', 'reach', 'mass', 'normalize', 'relative', 'power', 'signal', 'onProgress', 'input',
      'temperature', 'parameter', 'unit', 'reduction', 'backend', 'kernel', 'upstream', 'side'];
    const nonsense = Object.fromEntries(names.map((name) => [name, { value: 'nonsense', writable: true }]));
    await polluted(nonsense, async () => {
      await solvesStill(twin, 'under inherited options');
      const rows = await Distributions.create(twin, half, 2);
      equal((await new Divergence('kl').rows(rows, rows)).values[0], 0, 'KL');
      rows.free();
      (await Context.create({ backend: 'cpu' })).free();
    });
  },

  async 'setters and getters upon Object.prototype see nothing'({ twin }) {
    let seen = 0;
    const spy = { get: () => { seen++; }, set: () => { seen++; } };
    const names = ['kind', 'argument', 'row', 'index', 'cause', 'values', 'reduced', 'f', 'g', 'distribution', 'finished'];
    await polluted(Object.fromEntries(names.map((name) => [name, spy])), async () => {
      const rows = await Distributions.create(twin, half, 2);
      const found = await new Divergence('kl').rows(rows, rows);
      holds(Object.hasOwn(found, 'values') && found.values[0] === 0, 'values are the result’s own');
      rows.free();
      const error = await Promise.resolve().then(() => new Sinkhorn({})).catch((error) => error);
      holds(Object.hasOwn(error, 'kind') && error.kind === 'invalid-input', 'kind is the error’s own');
      const freed = await Promise.resolve().then(() => rows.length).catch((error) => error);
      holds(Object.hasOwn(freed, 'kind') && freed.kind === 'invalid-input', 'kind of a freed object');
      const solution = await solve(twin, {}, { onProgress: (progress) => holds(Object.hasOwn(progress, 'finished'), 'progress') });
      holds(Object.hasOwn(await solution.potentials(), 'f'), 'potentials');
      solution.free();
    });
    equal(seen, 0, 'properties that passed through Object.prototype');
    // Descriptors are objects too.
    await polluted({ get: { value: () => 'nonsense' } }, () => solvesStill(twin, 'under a getter for all'));
  },

  async 'getters and proxies that throw'({ twin }) {
    const trap = (name) => new Proxy({ epsilon: 1 }, { [name]: throws });
    const { proxy, revoke } = Proxy.revocable({ epsilon: 1 }, {});
    revoke();
    for (const [what, work] of Object.entries({
      getter: () => new Sinkhorn({ get epsilon() { return throws(); } }),
      keys: () => new Sinkhorn(trap('ownKeys')),
      descriptor: () => new Sinkhorn(trap('getOwnPropertyDescriptor')),
      get: () => new Sinkhorn(trap('get')),
      revoked: () => new Sinkhorn(proxy),
      'revoked array': () => logBesselI(twin, proxy, 1),
      'revoked source': () => solve(twin, { source: proxy }),
      'revoked problem': () => new Sinkhorn({ epsilon: 1 }).solve(twin, proxy),
      'revoked signal': () => solve(twin, {}, { signal: proxy }),
      'revoked mask': () => new Divergence('kl', { reduction: 'sum', mask: proxy }),
      'mask of getters': () => new Divergence('kl', { reduction: 'sum', mask: Object.defineProperty([true], 0, { get: throws }) }),
      'endless mask': () => new Divergence('kl', { reduction: 'sum', mask: new Array(2 ** 32 - 1) }),
      constructor: () => solve(twin, { source: { get constructor() { return throws(); } } }),
      'width of a picture': () => solve(twin, { source: { get width() { return throws(); } } }),
      'data of a picture': () => solve(twin, { source: { width: 1, height: 2, get data() { return throws(); } } }),
      'pictures that throw': () => solve(twin, { source: new Proxy([], { get: throws }) }),
      'revoked reach': () => solve(twin, { reach: proxy }),
      'revoked points': () => solve(twin, { cost: undefined, points: proxy, dimensions: 1 }),
      'points of getters': () => solve(twin, { cost: undefined, points: Object.defineProperty([half, half], 1, { get: throws }), dimensions: 1 }),
      'endless grid': () => solve(twin, { cost: undefined, grid: new Array(2 ** 32 - 1) }),
      'endless pictures': () => solve(twin, { source: new Array(2 ** 32 - 1) }),
      'many pictures': () => solve(twin, { source: new Array(2 ** 26) }),
    })) {
      const error = await failsWith('invalid-input', work, what);
      if (['getter', 'keys', 'descriptor', 'get', 'mask of getters'].includes(what)) equal(error.cause, thrown, `${what}: cause`);
    }
    await solvesStill(twin, 'afterwards');
  },

  async 'objects that are freed while they are read, or are others'({ twin }) {
    const [one, other] = [await Distributions.create(twin, half, 2), await Distributions.create(twin, half, 2)];
    const divergence = new Divergence('kl');
    const freeing = (object) => ({ get side() { return object.free(); } });
    const error = await failsWith('invalid-input', () => divergence.valueAndGradient(one, other, freeing(other)), 'freed while read');
    equal(error.cause?.kind, 'invalid-input', 'kind of what free() has thrown');
    equal((await divergence.rows(one, other)).values[0], 0, 'both are alive');
    const plan = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(await solve(twin)), 'plan').value;
    await failsWith('invalid-input', () => plan.call(one), 'a method on an object of another class');
    await failsWith('invalid-input', () => plan(), 'a method on nothing');
    await failsWith('invalid-input', () => divergence.rows(one, Object.create(Distributions.prototype)), 'an object of nothing');
    // Thrown through the module, each of these would take some of its stack for good.
    one.free();
    for (let k = 0; k < 20_000; k++) await divergence.rows(one, other).catch(() => {});
    await failsWith('invalid-input', () => divergence.rows(one, other), 'a freed object');
    other.free();
    await solvesStill(twin, 'afterwards');
  },

  async 'arrays that are not what they say'({ twin }) {
    const shadowed = Object.defineProperty(new Float32Array([0.5, 0.5]), 'length', { get: throws });
    (await solve(twin, { source: shadowed })).free();
    const longer = Object.defineProperty(new Float64Array([0.5, 0.5]), 'length', { value: 1e9 });
    (await solve(twin, { source: longer })).free();
    const species = new Float32Array([0.5, 0.5]);
    species.constructor = { [Symbol.species]: throws };
    (await solve(twin, { source: species })).free();
    const bytes = Object.setPrototypeOf(new Uint8Array(2), Float32Array.prototype);
    const view = Object.setPrototypeOf(new DataView(new ArrayBuffer(8)), Float64Array.prototype);
    const moved = new Float32Array(2);
    structuredClone(moved.buffer, { transfer: [moved.buffer] });
    for (const [what, source] of Object.entries({
      'bytes in disguise': bytes, 'a view in disguise': view, 'no array at all': Object.create(Float32Array.prototype),
      'a buffer that was handed over': moved, 'a proxy of an array': new Proxy(half, {}),
    })) {
      await failsWith('invalid-input', () => solve(twin, { source }), what);
    }
    // Of another page's realm, an array is an array all the same.
    const frame = document.body.appendChild(document.createElement('iframe'));
    const elsewhere = new frame.contentWindow.Float64Array([0.5, 0.5]);
    const solution = await solve(twin, { source: elsewhere });
    within(solution.transportCost[0], 0.268_941_421, 1e-6, 'an array of another realm');
    solution.free();
    frame.remove();
  },

  async 'sizes beyond memory are refused'({ context, twin }) {
    const huge = new Float32Array(2 ** 26 + 1); // the browser's pages are not touched
    const long = 'x'.repeat(2 ** 26);
    for (const where of [twin, context]) {
      const error = await failsWith('limit-exceeded', () => solve(where, { cost: huge }), 'a cost of 67,108,865');
      equal(error.needed, 2 ** 26 + 1, 'needed');
      equal(error.available, 2 ** 26, 'available');
      equal(error.argument, 'cost', 'argument');
      await failsWith('limit-exceeded', () => Distributions.create(where, huge, 1), 'rows');
      await failsWith('limit-exceeded', () => logBesselI(where, 1, huge), 'arguments');
      const rows = await Distributions.create(where, new Float32Array(10_000).fill(1), 1);
      await failsWith('limit-exceeded', () => new Divergence('kl').pairwise(rows, rows), '10⁸ pairs');
      rows.free();
      const rowsOfOne = { pairwise: new Float32Array(20_000).fill(1), cost: new Float32Array(1) };
      await failsWith('limit-exceeded', () => new Sinkhorn({ epsilon: 1 }).solve(where, rowsOfOne), '2·10⁸ pairs');
      const wide = await solve(where, { source: new Float32Array(10_000).fill(1), target: half.slice(1), cost: new Float32Array(10_000) });
      await failsWith('limit-exceeded', () => wide.apply(new Float32Array(10_000)), 'a product of 10⁸');
      wide.free();
      await failsWith('invalid-input', () => bessel(where, long, 1, 1), 'a name of 64 MB');
      await failsWith('invalid-input', () => Context.create({ [long]: 1 }), 'an option of 64 MB');
    }
    const distribution = new VonMisesFisher(new Float64Array([1, 0]), 1);
    await failsWith('limit-exceeded', () => distribution.sample(2 ** 32 - 1), 'samples');
    distribution.free();
    const endless = { epsilon: 1e-20, maxIterations: 2 ** 32 - 1, annealing: { from: 1e20, factor: 0.9999999 } };
    await failsWith('invalid-input', () => new Sinkhorn(endless).solve(twin, problem), 'annealing without an end');
    await solvesStill(twin, 'afterwards');
    return [`the module's memory is ${twin.memory.module / 2 ** 20} MB`];
  },

  // What is let in must not stop the module either.
  async 'sizes at the limit end in a result or an error'({ twin }) {
    const notes = [];
    for (const numbers of [Float32Array, Float64Array]) {
      for (const [what, work] of Object.entries({
        rows: async (values) => {
          const rows = await Distributions.create(twin, values, 1024);
          rows.free();
        },
        cost: async (values) => {
          const bins = new Float32Array(8192).fill(1);
          const sinkhorn = new Sinkhorn({ epsilon: 1, maxIterations: 1 });
          (await sinkhorn.solve(twin, { source: bins, target: bins, cost: values })).free();
        },
      })) {
        const said = await work(new numbers(2 ** 26).fill(1)).then(() => 'done', (error) => error.kind);
        notes.push(`${what} of 2²⁶ in a ${numbers.name}: ${said}; the module has ${twin.memory.module / 2 ** 20} MB`);
        holds(['done', 'out-of-memory', 'limit-exceeded'].includes(said), `${what}: ${said}`);
      }
    }
    await solvesStill(twin, 'afterwards');
    return notes;
  },
};
