// Answers known without this library. Runs in every browser, under Deno, and from the packed tarball under Vite.
import { Directions, Distributions, Divergence, Sinkhorn, VonMisesFisher, bessel, logBesselI, logBesselK } from 'kantor';
import { allWithin, equal, holds, within } from './assert.js';

export const tests = {
  // C = [[0, 1], [1, 0]], equal weights, ε = 1: the plan has ½/(1 + e⁻¹) on its diagonal, and the rest costs 1 a unit.
  async 'transport of 2 × 2'({ context }) {
    const half = new Float32Array([0.5, 0.5]);
    const sinkhorn = new Sinkhorn({ epsilon: 1, tolerance: 1e-6 });
    const solution = await sinkhorn.solve(context, {
      source: half, target: half, cost: new Float32Array([0, 1, 1, 0]),
    });
    try {
      const same = 0.365_529_289_315_002;
      allWithin(await solution.plan(), [same, 0.5 - same, 0.5 - same, same], 1e-6, 'plan');
      within(solution.transportCost[0], 0.268_941_421_369_995, 1e-6, 'transport cost');
      within(solution.marginalError[0], 0, 1e-6, 'marginal error');
      equal(solution.converged[0], true, 'converged');
    } finally {
      solution.free();
    }
  },

  // Masses of 1.5 and 0.7 at a distance of 0.8, ε = 0.3, ρ = 0.9: (αβ)^((ε+ρ)/(ε+2ρ)) e^(−C/(ε+2ρ)) of it moves.
  async 'transport between points whose masses differ'({ context }) {
    const sinkhorn = new Sinkhorn({ epsilon: 0.3, tolerance: 1e-6 });
    const solution = await sinkhorn.solve(context, {
      points: [new Float32Array([0]), new Float32Array([0.8])], dimensions: 1, cost: { power: 1 },
      source: new Float32Array([1.5]), target: new Float32Array([0.7]), reach: 0.9,
    });
    try {
      within(solution.mass[0], 0.702_526_407_915_996, 1e-5, 'mass');
      within(solution.regularizedCost[0], 0.819_694_543_376_408, 1e-5, 'regularized cost');
      equal(solution.stop[0], 'converged', 'stop');
    } finally {
      solution.free();
    }
  },

  async 'KL of counts, and +∞ where supports part'({ context }) {
    const p = await Distributions.create(context, new Float32Array([9, 12, 4]), 3, { normalize: true });
    const q = await Distributions.create(context, new Float32Array([1, 1, 1]), 3, { normalize: true });
    const parted = await Distributions.create(context, new Float32Array([1, 1, 0]), 3, { normalize: true });
    try {
      const kl = new Divergence('kl');
      within((await kl.rows(p, q)).values[0], 0.085_299_601_318_370_57, 1e-7, 'KL');
      const infinite = await kl.rows(p, parted);
      equal(infinite.values[0], Infinity, 'KL where q misses a bin');
      equal(infinite.pWithoutQ[0], true, 'p without q');
      equal(infinite.qWithoutP[0], false, 'q without p');
      within((await new Divergence('js').rows(p, p)).values[0], 0, 1e-12, 'JS of p with itself');
    } finally {
      for (const rows of [p, q, parted]) rows.free();
    }
  },

  async 'log I_2048(100) and half-integer orders'({ context }) {
    const value = -5558.908_112_685_162;
    const [large] = await logBesselI(context, 2048, 100, { precision: 'double' });
    within(large, value, 5e-14 * (1 - value), 'log I_2048(100)');
    // I_½(x) = √(2/πx) sinh x, K_½(x) = √(π/2x) e⁻ˣ.
    const x = new Float64Array([0.25, 1, 4, 16]);
    const i = x.map((x) => 0.5 * Math.log(2 / (Math.PI * x)) + Math.log(Math.sinh(x)));
    const k = x.map((x) => 0.5 * Math.log(Math.PI / (2 * x)) - x);
    const bound = (j) => 5e-14 * (Math.max(x[j], Math.abs(i[j]), Math.abs(k[j])) + 1);
    allWithin(await logBesselI(context, 0.5, x, { precision: 'double' }), i, bound, 'log I_½');
    allWithin(await logBesselK(context, 0.5, x, { precision: 'double' }), k, bound, 'log K_½');
    within((await bessel(context, 'log-gamma', 0, 10, { precision: 'double' }))[0], Math.log(362_880), 1e-12, 'ln Γ(10)');
  },

  // On the sphere in three dimensions the mean resultant length is coth κ − 1/κ.
  async 'a fit on the sphere'({ context }) {
    const values = new Float64Array([1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0]);
    const length = Math.sqrt(10) / 4; // of (3, 1, 0)/4
    let [low, high] = [0.1, 100];
    for (let k = 0; k < 100; k++) {
      const middle = (low + high) / 2;
      if (1 / Math.tanh(middle) - 1 / middle < length) low = middle;
      else high = middle;
    }
    const directions = await Directions.create(context, values, 3);
    try {
      for (const [precision, share] of [['single', 1e-5], ['double', 1e-9]]) {
        const fit = await VonMisesFisher.fit(directions, { precision });
        within(fit.meanResultantLength, length, share, `mean resultant length, ${precision}`);
        within(fit.distribution.concentration, low, share * low, `concentration, ${precision}`);
        allWithin(fit.distribution.mean, [3 / Math.sqrt(10), 1 / Math.sqrt(10), 0], share, `mean, ${precision}`);
        holds(!fit.isUniform && !fit.isPointMass, 'neither uniform nor a point');
        fit.distribution.free();
      }
    } finally {
      directions.free();
    }
  },
};
