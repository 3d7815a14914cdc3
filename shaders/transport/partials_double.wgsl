// What sweeps in double-float arithmetic have in common beside update_double.wgsl: sums of positive terms, and what they
// leave of every entry for a test or a measurement, summed up by workgroup into two vectors of `partials`.
//!include transport/update_double.wgsl
//!include shared/sum.wgsl
//!include shared/sum_double.wgsl

override MEASURE: bool = false;

// Adds a non-negative term to a non-negative sum (no cancellation: the cheap sum).
fn accumulate(sum: vec2f, term: vec2f) -> vec2f {
  let s = two_sum(sum.x, term.x);
  return quick_two_sum(s.x, s.y + (sum.y + term.y));
}

fn df_abs(a: vec2f) -> vec2f { return select(a, -a, a.x < 0.0); }

// ln(weight / marginal); where the quotient leaves the range from the logarithms.
fn df_log_ratio(weight: vec2f, marginal: vec2f) -> vec2f {
  let quotient = df_div(weight, marginal);
  if (quotient.x > 1e-30 && quotient.x < 1e30) { return df_log(quotient); }
  return df_sub(df_log(weight), df_log(marginal));
}

// The words of what an entry leaves.
struct Left { high: vec4f, low: vec4f }

fn df_error(step: DoubleStep, old: vec2f, marginal: vec2f, weight: vec2f) -> vec2f {
  return df_abs(df_sub(marginal, df_wanted(step, old, marginal, weight)));
}

// measured and tested of update.wgsl.
fn df_measured(step: DoubleStep, old: vec2f, marginal: vec2f, weight: vec2f, transport: vec2f) -> Left {
  let error = df_error(step, old, marginal, weight);
  var second = df_sub(marginal, weight);
  if (SOURCE) { second = transport; }
  let third = df_mul(marginal, old);
  let fourth = df_dual_term(step, old, weight);
  return Left(vec4f(error.x, second.x, third.x, fourth.x), vec4f(error.y, second.y, third.y, fourth.y));
}

fn df_tested(step: DoubleStep, old: vec2f, marginal: vec2f, weight: vec2f, fresh: vec2f) -> Left {
  var after = vec2f(0.0);
  if (DAMPING == SOFT) { after = df_wanted(step, fresh, marginal, weight); }
  return Left(vec4f(df_error(step, old, marginal, weight).x, 0.0, after.x, 0.0), vec4f(0.0, 0.0, after.y, 0.0));
}

// Called by all threads of a workgroup.
fn leave_partials(local: u32, at: u32, high: vec4f, low: vec4f) {
  if (MEASURE) {
    let x = sum_lanes_double(local, WORKGROUP, vec2f(high.x, low.x));
    let y = sum_lanes_double(local, WORKGROUP, vec2f(high.y, low.y));
    let z = sum_lanes_double(local, WORKGROUP, vec2f(high.z, low.z));
    let w = sum_lanes_double(local, WORKGROUP, vec2f(high.w, low.w));
    if (local == 0u) {
      partials[at] = vec4f(x.x, y.x, z.x, w.x);
      partials[at + 1u] = vec4f(x.y, y.y, z.y, w.y);
    }
  } else if (SOURCE || DAMPING == SOFT) {
    let total = sum_lanes(local, WORKGROUP, high);
    var after = vec2f(0.0);
    if (DAMPING == SOFT) { after = sum_lanes_double(local, WORKGROUP, vec2f(high.z, low.z)); }
    if (local == 0u) {
      partials[at] = vec4f(total.x, 0.0, after.x, 0.0);
      partials[at + 1u] = vec4f(0.0, 0.0, after.y, 0.0);
    }
  }
}
