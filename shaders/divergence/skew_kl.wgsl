// Skew KL: KL(p || m), m = a p + (1 - a) q, a = member.x, 1 - a = member.y. dD/dp = ln(p/m) + a (1 - p/m), dD/dq = (1 - a)(1 - p/m).
//!include divergence/pair.wgsl

const LOGARITHM: bool = true;
const SECOND: bool = false;

fn part(pair: Pair, member: vec4f) -> Part {
  let a = member.x;
  let m = with_mixture(pair, a, member.y);
  let k = kullback(m);
  // p/m - 1 and what it makes of p and q.
  let excess = select(-m.gap, m.gap / max(m.ratio, vec4f(0x1p-126f)), pair.p_larger);
  let p = pair.large * select(pair.ratio, vec4f(1.0), pair.p_larger);
  let q = pair.large * select(vec4f(1.0), pair.ratio, pair.p_larger);
  return Part(k.value, vec4f(0.0), k.flow_first - a * p * excess, -member.y * q * excess);
}
