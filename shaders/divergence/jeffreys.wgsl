// Jeffreys: sum (p - q) ln(p/q) = L g (g + rest).
//!include divergence/pair.wgsl

const LOGARITHM: bool = true;
const SECOND: bool = false;

fn part(pair: Pair, member: vec4f) -> Part {
  let z = pair.gap + pair.rest;
  let ahead = pair.large * (z + pair.gap);
  let behind = -pair.large * (pair.ratio * z + pair.gap);
  return Part(pair.large * pair.gap * z, vec4f(0.0), select(behind, ahead, pair.p_larger), select(ahead, behind, pair.p_larger));
}
