// Every pixel of a photograph moved as its neighbours in the palette are moved.
//
// The displacement is computed at the corners of the colour cube's occupied cells (33 corners a side) and interpolated
// between them: a pixel costs the same whatever the size of the palette, and the map is continuous, so that no edges
// appear where there were none.
import { paced } from '../shared/pace.js';
import { bytesOfOklab, oklabOfBytes } from '../shared/oklab.js';

const side = 33;
const strides = [side * side, side, 1];
const cornerOffsets = Int32Array.from({ length: 8 }, (_, corner) =>
  strides.reduce((sum, stride, axis) => sum + ((corner >> (2 - axis)) & 1) * stride, 0));

// The displacement in Oklab at every corner that the cells have: the mean of the palette's, a Gaussian of the distance
// weighing each colour. `moved` are the colours that those of the palette are moved to.
export async function displacementField(cells, palette, moved, signal) {
  const size = palette.length / 3;
  const corners = cornersOf(cells);
  // Wider than the palette's gaps, or the grain of skies and of compression would be carried apart.
  const precision = 1 / (2 * 4 * spacing(palette));
  const field = { corners, colours: new Float64Array(3 * corners.length), shifts: new Float64Array(3 * corners.length) };
  const { colours, shifts } = field;
  const distances = new Float64Array(size);
  await paced(corners.length, (c) => {
    const corner = corners[c];
    const level = (axis) => 8 * (Math.floor(corner / strides[axis]) % side);
    oklabOfBytes(level(0), level(1), level(2), colours, 3 * c);
    const l = colours[3 * c];
    const a = colours[3 * c + 1];
    const b = colours[3 * c + 2];
    let least = Infinity; // taken off all distances, or far from the palette all weights would be zero
    for (let k = 0; k < size; k++) {
      distances[k] = (palette[3 * k] - l) ** 2 + (palette[3 * k + 1] - a) ** 2 + (palette[3 * k + 2] - b) ** 2;
      if (distances[k] < least) least = distances[k];
    }
    let total = 0;
    for (let k = 0; k < size; k++) {
      const exponent = (distances[k] - least) * precision;
      if (exponent > 20) continue;
      const weight = Math.exp(-exponent);
      total += weight;
      for (let axis = 0; axis < 3; axis++) shifts[3 * c + axis] += weight * (moved[3 * k + axis] - palette[3 * k + axis]);
    }
    for (let axis = 0; axis < 3; axis++) shifts[3 * c + axis] /= total;
  }, { signal });
  return field;
}

// The photograph with `strength` times the displacement added to every pixel.
export async function applyField({ corners, colours, shifts }, image, strength, signal, onProgress) {
  const table = new Float32Array(3 * side ** 3);
  await paced(corners.length, (c) => {
    const at = (axis) => colours[3 * c + axis] + strength * shifts[3 * c + axis];
    bytesOfOklab(at(0), at(1), at(2), table, 3 * corners[c]);
  }, { signal });
  const { width, height, data } = image;
  const result = new ImageData(width, height);
  await paced(height, (row) => {
    for (let at = 4 * row * width; at < 4 * (row + 1) * width; at += 4) interpolate(table, data, result.data, at);
  }, { signal, onPause: onProgress });
  return result;
}

function interpolate(table, from, to, at) {
  const base = (from[at] >> 3) * strides[0] + (from[at + 1] >> 3) * strides[1] + (from[at + 2] >> 3);
  const x = (from[at] & 7) / 8;
  const y = (from[at + 1] & 7) / 8;
  const z = (from[at + 2] & 7) / 8;
  let red = 0;
  let green = 0;
  let blue = 0;
  for (let corner = 0; corner < 8; corner++) {
    const weight = (corner & 4 ? x : 1 - x) * (corner & 2 ? y : 1 - y) * (corner & 1 ? z : 1 - z);
    const entry = 3 * (base + cornerOffsets[corner]);
    red += weight * table[entry];
    green += weight * table[entry + 1];
    blue += weight * table[entry + 2];
  }
  to[at] = red; // the array rounds and clamps
  to[at + 1] = green;
  to[at + 2] = blue;
  to[at + 3] = from[at + 3];
}

function cornersOf(cells) {
  const used = new Uint8Array(side ** 3);
  for (const cell of cells) {
    const base = (cell >> 10) * strides[0] + ((cell >> 5) & 31) * strides[1] + (cell & 31);
    for (const offset of cornerOffsets) used[base + offset] = 1;
  }
  return Uint16Array.from(used.keys()).filter((corner) => used[corner]);
}

// Mean squared distance of the palette's colours to their nearest ones. Never zero.
function spacing(palette) {
  let sum = 0;
  for (let i = 0; i < palette.length; i += 3) {
    let least = Infinity;
    for (let j = 0; j < palette.length; j += 3) {
      if (j === i) continue;
      const distance = (palette[i] - palette[j]) ** 2 + (palette[i + 1] - palette[j + 1]) ** 2
        + (palette[i + 2] - palette[j + 2]) ** 2;
      if (distance < least) least = distance;
    }
    if (least < Infinity) sum += least; // a palette of one colour has none beside it
  }
  return Math.max(1e-6, (3 * sum) / palette.length);
}
