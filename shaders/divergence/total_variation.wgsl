// Total variation: 1/2 sum |p - q|. The slope at p = q is 0.
//!include divergence/pair.wgsl

const LOGARITHM: bool = false;
const SECOND: bool = false;

fn part(pair: Pair, member: vec4f) -> Part {
  let side = select(vec4f(-0.5), vec4f(0.5), pair.p_larger) * pair.large;
  let apart = pair.gap > vec4f(0.0);
  let larger = select(vec4f(0.0), side, apart);
  let smaller = -larger * pair.ratio;
  // dD/dp = 1/2 sign(p - q) of either bin, dD/dq its opposite.
  return Part(0.5 * abs(pair.difference), vec4f(0.0),
    select(-smaller, larger, pair.p_larger), select(-larger, smaller, pair.p_larger));
}
