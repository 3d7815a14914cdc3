// The view of the slide: p and the shifted q, and a small chart for each divergence with the shift marked in it.
import { bound } from './family.js';
import { oncePerFrame } from '../shared/frame.js';
import { brief } from '../shared/notation.js';
import { character, drawChart, drawPair, shiftAt } from './parting.js';
import { onResize, onThemeChange } from '../shared/surface.js';

const create = (tag, properties) => Object.assign(document.createElement(tag), properties);

export class Charts {
  constructor({ list, slider, shifted, pair }, entries) {
    Object.assign(this, { slider, shifted, pair });
    this.charts = entries.map((entry) => this.#add(list, entry));
    this.draw = oncePerFrame(() => this.#draw());
    slider.addEventListener('input', this.draw);
    onResize(list, this.draw);
    onThemeChange(this.draw);
  }

  // `slid` as `slide` gives it; results by name, in `unit`.
  show(slid, results, unit) {
    const { shifts, q, p } = slid;
    const apart = q.map((row, i) => row.every((weight, bin) => weight === 0 || p[i][bin] === 0));
    Object.assign(this, { slid, results, unit, apart });
    const { slider } = this;
    [slider.min, slider.max, slider.step] = [shifts[0], shifts.at(-1), shifts[1] - shifts[0]];
    this.draw();
  }

  select(name) {
    for (const { item, entry } of this.charts) item.toggleAttribute('data-selected', entry.name === name);
  }

  #add(list, entry) {
    const item = create('li');
    const canvas = create('canvas', { role: 'img' });
    const chart = { entry, item, canvas, reading: create('output'), words: create('small') };
    item.append(create('div', { className: 'label', textContent: entry.title }), canvas, chart.reading, chart.words);
    list.append(item);
    const follow = ({ clientX }) => {
      if (!this.slid) return;
      this.slider.value = this.slid.shifts[shiftAt(canvas, clientX, this.slid.shifts.length)];
      this.draw();
    };
    canvas.addEventListener('pointerdown', follow);
    canvas.addEventListener('pointermove', (event) => { if (event.buttons & 1) follow(event); });
    return chart;
  }

  // All drawing comes before all text: either makes the browser lay out what the other has changed.
  #draw() {
    if (!this.slid) return;
    const { shifts, p, q } = this.slid;
    const at = shifts.indexOf(Number(this.slider.value));
    drawPair(this.pair, p[at], q[at]);
    for (const { entry, canvas } of this.charts) {
      const { curves, parameter } = this.results.get(entry.name);
      drawChart(canvas, curves ? { curves, bound: bound(entry, parameter, this.unit), at } : { curves: [[], []], at: 0 });
    }
    const far = Math.abs(shifts[at]);
    const way = far === 0 ? 'as drawn' : `${far} bin${far > 1 ? 's' : ''} to the ${shifts[at] > 0 ? 'right' : 'left'}`;
    this.shifted.textContent = `${way}${this.apart[at] ? ', no bin in common' : ''}`;
    this.slider.ariaValueText = this.shifted.textContent;
    for (const chart of this.charts) this.#describe(chart, at);
  }

  #describe({ entry, canvas, reading, words }, at) {
    const { curves } = this.results.get(entry.name);
    if (!curves) {
      reading.replaceChildren();
      words.textContent = 'not defined for this parameter';
      return;
    }
    const [there, back] = curves.map((curve) => brief(curve[at]));
    const read = (className, textContent) => create('span', { className, textContent });
    reading.replaceChildren(read('source', there), read('target', back));
    words.textContent = character(curves, this.apart);
    canvas.ariaLabel = `${entry.title} by shift of q: ${words.textContent}; here ${there} and ${back}`;
  }
}
