// Two densities on a 32×32 grid: painting them, where the mass of a cell goes, and the mass between them.
import { cssColour } from '../shared/surface.js';
import { frame, mix, raster, rgb } from '../shared/plot.js';
import { linksOf, splatGrid } from './interpolation.js';

const side = 32;
const cells = side * side;
const disc = (x, y, radius) => (u, v) => (Math.hypot(u - x, v - y) < radius ? 1 : 0);
const ring = (x, y, inner, outer) => (u, v) => disc(x, y, outer)(u, v) - disc(x, y, inner)(u, v);
const blob = (x, y, width) => (u, v) => Math.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * width ** 2));
const rectangle = (left, top, right, bottom) => (u, v) => (u > left && u < right && v > top && v < bottom ? 1 : 0);
const presets = {
  'Disc to ring': [disc(0.5, 0.5, 0.2), ring(0.5, 0.5, 0.32, 0.46)],
  'One blob to two': [blob(0.5, 0.25, 0.09), (u, v) => blob(0.22, 0.75, 0.07)(u, v) + blob(0.78, 0.7, 0.09)(u, v)],
  'Square to cross': [rectangle(0.06, 0.06, 0.44, 0.44),
    (u, v) => Math.max(rectangle(0.68, 0.44, 0.82, 0.94)(u, v), rectangle(0.5, 0.62, 1, 0.76)(u, v))],
  Empty: [() => 0, () => 0],
};

export class Grid {
  static presets = Object.keys(presets);
  static help = {
    densities: 'Paint with the pointer. On the keyboard: arrows move, + and − add and take away, with Shift a cell only.',
    plan: 'Arrows lead from source cells to the mean of where their mass goes. Pick a cell (pointer or arrow keys) to see '
      + 'its own mass arrive, in ink.',
  };

  largestCost = 2 * ((side - 1) / side) ** 2;
  cursor = 16 * side + 16;
  picked = undefined;

  constructor(preset) {
    const sample = (density) => Float32Array.from({ length: cells },
      (_, i) => Math.min(1, density(((i % side) + 0.5) / side, (Math.floor(i / side) + 0.5) / side)));
    [this.source, this.target] = presets[preset].map(sample);
    this.cost = new Float32Array(cells * cells);
    for (let i = 0; i < cells; i++) {
      for (let j = 0; j < cells; j++) {
        const across = (i % side) - (j % side);
        const down = (i >> 5) - (j >> 5);
        this.cost[i * cells + j] = (across * across + down * down) / (side * side);
      }
    }
  }

  problem() {
    const { source, target, cost, largestCost } = this;
    return { source, target, geometry: { cost }, largestCost };
  }

  stroke(name, to, from = to, erase = false) {
    const steps = 1 + Math.floor(Math.hypot(to[0] - from[0], to[1] - from[1]) * side);
    for (let step = 1; step <= steps; step++) {
      const [x, y] = mix(from, to, step / steps);
      this.dab(name, x * side - 0.5, (1 - y) * side - 0.5, erase ? -0.5 : 0.35, 1.2);
    }
    this.cursor = cellAt(to);
  }

