// Values of every kind that a page may hand over, right or wrong.

const revoked = (() => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
})();
const throws = () => {
  throw new RangeError('of the page');
};
const detached = (() => {
  const array = new Float64Array(4);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
})();
const huge = new Float32Array(2 ** 26 + 1); // its pages are never touched

const odd = [
  undefined, null, true, false, 0, -0, 1, -1, 1.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 32, 2 ** 53, 1e308, 5e-324, 10n,
  '', 'kl', 'single', 'x'.repeat(1000), '\u{1f600}\ud800', Symbol('odd'), {}, [], [1, 2], [true], new Array(2 ** 32 - 1),
  () => {}, throws, new Date(0), /x/, new Error('odd'), new Map(), new ArrayBuffer(8), new DataView(new ArrayBuffer(8)),
  new Int8Array(4), new Int32Array([1, 1]), new BigInt64Array(2), new Float32Array(0), new Float32Array([1, 1]),
  new Float64Array([NaN, 1]), huge, detached, revoked, new Proxy({}, { get: throws, ownKeys: throws }),
  new Proxy(new Float32Array(2), {}), Object.create(null), Object.create(Float32Array.prototype),
  { get length() { return throws(); } }, { get constructor() { return throws(); } }, { epsilon: 1 }, { then: () => {} },
  new AbortController().signal, AbortSignal.abort(), new String('kl'), Object('x'.repeat(1e4)), globalThis,
];

/** Any of them. */
export const anything = (random) => odd[random.below(odd.length)];

const numbers = [0, 1, -1, 0.5, 1e-3, 1e-20, 1e20, 1e-45, 3.4e38, 1e300, NaN, Infinity, -Infinity, -0];

/** A number as a setting might have it. */
export const number = (random) => numbers[random.below(numbers.length)];

/** `count` numbers of one kind in a typed array; one in ten arrays has some that are none. */
export function array(random, count) {
  const spoiled = random.chance(0.1);
  const kind = random.below(4);
  const next = () => {
    if (spoiled && random.chance(0.2)) return number(random);
    if (kind === 0) return random.below(3);
    if (kind === 1) return 10 * random.next() - 5;
    return random.next();
  };
  return (random.chance(0.5) ? Float32Array : Float64Array).from({ length: count }, next);
}

/** An object with each of these properties in four of five cases, and sometimes with one that is odd. */
export function options(random, properties, share = 0.8) {
  const made = {};
  for (const [name, value] of Object.entries(properties)) {
    if (random.chance(share)) made[name] = random.chance(0.04) ? anything(random) : value();
  }
  if (random.chance(0.03)) made.unknown = anything(random);
  return made;
}
