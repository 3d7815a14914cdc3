// A histogram that is edited by pointer or keyboard, with a strip of slopes under its bars.
import { oncePerFrame } from '../shared/frame.js';
import { css, fitCanvas, onResize, onThemeChange } from '../shared/surface.js';

const emptyBelow = 0.015; // heights under this are drawn down to an empty bin
const fine = 0.01;
const coarse = 0.05;
const clamp = (x, low, high) => Math.min(high, Math.max(low, x));

export class Histogram {
  // `name` is p or q, `colour` a custom property; `onEdit` is called after every change by hand.
  constructor(canvas, slopes, { name, colour, onEdit }) {
    Object.assign(this, { canvas, slopes, name, colour, onEdit, weights: new Float32Array(1), cursor: 0 });
    this.gradient = undefined;
    this.draw = oncePerFrame(() => this.#draw());
    canvas.addEventListener('pointerdown', (event) => this.#grasp(event));
    canvas.addEventListener('pointermove', (event) => this.#drag(event));
    canvas.addEventListener('lostpointercapture', () => { this.last = undefined; });
    canvas.addEventListener('keydown', (event) => this.#key(event));
    for (const type of ['focus', 'blur']) canvas.addEventListener(type, () => this.draw());
    onResize(canvas, () => this.draw());
    onThemeChange(() => this.draw());
  }

  get total() {
    return this.weights.reduce((sum, weight) => sum + weight, 0);
  }

  set(weights) {
    this.weights = Float32Array.from(weights);
    this.cursor = Math.min(this.cursor, weights.length - 1);
    this.setGradient(undefined);
  }

  // Slopes by bin, or undefined for none.
  setGradient(gradient) {
    this.gradient = gradient;
    this.draw();
  }

  // The largest slope of a bin in use: those of empty bins may be many orders larger, and are drawn as arrows.
  get steepest() {
    return this.gradient?.reduce((most, slope, i) => (this.weights[i] > 0 ? Math.max(most, Math.abs(slope)) : most), 0);
  }

  #place({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    const bin = clamp(Math.floor(((clientX - box.left) / box.width) * this.weights.length), 0, this.weights.length - 1);
    const height = clamp(1 - (clientY - box.top) / box.height, 0, 1);
    return { bin, height: height < emptyBelow ? 0 : height };
  }

  #grasp(event) {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.focus({ focusVisible: false });
    event.preventDefault();
    this.last = this.#place(event);
    this.#paint(this.last, this.last);
  }

  #drag(event) {
    if (!this.last) return;
    const here = this.#place(event);
    this.#paint(this.last, here);
    this.last = here;
  }

  // A fast pointer skips bins: those between two places get the heights of the line from one to the other.
  #paint(from, to) {
    const steps = Math.abs(to.bin - from.bin);
    for (let step = 0; step <= steps; step++) {
      const t = steps === 0 ? 1 : step / steps;
      this.weights[from.bin + Math.sign(to.bin - from.bin) * step] = from.height + t * (to.height - from.height);
    }
    this.cursor = to.bin;
    this.#edited();
  }

  #key(event) {
    const last = this.weights.length - 1;
    const step = event.shiftKey ? fine : coarse;
    const moves = { ArrowLeft: this.cursor - 1, ArrowRight: this.cursor + 1, Home: 0, End: last };
    const raises = { ArrowUp: step, ArrowDown: -step, PageUp: 0.25, PageDown: -0.25, Delete: -1, Backspace: -1 };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in moves) {
      this.cursor = clamp(moves[event.key], 0, last);
      this.draw();
    } else if (event.key in raises) {
      const height = clamp(this.weights[this.cursor] + raises[event.key], 0, 1);
      this.weights[this.cursor] = height < emptyBelow / 2 ? 0 : height;
      this.#edited();
    } else return;
    event.preventDefault();
  }

  #edited() {
    this.draw();
    this.onEdit();
  }

  #draw() {
    this.#drawBars();
    this.#drawSlopes();
    this.#announce();
  }

  #announce() {
    const { total, weights, cursor } = this;
    const percent = (100 * weights[cursor]) / total;
    const share = total > 0 ? `${percent.toPrecision(3)} % of ${this.name}` : `${this.name} has no mass`;
    this.canvas.ariaValueNow = weights[cursor].toFixed(2);
    this.canvas.ariaValueText = `bin ${cursor + 1} of ${weights.length}, weight ${weights[cursor].toFixed(2)}, ${share}`;
  }

  #drawBars() {
    const { context, width, height } = fitCanvas(this.canvas);
    const step = width / this.weights.length;
    const gap = step > 6 ? 1 : 0;
    const focused = document.activeElement === this.canvas;
    if (focused) {
      context.fillStyle = css('--rule');
      context.fillRect(this.cursor * step, 0, step, height);
    }
    context.fillStyle = css(this.colour);
    this.weights.forEach((weight, i) => {
      context.fillRect(i * step + gap, height - weight * (height - 1), step - 2 * gap, weight * (height - 1));
    });
    markEmpty(context, this.weights, step, height);
    line(context, 0, height - 0.5, width, height - 0.5, css('--field'));
  }

  #drawSlopes() {
    const { context, width, height } = fitCanvas(this.slopes);
    const middle = Math.round(height / 2) + 0.5;
    line(context, 0, middle, width, middle, css('--rule'));
    if (!this.gradient) return;
    const { length } = this.weights;
    const step = width / length;
    const gap = step > 6 ? 1 : 0;
    const reach = middle - 3;
    // Slopes of empty bins alone have nothing to be measured by but themselves.
    const unit = this.steepest || this.gradient.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0) || 1;
    context.fillStyle = css('--ink');
    context.globalAlpha = 0.75;
    for (let i = 0; i < length; i++) {
      const share = this.gradient[i] / unit;
      const centre = (i + 0.5) * step;
      if (this.weights[i] > 0) context.fillRect(i * step + gap, middle, step - 2 * gap, -share * reach);
      else if (share !== 0) arrow(context, centre, middle, middle - clamp(share, -1, 1) * reach, Math.min(step / 4, 3.5));
    }
    context.globalAlpha = 1;
  }
}

// Empty bins get a small ring on the baseline, or a dot where there is no room for one.
function markEmpty(context, weights, step, height) {
  const radius = Math.min(step / 5, 2.5);
  context.strokeStyle = css('--soft');
  context.beginPath();
  weights.forEach((weight, i) => {
    if (weight > 0) return;
    context.moveTo((i + 0.5) * step + radius, height - 6);
    context.arc((i + 0.5) * step, height - 6, radius, 0, 2 * Math.PI);
  });
  context.stroke();
}

function line(context, x0, y0, x1, y1, colour) {
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

// What filling an empty bin would do; the slope there may be larger than the arrow is long.
function arrow(context, x, from, to, half) {
  const up = Math.sign(from - to);
  context.fillRect(x - 0.5, from, 1, to - from);
  context.beginPath();
  context.moveTo(x - half, to + up * half);
  context.lineTo(x + half, to + up * half);
  context.lineTo(x, to - up);
  context.fill();
}
