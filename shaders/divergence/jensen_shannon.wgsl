// Jensen-Shannon: b KL(p || m) + (1 - b) KL(q || m), m = b p + (1 - b) q, b = member.x, 1 - b = member.y. At b = 1/2 (EVEN),
// where two logarithms would be needed, it is m k(s) with s = (p - q)/(p + q): k(s) = s^2 P(s^2) for |s| <= 1/2, P a Remez
// fit of relative error 5.7e-9; beyond, L/2 [(1 + x) ln(2/(1 + x)) + x ln x] with a fit of 4.3e-9 for the first term and
// a logarithm of absolute error 7e-9 for x < 1/3. member.zw: ln b and ln (1 - b).
//!include divergence/pair.wgsl

override EVEN: bool = false;

const LOGARITHM: bool = !EVEN || FLOWS;
const SECOND: bool = false;

fn half(pair: Pair) -> vec4f {
  let x = pair.ratio;
  let s = divide4(pair.gap, 1.0 + x);
  let u = s * s;
  let close = 0.5 * (1.0 + x) * u * ((0.5 + u * 0x1.5555bap-4f) + (u * u) * ((0x1.10edaap-5f + u * 0x1.2917cap-6f)
    + (u * u) * (0x1.2acd1ap-7f + u * 0x1.c49c8cp-7f)));
  let xx = x * x;
  let mixed = (0x1.62e43p-1f - x * 0x1.3a37acp-2f) + xx * ((x * 0x1.55016cp-3f - 0x1.fffdbap-2f)
    + xx * ((x * 0x1.619c7ep-5f - 0x1.4f7652p-4f) - xx * 0x1.016352p-6f));
  let bits = bitcast<vec4i>(max(x, vec4f(0x1p-126f)));
  let k = (bits - vec4i(0x3f3504f3)) >> vec4u(23u);
  let f = bitcast<vec4f>(bits - (k << vec4u(23u))) - 1.0;
  let ff = f * f;
  let p = (0x1.555784p-2f - f * 0x1.000474p-2f) + ff * ((0x1.98ad04p-3f - f * 0x1.533d4cp-3f)
    + ff * ((0x1.32bfd2p-3f - f * 0x1.267b6ep-3f) + ff * 0x1.633688p-4f));
  let logarithm = vec4f(k) * 0x1.62e43p-1f + (f + ff * (f * p - 0.5));
  let apart = 0.5 * (mixed + x * logarithm);
  return pair.large * select(apart, close, x >= vec4f(0x1.555556p-2f));
}

fn part(pair: Pair, member: vec4f) -> Part {
  let b = member.x;
  let c = member.y;
  if (EVEN && !FLOWS) { return Part(half(pair), vec4f(0.0), vec4f(0.0), vec4f(0.0)); }
  let p = kullback(with_mixture(pair, b, c, member.w));
  let q = kullback(with_mixture(swapped(pair), c, b, member.z));
  var value = b * p.value + c * q.value;
  if (EVEN) { value = half(pair); }
  return Part(value, vec4f(0.0), b * p.flow_first, c * q.flow_first);
}
