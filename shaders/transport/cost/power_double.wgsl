// Ground cost |x - y|^p, from the squared distance; p / 2 is the sweep's `exponent`.
//!include transport/problem.wgsl
fn df_ground(squared: vec2f) -> vec2f {
  if (squared.x <= 0.0) { return vec2f(0.0); }
  return df_exp(df_mul(df_log(squared), vec2f(sweep.exponent, sweep.exponent_low)));
}
