// A user's f-divergence: sum q f(p/q). What stands for f and its derivative is replaced by the user's expressions in r.
// Slopes: dD/dp = f'(r), dD/dq = f(r) - r f'(r). Where one bin is
// empty: q member.x or p member.y, the limits f(0) and lim f(r)/r.
//!include divergence/pair.wgsl

const LOGARITHM: bool = false;
const SECOND: bool = false;

//!splice GENERATOR divergence/generator_example.wgsl

fn part(pair: Pair, member: vec4f) -> Part {
  let p = pair.large * select(pair.ratio, vec4f(1.0), pair.p_larger);
  let q = pair.large * select(vec4f(1.0), pair.ratio, pair.p_larger);
  // A ratio of weights that is lost has its own flag; logits know it where it is no f32.
  var both = pair.ratio > vec4f(0.0);
  if (FROM_LOGITS) { both = pair.rest < vec4f(0.5 * FAR); }
  let ratio = max(pair.ratio, vec4f(0x1p-100f));
  // Beyond it the host has to answer, and where both bins are below f32 but q f may not be.
  let lost = (pair.large == vec4f(0.0)) & (pair.ratio < vec4f(0x1p-20f));
  beyond_range = beyond_range | (both & ((pair.ratio < ratio) | lost));
  // 1 where neither row has the bin: at 2^100 an expression may be beyond f32, and not 0 when multiplied by 0.
  let r = select(select(ratio, reciprocal4(ratio), pair.p_larger), vec4f(1.0), pair.large == vec4f(0.0));
  let f = vec4f(generator(r.x), generator(r.y), generator(r.z), generator(r.w));
  let slope = vec4f(generator_slope(r.x), generator_slope(r.y), generator_slope(r.z), generator_slope(r.w));
  let alone = pair.large * select(vec4f(member.x), vec4f(member.y), pair.p_larger);
  return Part(select(alone, q * f, both), vec4f(0.0), p * slope, q * f - p * slope);
}
