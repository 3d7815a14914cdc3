// Two densities on a line of 128 bins: drawing them by hand, their plan as a heat map, and the mass between them.
import { cssColour } from '../shared/surface.js';
import { frame, histogramPath, mix, ramp, raster, rgb } from '../shared/plot.js';
import { linksOf, splatLine } from './interpolation.js';

const bins = 128;
const bump = (centre, width) => (x) => Math.exp(-(((x - centre) / width) ** 2) / 2);
const block = (from, to) => (x) => (x >= from && x < to ? 1 : 0);
const presets = {
  'One peak to two': [bump(0.3, 0.07), (x) => 0.9 * bump(0.55, 0.05)(x) + 0.6 * bump(0.82, 0.04)(x)],
  'Block to ramp': [block(0.1, 0.4), (x) => block(0.45, 0.95)(x) * (x - 0.45) * 2],
  'Three peaks to a plain': [(x) => bump(0.15, 0.03)(x) + 0.7 * bump(0.5, 0.05)(x) + 0.5 * bump(0.85, 0.02)(x), () => 0.4],
  'Far apart': [bump(0.12, 0.03), bump(0.88, 0.03)],
  Empty: [() => 0, () => 0],
};

export class Line {
  static presets = Object.keys(presets);
  static help = {
    densities: 'Draw with the pointer. On the keyboard: left and right move, up and down raise and lower, with Shift further.',
    plan: 'Source upwards on the left, target along the top; stronger where more mass goes (√P).',
  };

  largestCost = ((bins - 1) / bins) ** 2;
  cursor = bins / 2;

  constructor(preset) {
    const sample = (density) => Float32Array.from({ length: bins }, (_, i) => 0.9 * Math.min(1, density((i + 0.5) / bins)));
    [this.source, this.target] = presets[preset].map(sample);
    this.cost = Float32Array.from({ length: bins * bins }, (_, k) => ((Math.floor(k / bins) - (k % bins)) / bins) ** 2);
  }

  problem() {
    const { source, target, cost, largestCost } = this;
    return { source, target, geometry: { cost }, largestCost };
  }

  // A stroke between two points of the unit square, y upwards; the first one of a gesture has no `from`.
  stroke(side, to, from = to, erase = false) {
    const at = (x) => Math.min(bins - 1, Math.max(0, Math.floor(x * bins)));
    const [first, last] = from[0] < to[0] ? [from, to] : [to, from];
    for (let bin = at(first[0]); bin <= at(last[0]); bin++) {
      const along = last[0] > first[0] ? ((bin + 0.5) / bins - first[0]) / (last[0] - first[0]) : 1;
      const height = first[1] + Math.min(1, Math.max(0, along)) * (last[1] - first[1]);
      this[side][bin] = erase ? 0 : Math.min(1, Math.max(0, height));
    }
    this.cursor = at(to[0]);
  }

  // True if the key changed the densities, false if it only moved the cursor, undefined if it means nothing here.
  key(side, { key, shiftKey }) {
    const far = shiftKey ? 5 : 1;
    const move = { ArrowLeft: -far, ArrowRight: far, Home: -bins, End: bins }[key];
    const raise = { ArrowUp: 0.02 * far, ArrowDown: -0.02 * far, Delete: -1, Backspace: -1 }[key];
    if (move) this.cursor = Math.min(bins - 1, Math.max(0, this.cursor + move));
    if (raise) this[side][this.cursor] = Math.min(1, Math.max(0, this[side][this.cursor] + raise));
    return raise ? true : move ? false : undefined;
  }

  cursorText(side) {
    return `Bin ${this.cursor + 1} of ${bins}: ${side} ${this[side][this.cursor].toFixed(2)}`;
  }

  async read(solution, signal) {
    const plan = await solution.plan();
    return { plan, links: await linksOf(plan, bins, bins, signal) };
  }

  drawDensities({ context, width, height }, side, focused) {
    const area = baseline(context, width, height);
    for (const name of side === 'source' ? ['target', 'source'] : ['source', 'target']) {
      fillHistogram(context, this[name], 1, rgb(cssColour(`--${name}`)), area);
    }
    if (!focused) return;
    context.strokeStyle = rgb(cssColour(`--${side}`));
    const [x] = area((this.cursor + 0.5) / bins, 0);
    context.setLineDash([3, 3]);
    context.strokeRect(x, 0, 0, area(0, 0)[1]);
    context.setLineDash([]);
  }

  drawPlan({ context, width }, { plan, source, target, converged }) {
    const margin = Math.round(0.16 * width);
    const square = [margin, margin, width - margin, width - margin];
    const shade = ramp('--ink');
    const largest = plan.reduce((a, b) => Math.max(a, b), 0);
    raster(context, square, bins, bins, (cell) => {
      const row = bins - 1 - Math.floor(cell / bins); // the first bin of the source lies at the foot
      return shade(Math.sqrt(plan[row * bins + (cell % bins)] / largest));
    });
    const tall = margin - 6;
    fillHistogram(context, target, Math.max(...target), rgb(cssColour('--target')),
      (u, v) => [margin + u * square[2], margin - v * tall]);
    fillHistogram(context, source, Math.max(...source), rgb(cssColour('--source')),
      (u, v) => [margin - v * tall, width - u * square[3]]);
    frame(context, square, converged);
  }

  drawBetween({ context, width, height }, { links, source, target, converged }, t) {
    const area = baseline(context, width, height);
    const share = (weights) => Math.max(...weights) / weights.reduce((a, b) => a + b);
    const largest = 1.05 * Math.max(share(source), share(target));
    const colour = rgb(mix(cssColour('--source'), cssColour('--target'), t));
    fillHistogram(context, splatLine(links, bins, t), largest, colour, area);
    frame(context, [0, 0, width, height], converged);
  }
}

function fillHistogram(context, values, largest, colour, place) {
  const path = histogramPath(values, largest || 1, place);
  context.fillStyle = context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.lineJoin = 'round';
  context.globalAlpha = 0.25;
  context.fill(path);
  context.globalAlpha = 1;
  context.stroke(path);
}

// Draws the axis and returns the map from bins and heights, both 0…1, to the canvas.
function baseline(context, width, height) {
  const foot = height - 22;
  context.fillStyle = context.strokeStyle = rgb(cssColour('--soft'));
  context.lineWidth = 1;
  context.font = '12px system-ui, sans-serif';
  context.strokeRect(0, foot + 0.5, width, 0);
  for (const [tick, align] of [[0, 'left'], [0.5, 'center'], [1, 'right']]) {
    context.textAlign = align;
    context.fillText(tick, tick * width + (1 - 2 * tick) * 6, height - 6);
  }
  context.textAlign = 'start';
  return (u, v) => [u * width, foot - v * (foot - 10)];
}
