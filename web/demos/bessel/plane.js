// A map over orders v and arguments x, both logarithmic, with contour lines and a crosshair.
import { contour } from './contour.js';
import { oncePerFrame } from '../shared/frame.js';
import { fate, formats } from './functions.js';
import { drawLegend } from './legend.js';
import { superscript } from '../shared/notation.js';
import { indexOf, ramp } from './scale.js';
import { pause } from '../shared/pace.js';
import { css, fitCanvas, onResize, onThemeChange } from '../shared/surface.js';

export const columns = 192;
export const rows = 192;
const across = { low: -2, high: 6 }; // log₁₀ x
const upward = { low: -2, high: 5 }; // log₁₀ v
const margin = { left: 40, right: 10, top: 10, bottom: 36 };

const at = ({ low, high }, share) => low + share * (high - low);
const shareOf = ({ low, high }, value) => Math.min(1, Math.max(0, (Math.log10(value) - low) / (high - low)));
const threeDigits = (logarithm) => Number((10 ** logarithm).toPrecision(3));

// The points of the grid, row by row from small orders to large ones.
export function grid() {
  const v = new Float64Array(columns * rows);
  const x = new Float64Array(columns * rows);
  const line = Float64Array.from({ length: columns }, (_, column) => 10 ** at(across, column / (columns - 1)));
  for (let row = 0; row < rows; row++) {
    v.fill(10 ** at(upward, row / (rows - 1)), row * columns, (row + 1) * columns);
    x.set(line, row * columns);
  }
  return { v, x };
}

export class Plane {
  // `onMove(v, x)` is called when the crosshair is moved by hand.
  constructor(canvas, legend, { onMove }) {
    Object.assign(this, { canvas, legend, onMove, v: 1, x: 1 });
    this.picture = layer();
    this.backdrop = document.createElement('canvas');
    this.redraw = oncePerFrame(() => this.#redraw());
    this.repaint = oncePerFrame(() => this.#repaint());
    this.drawCrosshair = oncePerFrame(() => this.#drawCrosshair());
    canvas.addEventListener('pointerdown', (event) => this.#point(event));
    canvas.addEventListener('pointermove', (event) => this.#point(event));
    canvas.addEventListener('keydown', (event) => this.#key(event));
    onResize(canvas, this.redraw);
    onResize(legend, this.repaint);
    onThemeChange(this.repaint);
  }

  // Starts an empty map of one of the `functions`.
  begin(subject) {
    Object.assign(this, { subject, lines: undefined, beyond: undefined });
    this.values = new Float64Array(columns * rows);
    this.field = new Float64Array(columns * rows).fill(NaN); // places on the scale
    this.repaint();
  }

  // Fills in values from the grid point `from` on.
  fill(from, values) {
    this.values.set(values, from);
    for (let i = 0; i < values.length; i++) this.field[from + i] = this.subject.scale.place(values[i]);
    this.redraw();
  }

  // Adds what needs the whole map: contour lines, and the region that exp() cannot reach.
  async finish(signal) {
    const { values, subject: { scale, of } } = this;
    const trace = (level) => contour(values, columns, rows, level);
    const lines = [];
    let beyond;
    for (const level of scale.levels) {
      lines.push({ style: level === 0 ? 'zero' : 'level', strokes: trace(level) });
      await pause(signal);
    }
    if (of) {
      for (const [style, { largest, smallest }] of Object.entries(formats)) {
        lines.push({ style, strokes: [...trace(largest), ...trace(smallest)] });
        await pause(signal);
      }
      beyond = values.map((value) => Number(fate(value, formats.f64) !== undefined));
    }
    if (this.values !== values) return; // another map by now
    Object.assign(this, { lines, beyond });
    this.redraw();
  }

  moveTo(v, x) {
    Object.assign(this, { v, x });
    this.drawCrosshair();
  }

  get #plot() {
    const { clientWidth, clientHeight } = this.canvas;
    return [margin.left, margin.top, clientWidth - margin.left - margin.right, clientHeight - margin.top - margin.bottom];
  }

  #point(event) {
    const [left, top, width, height] = this.#plot;
    const box = this.canvas.getBoundingClientRect();
    const [u, w] = [(event.clientX - box.left - left) / width, 1 - (event.clientY - box.top - top) / height];
    if (u < 0 || u > 1 || w < 0 || w > 1) return;
    this.#moved(at(upward, w), at(across, u));
  }

  #key(event) {
    const cells = event.shiftKey ? 10 : 1;
    const step = (cells * (across.high - across.low)) / (columns - 1);
    const moves = {
      ArrowLeft: [0, -step], ArrowRight: [0, step], ArrowDown: [-step, 0], ArrowUp: [step, 0],
      PageDown: [-1, 0], PageUp: [1, 0], Home: [0, -Infinity], End: [0, Infinity],
    };
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const clamp = (value, { low, high }) => Math.min(high, Math.max(low, value));
    this.#moved(clamp(Math.log10(this.v) + move[0], upward), clamp(Math.log10(this.x) + move[1], across));
  }

  #moved(logV, logX) {
    this.moveTo(threeDigits(logV), threeDigits(logX));
    this.onMove(this.v, this.x);
  }

  #repaint() {
    this.colours = ramp();
    this.#redraw();
    if (this.subject) drawLegend(this.legend, this.subject.scale, this.colours, margin);
  }

  #paint() {
    const image = new ImageData(columns, rows);
    const { data } = image;
    for (let i = 0; i < this.field.length; i++) {
      const place = this.field[i];
      if (Number.isNaN(place)) continue;
      const pixel = pixelOf(i);
      const colour = indexOf(place);
      data[pixel] = this.colours[colour];
      data[pixel + 1] = this.colours[colour + 1];
      data[pixel + 2] = this.colours[colour + 2];
      data[pixel + 3] = 255;
    }
    this.picture.getContext('2d').putImageData(image, 0, 0);
  }

