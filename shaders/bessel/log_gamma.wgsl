// ln Gamma(x) for x > 0.
//
// Method. Stirling's series from 16 on, (x - 1/2) ln x - x + ln(2 pi)/2 + c(x); below, 1/Gamma(1 + mu) by its Taylor series, |mu| <= 1/2,
// and a product; below 1/2, ln Gamma(1 + x) - ln x. Error 2^-44 of the value, next to its zeros at 1 and 2 too.
//!include bessel/elementwise.wgsl
//!include bessel/stirling.wgsl

const ORDERS: u32 = IGNORED;
const LARGE: u32 = 0u;
const SMALL: u32 = 1u;
const TINY: u32 = 2u;

fn region(v: f32, x: f32) -> u32 {
  if (x >= 16.0) { return LARGE; }
  return select(SMALL, TINY, x < 0.5);
}

fn limit_at_zero(v: f32) -> u32 {
  return INFINITY_BITS;
}

fn evaluate(p: Point, which: u32) -> Scaled {
  return Scaled(unscaled(p, which), 0);
}

fn unscaled(p: Point, which: u32) -> vec2f {
  switch which {
    case LARGE: {
      let logarithm = df_log(p.x);
      let main_term = df_sub(df_mul(p.x, df_add_f32(logarithm, -1.0)), 0.5 * logarithm);
      return df_add(main_term, df_add(HALF_LN_2_PI, stirling_correction(df_reciprocal(p.x))));
    }
    case SMALL: { return log_gamma_small(df_add_f32(p.x, -1.0)); }
    default: {
      let logarithm = df_add(df_log(p.scaled), df_mul_f32(LN_2, f32(p.shift)));
      return df_sub(log_gamma_small(p.x), logarithm);
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  run_tile(group_index(group, groups), lane);
}
