// K_v(x) for |v| < 16 and x < 24 by its integral (DLMF 10.32.9),
//
//   e^x K_v(x) = int_0^inf exp(-x (cosh t - 1)) cosh(v t) dt,
//
// with the trapezoid rule, whose error falls off double-exponentially here.
//
// Method. All terms are positive. Shifting the path by i d costs K_v(x cos d)/K_v(x) and wins exp(-2 pi d/h): with the
// step h = 5/32 the rule's error is below e^-32 up to w = sqrt(v^2 + x^2) = 14 and for x < 1, with h = 1/8 up to w = 28.
// The largest exponent, about v asinh(v/x) - (w - x), is taken out. Some 12 to 20 nodes for x >= 1, 470 at 1e-30.
// Relative error 2^-45 (1 + w/8).
//!include shared/elementary.wgsl

// What is summed besides the integral itself: nothing; the next order; d/dv.
const INTEGRAL_ALONE: u32 = 0u;
const INTEGRAL_NEXT: u32 = 1u;
const INTEGRAL_ORDER: u32 = 2u;

// Sums over nodes, all times e^-base: rise of exp(a + v t) / 2, fall of exp(a - v t) / 2, a = -x (cosh t - 1).
// INTEGRAL_NEXT: rise_more and fall_more are those of order v + 1. INTEGRAL_ORDER: rise_more is of t (rise - fall).
struct Integral { step: f32, base: f32, rise: vec2f, fall: vec2f, rise_more: vec2f, fall_more: vec2f }

// cosh t - 1 from e^t, accurate for small t.
fn cosh_minus_one(t: f32) -> vec2f {
  let e = df_expm1(vec2f(t, 0.0));
  return 0.5 * df_mul(e, df_div(e, df_add_f32(e, 1.0)));
}

fn integral(p: Point, kind: u32) -> Integral {
  let v = p.v;
  let x = p.x;
  let order = abs(v.x);
  let w = sqrt(order * order + x.x * x.x);
  // Any f32 near the maximum will do.
  let base = order * (log_f32(order + w) - log_f32(x.x)) - (w - x.x);
  let coarse = w < 14.0 || x.x < 1.0;
  let h = select(0.125, 0x1.4p-3f, coarse);
  // cosh h - 1.
  let c_1 = select(vec2f(0x1.00556p-7f, 0x1.6db6eep-32f), vec2f(0x1.90d08p-7f, 0x1.829464p-32f), coarse);
  let half = 0.5 * df_exp(vec2f(-base, 0.0));
  var r = Integral(h, base, half, half, vec2f(0.0), vec2f(0.0));
  if (kind == INTEGRAL_NEXT) {
    r.rise_more = half;
    r.fall_more = half;
  }
  var c = vec2f(0.0);
  var c_before = c_1;
  for (var j = 1.0; j < 512.0; j += 1.0) {
    let t = h * j;
    if (x.x < 1.0) {
      // Many nodes: the recurrence's error would grow with them.
      c = cosh_minus_one(t);
    } else {
      let c_next = df_add(df_sub(2.0 * c, c_before), df_mul(2.0 * c_1, df_add_f32(c, 1.0)));
      c_before = c;
      c = c_next;
    }
    let a = df_add_f32(-df_mul(p.scaled, c * power_of_two(p.shift)), -base);
    let b = df_mul_f32(v, t);
    let up = df_exp(df_add(a, b));
    let down = df_exp(df_sub(a, b));
    r.rise = df_add(r.rise, up);
    r.fall = df_add(r.fall, down);
    if (kind == INTEGRAL_NEXT) {
      let growth = df_exp(vec2f(t, 0.0));
      r.rise_more = df_add(r.rise_more, df_mul(up, growth));
      r.fall_more = df_add(r.fall_more, df_div(down, growth));
    }
    if (kind == INTEGRAL_ORDER) {
      var difference = df_sub(up, down);
      if (b.x < 1.0) { difference = df_mul(down, df_expm1(2.0 * b)); }
      r.rise_more = df_add(r.rise_more, df_mul_f32(difference, t));
    }
    // Past the maximum, and far below it; t bounds what a next order or a derivative adds.
    let exponent = a.x + abs(b.x);
    let past = x.x * (sqrt(c.x) * sqrt(c.x + 2.0)) > order + 1.0;
    if (past && exponent < select(-36.0, -36.0 - t, kind != INTEGRAL_ALONE)) { break; }
  }
  return r;
}

// log K + x.
fn integral_log_k_scaled(p: Point) -> vec2f {
  let r = integral(p, INTEGRAL_ALONE);
  let sum = df_mul_f32(df_add(r.rise, r.fall), 0.5 * r.step);
  return df_add_f32(df_log(sum), r.base);
}
