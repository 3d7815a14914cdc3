// Pairs of bins as the kernels over rows load them: weights on a scale on which either row sums to about 1, in a first pass
// (SCALED false) as they are, or logits normalised.
//!include divergence/rows.wgsl
//!include divergence/pair.wgsl

// p on its own scale, and q.
fn weights_pair(p: vec4f, q: vec4f, reference: vec4f) -> Pair {
  if (!SCALED) { return pair_of(p, q, p - q, LOGARITHM); }
  let scaled = two_prod4(q * reference.w, reference.xy);
  return pair_of(p, scaled.sum, (p - scaled.sum) - scaled.error, LOGARITHM);
}

fn on_scale(p: vec4f, reference: vec4f) -> vec4f {
  if (!SCALED) { return p; }
  return p * reference.z;
}

// EXACT: ln(p/q) without error. Otherwise in f32, which is as good where the normalisers differ by little more than the
// logits do, and a divergence is bounded in its slopes.
override EXACT: bool = true;

fn logits_pair(a: vec4f, b: vec4f, norms: vec4f) -> Pair {
  if (!EXACT) {
    let d = (a - b) - ((norms.x - norms.z) + (norms.y - norms.w));
    let p_larger = d >= vec4f(0.0);
    let falling = falling4(abs(d), vec4f(0.0));
    let large = exp4(select(b - norms.z, a - norms.x, p_larger), -select(vec4f(norms.w), vec4f(norms.y), p_larger));
    let difference = large * select(-falling.gap, falling.gap, p_larger);
    return Pair(large, falling.ratio, falling.gap, falling.rest, p_larger, difference);
  }
  let p = tempered(a, params.inverse_temperatures.xy);
  let q = tempered(b, params.inverse_temperatures.zw);
  let apart = two_sum4(p.sum, -q.sum);
  let shift = df_sub(norms.xy, norms.zw);
  let head = two_sum4(apart.sum, vec4f(-shift.x));
  let rest = head.error + (apart.error + (p.error - q.error) - shift.y);
  let d = keep4(head.sum + rest);
  let p_larger = d >= vec4f(0.0);
  let lost = rest - keep4(d - head.sum);
  let falling = falling4(abs(d), select(-lost, lost, p_larger));
  let norm = select(vec4f(norms.z), vec4f(norms.x), p_larger);
  let log = two_sum4(select(q.sum, p.sum, p_larger), -norm);
  let large = exp4(log.sum, log.error + (select(q.error, p.error, p_larger) - select(vec4f(norms.w), vec4f(norms.y), p_larger)));
  let difference = large * select(-falling.gap, falling.gap, p_larger);
  return Pair(large, falling.ratio, falling.gap, falling.rest, p_larger, difference);
}

// The flows of a side about the slope c of its largest bin: p (dD/dp - c). Where that bin has nearly all the mass, its
// slope is nearly the mean of all, and only what is left of it matters: so what rounding makes of c - c is 0.
fn centered(flow: vec4f, own: vec4f, center: f32) -> vec4f {
  let middle = own * center;
  let apart = flow - middle;
  return select(apart, vec4f(0.0), (abs(apart) <= 0x1p-21f * abs(middle)) & (middle != vec4f(0.0)));
}
