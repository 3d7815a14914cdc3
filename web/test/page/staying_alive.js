// Lost devices and cancelled solves: each is one rejected promise, and the next try works.
import { Context, Distributions, Divergence } from 'kantor';
import { equal, failsWith, holds } from './assert.js';
import { endlessSolve, solvesStill } from './problems.js';

/** A promise of the first progress of a solve, and the options that tell it. */
function firstProgress() {
  let told;
  const begun = new Promise((resolve) => (told = resolve));
  return { begun, onProgress: told };
}

const milliseconds = (start) => `${(performance.now() - start).toFixed(0)} ms`;

export const tests = {
  async 'the device is destroyed before a solve'() {
    const context = await Context.create({ backend: 'webgpu' });
    await solvesStill(context, 'before');
    context.device.destroy();
    await failsWith('device-lost', () => solvesStill(context, 'after'), 'a solve on a destroyed device');
    const half = new Float32Array([0.5, 0.5]);
    await failsWith('device-lost', async () => {
      const rows = await Distributions.create(context, half, 2);
      await new Divergence('kl').rows(rows, rows);
    }, 'rows on a destroyed device');
    context.free();
    const fresh = await Context.create({ backend: 'webgpu' });
    equal(fresh.backend, 'webgpu', 'backend of the new context');
    await solvesStill(fresh, 'on a new context');
    fresh.free();
  },

  async 'the device is destroyed during a solve'() {
    const context = await Context.create({ backend: 'webgpu' });
    const { begun, onProgress } = firstProgress();
    const solving = failsWith('device-lost', () => endlessSolve(context, { onProgress }), 'a solve that lost its device');
    await begun;
    const start = performance.now();
    context.device.destroy();
    const error = await solving;
    const took = milliseconds(start);
    context.free();
    const fresh = await Context.create({ backend: 'webgpu' });
    await solvesStill(fresh, 'on a new context');
    fresh.free();
    return [`rejected ${took} after: ${error.message}`];
  },

  async 'an abort before a solve'({ context }) {
    const error = await failsWith('cancelled', () => endlessSolve(context, { signal: AbortSignal.abort() }), 'aborted before');
    equal(error.name, 'AbortError', 'name');
    await solvesStill(context, 'the same context');
  },

  async 'an abort during a solve'({ context }) {
    const controller = new AbortController();
    const { begun, onProgress } = firstProgress();
    const solving = failsWith('cancelled', () => endlessSolve(context, { signal: controller.signal, onProgress }), 'aborted');
    await begun;
    const start = performance.now();
    controller.abort();
    const error = await solving;
    const took = milliseconds(start);
    equal(error.name, 'AbortError', 'name');
    await solvesStill(context, 'the same context');
    return [`rejected ${took} after`];
  },

  async 'an abort on the CPU twin'({ twin }) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50); // comes to run only if the solve yields
    const error = await failsWith('cancelled', () => endlessSolve(twin, { signal: controller.signal }), 'aborted on the CPU');
    equal(error.name, 'AbortError', 'name');
    await solvesStill(twin, 'the same context');
  },

  async 'two solves at once on one context'({ context }) {
    await Promise.all([solvesStill(context, 'one'), solvesStill(context, 'other')]);
  },

  async 'a context freed while others solve'({ context }) {
    const other = await Context.create({ backend: 'webgpu' });
    holds(other.device !== context.device, 'every context has its own device');
    await solvesStill(other, 'the other');
    other.free();
    await solvesStill(context, 'the first');
  },
};

/** Starts a solve that only leaving the page ends; resolves once it is under way. */
export async function startEndlessSolve() {
  const context = await Context.create({ backend: 'webgpu' });
  const { begun, onProgress } = firstProgress();
  endlessSolve(context, { onProgress }).catch(() => {}); // the page goes before it ends
  await begun;
}

/** Solves over and over for some seconds, and says how often. */
export async function solveFor(seconds) {
  const context = await Context.create({ backend: 'webgpu' });
  equal(context.backend, 'webgpu', 'backend');
  const end = performance.now() + 1000 * seconds;
  let solves = 0;
  for (; performance.now() < end; solves++) await solvesStill(context, `solve ${solves}`);
  context.free();
  return solves;
}

/** Without WebGPU the CPU twin answers, and says why; WebGPU alone is an error of this `kind`. */
export async function fallsBack(kind) {
  const context = await Context.create();
  equal(context.backend, 'cpu', 'backend');
  equal(context.device, undefined, 'device');
  holds(context.fallbackReason?.length > 0, 'no reason is given');
  await solvesStill(context, 'on the CPU');
  const { adapter, fallbackReason } = context;
  context.free();
  const error = await failsWith(kind, () => Context.create({ backend: 'webgpu' }), 'WebGPU and nothing else');
  return [`${adapter}: ${fallbackReason}`, `without a fallback: ${error.message}`];
}

/** Where shaders run on the CPU the twin answers and says why; the adapter does where it is named. */
export async function prefersTheTwin() {
  const context = await Context.create();
  equal(context.backend, 'cpu', 'backend');
  holds(/runs shaders on the CPU/.test(context.fallbackReason), `the reason is ${context.fallbackReason}`);
  await solvesStill(context, 'on the twin');
  const named = await Context.create({ backend: 'webgpu' });
  equal(named.backend, 'webgpu', 'the backend that was named');
  equal(named.fallbackReason, undefined, 'reason for nothing');
  await solvesStill(named, 'on the adapter');
  const notes = [`${context.adapter}: ${context.fallbackReason}`, `named: ${named.adapter}`];
  context.free();
  named.free();
  return notes;
}
