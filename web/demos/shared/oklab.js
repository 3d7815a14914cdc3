// The Oklab colour space of Björn Ottosson (2020): distances in it are close to those that people see.
// Its three coordinates are lightness, green to red, blue to yellow.

const linearOfByte = Float64Array.from({ length: 257 }, (_, byte) => linear(byte / 255));

function linear(encoded) {
  return encoded <= 0.04045 ? encoded / 12.92 : ((encoded + 0.055) / 1.055) ** 2.4;
}

function encode(light) {
  return light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
}

// Of an sRGB colour in bytes, which may be fractions and reach 256; written to `out` from `at` on.
export function oklabOfBytes(red, green, blue, out, at) {
  const light = (byte) => (Number.isInteger(byte) ? linearOfByte[byte] : linear(byte / 255));
  const [r, g, b] = [light(red), light(green), light(blue)];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  out[at] = 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s;
  out[at + 1] = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s;
  out[at + 2] = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s;
}

// The same of [red, green, blue], as a new array.
export function oklab(bytes) {
  const lab = new Float64Array(3);
  oklabOfBytes(...bytes, lab, 0);
  return lab;
}

// The other way: bytes that are fractions, and beyond 0…255 for colours that no screen shows.
export function bytesOfOklab(lightness, a, b, out, at) {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  out[at] = 255 * encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
  out[at + 1] = 255 * encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
  out[at + 2] = 255 * encode(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s);
}
