// d/dv log I_v(x), v >= 0.
//
// Method. Where v >= 16 or w >= 24, Debye's expansion differentiated: -asinh(v/x) + t s (-1/2 + sum s^k B_k(z)) with
// B_k = 2 (1 - z) P_k' - k P_k, as dE/dv = -asinh(v/x). Else of the series: ln(x/2) + (1/Gamma)'/(1/Gamma) less
// sum T_k H_k / sum T_k, H_k = 1/(v+1) + ... + 1/(v+k). Error 2^-42 max(|d|, 1).
//!include bessel/elementwise.wgsl
//!include bessel/debye_dv.wgsl
//!include bessel/gamma.wgsl
//!include bessel/series.wgsl

const ORDERS: u32 = NOT_NEGATIVE;
const DEBYE: u32 = 0u;
const SERIES: u32 = 1u;

fn region(v: f32, x: f32) -> u32 {
  return select(SERIES, DEBYE, debye_holds(v, x));
}

fn limit_at_zero(v: f32) -> u32 {
  return INFINITY_BITS | 0x80000000u;
}

// sum T_k H_k / sum T_k, T_k the terms of the series from 1 on.
fn mean_harmonic(v: vec2f, y: vec2f) -> vec2f {
  var term = vec2f(1.0, 0.0);
  var harmonic = vec2f(0.0);
  var sum = vec2f(1.0, 0.0);
  var weighted = vec2f(0.0);
  for (var k = 1.0; k < 60.0; k += 1.0) {
    let inverse = df_reciprocal(df_add_f32(v, k));
    term = df_div(df_mul(term, df_mul(y, inverse)), vec2f(k, 0.0));
    harmonic = df_add(harmonic, inverse);
    sum = df_add(sum, term);
    weighted = df_add(weighted, df_mul(term, harmonic));
    if (term.x * harmonic.x <= 0x1p-50f * weighted.x) { break; }
  }
  return df_div(weighted, sum);
}

// (1/Gamma(1+v))' Gamma(1+v), minus the digamma function.
fn reciprocal_gamma_log_derivative(v: vec2f) -> vec2f {
  let o = reduce_order(v);
  let reciprocal = df_add_f32(df_mul(o.mu, reciprocal_gamma_slope(o.mu)), 1.0);
  var sum = df_div(reciprocal_gamma_derivative(o.mu), reciprocal);
  for (var j = 1.0; j <= min(o.n, MOST_N); j += 1.0) {
    sum = df_sub(sum, df_reciprocal(df_add_f32(o.mu, j)));
  }
  return sum;
}

fn evaluate(p: Point, which: u32) -> Scaled {
  return Scaled(unscaled(p, which), 0);
}

fn unscaled(p: Point, which: u32) -> vec2f {
  if (which == SERIES) {
    let logarithms = df_add(log_half(p), reciprocal_gamma_log_derivative(p.v));
    return df_sub(logarithms, mean_harmonic(p.v, quarter_square(p.x)));
  }
  let d = debye(p);
  return df_sub(debye_order_sum(d, 1.0), d.asinh);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  run_tile(group_index(group, groups), lane);
}
