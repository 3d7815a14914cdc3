// What the panel beside the map reads at the crosshair: a value in both precisions, and what is left of e to its power.
import { bessel } from '../shared/kantor.js';
import { fate, formats, functions } from './functions.js';
import { exponential, withPower } from '../shared/notation.js';

const element = (id) => document.getElementById(id);
const show = (id, text) => { element(id).textContent = text; };

export class Reading {
  #context;
  #busy = false;
  #again = false;

  // Reads on this context from now on, until its device is lost.
  hold(context) {
    if (this.#context === context) return;
    this.#context = context;
    context.device?.lost.then(() => { if (this.#context === context) this.#context = undefined; });
    this.update();
  }

  // Reads what the fields name, one reading at a time: while one is on its way, only the newest place is kept.
  async update() {
    this.#again = true;
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#again && this.#context) {
        this.#again = false;
        await this.#read(this.#context);
      }
    } finally {
      this.#busy = false;
    }
  }

  async #read(context) {
    try {
      const name = element('function').value;
      const [v, x] = [element('v'), element('x')].map(({ value }) => (value === '' ? NaN : Number(value)));
      if (Number.isNaN(v + x)) refuse('Give an order and an argument.');
      else await evaluate(context, name, v, x);
    } catch (error) {
      if (this.#context !== context || error.kind === 'device-lost') return; // the strip says so
      if (error.kind === undefined) throw error;
      refuse(error.message);
    }
  }
}

// Single precision, and double at the same numbers and at these numbers as f32, which is all that single sees. The first
// time, double waits for its kernel to be compiled: single is shown meanwhile.
async function evaluate(context, name, v, x) {
  const { of } = functions[name];
  const [single] = await bessel(context, name, v, x, { precision: 'single' });
  if (context.precision !== 'double') return showValues(of, single, { missing: 'not on this adapter' });
  const meanwhile = setTimeout(showValues, 100, of, single, { missing: '…' });
  try {
    const places = [Float64Array.of(v, Math.fround(v)), Float64Array.of(x, Math.fround(x))];
    const [double, rounded] = await bessel(context, name, ...places, { precision: 'double' });
    showValues(of, single, { double, rounded });
  } finally {
    clearTimeout(meanwhile);
  }
}

function showValues(isLogarithm, single, { double, rounded, missing }) {
  element('refused').hidden = true;
  show('double', missing ?? withPower(String(double)));
  show('single', withPower(String(Number(single.toPrecision(9)))));
  show('difference', missing ?? difference(rounded, single));
  if (isLogarithm) showPower(double ?? single);
}

function showPower(value) {
  show('itself', exponential(value));
  for (const [format, ends] of Object.entries(formats)) {
    const number = format === 'f64' ? Math.exp(value) : Math.fround(Math.exp(value));
    show(`as-${format}`, fate(value, ends) ?? withPower(number.toPrecision(format === 'f64' ? 12 : 7)));
  }
}

function difference(double, single) {
  const gap = double - single;
  if (!Number.isFinite(gap)) return double === single ? '0' : '—';
  const ulp = 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(double)))) - 23);
  return `${withPower(gap.toExponential(2))} (${(Math.abs(gap) / ulp).toFixed(2)} ulp)`;
}

function refuse(message) {
  element('refused').hidden = false;
  show('refused', message);
  for (const cell of document.querySelectorAll('#reading dd')) cell.textContent = '—';
}
