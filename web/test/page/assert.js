// Assertions for code that runs in a page, where Node's are not.

/** Fails unless `condition`. */
export function holds(condition, what) {
  if (!condition) throw new Error(what);
}

/** Fails unless `got` is `expected`. */
export function equal(got, expected, what) {
  if (!Object.is(got, expected)) throw new Error(`${what}: ${String(got)}, not ${String(expected)}`);
}

/** Fails unless |got − expected| ≤ bound; the same infinity is no error, and NaN always is. */
export function within(got, expected, bound, what) {
  const error = got === expected ? 0 : Math.abs(got - expected);
  if (!(error <= bound)) throw new Error(`${what}: ${got}, not ${expected}: ${error} is above ${bound}`);
}

/**
 * The entry of `got` that is furthest from that of `expected`, in units of `bound(index)`, must not be further than one
 * unit. Gives that worst share.
 */
export function allWithin(got, expected, bound, what) {
  equal(got.length, expected.length, `${what}: length`);
  let worst = 0;
  for (let i = 0; i < got.length; i++) {
    const allowed = typeof bound === 'number' ? bound : bound(i);
    within(got[i], expected[i], allowed, `${what}, entry ${i}`);
    if (got[i] !== expected[i]) worst = Math.max(worst, Math.abs(got[i] - expected[i]) / allowed);
  }
  return worst;
}

/** Fails unless `work` throws or its promise rejects; gives the error. */
export async function failure(work, what) {
  let value;
  try {
    value = await work();
  } catch (error) {
    holds(error instanceof Error, `${what}: what was thrown is no Error but ${String(error)}`);
    return error;
  }
  throw new Error(`${what}: no error, but ${String(value)}`);
}

/** Fails unless `work` fails with this `kind`; gives the error. */
export async function failsWith(kind, work, what) {
  const error = await failure(work, what);
  equal(error.kind, kind, `${what}: kind of "${error.name}: ${error.message}"`);
  holds(error.message.length > 0, `${what}: an error without a message`);
  return error;
}
