// KL(p || q), or of (q || p) where member.x is 1: sum p ln(p/q), each term with q - p added, which sums to 0.
//!include divergence/pair.wgsl

const LOGARITHM: bool = true;
const SECOND: bool = false;

fn part(given: Pair, member: vec4f) -> Part {
  var pair = given;
  let reverse = member.x == 1.0;
  if (reverse) { pair = swapped(given); }
  let k = kullback(pair);
  return Part(k.value, vec4f(0.0), select(k.flow_first, k.flow_second, reverse), select(k.flow_second, k.flow_first, reverse));
}
