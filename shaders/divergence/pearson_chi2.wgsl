// Pearson's chi-squared: sum (p - q)^2/q, or Neyman's, /p, where member.x is 1. dD/dp = 2 (p - q)/q, dD/dq = 1 - (p/q)^2.
//!include divergence/pair.wgsl

const LOGARITHM: bool = false;
const SECOND: bool = false;

fn part(given: Pair, member: vec4f) -> Part {
  let reverse = member.x == 1.0;
  let first_larger = given.p_larger != vec4<bool>(reverse);
  // p/q of the larger first bin; where it leaves f32 the row goes to the twin, and so it does where p is below f32 but
  // may not be over q. An empty bin is infinite anyway.
  let r = reciprocal4(max(given.ratio, vec4f(0x1p-60f)));
  var beyond = (given.ratio < vec4f(0x1p-60f)) & (given.ratio > vec4f(0.0));
  if (FROM_LOGITS) {
    let most = select(vec4f(40.0), vec4f(13.0), given.large == vec4f(0.0));
    beyond = (given.rest > most) & (given.rest < vec4f(0.5 * FAR));
  }
  beyond_range = beyond_range | (first_larger & beyond);
  let g = given.gap;
  let value = given.large * g * select(g, g * r, first_larger);
  let first = 2.0 * given.large * g * select(-given.ratio, r, first_larger);
  let second = given.large * g * select(1.0 + given.ratio, -(1.0 + r), first_larger);
  return Part(value, vec4f(0.0), select(first, second, reverse), select(second, first, reverse));
}
