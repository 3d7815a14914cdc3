// The power series F = 0F1(; v + 1; y) = sum y^k / (k! (v+1)...(v+k)), y = x^2/4 (DLMF 10.25.2), less its first term.
//
// Method. Terms in double-float until they are 2^-24 of the sum, then in f32. All are positive for v > -1; relative
// error 2^-45 of F - 1. With v below -16 it is the same for K (v replaced by its negative), as long as y < |v|/4.
//!include shared/twofloat.wgsl

fn series_minus_one(v: vec2f, y: vec2f) -> vec2f {
  var term = vec2f(1.0, 0.0);
  var sum = vec2f(0.0);
  var k = 1.0;
  for (; k < 40.0; k += 1.0) {
    let step = df_div(y, df_mul_f32(df_add_f32(v, k), k));
    term = df_mul(term, step);
    sum = df_add(sum, term);
    if (abs(term.x) <= 0x1p-24f * abs(sum.x)) { break; }
  }
  var rest = 0.0;
  var small = term.x;
  for (; k < 60.0; k += 1.0) {
    small = small * divide(y.x, (v.x + (k + 1.0)) * (k + 1.0));
    rest += small;
    if (abs(small) <= 0x1p-49f * abs(sum.x)) { break; }
  }
  return df_add_f32(sum, rest);
}

// y = x^2/4. Far below the range of the series' use it may be 0.
fn quarter_square(x: vec2f) -> vec2f {
  return 0.25 * df_mul(x, x);
}

// ln(x/2).
fn log_half(p: Point) -> vec2f {
  let logarithm = df_log(0.5 * p.scaled);
  if (p.shift < 0) {
    return df_add(logarithm, df_mul_f32(LN_2, f32(p.shift)));
  }
  return logarithm;
}

// log I for v < 16: v ln(x/2) + ln(F / Gamma(v + 1)), the last as log1p, since at v = 0 it is all there is.
fn series_log_i(p: Point) -> vec2f {
  let f = series_minus_one(p.v, quarter_square(p.x));
  let o = reduce_order(p.v);
  let g = df_mul(o.mu, reciprocal_gamma_slope(o.mu));
  let excess = df_mul_add(g, df_add_f32(f, 1.0), f);
  var logarithm = vec2f(0.0);
  if (o.n > 0.0) {
    logarithm = df_log(df_div(df_add_f32(excess, 1.0), rising_product(o)));
  } else {
    logarithm = df_log1p(excess);
  }
  return df_mul_add(p.v, log_half(p), logarithm);
}
