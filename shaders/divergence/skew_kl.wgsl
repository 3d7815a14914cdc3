// Skew KL: KL(p || m), m = a p + (1 - a) q, a = member.x, 1 - a = member.y, of which ln is member.w. dD/dp = ln(p/m) + a (1 - p/m), dD/dq = (1 - a)(1 - p/m).
//!include divergence/pair.wgsl

const LOGARITHM: bool = true;
const SECOND: bool = false;

fn part(pair: Pair, member: vec4f) -> Part {
  let a = member.x;
  let m = with_mixture(pair, a, member.y, member.w);
  // q/m where p is larger; at a = 0 also where q is next to nothing.
  var share = pair.ratio * reciprocal4(max(m.ratio, vec4f(0x1p-126f)));
  if (ENDS && a == 0.0) { share = vec4f(1.0); }
  let ahead = pair.large * m.gap;
  // With z = ln(p/m): z + a (1 - p/m) = rest + (1 - a) g q/m where p is larger, else -(rest + (1 - a) g) with those of m/p.
  let q_part = select(-ahead, share * ahead, pair.p_larger);
  let p_flow = select(-pair.ratio * (pair.large * m.rest + member.y * ahead),
    pair.large * m.rest + member.y * q_part, pair.p_larger);
  return Part(kullback(m).value, vec4f(0.0), p_flow, -member.y * q_part);
}
