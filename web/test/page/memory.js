// Many solves and frees, for a look at the memory before and after.
import { Context, Sinkhorn } from 'kantor';
import { holds } from './assert.js';
import { randomProblem } from './problems.js';

let context;

/** Solves and frees `count` times on one context, each with its plan read. */
export async function solveAndFree(count) {
  context ??= await Context.create({ backend: 'webgpu' });
  const sinkhorn = new Sinkhorn({ epsilon: 0.1, tolerance: 1e-4 });
  const problem = randomProblem(100);
  for (let k = 0; k < count; k++) {
    const solution = await sinkhorn.solve(context, problem);
    const plan = await solution.plan();
    holds(plan.length === 10_000, 'plan');
    solution.free();
  }
  sinkhorn.free?.();
  return context.memory;
}

/** Opens a context, solves on it and frees both, `count` times. */
export async function openAndFree(count) {
  for (let k = 0; k < count; k++) {
    const mine = await Context.create({ backend: 'webgpu' });
    const solution = await new Sinkhorn({ epsilon: 0.5 }).solve(mine, randomProblem(16));
    solution.free();
    mine.free();
  }
  context ??= await Context.create({ backend: 'webgpu' });
  return { module: context.memory.module };
}
