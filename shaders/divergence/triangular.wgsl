// Triangular: sum (p - q)^2/(p + q); half of it is chi-squared from the mixture (p + q)/2.
// dD/dp = (p - q)(p + 3q)/(p + q)^2.
//!include divergence/pair.wgsl

const LOGARITHM: bool = false;
const SECOND: bool = false;

fn part(pair: Pair, member: vec4f) -> Part {
  let x = pair.ratio;
  let inverse = reciprocal4(1.0 + x);
  let s = pair.gap * inverse;
  let ahead = pair.large * s * ((1.0 + 3.0 * x) * inverse);
  let behind = -pair.large * s * (x * ((x + 3.0) * inverse));
  return Part(pair.large * pair.gap * s, vec4f(0.0), select(behind, ahead, pair.p_larger), select(ahead, behind, pair.p_larger));
}