  // Everything but the crosshair is drawn behind the visible canvas, and copied there on every move.
  #redraw() {
    const { width, height } = fitCanvas(this.canvas);
    if (width === 0 || !this.colours) return;
    const { backdrop } = this;
    [backdrop.width, backdrop.height] = [this.canvas.width, this.canvas.height];
    const context = backdrop.getContext('2d');
    context.scale(backdrop.width / width, backdrop.height / height);
    this.#paint();
    const [left, top, wide, high] = this.#plot;
    context.save();
    context.beginPath();
    context.rect(left, top, wide, high);
    context.clip();
    context.fillStyle = css('--panel');
    context.fillRect(left, top, wide, high);
    const cell = [wide / (columns - 1), high / (rows - 1)];
    const place = [left - cell[0] / 2, top - cell[1] / 2, wide + cell[0], high + cell[1]];
    context.drawImage(this.picture, ...place);
    if (this.beyond) this.#hatch(context, place);
    for (const line of this.lines ?? []) this.#drawLine(context, line, cell);
    context.restore();
    this.#drawAxes(context);
    this.#drawCrosshair();
  }

  #hatch(context, place) {
    const mask = layer();
    const image = new ImageData(columns, rows);
    this.beyond.forEach((beyond, i) => {
      image.data[pixelOf(i) + 3] = 255 * beyond;
    });
    mask.getContext('2d').putImageData(image, 0, 0);
    const lines = document.createElement('canvas');
    [lines.width, lines.height] = [this.canvas.width, this.canvas.height];
    const pen = lines.getContext('2d');
    const ratio = this.canvas.width / this.canvas.clientWidth;
    pen.scale(ratio, ratio);
    pen.strokeStyle = css('--paper');
    pen.lineWidth = 0.75;
    pen.beginPath();
    const { clientWidth, clientHeight } = this.canvas;
    for (let x = -clientHeight; x < clientWidth; x += 7) {
      pen.moveTo(x, clientHeight);
      pen.lineTo(x + clientHeight, 0);
    }
    pen.stroke();
    pen.globalCompositeOperation = 'destination-in';
    pen.drawImage(mask, ...place);
    context.globalAlpha = 0.55;
    context.drawImage(lines, 0, 0, clientWidth, clientHeight);
    context.globalAlpha = 1;
  }

  #drawLine(context, { style, strokes }, [dx, dy]) {
    const [left, top, , height] = this.#plot;
    const styles = {
      level: { colour: '--ink', width: 0.75, alpha: 0.28, dash: [] },
      zero: { colour: '--ink', width: 2, alpha: 1, dash: [] },
      f64: { colour: '--ink', width: 1.25, alpha: 1, dash: [] },
      f32: { colour: '--ink', width: 1.25, alpha: 1, dash: [5, 3] },
    };
    const { colour, width, alpha, dash } = styles[style];
    context.strokeStyle = css(colour);
    context.lineWidth = width;
    context.globalAlpha = alpha;
    context.setLineDash(dash);
    context.stroke(path(strokes, (x, y) => [left + x * dx, top + height - y * dy]));
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  #drawAxes(context) {
    const [left, top, width, height] = this.#plot;
    context.strokeStyle = css('--field');
    context.fillStyle = css('--soft');
    context.font = '12px system-ui, sans-serif';
    context.lineWidth = 1;
    context.strokeRect(left - 0.5, top - 0.5, width + 1, height + 1);
    const everyOther = width < 380 ? 2 : 1;
    context.textAlign = 'center';
    for (let k = across.low; k <= across.high; k++) {
      const x = left + ((k - across.low) / (across.high - across.low)) * width;
      tick(context, x, top + height, x, top + height + 4);
      if ((k - across.low) % everyOther === 0) context.fillText(`10${superscript(k)}`, x, top + height + 17);
    }
    context.textAlign = 'right';
    for (let k = upward.low; k <= upward.high; k++) {
      const y = top + height - ((k - upward.low) / (upward.high - upward.low)) * height;
      tick(context, left - 4, y, left, y);
      context.fillText(`10${superscript(k)}`, left - 6, y + 4);
    }
    context.font = 'italic 15px ui-serif, Georgia, serif';
    context.textAlign = 'center';
    context.fillText('x', left + width / 2, top + height + 32);
    context.fillText('v', 7, top + height / 2);
  }

  #drawCrosshair() {
    if (this.backdrop.width === 0 || this.canvas.clientWidth === 0) return;
    const { context, width, height } = fitCanvas(this.canvas);
    context.drawImage(this.backdrop, 0, 0, width, height);
    const [left, top, wide, high] = this.#plot;
    const x = left + shareOf(across, this.x) * wide;
    const y = top + (1 - shareOf(upward, this.v)) * high;
    context.lineWidth = 1;
    context.strokeStyle = css('--ink');
    const gap = 7;
    const arms = [[left, y, x - gap, y], [x + gap, y, left + wide, y], [x, top, x, y - gap], [x, y + gap, x, top + high]];
    for (const [x0, y0, x1, y1] of arms) if (x0 <= x1 && y0 <= y1) tick(context, x0, y0, x1, y1);
    context.beginPath();
    context.arc(x, y, gap - 2, 0, 2 * Math.PI);
    context.lineWidth = 3;
    context.strokeStyle = css('--paper');
    context.stroke();
    context.lineWidth = 1.5;
    context.strokeStyle = css('--ink');
    context.stroke();
  }
}

// Where the bytes of a grid point are in an image: its first row is at the top.
function pixelOf(i) {
  return 4 * ((rows - 1 - Math.floor(i / columns)) * columns + (i % columns));
}

function layer() {
  return Object.assign(document.createElement('canvas'), { width: columns, height: rows });
}

function tick(context, x0, y0, x1, y1) {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

function path(lines, place) {
  const result = new Path2D();
  for (const line of lines) {
    for (let i = 0; i < line.length; i += 2) result[i === 0 ? 'moveTo' : 'lineTo'](...place(line[i], line[i + 1]));
  }
  return result;
}
