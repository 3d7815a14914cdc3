// log I_v(x). FORM 0: itself; 1: scaled, log I - x; 2: regularized, ln[Gamma(v+1) (2/x)^v I_v(x)].
//
// Method. Debye's expansion or the power series. The regularized form has the series where x^2 <= 4 (v + 1) as well,
// so that it keeps its relative accuracy for small x; Debye's form of it loses E, (x/2)^v and Gamma to one positive term
// for v >= 16 (Stirling's series for Gamma), below it takes them apart. Error: half an ulp of f32; in double-float
// 2^-45 max(|L|, w), regularized 2^-44 max(L, min(w, 64)).
//!include bessel/elementwise.wgsl
//!include bessel/debye.wgsl
//!include bessel/series.wgsl
//!include bessel/stirling.wgsl

override FORM: u32 = 0u;

const ORDERS: u32 = NOT_NEGATIVE;
const DEBYE: u32 = 0u;
const SERIES: u32 = 1u;
const DEBYE_SMALL_ORDER: u32 = 2u;

fn region(v: f32, x: f32) -> u32 {
  if (!debye_holds(v, x) || (FORM == 2u && x <= 2.0 * sqrt(v + 1.0))) { return SERIES; }
  return select(DEBYE, DEBYE_SMALL_ORDER, FORM == 2u && v < 16.0);
}

fn limit_at_zero(v: f32) -> u32 {
  return select(0u, INFINITY_BITS | 0x80000000u, v > 0.0 && FORM != 2u);
}

fn evaluate(p: Point, which: u32) -> Scaled {
  return Scaled(unscaled(p, which), 0);
}

fn unscaled(p: Point, which: u32) -> vec2f {
  if (FORM == 2u) { return regularized(p, which); }
  if (which == DEBYE) { return debye_log_i(p, FORM == 1u); }
  let value = series_log_i(p);
  if (FORM == 1u) { return df_sub(value, p.x); }
  return value;
}

fn regularized(p: Point, which: u32) -> vec2f {
  if (which == SERIES) {
    return df_log1p(series_minus_one(p.v, quarter_square(p.x)));
  }
  let d = debye(p);
  let sum = debye_sum(d, 1.0);
  if (which == DEBYE) {
    let r = debye_regularized(d, p);
    return df_add(df_sub(r.exponent, r.half_log), df_add(sum, stirling_correction(df_reciprocal(d.v))));
  }
  let half_log = 0.5 * df_add(df_log(d.w), LN_2_PI);
  return df_add(df_sub(debye_halved(d), half_log), df_add(sum, log_gamma_small(p.v)));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  run_tile(group_index(group, groups), lane);
}
