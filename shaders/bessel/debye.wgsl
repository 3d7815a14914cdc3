// Debye's uniform expansions of log I_v(x) and log K_v(x) (DLMF 10.41(ii)), where v >= 16 or w = sqrt(v^2 + x^2) >= 24.
//
// Method. With s = 1/w, t = v/w, z = t^2 and E = w - v asinh(v/x):
//
//   log I_v(x) =  E - ln(2 pi w)/2 + sum s^k P_k(z)
//   log K_v(x) = -E + ln(pi/(2 w))/2 + sum (-s)^k P_k(z)
//
// The expansions hold as w grows, whichever of v and x makes it grow (DLMF 10.41(iv)); there is no Gamma function in
// them, and no branch between large orders and large arguments. P_1 to P_4 and everything before them are
// double-float; from P_5 on f32, and 13 terms in all leave 6e-15 at w = 24 and 3e-15 at v = 16.
// asinh(v/x) = log1p(u), u = (v + v q)/x, q = v/(w + x), never cancels.
//!include shared/twofloat.wgsl
//!include bessel/debye_value.wgsl

const LN_2_PI: vec2f = vec2f(0x1.d67f1cp+0f, 0x1.0c97d6p-25f);
const LN_HALF_PI: vec2f = vec2f(0x1.ce6bb2p-2f, 0x1.6a84c6p-28f);

fn debye_holds(v: f32, x: f32) -> bool {
  return abs(v) >= 16.0 || x >= 24.0 || v * v + x * x >= 576.0;
}

struct Debye { v: vec2f, w: vec2f, s: vec2f, z: vec2f, q: vec2f, asinh: vec2f }

fn debye(p: Point) -> Debye {
  // Beyond 2^60 x^2 would overflow, and v (at most 1e6) no longer shows in w.
  let huge = p.x.x > 0x1p+60f;
  let v = vec2f(abs(p.v.x), select(p.v.y, -p.v.y, p.v.x < 0.0));
  let x = select(p.x, vec2f(0x1p+60f, 0.0), huge);
  let w = select(df_sqrt(df_add(df_mul(v, v), df_mul(x, x))), p.x, huge);
  let q = df_div(v, df_add(w, p.x));
  let u = df_div(df_add(v, df_mul(v, q)), p.scaled);
  var asinh = vec2f(0.0);
  if (p.shift < 0) {
    asinh = df_add(df_log(df_add_f32(u, 0x1p-64f)), df_mul_f32(LN_2, -f32(p.shift)));
  } else {
    asinh = df_log1p(u);
  }
  let s = df_reciprocal(w);
  let t = df_mul(v, s);
  return Debye(v, w, s, df_mul(t, t), q, asinh);
}

// sum (sign s)^k P_k(z).
fn debye_sum(d: Debye, sign: f32) -> vec2f {
  let s = d.s * sign;
  let tail = debye_value_tail(s.x, 2.0 * d.z.x - 1.0, d.w.x);
  let p4 = df_add_f32(debye_value_4(d.z), tail);
  let p3 = df_mul_add(p4, s, debye_value_3(d.z));
  let p2 = df_mul_add(p3, s, debye_value_2(d.z));
  let p1 = df_mul_add(p2, s, debye_value_1(d.z));
  return df_mul(p1, s);
}

// E + v ln(x/2) + v - v ln v: all there is of E once (x/2)^v and Gamma's v^v have been divided out, as
// q - v log1p(q/(2 v)) with q = w - v: positive, and no smaller than q/2. half_log is ln(w/v)/2.
struct Regularized { exponent: vec2f, half_log: vec2f }

fn debye_regularized(d: Debye, p: Point) -> Regularized {
  let q = df_mul(p.x, df_div(p.x, df_add(d.w, d.v)));
  let r = df_div(q, d.v);
  return Regularized(df_sub(q, df_mul(d.v, df_log1p(0.5 * r))), 0.5 * df_log1p(r));
}

// w - v ln((v + w)/2) = E + v ln(x/2): the same for small v, which Stirling's series is not for.
fn debye_halved(d: Debye) -> vec2f {
  return df_sub(d.w, df_mul(d.v, df_log(0.5 * df_add(d.v, d.w))));
}

// E, or E - x for the scaled functions: v (q - asinh).
fn debye_exponent(d: Debye, scaled: bool) -> vec2f {
  if (scaled) {
    return df_mul(d.v, df_sub(d.q, d.asinh));
  }
  return df_sub(d.w, df_mul(d.v, d.asinh));
}

fn debye_log_i(p: Point, scaled: bool) -> vec2f {
  let d = debye(p);
  let half_log = 0.5 * df_add(df_log(d.w), LN_2_PI);
  return df_add(debye_exponent(d, scaled), df_sub(debye_sum(d, 1.0), half_log));
}

fn debye_log_k(p: Point, scaled: bool) -> vec2f {
  let d = debye(p);
  let half_log = 0.5 * df_sub(LN_HALF_PI, df_log(d.w));
  return df_sub(df_add(half_log, debye_sum(d, -1.0)), debye_exponent(d, scaled));
}
