// Two clouds of points in the unit square, all points of a cloud with the same mass: dragging them, the links of their
// plan, and the mass between them.
import { cssColour } from '../shared/surface.js';
import { frame, mix, rgb } from '../shared/plot.js';
import { linksOf } from './interpolation.js';

const golden = (Math.sqrt(5) - 1) / 2;
const count = 120;
const most = 400; // of a cloud: 160,000 links
// `count` points evenly over a ring, in the order of a sunflower's seeds; a disc if `inner` is 0.
const ring = (x, y, inner, outer) => Array.from({ length: count }, (_, i) => {
  const radius = Math.sqrt(inner ** 2 + ((i + 0.5) / count) * (outer ** 2 - inner ** 2));
  const angle = 2 * Math.PI * golden * i;
  return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
});
const moon = (x, y, up) => Array.from({ length: count }, (_, i) => {
  const angle = Math.PI * ((i + 0.5) / count);
  const radius = 0.22 + 0.08 * (((i * golden) % 1) - 0.5);
  return [x + radius * Math.cos(angle), y + up * radius * Math.sin(angle)];
});
const lattice = Array.from({ length: 121 }, (_, i) => [0.2 + 0.06 * (i % 11), 0.2 + 0.06 * Math.floor(i / 11)]);
const spiral = Array.from({ length: count }, (_, i) => {
  const along = Math.sqrt((i + 1) / count);
  return [0.5 + 0.45 * along * Math.cos(14 * along), 0.5 + 0.45 * along * Math.sin(14 * along)];
});
const presets = {
  'Disc to ring': [ring(0.5, 0.5, 0, 0.22), ring(0.5, 0.5, 0.36, 0.46)],
  'Two moons': [moon(0.4, 0.5, 1), moon(0.6, 0.55, -1)],
  'Lattice to spiral': [lattice, spiral],
  'One disc to two': [ring(0.5, 0.75, 0, 0.18), [...ring(0.22, 0.28, 0, 0.15).slice(0, 60), ...ring(0.75, 0.3, 0, 0.15).slice(0, 60)]],
  Empty: [[], []],
};

export class Points {
  static presets = Object.keys(presets);
  static help = {
    densities: 'Press on a point to drag it, elsewhere to add one. On the keyboard: arrows move the cross, Enter adds a '
      + 'point there, Delete removes the nearest.',
    plan: 'Stronger lines carry more mass.',
  };

  cursor = [0.5, 0.5];
  dragged = undefined;

  constructor(preset) {
    this.clouds = { source: presets[preset][0].map((p) => [...p]), target: presets[preset][1].map((p) => [...p]) };
  }

  problem() {
    const clouds = [this.clouds.source, this.clouds.target];
    const [source, target] = clouds.map((cloud) => new Float32Array(cloud.length).fill(1));
    const points = clouds.map((cloud) => new Float32Array(cloud.flat()));
    let largestCost = 1e-6; // not 0 where all points coincide: ε is a part of it
    for (const [x, y] of clouds[0]) {
      for (const [u, v] of clouds[1]) largestCost = Math.max(largestCost, (x - u) ** 2 + (y - v) ** 2);
    }
    return { source, target, geometry: { points, dimensions: 2 }, largestCost };
  }

  stroke(side, to, from = undefined, erase = false) {
    this.cursor = to.map((u) => Math.min(1, Math.max(0, u)));
    if (erase) {
      this.remove(side, 0.03);
    } else if (from === undefined) {
      this.dragged = this.nearest('source', 0.025) ?? this.nearest('target', 0.025) ?? this.add(side);
    } else if (this.dragged) {
      this.dragged.splice(0, 2, ...this.cursor);
    }
  }

