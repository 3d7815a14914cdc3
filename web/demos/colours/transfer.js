// The steps from two photographs to one, each remembered until what it depends on changes.
import { Sinkhorn } from '../shared/kantor.js';
import { countColours, paletteOf } from './palette.js';
import { displacementField } from './recolour.js';

const tolerance = 1e-4; // a ten-thousandth of the pixels: nobody sees that
const maxIterations = 5000;

// Adds `palette` to a photograph, of at most `size` colours.
export async function addPalette(photograph, size, signal, onProgress) {
  photograph.counted ??= await countColours(photograph.image, signal);
  if (photograph.counted.counts.length === 0) {
    const message = `“${photograph.name}” has no pixel that is not transparent, and so no colours.`;
    throw Object.assign(new Error(message), { kind: 'invalid-input', argument: 'photograph' });
  }
  if (photograph.paletteSize === size) return;
  photograph.palette = await paletteOf(photograph.counted, size, signal, onProgress);
  photograph.paletteSize = size;
}

// The colours that those of `source` move to, with what the solve says of itself.
export async function matchPalettes(context, source, target, relativeEpsilon, options) {
  const [n, m] = [source.weights.length, target.weights.length];
  const cost = new Float32Array(n * m);
  let largest = 1e-6; // not 0 where all colours are one: ε is a part of it
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let distance = 0;
      for (let axis = 0; axis < 3; axis++) distance += (source.colours[3 * i + axis] - target.colours[3 * j + axis]) ** 2;
      cost[i * m + j] = distance;
      if (distance > largest) largest = distance;
    }
  }
  const sinkhorn = new Sinkhorn({ epsilon: relativeEpsilon * largest, tolerance, maxIterations });
  const solution = await sinkhorn.solve(context, { source: source.weights, target: target.weights, cost }, options);
  try {
    return {
      moved: await barycentres(solution, target.colours, n, m),
      converged: solution.converged[0],
      iterations: solution.iterations[0],
      marginalError: solution.marginalError[0],
      transportCost: solution.transportCost[0],
      variant: solution.variant,
    };
  } finally {
    solution.free();
  }
}

// Σ_j P_ij y_j / Σ_j P_ij for every i: a fourth coordinate of ones gives the sum below.
async function barycentres(solution, colours, n, m) {
  const withOnes = new Float32Array(4 * m);
  for (let j = 0; j < m; j++) withOnes.set([...colours.subarray(3 * j, 3 * j + 3), 1], 4 * j);
  const sums = await solution.apply(withOnes);
  const means = new Float32Array(3 * n);
  for (let i = 0; i < n; i++) {
    for (let axis = 0; axis < 3; axis++) means[3 * i + axis] = sums[4 * i + axis] / sums[4 * i + 3];
  }
  return means;
}

export function fieldOf(photograph, moved, signal) {
  return displacementField(photograph.counted.cells, photograph.palette.colours, moved, signal);
}
