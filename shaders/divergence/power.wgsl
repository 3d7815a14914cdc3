// The power family: C = (sum p^a q^(1-a) - 1)/(a (a - 1)), a = member.x, 1 - a = member.y, of which Tsallis, Renyi and
// Amari are functions; KL at a = 1 and reverse KL at a = 0. Second sum: sum p^a q^(1-a) itself.
//
// With c = 1 - a where p is larger and c = a where q is, a bin adds L psi, psi = (e^-cz - (1 - c) - c x)/(c (c - 1)),
// z = -ln x, in the form that does not cancel: above c = 1/2, e = c - 1, [(1 - x - z x) + x rest(e z)/e]/c; below, for
// small z, [rest(z) - rest(c z)/c]/(1 - c); else as it stands. Slopes: of the larger bin (1 - e^-cz)/c, of the smaller
// (e^-cz - x)/(c - 1).
// For orders in [0, 1] and z < 1/2, where half of either difference is lost: sum_k>1 (-z)^k/k! (1 + c + ... + c^(k-2)).
// e^-cz is as good as a rounding of c z: below member.z, where that shows, the row is left to the twin, and where L is below
// f32 but L e^-cz may not be.
//!include divergence/pair.wgsl

const LOGARITHM: bool = true;
const SECOND: bool = true;

// a/b, and the limit where b is 0.
fn over(a: vec4f, b: vec4f, limit: vec4f) -> vec4f {
  let zero = b == vec4f(0.0);
  return select(divide4(a, select(b, vec4f(1.0), zero)), limit, zero);
}

// Psi for 0 <= c <= 1 and 0 <= z < 1/2, to 2e-8 beside rounding: with s_2 = 1 and s_k = 1 + c s_(k-1) the term of k is
// s_k (-z)^k/k!.
fn psi_of_small(c: vec4f, z: vec4f) -> vec4f {
  let s3 = 1.0 + c;
  let s4 = 1.0 + c * s3;
  let s5 = 1.0 + c * s4;
  let s6 = 1.0 + c * s5;
  let s7 = 1.0 + c * s6;
  let s8 = 1.0 + c * s7;
  let s9 = 1.0 + c * s8;
  return z * z * (0.5 - z * (s3 * 0x1.555556p-3f - z * (s4 * 0x1.555556p-5f - z * (s5 * 0x1.111112p-7f
    - z * (s6 * 0x1.6c16c2p-10f - z * (s7 * 0x1.a01a02p-13f - z * (s8 * 0x1.a01a02p-16f - z * (s9 * 0x1.71de3ap-19f))))))));
}

fn part(pair: Pair, member: vec4f) -> Part {
  let a = vec4f(member.x);
  let b = vec4f(member.y);
  let c = select(a, b, pair.p_larger);
  let e = -select(b, a, pair.p_larger);
  let x = pair.ratio;
  let empty = pair.rest >= vec4f(FAR);
  let z = pair.gap + pair.rest;
  let near = c > vec4f(0.5);
  let scaled = select(c, e, near);
  let y = scaled * z;
  let falling = falling4(y, vec4f(0.0));
  var lost = y < vec4f(member.z);
  if (FROM_LOGITS) { lost = lost | ((pair.large == vec4f(0.0)) & (y < vec4f(-8.0))); }
  // The slope of the smaller bin of weights is e^((1 - c) z).
  if (SLOPES) { lost = lost | (-e * z > vec4f(80.0)); }
  beyond_range = beyond_range | (lost & !empty);
  let power = select(falling.ratio, x * falling.ratio, near);
  let rest = over(falling.rest, scaled, vec4f(0.0));

  let at_one = divide4((pair.gap * pair.gap - pair.rest * x) + x * rest, select(vec4f(1.0), c, near));
  let straight = over(power + e - c * x, c * e, vec4f(0.0));
  let series = divide4(pair.rest - rest, select(-e, vec4f(1.0), near));
  let far = c * z > vec4f(1.0);
  var psi = select(select(series, straight, far), at_one, near);
  if (member.x == 0.5) {
    // 2 (1 - sqrt x)^2.
    let h = divide4(pair.gap, 1.0 + sqrt(x));
    psi = 2.0 * h * h;
  } else if (min(member.x, member.y) >= 0.0) {
    psi = select(psi, psi_of_small(c, z), z < vec4f(0.5));
  }
  psi = select(psi, reciprocal4(max(c, vec4f(0x1p-100f))), empty);

  let larger = over(select(falling.gap, pair.gap + x * falling.gap, near), c, z);
  let slope = over(falling.gap, scaled, z);
  // Neither difference cancels on its side of z = 1.
  let apart = select(pair.gap - falling.gap, power - x, z > vec4f(1.0));
  let smaller = select(divide4(apart, select(e, vec4f(1.0), near)), -x * slope, near);
  return Part(pair.large * psi, pair.large * select(power, vec4f(0.0), empty),
    pair.large * select(smaller, larger, pair.p_larger), pair.large * select(larger, smaller, pair.p_larger));
}
