// The sphere seen from far away: a density as shading, directions as points, turned by pointer or arrow keys.
import { oncePerFrame } from '../shared/frame.js';
import { bytesOfOklab, oklab } from '../shared/oklab.js';
import { mix } from '../shared/plot.js';
import { css, cssColour, fitCanvas, onResize, onThemeChange } from '../shared/surface.js';

const raster = 240;
const turn = Math.PI / 36;

export class Sphere {
  constructor(canvas) {
    Object.assign(this, { canvas, points: new Float64Array(0), rotation: identity() });
    this.draw = oncePerFrame(() => this.#draw());
    this.shading = Object.assign(document.createElement('canvas'), { width: raster, height: raster });
    canvas.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.last = event;
    });
    canvas.addEventListener('pointermove', (event) => {
      if (!this.last) return;
      const radius = this.#radius;
      this.#turn((event.clientX - this.last.clientX) / radius, (event.clientY - this.last.clientY) / radius);
      this.last = event;
    });
    canvas.addEventListener('lostpointercapture', () => { this.last = undefined; });
    canvas.addEventListener('keydown', (event) => this.#key(event));
    onResize(canvas, () => this.draw());
    onThemeChange(() => this.draw());
  }

  // `points` row-major n×3, `truth` the direction they were drawn around.
  setSample(points, truth) {
    Object.assign(this, { points, truth });
    this.draw();
  }

  // A fitted mean direction (undefined for none), and a function of the angle from it to a density between 0 and 1.
  setFit(mean, density) {
    Object.assign(this, { mean, density });
    this.draw();
  }

