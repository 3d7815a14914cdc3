// Jensen-Shannon: b KL(p || m) + (1 - b) KL(q || m), m = b p + (1 - b) q, b = member.x, 1 - b = member.y. At b = 1/2, where two logarithms
// would be needed, it is m k(s) with s = (p - q)/(p + q): k(s) = s^2 P(s^2) for |s| <= 1/2, P a Remez fit of relative
// error 5.7e-9; beyond, L/2 [(1 + x) ln(2/(1 + x)) + x ln x] with a fit of 4.3e-9 for the first term.
//!include divergence/pair.wgsl

const LOGARITHM: bool = true;
const SECOND: bool = false;

fn half(pair: Pair) -> vec4f {
  let x = pair.ratio;
  let s = pair.gap / (1.0 + x);
  let u = s * s;
  let close = 0.5 * (1.0 + x) * u * (0.5 + u * (0x1.5555bap-4f + u * (0x1.10edaap-5f + u * (0x1.2917cap-6f
    + u * (0x1.2acd1ap-7f + u * 0x1.c49c8cp-7f)))));
  let mixed = 0x1.62e43p-1f + x * (-0x1.3a37acp-2f + x * (-0x1.fffdbap-2f + x * (0x1.55016cp-3f
    + x * (-0x1.4f7652p-4f + x * (0x1.619c7ep-5f - x * 0x1.016352p-6f)))));
  let apart = 0.5 * (mixed - x * (pair.gap + pair.rest));
  return pair.large * select(apart, close, x >= vec4f(0x1.555556p-2f));
}

fn part(pair: Pair, member: vec4f) -> Part {
  let b = member.x;
  let c = member.y;
  if (b == 0.5 && !FLOWS) { return Part(half(pair), vec4f(0.0), vec4f(0.0), vec4f(0.0)); }
  let p = kullback(with_mixture(pair, b, c));
  let q = kullback(with_mixture(swapped(pair), c, b));
  var value = b * p.value + c * q.value;
  if (b == 0.5) { value = half(pair); }
  return Part(value, vec4f(0.0), b * p.flow_first, c * q.flow_first);
}
