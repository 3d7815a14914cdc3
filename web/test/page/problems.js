// Problems that take as long as a test needs.
import { Sinkhorn } from 'kantor';
import { holds, within } from './assert.js';
import { Random, normalized } from './random.js';

/** n × n costs in [0, 1), weights from a fixed generator. */
export function randomProblem(n, seed = 4) {
  const random = new Random(seed);
  const cost = random.array(n * n);
  return { source: normalized(random.array(n)), target: normalized(random.array(n)), cost };
}

/** A solve that does not end by itself within a test's time. */
export function endlessSolve(context, options) {
  const sinkhorn = new Sinkhorn({ epsilon: 1e-3, tolerance: 0, maxIterations: 1_000_000 });
  return sinkhorn.solve(context, randomProblem(300), options);
}

/** Solves the 2 × 2 problem whose answer is known, and fails unless it is found. */
export async function solvesStill(context, what) {
  const half = new Float32Array([0.5, 0.5]);
  const solution = await new Sinkhorn({ epsilon: 1, tolerance: 1e-6 }).solve(context, {
    source: half, target: half, cost: new Float32Array([0, 1, 1, 0]),
  });
  within(solution.transportCost[0], 0.268_941_421_369_995, 1e-6, `${what}: transport cost`);
  holds(solution.converged[0], `${what}: converged`);
  solution.free();
}