  dab(name, x, y, amount, radius) {
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const weight = Math.exp(-((column - x) ** 2 + (row - y) ** 2) / (2 * radius ** 2));
        if (weight < 0.05) continue;
        const cell = row * side + column;
        this[name][cell] = Math.min(1, Math.max(0, this[name][cell] + amount * weight));
      }
    }
  }

  key(name, { key, shiftKey }) {
    const moved = step(this.cursor, key);
    if (moved !== undefined) this.cursor = moved;
    const amount = { '+': 0.25, '=': 0.25, Enter: 0.25, ' ': 0.25, '-': -0.25, _: -0.25, Delete: -1, Backspace: -1 }[key];
    const single = shiftKey && key !== '+';
    if (amount) this.dab(name, this.cursor % side, this.cursor >> 5, amount, single ? 0.3 : 1.2);
    return amount ? true : moved === undefined ? undefined : false;
  }

  cursorText(name) {
    const place = `Row ${(this.cursor >> 5) + 1}, column ${(this.cursor % side) + 1}`;
    return `${place}: ${name} ${this[name][this.cursor].toFixed(2)}`;
  }

  pick(point) {
    this.picked = cellAt(point);
  }

  pickByKey({ key }) {
    const moved = step(this.picked ?? this.cursor, key);
    if (moved !== undefined) this.picked = moved;
    return moved !== undefined;
  }

  async read(solution, signal) {
    const positions = new Float64Array(cells * 3); // columns x, y and 1: P times them gives the means, times the mass
    for (let j = 0; j < cells; j++) positions.set([j % side, j >> 5, 1], 3 * j);
    const moments = await solution.apply(positions);
    const plan = await solution.plan();
    return { moments, plan, links: await linksOf(plan, cells, cells, signal) };
  }

  drawDensities({ context, width }, name, focused) {
    const [paper, source, target] = ['--paper', '--source', '--target'].map(cssColour);
    raster(context, [0, 0, width, width], side, side,
      (cell) => mix(mix(paper, source, 0.85 * this.source[cell]), target, 0.85 * this.target[cell]));
    frame(context, [0, 0, width, width], true);
    if (focused) outline(context, this.cursor, width, rgb(cssColour('--ink')));
  }

  drawPlan({ context, width }, { plan, moments, source, target, converged }) {
    const unit = width / side;
    const [paper, ink, targetColour] = ['--paper', '--ink', '--target'].map(cssColour);
    const largest = Math.max(...target);
    const row = this.picked === undefined ? undefined : plan.subarray(this.picked * cells, (this.picked + 1) * cells);
    const most = row ? Math.max(...row) || 1 : 1;
    raster(context, [0, 0, width, width], side, side, (cell) => {
      const ground = mix(paper, targetColour, 0.3 * (target[cell] / largest));
      return row ? mix(ground, ink, Math.sqrt(row[cell] / most)) : ground;
    });
    context.strokeStyle = context.fillStyle = rgb(cssColour('--source'));
    const heaviest = Math.max(...source);
    for (let cell = 0; cell < cells; cell++) {
      // Every second cell each way, or the arrows would hide one another.
      const shown = cell === this.picked || ((cell % side) % 2 === 0 && (cell >> 5) % 2 === 0);
      if (!shown || source[cell] < 0.02 * heaviest) continue;
      const [x, y, mass] = moments.subarray(3 * cell, 3 * cell + 3);
      context.globalAlpha = this.picked === undefined || cell === this.picked ? 0.9 : 0.35;
      arrow(context, [((cell % side) + 0.5) * unit, ((cell >> 5) + 0.5) * unit], [(x / mass + 0.5) * unit, (y / mass + 0.5) * unit]);
    }
    context.globalAlpha = 1;
    if (row) outline(context, this.picked, width, rgb(cssColour('--source')));
    frame(context, [0, 0, width, width], converged);
  }

  drawBetween({ context, width }, { links, source, target, converged }, t) {
    const share = (weights) => Math.max(...weights) / weights.reduce((a, b) => a + b);
    const largest = Math.max(share(source), share(target));
    const paper = cssColour('--paper');
    const colour = mix(cssColour('--source'), cssColour('--target'), t);
    const values = splatGrid(links, side, t);
    raster(context, [0, 0, width, width], side, side, (cell) => mix(paper, colour, Math.min(1, values[cell] / largest)));
    frame(context, [0, 0, width, width], converged);
  }
}

function cellAt([x, y]) {
  const clamp = (u) => Math.min(side - 1, Math.max(0, Math.floor(u * side)));
  return clamp(1 - y) * side + clamp(x);
}

// The neighbour that an arrow key leads to, or undefined for another key.
function step(cell, key) {
  const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  if (!move) return undefined;
  const clamp = (at) => Math.min(side - 1, Math.max(0, at));
  return clamp((cell >> 5) + move[1]) * side + clamp((cell % side) + move[0]);
}

function outline(context, cell, width, colour) {
  const unit = width / side;
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.strokeRect((cell % side) * unit - 1, (cell >> 5) * unit - 1, unit + 2, unit + 2);
}

function arrow(context, [x, y], [toX, toY]) {
  const length = Math.hypot(toX - x, toY - y);
  context.beginPath();
  context.arc(x, y, 1.5, 0, 2 * Math.PI);
  context.fill();
  if (length < 3) return;
  const [u, v] = [(toX - x) / length, (toY - y) / length];
  const head = Math.min(5, length / 2);
  context.lineWidth = 1.2;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(toX, toY);
  context.moveTo(toX - head * (u + 0.5 * v), toY - head * (v - 0.5 * u));
  context.lineTo(toX, toY);
  context.lineTo(toX - head * (u - 0.5 * v), toY - head * (v + 0.5 * u));
  context.stroke();
}