  key(side, { key, shiftKey }) {
    const far = shiftKey ? 0.1 : 0.02;
    const move = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, far], ArrowDown: [0, -far] }[key];
    if (move) {
      this.cursor = this.cursor.map((u, axis) => Math.min(1, Math.max(0, u + move[axis])));
      return false;
    }
    if (key === 'Enter' || key === ' ') this.add(side);
    else if (key === 'Delete' || key === 'Backspace') this.remove(side, 2);
    else return undefined;
    return true;
  }

  cursorText(side) {
    return `Cross at ${this.cursor.map((u) => u.toFixed(2)).join(', ')}: ${this.clouds[side].length} points in the ${side}`;
  }

  add(side) {
    if (this.clouds[side].length >= most) return undefined;
    this.clouds[side].push([...this.cursor]);
    return this.clouds[side].at(-1);
  }

  remove(side, within) {
    const point = this.nearest(side, within);
    if (point) this.clouds[side].splice(this.clouds[side].indexOf(point), 1);
  }

  nearest(side, within) {
    const distance = ([x, y]) => Math.hypot(x - this.cursor[0], y - this.cursor[1]);
    const best = this.clouds[side].reduce((a, b) => (a && distance(a) <= distance(b) ? a : b), undefined);
    return best && distance(best) <= within ? best : undefined;
  }

  async read(solution, signal) {
    const clouds = structuredClone(this.clouds); // those solved, while others may be drawn already
    return { clouds, links: await linksOf(await solution.plan(), clouds.source.length, clouds.target.length, signal) };
  }

  drawDensities({ context, width }, side, focused) {
    this.drawClouds(context, width, this.clouds, 3.2);
    frame(context, [0, 0, width, width], true);
    if (!focused) return;
    const [x, y] = place(this.cursor, width);
    context.strokeStyle = rgb(cssColour(`--${side}`));
    context.lineWidth = 1.5;
    context.strokeRect(x - 9, y, 18, 0);
    context.strokeRect(x, y - 9, 0, 18);
  }

  drawPlan({ context, width }, { clouds, links, converged }) {
    const levels = Array.from({ length: 8 }, () => new Path2D());
    const largest = links.mass.reduce((a, b) => Math.max(a, b), 0);
    for (let k = 0; k < links.mass.length; k++) {
      const strength = links.mass[k] / largest;
      if (strength < 0.02) continue; // too faint to be seen
      const level = levels[Math.min(7, Math.floor(8 * strength))];
      level.moveTo(...place(clouds.source[links.from[k]], width));
      level.lineTo(...place(clouds.target[links.to[k]], width));
    }
    context.strokeStyle = rgb(cssColour('--ink'));
    context.lineWidth = 1;
    levels.forEach((path, level) => {
      context.globalAlpha = ((level + 0.5) / 8) ** 1.2;
      context.stroke(path);
    });
    context.globalAlpha = 1;
    this.drawClouds(context, width, clouds, 2.6);
    frame(context, [0, 0, width, width], converged);
  }

  drawBetween({ context, width }, { clouds, links, converged }, t) {
    const largest = 1 / Math.max(clouds.source.length, clouds.target.length); // the mass of a whole point
    context.fillStyle = rgb(mix(cssColour('--source'), cssColour('--target'), t));
    const path = new Path2D();
    for (let k = 0; k < links.mass.length; k++) {
      const radius = 3.6 * Math.sqrt(links.mass[k] / largest); // so that areas add up
      if (radius < 0.3) continue;
      const [x, y] = place(mix(clouds.source[links.from[k]], clouds.target[links.to[k]], t), width);
      path.moveTo(x + radius, y);
      path.arc(x, y, radius, 0, 2 * Math.PI);
    }
    context.globalAlpha = 0.8;
    context.fill(path);
    context.globalAlpha = 1;
    frame(context, [0, 0, width, width], converged);
  }

  drawClouds(context, width, clouds, radius) {
    for (const side of ['source', 'target']) {
      context.fillStyle = rgb(cssColour(`--${side}`));
      for (const point of clouds[side]) {
        context.beginPath();
        context.arc(...place(point, width), radius, 0, 2 * Math.PI);
        context.fill();
      }
    }
  }
}

function place([x, y], width) {
  return [x * width, (1 - y) * width];
}