  get #radius() {
    return Math.min(this.canvas.clientWidth, this.canvas.clientHeight) / 2 - 4;
  }

  #turn(right, down) {
    this.rotation = multiply(about('x', down), multiply(about('y', right), this.rotation));
    this.draw();
  }

  #key(event) {
    const turns = { ArrowLeft: [-turn, 0], ArrowRight: [turn, 0], ArrowUp: [0, -turn], ArrowDown: [0, turn] };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in turns) this.#turn(...turns[event.key]);
    else if (event.key === 'Home') {
      this.rotation = identity();
      this.draw();
    } else return;
    event.preventDefault();
  }

  #draw() {
    const { context, width, height } = fitCanvas(this.canvas);
    if (width === 0) return;
    const radius = this.#radius;
    context.translate(width / 2, height / 2);
    context.save();
    disc(context, radius);
    context.clip();
    this.#shade();
    context.drawImage(this.shading, -radius, -radius, 2 * radius, 2 * radius);
    context.restore();
    this.#drawGraticule(context, radius);
    this.#drawPoints(context, radius);
    disc(context, radius);
    context.strokeStyle = css('--field');
    context.lineWidth = 1;
    context.stroke();
    if (this.truth) this.#drawMark(context, radius, this.truth, 'ring');
    if (this.mean) this.#drawMark(context, radius, this.mean, 'cross');
  }

  // The density depends on the angle from the mean alone: its colours are looked up by half the chord, sin(θ/2), which
  // keeps small angles apart.
  #shade() {
    const image = new ImageData(raster, raster);
    const pixels = new Uint32Array(image.data.buffer);
    const steps = 2048;
    const colours = tints();
    const table = Uint32Array.from({ length: steps + 1 }, (_, i) => (
      colours[Math.round(255 * (this.mean ? this.density(2 * Math.asin(i / steps)) : 0))]));
    const [a, b, c] = this.mean ? apply(this.rotation, this.mean) : [0, 0, 0];
    for (let row = 0; row < raster; row++) {
      const y = 1 - (2 * row + 1) / raster;
      for (let column = 0; column < raster; column++) {
        const x = (2 * column + 1) / raster - 1;
        const square = x * x + y * y;
        const z = square < 1 ? Math.sqrt(1 - square) : 0; // the rim goes on outside, where the clip cuts it off
        const cosine = (a * x + b * y) / Math.max(1, Math.sqrt(square)) + c * z;
        pixels[row * raster + column] = table[Math.round(steps * Math.sqrt(Math.max(0, (1 - cosine) / 2)))];
      }
    }
    this.shading.getContext('2d').putImageData(image, 0, 0);
  }

  #drawGraticule(context, radius) {
    context.strokeStyle = css('--ink');
    context.globalAlpha = 0.13;
    context.lineWidth = 1;
    context.beginPath();
    const circle = (point) => {
      let drawing = false;
      for (let k = 0; k <= 72; k++) {
        const [x, y, z] = apply(this.rotation, point((k * Math.PI) / 36));
        if (z >= 0) context[drawing ? 'lineTo' : 'moveTo'](x * radius, -y * radius);
        drawing = z >= 0;
      }
    };
    for (let degrees = -60; degrees <= 60; degrees += 30) {
      const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
      circle((t) => [c * Math.cos(t), s, c * Math.sin(t)]);
    }
    for (let degrees = 0; degrees < 180; degrees += 30) {
      const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
      circle((t) => [c * Math.cos(t), Math.sin(t), s * Math.cos(t)]);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  #drawPoints(context, radius) {
    const { points, rotation } = this;
    const size = points.length > 3 * 1500 ? 1.6 : points.length > 3 * 300 ? 2.2 : 3.2;
    context.fillStyle = css('--ink');
    for (const front of [false, true]) {
      context.globalAlpha = front ? 0.85 : 0.12;
      for (let i = 0; i < points.length; i += 3) {
        const [x, y, z] = apply(rotation, [points[i], points[i + 1], points[i + 2]]);
        if (z >= 0 === front) context.fillRect(x * radius - size / 2, -y * radius - size / 2, size, size);
      }
    }
    context.globalAlpha = 1;
  }

  // The true direction is a ring, the fitted one a cross; paler on the far side.
  #drawMark(context, radius, direction, shape) {
    const [x, y, z] = apply(this.rotation, direction).map((coordinate) => coordinate * radius);
    context.globalAlpha = z >= 0 ? 1 : 0.35;
    context.beginPath();
    if (shape === 'ring') context.arc(x, -y, 9, 0, 2 * Math.PI);
    else {
      for (const [dx, dy] of [[7, 7], [7, -7]]) {
        context.moveTo(x - dx, -y - dy);
        context.lineTo(x + dx, -y + dy);
      }
    }
    for (const [colour, width] of [['--paper', 4.5], [shape === 'ring' ? '--source' : '--target', 2.25]]) {
      context.strokeStyle = css(colour);
      context.lineWidth = width;
      context.stroke();
    }
    context.globalAlpha = 1;
  }
}

function disc(context, radius) {
  context.beginPath();
  context.arc(0, 0, radius, 0, 2 * Math.PI);
}

// From the panel's colour to that of the fit, in 256 steps, as the four bytes of a pixel.
function tints() {
  const [from, to] = ['--panel', '--target'].map((name) => oklab(cssColour(name)));
  const bytes = new Uint8ClampedArray(4 * 256).fill(255);
  for (let i = 0; i < 256; i++) bytesOfOklab(...mix(from, to, 0.8 * (i / 255)), bytes, 4 * i);
  return new Uint32Array(bytes.buffer);
}

// Rotations as three rows of three.

function identity() {
  return [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
}

function about(axis, angle) {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return axis === 'x' ? [[1, 0, 0], [0, c, -s], [0, s, c]] : [[c, 0, s], [0, 1, 0], [-s, 0, c]];
}

function multiply(a, b) {
  return a.map((row) => [0, 1, 2].map((k) => row[0] * b[0][k] + row[1] * b[1][k] + row[2] * b[2][k]));
}

function apply([a, b, c], [x, y, z]) {
  return [a[0] * x + a[1] * y + a[2] * z, b[0] * x + b[1] * y + b[2] * z, c[0] * x + c[1] * y + c[2] * z];
}
