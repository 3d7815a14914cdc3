// What divergences do when q slides away from p: the rows to compare, and one small chart for each.
import { css, fitCanvas } from '../shared/surface.js';

// Rows of p and of q moved by −n … n bins, in steps that make at most 49 of them, on 3n bins so that nothing falls off an
// end. `background` is the share of the mass that is spread evenly over all bins.
export function slide(p, q, background) {
  const n = p.length;
  const step = Math.ceil(n / 24);
  const steps = Math.floor(n / step);
  const shifts = Array.from({ length: 2 * steps + 1 }, (_, i) => (i - steps) * step);
  const place = (weights, offset) => {
    const total = weights.reduce((sum, weight) => sum + weight, 0) || 1; // without mass it stays a row of zeros
    const row = new Float64Array(3 * n).fill(background / (3 * n));
    weights.forEach((weight, i) => { row[offset + i] += (1 - background) * (weight / total); });
    return row;
  };
  const still = place(p, n); // in the middle
  return { shifts, p: shifts.map(() => still), q: shifts.map((shift) => place(q, n + shift)) };
}

const rail = 15; // room above a chart for what is infinite
const colours = ['--source', '--target'];

// Draws `curves`, D(p‖q) and D(q‖p) by shift, into a canvas: infinite values run along a rail at the top, a bound is a
// dotted line, the shift at hand a vertical one.
export function drawChart(canvas, { curves, bound, at }) {
  const { context, width, height } = fitCanvas(canvas);
  const count = curves[0].length;
  const finite = curves.flatMap((curve) => [...curve].filter(Number.isFinite));
  const top = Math.max(bound ?? 0, ...finite) * 1.08 || 1;
  const x = (i) => 3 + (i / (count - 1)) * (width - 6);
  const y = (value) => height - 2 - (value / top) * (height - rail - 4);
  const stroke = (colour, path, dash = [], thickness = 1) => {
    context.strokeStyle = css(colour);
    context.lineWidth = thickness;
    context.setLineDash(dash);
    context.beginPath();
    path();
    context.stroke();
  };
  stroke('--rule', () => { context.moveTo(0, height - 0.5); context.lineTo(width, height - 0.5); });
  stroke('--soft', () => { context.moveTo(x(at), 0); context.lineTo(x(at), height); });
  if (bound !== undefined) stroke('--soft', () => { context.moveTo(0, y(bound)); context.lineTo(width, y(bound)); }, [1, 3]);
  curves.forEach((curve, side) => {
    const above = 4 + 5 * side;
    const half = (width - 6) / (count - 1) / 2;
    stroke(colours[side], () => curve.forEach((value, i) => {
      if (Number.isFinite(value)) context[Number.isFinite(curve[i - 1]) ? 'lineTo' : 'moveTo'](x(i), y(value));
    }), side === 1 ? [4, 2] : [], 1.75);
    stroke(colours[side], () => curve.forEach((value, i) => {
      if (value === Infinity) {
        context.moveTo(Math.max(0, x(i) - half), above);
        context.lineTo(Math.min(width, x(i) + half), above);
      }
    }), [], 3);
    // What stands alone between infinities would have no line.
    curve.forEach((value, i) => {
      if (Number.isFinite(value) && (i === at || !(Number.isFinite(curve[i - 1]) || Number.isFinite(curve[i + 1])))) {
        dot(context, x(i), y(value), i === at ? 3 : 1.5, colours[side]);
      }
    });
  });
}

function dot(context, x, y, radius, colour) {
  context.fillStyle = css(colour);
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

// p and q at one shift, one over the other, on the bins that the whole slide needs.
export function drawPair(canvas, p, q) {
  const { context, width, height } = fitCanvas(canvas);
  const top = Math.max(...p, ...q) || 1;
  const step = width / p.length;
  [p, q].forEach((row, side) => {
    context.fillStyle = css(colours[side]);
    context.globalAlpha = side === 0 ? 0.9 : 0.7;
    row.forEach((weight, i) => {
      const bar = (weight / top) * (height - 4);
      context.fillRect(i * step + 0.25, height - 1 - bar, step - 0.5, bar);
    });
  });
  context.globalAlpha = 1;
  context.fillStyle = css('--field');
  context.fillRect(0, height - 1, width, 1);
}

// The index under a pointer over a chart of `count` shifts.
export function shiftAt(canvas, clientX, count) {
  const { left, width } = canvas.getBoundingClientRect();
  const share = (clientX - left - 3) / (width - 6);
  return Math.min(count - 1, Math.max(0, Math.round(share * (count - 1))));
}

// A few words about the curves D(p‖q) and D(q‖p); `apart` tells for each shift whether p and q share no bin.
export function character(curves, apart) {
  const count = curves[0].length;
  const times = curves.map((curve) => curve.filter((value) => value === Infinity).length);
  const often = (n) => (n === count ? 'everywhere' : `at ${n} of ${count} shifts`);
  if (times[0] === times[1] && times[0] > 0) return `∞ ${often(times[0])}`;
  if (times[0] > 0 && times[1] > 0) return `p‖q: ∞ ${often(times[0])}; q‖p: ∞ ${often(times[1])}`;
  if (times[0] + times[1] > 0) return `${times[0] > 0 ? 'p‖q' : 'q‖p'}: ∞ ${often(times[0] + times[1])}`;
  const parted = curves[0].filter((_, i) => apart[i]);
  const flat = parted.length > 1 && Math.max(...parted) - Math.min(...parted) < 1e-6 * Math.max(...parted);
  return flat ? 'flat once no bin is shared' : 'finite everywhere';
}
