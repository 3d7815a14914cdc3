// How the values of a function become colours and contour lines: a scale takes a value to −1…1, negative to one side of
// the paper's colour and positive to the other.
import { bytesOfOklab, oklab } from '../shared/oklab.js';
import { mix } from '../shared/plot.js';
import { cssColour } from '../shared/surface.js';

const decades = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i));

// Logarithmic from 1 on to both sides and linear in between.
export function symmetric(low, high) {
  const top = Math.log1p(Math.max(-low, high));
  const place = (value) => (Math.sign(value) * Math.log1p(Math.abs(value))) / top;
  const most = (end) => Math.floor(Math.log10(Math.max(1, end)));
  const negative = low < 0 ? decades(0, most(-low)).map((value) => -value).reverse() : [];
  const positive = high > 0 ? decades(0, most(high)) : [];
  return { place, ends: [place(low), place(high)], levels: [...negative, 0, ...positive] };
}

// Logarithmic, for what is positive: powers of ten from `low` to `high`.
export function logarithmic(low, high) {
  const place = (value) => (Math.log10(value) - low) / (high - low);
  return { place, ends: [0, 1], levels: decades(low, high) };
}

export function linear(low, high, step) {
  const top = Math.max(-low, high);
  const levels = Array.from({ length: Math.round((high - low) / step) + 1 }, (_, i) => low + i * step);
  return { place: (value) => value / top, ends: [low / top, high / top], levels };
}

// 513 colours from −1 to 1 as bytes of red, green and blue, in Oklab: from a dark shade of one side over its colour to the
// paper, and on to the other side.
export function ramp() {
  const stops = (side) => {
    const colour = cssColour(side);
    const deep = mix(cssColour('--ink'), colour, 0.45).map(Math.round);
    return [cssColour('--paper'), colour, deep].map(oklab);
  };
  const sides = [stops('--source'), stops('--target')];
  const colours = new Uint8ClampedArray(3 * 513);
  const bytes = new Float64Array(3);
  for (let i = 0; i < 513; i++) {
    const t = Math.abs(i - 256) / 256;
    const [paper, colour, deep] = sides[i < 256 ? 0 : 1];
    const [from, to, share] = t < 0.6 ? [paper, colour, t / 0.6] : [colour, deep, (t - 0.6) / 0.4];
    bytesOfOklab(...mix(from, to, share), bytes, 0);
    colours.set(bytes, 3 * i);
  }
  return colours;
}

// The place of a value's colour in a ramp.
export function indexOf(place) {
  return 3 * Math.round(256 * (1 + Math.min(1, Math.max(-1, place))));
}
