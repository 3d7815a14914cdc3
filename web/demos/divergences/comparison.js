// The divergences of two histograms, of both as one slides along the other, and the gradient of one, on a context.
import { Distributions, Divergence } from '../shared/kantor.js';
import { slide } from './parting.js';
import { pause } from '../shared/pace.js';

// `entries` are `{ name, parameter? }`, `settings` the unit and the precision. Calls `onResult(entry, result, share done)`
// with `{ both: [D(p‖q), D(q‖p)], flags of both, curves of both by shift, parameter }`, or with `{ refused: why }` where the
// divergence does not take the parameter: that spoils its own result only. Returns the rows of the slide and how many pairs
// of rows there were. Both directions of the pair as drawn are two rows of the batch, the slide is the rest. Four calls are
// on their way at a time, so that the GPU need not wait for the page, nor a cancel for the GPU.
export async function compareAll({ p, q, background, entries, settings }, { context, signal, onResult }) {
  const slid = slide(p, q, background);
  const bins = 3 * p.length;
  const first = stack([p, q, ...slid.p, ...slid.q], bins);
  const second = stack([q, p, ...slid.q, ...slid.p], bins);
  return withRows(context, [first, second], bins, async (...rows) => {
    const waiting = [...entries];
    const inTurn = async () => {
      for (let entry = waiting.shift(); entry; entry = waiting.shift()) {
        await pause(signal); // the CPU twin computes within the call
        const result = await compare(divergence(entry, settings), rows, slid.shifts.length);
        onResult(entry, result, 1 - waiting.length / entries.length);
      }
    };
    await all([inTurn(), inTurn(), inTurn(), inTurn()]);
    return { slid, pairs: rows[0].length };
  });
}

// The gradient of D(p‖q) with respect to the weights of either, `{ infinite: true }` where there is none, or `{ refused }`.
export async function differentiate({ p, q, entry, settings }, { context, signal }) {
  const { measure, refused } = divergence(entry, settings);
  if (refused) return { refused };
  try {
    return await withRows(context, [p, q], p.length, async (...rows) => {
      signal.throwIfAborted();
      const { values, gradientP, gradientQ } = await measure.valueAndGradient(...rows);
      return values[0] === Infinity ? { infinite: true } : { p: gradientP, q: gradientQ };
    });
  } finally {
    measure.free();
  }
}

// As Promise.all, but it waits for every one of them before it rejects: what they work on can then be freed.
export async function all(promises) {
  const outcomes = await Promise.allSettled(promises);
  const failure = outcomes.find(({ status }) => status === 'rejected');
  if (failure) throw failure.reason;
  return outcomes.map(({ value }) => value);
}

function divergence({ name, parameter }, settings) {
  try {
    return { measure: new Divergence(name, { ...settings, parameter }) };
  } catch (error) {
    if (error.kind !== 'invalid-input') throw error;
    return { refused: error.message };
  }
}

async function compare({ measure, refused }, rows, shifts) {
  if (refused) return { refused };
  try {
    const { values, pWithoutQ, qWithoutP } = await measure.rows(...rows);
    const flags = [0, 1].map((row) => ({ pWithoutQ: pWithoutQ[row], qWithoutP: qWithoutP[row] }));
    const curves = [values.slice(2, 2 + shifts), values.slice(2 + shifts)];
    return { both: values.slice(0, 2), flags, curves, parameter: measure.parameter };
  } finally {
    measure.free();
  }
}

// Lends rows on the context to `use`, and frees them once it has ended.
async function withRows(context, rows, bins, use) {
  const created = await Promise.allSettled(rows.map((values) => Distributions.create(context, values, bins)));
  const lent = created.flatMap(({ value }) => value ?? []);
  try {
    const failure = created.find(({ status }) => status === 'rejected');
    if (failure) throw failure.reason;
    return await use(...lent);
  } finally {
    for (const distributions of lent) distributions.free();
  }
}

// One row after the other, each filled up with empty bins.
function stack(rows, bins) {
  const values = new Float64Array(rows.length * bins);
  rows.forEach((row, i) => values.set(row, i * bins));
  return values;
}
