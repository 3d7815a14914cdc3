// f-distill's softened reverse KL: sum (p + q) ln((p + q)/2p) = 2 KL(m || p), m = (p + q)/2.
// dD/dp = ln(m/p) + 2 (1 - m/p), dD/dq = ln(m/p).
//!include divergence/pair.wgsl

const LOGARITHM: bool = true;
const SECOND: bool = false;

fn part(pair: Pair, member: vec4f) -> Part {
  let m = with_mixture(pair, 0.5, 0.5, -LN_2.x);
  let k = kullback(swapped(m));
  let z = m.gap + m.rest;
  let log_m_p = select(z, -z, pair.p_larger);
  let p = pair.large * select(pair.ratio, vec4f(1.0), pair.p_larger);
  let q = pair.large * select(vec4f(1.0), pair.ratio, pair.p_larger);
  // p (1 - m/p) = (p - q)/2
  let half_difference = 0.5 * pair.large * select(-pair.gap, pair.gap, pair.p_larger);
  return Part(2.0 * k.value, vec4f(0.0), p * log_m_p + 2.0 * half_difference, q * log_m_p);
}
