// K_v(x) for v < 16 and x < 2, from order v - n next to 0 upward.
//
// Method. Temme 1975: with v = n + mu, |mu| <= 1/2, sums of positive terms give K_mu and K_{mu+1}, in which the poles
// of the Gamma function at small mu have cancelled beforehand:
//
//   f_0 = Gamma(1+mu) Gamma(1-mu) (G_1 cosh sigma + G_2 ln(2/x) sinh(sigma)/sigma),  sigma = mu ln(2/x)
//   p_0 = Gamma(1+mu) e^sigma / 2,  q_0 = Gamma(1-mu) e^-sigma / 2
//   f_k = (k f_{k-1} + p_{k-1} + q_{k-1}) / (k^2 - mu^2), p_k = p_{k-1} / (k - mu), q_k = q_{k-1} / (k + mu)
//   K_mu = sum y^k/k! f_k,  (x/2) K_{mu+1} = sum y^k/k! (p_k - k f_k),  y = x^2/4
//
// where 1/Gamma(1 -+ mu) = G_2 +- mu G_1. Upward from there with kappa_{k+1} = y kappa_{k-1} + (mu + k) kappa_k, kappa_k =
// K_{mu+k} (x/2)^k, which is K_{v+1} = K_{v-1} + (2 v/x) K_v (DLMF 10.29.1) without its powers of x. Error 2^-43 of K.
//!include bessel/gamma.wgsl
//!include bessel/series.wgsl

// here = e^-sigma K_v(x) (x/2)^n, next = e^-sigma K_{v+1}(x) (x/2)^(n+1), log_inverse = ln(2/x), sigma = mu log_inverse:
// log K_v = ln(here) + v log_inverse.
struct Temme { here: vec2f, next: vec2f, log_inverse: vec2f }

// v may be negative down to -1/2.
fn temme(p: Point) -> Temme {
  let o = reduce_order(p.v);
  let mu = o.mu;
  let log_inverse = -log_half(p);
  let sigma = df_mul(mu, log_inverse);

  // 1/Gamma(1 + mu) and 1/Gamma(1 - mu), half their sum, and half their difference over -mu.
  let slope = reciprocal_gamma_slope(mu);
  let mirrored = reciprocal_gamma_slope(-mu);
  let plus = df_add_f32(df_mul(mu, slope), 1.0);
  let minus = df_add_f32(-df_mul(mu, mirrored), 1.0);
  let g_1 = -0.5 * df_add(slope, mirrored);
  let g_2 = 0.5 * df_add(plus, minus);

  // Everything times e^-sigma: p_0, which decides all higher orders, then does not depend on x.
  let difference = df_expm1(-2.0 * sigma);
  let square = df_add_f32(difference, 1.0);
  var sinhc = vec2f(1.0, 0.0);
  if (abs(sigma.x) > 0x1p-60f) {
    sinhc = df_div(-0.5 * difference, sigma);
  }
  let cosh = 0.5 * df_add_f32(square, 1.0);
  let f_0 = df_add(df_mul(g_1, cosh), df_mul(df_mul(g_2, log_inverse), sinhc));
  var f = df_div(f_0, df_mul(plus, minus));
  var p_k = 0.5 * df_div(vec2f(1.0, 0.0), plus);
  var q_k = 0.5 * df_div(square, minus);

  let y = quarter_square(p.x);
  let mu_squared = df_mul(mu, mu);
  var k_mu = f;
  var k_next = p_k;
  for (var k = 1.0; k < 20.0; k += 1.0) {
    let inverse = df_div(y, df_mul_f32(df_add_f32(-mu_squared, k * k), k));
    f = df_mul(df_add(df_mul_f32(f, k), df_add(p_k, q_k)), inverse);
    p_k = df_mul(df_mul(p_k, df_add_f32(mu, k)), inverse);
    q_k = df_mul(df_mul(q_k, df_add_f32(-mu, k)), inverse);
    k_mu = df_add(k_mu, f);
    k_next = df_add(k_next, df_sub(p_k, df_mul_f32(f, k)));
    if (k * f.x <= 0x1p-50f * k_mu.x) { break; }
  }
  for (var j = 1.0; j <= min(o.n, MOST_N); j += 1.0) {
    let above = df_mul_add(df_add_f32(mu, j), k_next, df_mul(y, k_mu));
    k_mu = k_next;
    k_next = above;
  }
  return Temme(k_mu, k_next, log_inverse);
}

fn temme_log_k(p: Point) -> vec2f {
  let t = temme(p);
  return df_mul_add(p.v, t.log_inverse, df_log(t.here));
}
