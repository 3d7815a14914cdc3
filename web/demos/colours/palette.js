// The colours of a photograph: how often each occurs, and some hundred that stand for them all.
import { paced } from '../shared/pace.js';
import { oklabOfBytes } from '../shared/oklab.js';

// The colour cube, 32 cells a side: a cell holds 8 levels of every channel.
const cellOf = (red, green, blue) => ((red >> 3) << 10) | ((green >> 3) << 5) | (blue >> 3);
const cubeCells = 32 ** 3;

// The occupied cells, with the number of pixels and the mean colour (in Oklab) of each. All pixels count but those more
// transparent than not.
export async function countColours({ data, width, height }, signal) {
  const counts = new Uint32Array(cubeCells);
  const sums = new Float64Array(3 * cubeCells);
  await paced(height, (row) => {
    for (let at = 4 * row * width; at < 4 * (row + 1) * width; at += 4) {
      if (data[at + 3] < 128) continue;
      const cell = cellOf(data[at], data[at + 1], data[at + 2]);
      counts[cell]++;
      for (let channel = 0; channel < 3; channel++) sums[3 * cell + channel] += data[at + channel];
    }
  }, { signal });
  const cells = Uint16Array.from(counts.keys()).filter((cell) => counts[cell] > 0);
  const colours = new Float32Array(3 * cells.length);
  cells.forEach((cell, i) => {
    const [red, green, blue] = [0, 1, 2].map((channel) => sums[3 * cell + channel] / counts[cell]);
    oklabOfBytes(red, green, blue, colours, 3 * i);
  });
  return { cells, colours, counts: Float32Array.from(cells, (cell) => counts[cell]) };
}

// At most `size` colours by k-means on the occupied cells, each weighing its pixels, from dark to light.
export async function paletteOf(counted, size, signal, onProgress) {
  const rounds = 12;
  const centres = await seeds(counted, Math.min(size, counted.counts.length), signal);
  let weights;
  for (let round = 0; round < rounds; round++) {
    const { moved, masses } = await lloyd(counted, centres, signal);
    weights = masses;
    onProgress?.((round + 1) / rounds);
    if (moved < 1e-6) break;
  }
  const order = [...weights.keys()].filter((k) => weights[k] > 0).sort((i, j) => centres[3 * i] - centres[3 * j]);
  return {
    colours: Float32Array.from(order.flatMap((k) => [...centres.subarray(3 * k, 3 * k + 3)])),
    weights: Float32Array.from(order, (k) => weights[k]),
  };
}

// The heaviest cell first; then every next one at a quantile of mass × squared distance to the seeds so far. That is the
// rule of k-means++ with multiples of the golden ratio for its random numbers, so that a photograph has one palette.
async function seeds({ colours, counts }, size, signal) {
  const centres = new Float32Array(3 * size);
  const distances = new Float64Array(counts.length).fill(Infinity);
  let chosen = counts.indexOf(counts.reduce((a, b) => Math.max(a, b)));
  await paced(size, (k) => {
    const [l, a, b] = colours.subarray(3 * chosen, 3 * chosen + 3);
    centres.set([l, a, b], 3 * k);
    let total = 0;
    for (let i = 0; i < counts.length; i++) {
      const distance = (colours[3 * i] - l) ** 2 + (colours[3 * i + 1] - a) ** 2 + (colours[3 * i + 2] - b) ** 2;
      if (distance < distances[i]) distances[i] = distance;
      total += counts[i] * distances[i];
    }
    let rest = ((k * (Math.sqrt(5) - 1)) / 2 % 1) * total;
    chosen = counts.findIndex((count, i) => (rest -= count * distances[i]) < 0);
    if (chosen < 0) chosen = 0; // only where rounding, or a lack of other colours, has left nothing
  }, { signal });
  return centres;
}

// Moves every centre to the mean of the cells nearest to it; tells the masses, and how far the farthest moved (squared).
async function lloyd({ colours, counts }, centres, signal) {
  const size = centres.length / 3;
  const masses = new Float64Array(size);
  const sums = new Float64Array(3 * size);
  await paced(counts.length, (i) => {
    const l = colours[3 * i];
    const a = colours[3 * i + 1];
    const b = colours[3 * i + 2];
    let nearest = 0;
    let least = Infinity;
    for (let k = 0; k < size; k++) {
      const distance = (centres[3 * k] - l) ** 2 + (centres[3 * k + 1] - a) ** 2 + (centres[3 * k + 2] - b) ** 2;
      if (distance >= least) continue;
      least = distance;
      nearest = k;
    }
    masses[nearest] += counts[i];
    for (let axis = 0; axis < 3; axis++) sums[3 * nearest + axis] += counts[i] * colours[3 * i + axis];
  }, { signal });
  let moved = 0;
  for (let k = 0; k < size; k++) {
    if (masses[k] === 0) continue;
    let distance = 0;
    for (let axis = 0; axis < 3; axis++) {
      const mean = sums[3 * k + axis] / masses[k];
      distance += (mean - centres[3 * k + axis]) ** 2;
      centres[3 * k + axis] = mean;
    }
    moved = Math.max(moved, distance);
  }
  return { moved, masses };
}
