// ln Gamma, by Stirling's series for large arguments and by 1/Gamma's Taylor series for small ones.
//
// Method. c(v) = 1/(12 v) - 1/(360 v^3) + ... (DLMF 5.11.1), five terms: 1e-14 at v = 16, absolute error 2^-50.
// ln Gamma(1 + v) = v ln v - v + ln(2 pi v)/2 + c(v).
//!include bessel/gamma.wgsl

const HALF_LN_2_PI: vec2f = vec2f(0x1.d67f1cp-1f, 0x1.0c97d6p-26f);

// c(1/s), s at most 1/16.
fn stirling_correction(s: vec2f) -> vec2f {
  let z = s.x * s.x;
  let tail = z * (-0x1.6c16c2p-9f + z * (0x1.a01a02p-11f + z * (-0x1.381382p-11f + z * 0x1.b951e2p-11f)));
  return df_mul(s, df_add_f32(vec2f(0x1.555556p-4f, -0x1.555556p-29f), tail));
}

// ln Gamma(1 + v) for v from -1/2 to 17; relatively accurate next to its zeros at 0 and 1.
fn log_gamma_small(v: vec2f) -> vec2f {
  let o = reduce_order(v);
  let slope = reciprocal_gamma_slope(o.mu);
  let reciprocal = df_add_f32(df_mul(o.mu, slope), 1.0);
  if (o.n <= 0.0) {
    return -df_log1p(df_mul(o.mu, slope));
  }
  if (o.n == 1.0) {
    // (1 + mu) Gamma(1 + mu) = 1 + mu (1 - slope) Gamma(1 + mu).
    return df_log1p(df_div(df_mul(o.mu, df_add_f32(-slope, 1.0)), reciprocal));
  }
  return df_log(df_div(rising_product(o), reciprocal));
}
