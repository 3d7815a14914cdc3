// Squared Hellinger: 1/2 sum (sqrt p - sqrt q)^2, h = 1 - sqrt x = g/(1 + sqrt x). Second sum: Bhattacharyya's coefficient
// sum sqrt(p q), of which -ln is the Bhattacharyya distance.
//!include divergence/pair.wgsl

const LOGARITHM: bool = false;
const SECOND: bool = true;

fn part(pair: Pair, member: vec4f) -> Part {
  let root = sqrt(pair.ratio);
  let h = divide4(pair.gap, 1.0 + root);
  let ahead = 0.5 * pair.large * h;
  let behind = -ahead * root;
  return Part(ahead * h, pair.large * root, select(behind, ahead, pair.p_larger), select(ahead, behind, pair.p_larger));
}
