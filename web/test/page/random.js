/** Numbers in [0, 1), the same everywhere (Numerical Recipes' linear congruential generator, upper 24 bits). */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  next() {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return (this.#state >>> 8) / 2 ** 24;
  }

  /** Between two positive numbers, the logarithm uniform. */
  between(low, high) {
    return (low / high) ** (1 - this.next()) * high;
  }

  array(length) {
    return Float32Array.from({ length }, () => this.next());
  }
}

/** The weights divided by their sum, row by row. */
export function normalized(weights, bins = weights.length) {
  const rows = new Float32Array(weights.length);
  for (let start = 0; start < weights.length; start += bins) {
    const row = weights.subarray(start, start + bins);
    const sum = row.reduce((sum, weight) => sum + weight, 0);
    rows.set(row.map((weight) => weight / sum), start);
  }
  return rows;
}
