// A solve that is watched, and the first answer of a page.
import { Context, Sinkhorn } from 'kantor';
import { watch, watched } from './main_thread.js';
import { randomProblem } from './problems.js';

/** Solves n × n once to compile, then again while watching: milliseconds of the solve and of the longest blocks. */
export async function solveWatched(n, backend) {
  const context = await Context.create(backend && { backend });
  const sinkhorn = new Sinkhorn({ epsilon: 0.01, tolerance: 0, maxIterations: 300 });
  const problem = randomProblem(n);
  const solve = async () => {
    const solution = await sinkhorn.solve(context, problem);
    await solution.plan();
    solution.free();
  };
  await solve();
  await new Promise((resolve) => setTimeout(resolve, 200)); // what the first left behind
  watch();
  await solve();
  const result = watched();
  context.free();
  return result;
}

/** Milliseconds from the start of the navigation to an answer; call it first thing on a page. */
export async function firstResult(backend) {
  const context = await Context.create({ backend });
  const solution = await new Sinkhorn({ epsilon: 0.05 }).solve(context, randomProblem(32));
  const took = performance.now();
  solution.free();
  context.free();
  return took;
}
