// Cauchy-Schwarz: -ln((sum p q)^2/(sum p^2 sum q^2)), from the squared distance of p from the multiple of q that is
// nearest to it. The reference of the pair is that multiple, so `difference` is p - t q: value sum (p - t q)^2, second
// sum (t q)^2; sum p^2 follows on the host. Nothing cancels where the rows are nearly parallel.
//!include divergence/pair.wgsl

const LOGARITHM: bool = false;
const SECOND: bool = true;

fn part(pair: Pair, member: vec4f) -> Part {
  let difference = pair.difference;
  let p = pair.large * select(pair.ratio, vec4f(1.0), pair.p_larger);
  let q = pair.large * select(vec4f(1.0), pair.ratio, pair.p_larger);
  // Sums of values: q (p - q) and p q. Gradients: p (p - t q) and -q (p - t q), with t chosen by the host for each side, and
  // in place of a value t q.
  if (GRADIENT) { return Part(q, vec4f(0.0), p * difference, -q * difference); }
  return Part(difference * difference, q * q, q * difference, p * q);
}
