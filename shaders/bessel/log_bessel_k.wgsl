// log K_v(x). FORM 0: itself; 1: scaled, log K + x; 2: regularized, ln[2^(1-v) x^v K_v(x) / Gamma(v)], v > 0.
//
// Method. Debye's expansion, Temme's series (x < 1) or the integral. The regularized form is the power series in which
// v is replaced by -v for v >= 16 and x <= sqrt(v)/2, where what it leaves out is below 2^-80; else as log_bessel_i.wgsl
// has it. Error: half an ulp of f32; in double-float 2^-45 max(|L|, w, 1).
//!include bessel/elementwise.wgsl
//!include bessel/debye.wgsl
//!include bessel/temme.wgsl
//!include bessel/integral_k.wgsl
//!include bessel/stirling.wgsl

override FORM: u32 = 0u;

const ORDERS: u32 = select(ANY_SIGN, POSITIVE, FORM == 2u);
const DEBYE: u32 = 0u;
const TEMME: u32 = 1u;
const INTEGRAL: u32 = 2u;

fn region(v: f32, x: f32) -> u32 {
  if (debye_holds(v, x)) { return DEBYE; }
  return select(INTEGRAL, TEMME, x < 1.0);
}

fn limit_at_zero(v: f32) -> u32 {
  return select(INFINITY_BITS, 0u, FORM == 2u);
}

fn evaluate(p: Point, which: u32) -> Scaled {
  return Scaled(unscaled(p, which), 0);
}

fn unscaled(p: Point, which: u32) -> vec2f {
  let q = Point(abs_pair(p.v), p.x, p.scaled, p.shift);
  if (FORM == 2u) {
    // x^v K_v(x) falls with x: never above its limit at 0, also where terms cancel.
    let r = regularized(q, which);
    return select(r, vec2f(0.0), r.x > 0.0);
  }
  switch which {
    case DEBYE: { return debye_log_k(q, FORM == 1u); }
    case TEMME: {
      let value = temme_log_k(q);
      if (FORM == 1u) { return df_add(value, p.x); }
      return value;
    }
    default: {
      let scaled = integral_log_k_scaled(q);
      if (FORM == 1u) { return scaled; }
      return df_sub(scaled, p.x);
    }
  }
}

fn regularized(p: Point, which: u32) -> vec2f {
  if (which == DEBYE && p.v.x >= 16.0) {
    if (p.x.x <= 0.5 * sqrt(p.v.x)) {
      return df_log1p(series_minus_one(-p.v, quarter_square(p.x)));
    }
    let d = debye(p);
    let r = debye_regularized(d, p);
    let small = df_sub(debye_sum(d, -1.0), stirling_correction(df_reciprocal(d.v)));
    return df_sub(small, df_add(r.exponent, r.half_log));
  }
  // ln(2 / Gamma(v)) is ln 2 + ln v - ln Gamma(1 + v).
  let factor = df_sub(df_add(LN_2, log_order()), log_gamma_small(p.v));
  switch which {
    case DEBYE: {
      let d = debye(p);
      let half_log = 0.5 * df_sub(LN_HALF_PI, df_log(d.w));
      return df_sub(df_add(df_add(half_log, debye_sum(d, -1.0)), factor), debye_halved(d));
    }
    // What temme() leaves out of K is just (2/x)^v.
    case TEMME: { return df_add(df_log(temme(p).here), factor); }
    default: {
      let value = df_sub(integral_log_k_scaled(p), p.x);
      return df_add(df_mul_add(p.v, log_half(p), value), factor);
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  run_tile(group_index(group, groups), lane);
}
