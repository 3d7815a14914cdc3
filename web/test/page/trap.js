// The module stops in the middle of its work: every promise that is pending is rejected at once, and so is every later
// call, with one kind.
import {
  Context, Distributions, Divergence, Sinkhorn, VonMisesFisher, bessel, check, checkKernels, logBesselI, version,
} from 'kantor';
import { equal, failsWith, holds } from './assert.js';
import { endlessSolve } from './problems.js';

const half = new Float32Array([0.5, 0.5]);

/** The module's own exports, as the package's bindings have them. */
const exportsOfModule = async () => (await import('../../pkg/kantor_web.js')).default();

/** The promise's error, which must come soon. */
function soon(promise, what) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error(`${what} does not settle`)), 10_000));
  return failsWith('internal', () => Promise.race([promise, late]), what);
}

/**
 * Stops the module as memory that is not to be had does, within a call that the browser makes: where a solve tells its
 * progress.
 */
export async function stopWithinASolve(backend) {
  const context = await Context.create({ backend });
  const rows = await Distributions.create(context, half, 2);
  const divergence = new Divergence('kl');
  const sinkhorn = new Sinkhorn({ epsilon: 1 });
  const distribution = new VonMisesFisher(new Float64Array([1, 0]), 1);
  const module = await exportsOfModule();
  let told = 0;
  const stops = () => {
    told++;
    module.__wbindgen_malloc(2 ** 32 - 1, 1);
  };
  const pending = {
    'another solve': endlessSolve(context),
    'the solve that stopped': endlessSolve(context, { onProgress: stops }),
  };
  for (const [what, promise] of Object.entries(pending)) {
    const error = await soon(promise, what);
    holds(/load the page again/.test(error.message), `${what} says what to do: ${error.message}`);
    holds(error.cause instanceof Error, `${what}: cause`);
  }
  equal(told, 1, 'how often progress was told');

  for (const [what, work] of Object.entries({
    'a solve': () => sinkhorn.solve(context, {}),
    'a context': () => Context.create({ backend: 'webgpu' }), rows: () => Distributions.create(context, half, 2),
    values: () => divergence.rows(rows, rows), pairs: () => divergence.pairwise(rows, rows),
    'log I': () => logBesselI(context, 1, 1), bessel: () => bessel(context, 'log-k', 1, 1), check: () => check(context),
    fit: () => VonMisesFisher.fit(rows),
    'what is synchronous': async () => distribution.sample(1), 'a property': async () => rows.length,
    'a constructor': async () => new Divergence('kl'), version: async () => version(), kernels: async () => checkKernels(),
    memory: async () => context.memory,
  })) {
    // An object of the wrong class is found before the module is asked.
    if (what === 'fit') await failsWith('invalid-input', work, what);
    else await soon(work(), what);
  }
  for (const object of [context, rows, divergence, distribution]) object.free(); // no error, and nothing
}

/** A trap in the middle of a call of the page's. */
export async function stopWithinACall() {
  const context = await Context.create({ backend: 'cpu' });
  const module = await exportsOfModule();
  const solving = endlessSolve(context);
  const options = { get epsilon() { return module.__wbindgen_malloc(2 ** 32 - 1, 1); } };
  await failsWith('internal', async () => new Sinkhorn(options), 'the call that stopped');
  await soon(solving, 'a solve meanwhile');
}

/** After a reload the page has a module that works. */
export async function works() {
  const context = await Context.create({ backend: 'cpu' });
  equal((await logBesselI(context, 0, 0))[0], 0, 'ln I_0(0)');
  context.free();
}
