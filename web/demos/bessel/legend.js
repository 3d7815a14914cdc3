// The bar that says which colour is which value.
import { superscript, withPower } from '../shared/notation.js';
import { indexOf } from './scale.js';
import { css, fitCanvas } from '../shared/surface.js';

const bar = 12;

// Fills the canvas, but for the margins at its sides.
export function drawLegend(canvas, { place, ends, levels }, colours, { left, right }) {
  const { context, width, height } = fitCanvas(canvas);
  const spot = (share) => left + ((share - ends[0]) / (ends[1] - ends[0])) * (width - left - right);
  const strip = new ImageData(256, 1);
  for (let i = 0; i < 256; i++) {
    const colour = indexOf(ends[0] + (i / 255) * (ends[1] - ends[0]));
    strip.data.set([colours[colour], colours[colour + 1], colours[colour + 2], 255], 4 * i);
  }
  const small = Object.assign(document.createElement('canvas'), { width: 256, height: 1 });
  small.getContext('2d').putImageData(strip, 0, 0);
  context.drawImage(small, left, 0, width - left - right, bar);
  context.strokeStyle = css('--field');
  context.fillStyle = css('--soft');
  context.strokeRect(left - 0.5, 0.5, width - left - right + 1, bar);
  context.font = '12px system-ui, sans-serif';
  context.textAlign = 'center';
  let free = -Infinity;
  for (const level of levels) {
    const x = spot(place(level));
    context.fillRect(x - 0.5, bar, 1, 4);
    const text = labelOf(level);
    const half = context.measureText(text).width / 2;
    if (x - half < free) continue;
    context.fillText(text, x, Math.min(height - 2, bar + 17));
    free = x + half + 6;
  }
}

// Large and small levels are powers of ten.
function labelOf(level) {
  const size = Math.abs(level);
  if (level === 0 || (size >= 0.1 && size < 100)) return withPower(String(level));
  return `${level < 0 ? '−' : ''}10${superscript(Math.round(Math.log10(size)))}`;
}
