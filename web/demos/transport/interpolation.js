// Displacement interpolation: the mass P_ij of a plan at (1 − t) x_i + t y_j.
import { paced } from '../shared/pace.js';

// The entries of an n×m plan as lists. Left out are those below a thousandth of the mean entry, a thousandth of the mass
// together at most: most plans are nearly empty, and every frame of the animation goes through the list.
export async function linksOf(plan, n, m, signal) {
  const least = 1e-3 / (n * m);
  const kept = plan.reduce((count, mass) => count + (mass > least), 0);
  const links = { from: new Uint32Array(kept), to: new Uint32Array(kept), mass: new Float64Array(kept) };
  let next = 0;
  await paced(n, (i) => {
    for (let j = 0; j < m; j++) {
      const mass = plan[i * m + j];
      if (!(mass > least)) continue;
      links.from[next] = i;
      links.to[next] = j;
      links.mass[next++] = mass;
    }
  }, { signal });
  return links;
}

// Histogram on a line of `bins` equal bins: each mass is shared by the two bins whose centres it lies between.
export function splatLine(links, bins, t) {
  const values = new Float64Array(bins);
  for (let k = 0; k < links.mass.length; k++) {
    const at = (1 - t) * links.from[k] + t * links.to[k];
    const bin = Math.min(bins - 2, Math.floor(at));
    values[bin] += links.mass[k] * (bin + 1 - at);
    values[bin + 1] += links.mass[k] * (at - bin);
  }
  return values;
}

// The same on a grid of side×side cells, row by row: each mass is shared by four cells.
export function splatGrid(links, side, t) {
  const values = new Float64Array(side * side);
  for (let k = 0; k < links.mass.length; k++) {
    const i = links.from[k];
    const j = links.to[k];
    const x = (1 - t) * (i % side) + t * (j % side);
    const y = (1 - t) * Math.floor(i / side) + t * Math.floor(j / side);
    const column = Math.min(side - 2, Math.floor(x));
    const row = Math.min(side - 2, Math.floor(y));
    const right = x - column;
    const down = y - row;
    const cell = row * side + column;
    const mass = links.mass[k];
    values[cell] += mass * (1 - right) * (1 - down);
    values[cell + 1] += mass * right * (1 - down);
    values[cell + side] += mass * (1 - right) * down;
    values[cell + side + 1] += mass * right * down;
  }
  return values;
}
