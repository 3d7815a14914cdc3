// 1/Gamma and its derivative, and how an order is reduced to [-1/2, 1/2].
//
// Method. 1/Gamma(1 + mu) = 1 + mu R(mu), R by its Taylor series at 0 (DLMF 5.7.1), of which the first ten
// coefficients are double-floats and the rest f32; error below 2^-46 for |mu| <= 1/2, and relative to mu for small mu.
//!include shared/twofloat.wgsl

// v = n + mu, n the nearest integer. Loops over n end at MOST_N whatever v is; where they are used, n is at most 16.
const MOST_N: f32 = 32.0;
struct Order { n: f32, mu: vec2f }

fn reduce_order(v: vec2f) -> Order {
  let n = round(v.x);
  return Order(n, df_add_f32(v, -n));
}

// R(mu).
fn reciprocal_gamma_slope(mu: vec2f) -> vec2f {
  let m = mu.x;
  let tail = m * (-0x1.51ce8ap-16f + m * (-0x1.4fad42p-20f + m * (0x1.30250ap-20f + m * (-0x1.b99866p-23f
    + m * (0x1.a44b7cp-28f + m * (0x1.57bc4p-28f + m * (-0x1.44b4cep-30f + m * 0x1.cae768p-34f)))))));
  var r = df_add_f32(vec2f(0x1.0c8a78p-13f, 0x1.9b3f3ap-38f), tail);
  r = df_mul_add(r, mu, vec2f(-0x1.c364fep-13f, -0x1.bc559p-39f));
  r = df_mul_add(r, mu, vec2f(-0x1.317112p-10f, -0x1.9c7454p-35f));
  r = df_mul_add(r, mu, vec2f(0x1.d919c6p-8f, -0x1.b013eap-33f));
  r = df_mul_add(r, mu, vec2f(-0x1.3b4af2p-7f, -0x1.0907c4p-32f));
  r = df_mul_add(r, mu, vec2f(-0x1.59af1p-5f, -0x1.e1a04ap-32f));
  r = df_mul_add(r, mu, vec2f(0x1.551232p-3f, 0x1.687f7cp-32f));
  r = df_mul_add(r, mu, vec2f(-0x1.5815e8p-5f, -0x1.f44e08p-30f));
  r = df_mul_add(r, mu, vec2f(-0x1.4fcf4p-1f, -0x1.357d16p-28f));
  return df_mul_add(r, mu, vec2f(0x1.2788dp-1f, -0x1.c824f4p-28f));
}

// d/dmu of mu R(mu).
fn reciprocal_gamma_derivative(mu: vec2f) -> vec2f {
  let m = mu.x;
  let tail = m * (-0x1.f783e2p-17f + m * (0x1.ee3c3p-17f + m * (-0x1.82655ap-19f + m * (0x1.8a06c4p-24f
    + m * (0x1.57bc4p-24f + m * (-0x1.59001cp-26f + m * (0x1.02222ap-29f + m * (0x1.452778p-33f
    + m * -0x1.452caap-34f))))))));
  var r = df_add_f32(vec2f(-0x1.d07cp-13f, 0x1.dfa3a8p-38f), tail);
  r = df_mul_add(r, mu, vec2f(0x1.4fad18p-10f, -0x1.fdf0f8p-35f));
  r = df_mul_add(r, mu, vec2f(-0x1.fbd19ep-10f, -0x1.e7c082p-37f));
  r = df_mul_add(r, mu, vec2f(-0x1.317112p-7f, -0x1.9c7454p-32f));
  r = df_mul_add(r, mu, vec2f(0x1.9df68cp-5f, 0x1.05ee94p-30f));
  r = df_mul_add(r, mu, vec2f(-0x1.d8f06cp-5f, 0x1.c9d168p-32f));
  r = df_mul_add(r, mu, vec2f(-0x1.b01ad4p-3f, -0x1.2d042ep-29f));
  r = df_mul_add(r, mu, vec2f(0x1.551232p-1f, 0x1.687f7cp-30f));
  r = df_mul_add(r, mu, vec2f(-0x1.02106ep-3f, -0x1.773a86p-28f));
  r = df_mul_add(r, mu, vec2f(-0x1.4fcf4p+0f, -0x1.357d16p-27f));
  return df_mul_add(r, mu, vec2f(0x1.2788dp-1f, -0x1.c824f4p-28f));
}

// (mu + 1) (mu + 2) ... (mu + n), so that Gamma(1 + mu + n) is this times Gamma(1 + mu); n at most 16.
fn rising_product(o: Order) -> vec2f {
  var product = vec2f(1.0, 0.0);
  for (var j = 1.0; j <= min(o.n, MOST_N); j += 1.0) {
    product = df_mul(product, df_add_f32(o.mu, j));
  }
  return product;
}

fn abs_pair(a: vec2f) -> vec2f {
  return select(a, -a, a.x < 0.0);
}
