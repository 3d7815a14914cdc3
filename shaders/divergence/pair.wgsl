// Two bins p and q of the same place in two rows, four places at a time, in the form that every divergence is computed
// from: the larger of the two, the ratio x of the smaller to it, the gap g = 1 - x, and rest = -ln x - g. Where the bins
// are nearly equal the gap (from weights) or -ln x = gap + rest (from logits) is exact, and the rest has its own series,
// so that no term of a divergence is a difference of larger numbers.
//!include divergence/quad.wgsl

// difference: p - q, better known than as large * gap where the bins are weights.
struct Pair { large: vec4f, ratio: vec4f, gap: vec4f, rest: vec4f, p_larger: vec4<bool>, difference: vec4f }

// What a bin adds to a divergence: its value, a second sum that some need, and p dD/dp, q dD/dq, without the constant
// that makes them 0 at p = q.
struct Part { value: vec4f, second: vec4f, flow_p: vec4f, flow_q: vec4f }

// Whether a mixture may be all of one row.
override ENDS: bool = false;

// Set where a term leaves the range of f32: the row is then computed in f64 by its twin.
var<private> beyond_range: vec4<bool>;

// Terms are homogeneous, so a pair may stand for any common multiple of its bins.
// No ratio is below SMALLEST_RATIO, which the kernel names.
// p and difference = p - q, of which q is known as p - difference up to rounding.
fn pair_of(p: vec4f, q: vec4f, difference: vec4f, logarithm: bool) -> Pair {
  let large = max(p, q);
  let inverse = reciprocal4(max(large, vec4f(0x1p-126f)));
  var ratio = min(min(p, q) * inverse, vec4f(1.0));
  if (SMALLEST_RATIO > 0.0) { ratio = max(ratio, vec4f(SMALLEST_RATIO)); }
  let gap = min(abs(difference) * inverse, vec4f(1.0));
  var rest = vec4f(0.0);
  if (logarithm) { rest = rest_of_ratio4(ratio, gap); }
  return Pair(large, ratio, gap, rest, difference >= vec4f(0.0), difference);
}

fn swapped(pair: Pair) -> Pair {
  return Pair(pair.large, pair.ratio, pair.gap, pair.rest, !pair.p_larger, -pair.difference);
}

// KL(first || second) of the bins a pair holds.
struct Kullback { value: vec4f, flow_first: vec4f, flow_second: vec4f }

// first larger: L (-ln x - g) = L rest. First smaller: L (1 - x + x ln x) = L (g^2 - rest x).
fn kullback(pair: Pair) -> Kullback {
  let z = pair.gap + pair.rest;
  return Kullback(
    pair.large * select(pair.gap * pair.gap - pair.rest * pair.ratio, pair.rest, pair.p_larger),
    pair.large * select(-pair.ratio * z, z, pair.p_larger),
    pair.large * select(pair.gap, -pair.gap, pair.p_larger));
}

// The pair of p and w p + v q, v = 1 - w; both are given, because 1 - w of a rounded w is not good enough. Where p is so
// much smaller that m = v q, -ln(p/m) is -ln(p/q) + ln v, which logits know where the ratio is no f32.
fn with_mixture(pair: Pair, w: f32, v: f32, log_v: f32) -> Pair {
  if (ENDS) {
    if (w == 0.0) { return pair; }
    if (v == 0.0) {
      let own = pair.large * select(pair.ratio, vec4f(1.0), pair.p_larger);
      return Pair(own, vec4f(1.0), vec4f(0.0), vec4f(0.0), pair.p_larger, vec4f(0.0));
    }
  }
  let own = v * pair.gap;
  let mixed = v + w * pair.ratio;
  let inverse = reciprocal4(select(mixed, vec4f(1.0), pair.p_larger));
  let ratio = select(pair.ratio * inverse, w + v * pair.ratio, pair.p_larger);
  let gap = own * inverse;
  let large = pair.large * select(mixed, vec4f(1.0), pair.p_larger);
  var rest = rest_of_ratio4(ratio, gap);
  if (FROM_LOGITS) {
    let far = (pair.ratio < vec4f(0x1p-100f)) & !pair.p_larger;
    rest = select(rest, (pair.gap + pair.rest) + (log_v - gap), far);
  }
  return Pair(large, ratio, gap, rest, pair.p_larger, v * pair.difference);
}
