// Drawing of densities: small rasters, colour ramps, curves.
import { cssColour } from './surface.js';

// From the paper to a colour, in 256 steps: a function from 0…1 to [red, green, blue].
export function ramp(name) {
  const [from, to] = [cssColour('--paper'), cssColour(name)];
  return (value) => mix(from, to, Math.min(1, Math.max(0, value)));
}

export function mix(from, to, t) {
  return from.map((channel, i) => channel + t * (to[i] - channel));
}

export function rgb(colour) {
  return `rgb(${colour.map(Math.round).join(' ')})`;
}

// Draws columns × rows cells into a square of the context, as sharp cells; `paint(cell)` gives [red, green, blue].
export function raster(context, [x, y, width, height], columns, rows, paint) {
  const image = new ImageData(columns, rows);
  for (let cell = 0; cell < columns * rows; cell++) {
    const [red, green, blue] = paint(cell);
    image.data.set([red, green, blue, 255], 4 * cell);
  }
  const small = document.createElement('canvas');
  [small.width, small.height] = [columns, rows];
  small.getContext('2d').putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, x, y, width, height);
}

// The outline of a histogram as a path from baseline to baseline; `place(u, v)` maps bins and values, both 0…1.
export function histogramPath(values, largest, place) {
  const path = new Path2D();
  const corner = (u, v, first) => path[first ? 'moveTo' : 'lineTo'](...place(u, v));
  corner(0, 0, true);
  values.forEach((value, i) => {
    corner(i / values.length, value / largest);
    corner((i + 1) / values.length, value / largest);
  });
  corner(1, 0);
  return path;
}

// A frame around a square, and across it the words that keep an unfinished result from being taken for a finished one.
export function frame(context, [x, y, width, height], converged) {
  const colour = rgb(cssColour(converged ? '--rule' : '--danger'));
  context.save();
  context.strokeStyle = colour;
  context.lineWidth = converged ? 1 : 3;
  context.setLineDash(converged ? [] : [8, 6]);
  context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
  if (!converged) {
    context.font = '600 13px system-ui, sans-serif';
    const text = 'not converged';
    const textWidth = context.measureText(text).width;
    context.fillStyle = colour;
    context.fillRect(x + width - textWidth - 16, y, textWidth + 16, 24);
    context.fillStyle = rgb(cssColour('--paper'));
    context.fillText(text, x + width - textWidth - 8, y + 17);
  }
  context.restore();
}
