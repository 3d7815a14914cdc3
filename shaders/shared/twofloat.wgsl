// Double-float numbers: vec2f(hi, lo), value hi + lo with |lo| <= ulp(hi) / 2, some 48 significant bits from f32 alone.
//
// Method. Error-free sums and products (Dekker 1971; Knuth, TAOCP 2, 4.2.2) and the double-word operations built on
// them (JMP = Joldes, Muller and Popescu 2017, "Tight and rigorous error bounds for basic building blocks of
// double-word arithmetic"; u = 2^-24). exp: table-driven after Tang 1989 with the reduction of Cody and Waite 1980.
// log: the atanh series after Tang 1990, without a table. Polynomials are Remez fits made with mpmath, each coefficient
// rounded to f32; leading coefficients are the Taylor ones as double-floats. Constants are exact hexadecimal f32.
//
// Rounding is made, not given: compilers simplify (a + b) - a, and a b + a c, so every step whose rounding matters goes
// through `keep`. A kernel sets `runtime_zero` from a buffer first. Division and sqrt may be off by 4 ulp, and division
// may fail from 2^126 on (division.wgsl): operands of both are brought next to 1. FUSED_FMA, which the loader sets where
// the start-up probe saw fma round once for all of its pairs: a product's error is then one operation instead of fifteen.
//
// Measured: log2 of the largest relative error (sums: relative to |a| + |b|) in 2^22 and more random pairs a region,
// against f64. Mesa is lavapipe 25.0.7 and llvmpipe GL, with the same figures. SwiftShader and the H100 (NVIDIA 580,
// Vulkan; fused fma; 2^20 points a function, those of `kantor check`) flush subnormals: their figures hold for operands
// and results of at least 2^-78 = e^-54; below, a few 2^-126 are added to the error.
//
//                         range                     Mesa     SwiftShader   H100
//   two_sum, two_prod     |a b| > 2^-78             exact    exact         exact
//   df_add, df_sub                                  -47.0    -47.0         -47.1
//   df_add_f32                                      -48.0    -48.0         -48.0
//   df_mul                                          -45.9    -45.9         -46.2
//   df_mul_f32                                      -46.6    -46.6         -47.1
//   df_div                                          -47.5    -47.5         -47.4
//   df_reciprocal                                   -45.8    -45.8         -46.4
//   df_mul_add            of |a b| + |c|            -45.6    -45.7         -45.6
//   df_sqrt               0 and above               -47.4    -46.6         -46.6
//   df_exp                |x| <= 60                 -43.2    -43.2         -43.4     from -54 up where flushed
//                         |x| <= 1                  -43.9    -43.9
//                         60 to 88                  -42.6    -42.6
//   df_expm1              -54 to 60                 -44.3    -44.3         -44.4
//                         |x| <= 1                  -45.5    -45.5
//   df_log                all                       -45.8    -46.0         -46.3     next to 1 too
//   df_log1p              -1 to 2^122               -45.4    -45.8         -46.1     next to 0 too
//
// Ends: exp is 0 below -87 and stays at exp(88) from there on; sqrt of a negative number is 0; the logarithm of zero or
// less is LOG_OF_ZERO. Mesa keeps its figures down to 2^-102 (exp: to -70), where the low word itself turns subnormal.
//!include shared/division.wgsl

// Whether fma rounds once on the adapter at hand.
override FUSED_FMA: bool = false;

// A zero that no compiler can see. The entry point of every kernel loads it from a buffer before anything else; left
// at its initial value the guards below fold away, and with them every low word.
var<private> runtime_zero: u32;

// x itself, but opaque: it can no longer be folded, reassociated, factored or contracted with what follows.
fn keep(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) ^ runtime_zero);
}

// The leading 12 significant bits; what is left over has at most 12, so all products of halves are exact.
fn leading_bits(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}

// Dekker's Fast2Sum: a + b = s + e exactly, if |a| >= |b|, or a = 0, or a is a multiple of ulp(b).
fn quick_two_sum(a: f32, b: f32) -> vec2f {
  let s = keep(a + b);
  return vec2f(s, b - keep(s - a));
}

// a + b = s + e exactly. Ordering the operands costs less than guarding each of the six operations of Knuth's
// TwoSum, whose middle term cancels for a compiler that may reassociate.
fn two_sum(a: f32, b: f32) -> vec2f {
  let s = keep(a + b);
  let a_is_smaller = abs(a) < abs(b);
  let smaller_rounded = keep(s - select(a, b, a_is_smaller));
  return vec2f(s, select(b, a, a_is_smaller) - smaller_rounded);
}

// a b = p + e exactly: by fma where it rounds once, else Dekker's, where every partial sum is exact, and each is kept,
// because a_hi b_lo + a_lo b_lo would be factored back into a rounded a b_lo.
fn two_prod(a: f32, b: f32) -> vec2f {
  let p = keep(a * b);
  if (FUSED_FMA) { return vec2f(p, fma(a, b, -p)); }
  let a_hi = leading_bits(a);
  let b_hi = leading_bits(b);
  let a_lo = keep(a - a_hi);
  let b_lo = keep(b - b_hi);
  let e = keep(keep(keep(a_hi * b_hi - p) + a_hi * b_lo) + a_lo * b_hi);
  return vec2f(p, e + a_lo * b_lo);
}

// JMP algorithm 6: relative error 3 u^2 of the sum itself, cancellation included.
fn df_add(a: vec2f, b: vec2f) -> vec2f {
  let s = two_sum(a.x, b.x);
  let t = two_sum(a.y, b.y);
  let v = quick_two_sum(s.x, s.y + t.x);
  return quick_two_sum(v.x, v.y + t.y);
}

fn df_sub(a: vec2f, b: vec2f) -> vec2f {
  return df_add(a, -b);
}

// JMP algorithm 4. The error is kept: of a constant a, Mesa's GL would add the two words before the error was there.
fn df_add_f32(a: vec2f, b: f32) -> vec2f {
  let s = two_sum(a.x, b);
  return quick_two_sum(s.x, keep(s.y) + a.y);
}

// JMP algorithms 12 and 10. The cross products are kept: Mesa adds them to p.y one by one, a quarter bit lost; NVIDIA
// contracts the sum where a low word is known to be 0, and a b is no longer b a.
fn df_mul(a: vec2f, b: vec2f) -> vec2f {
  let p = two_prod(a.x, b.x);
  if (FUSED_FMA) { return quick_two_sum(p.x, p.y + keep(fma(a.y, b.x, fma(a.x, b.y, a.y * b.y)))); }
  return quick_two_sum(p.x, p.y + keep(a.x * b.y + a.y * b.x));
}

// JMP algorithms 9 and 8.
fn df_mul_f32(a: vec2f, b: f32) -> vec2f {
  let p = two_prod(a.x, b);
  if (FUSED_FMA) { return quick_two_sum(p.x, fma(a.y, b, p.y)); }
  return quick_two_sum(p.x, p.y + a.y * b);
}

// a 2^n, in two steps, since 2^n itself can leave the range of f32; |n| <= 252.
fn df_scale(a: vec2f, n: i32) -> vec2f {
  let half = n >> 1u;
  return (a * bitcast<f32>(u32(127 + half) << 23u)) * bitcast<f32>(u32(127 + n - half) << 23u);
}

// The n of 2^n next to |x|, x normal, such that 2^-n is normal too: |x| 2^-n is in [1, 4).
fn binary_exponent(x: f32) -> i32 {
  return clamp(i32((bitcast<u32>(x) >> 23u) & 0xffu), 1, 253) - 127;
}

fn power_of_two(n: i32) -> f32 {
  return bitcast<f32>(u32(n + 127) << 23u);
}

// Three quotient digits of operands next to 1: a division that is off by 4 ulp, twice, would miss the bound.
// a.x - p.x is exact, since the product of the rounded quotient lies next to a.x. Every digit is kept: where a quotient
// is made as a product by the divisor's reciprocal, a compiler factors q2 + q3 to (r1 + r2) / b, and the last digit is
// lost (seen on NVIDIA).
fn df_div_next_to_1(a: vec2f, b: vec2f) -> vec2f {
  let q1 = keep(divide(a.x, b.x));
  let p1 = two_prod(q1, b.x);
  let low = two_sum(a.y, -p1.y);
  let head = quick_two_sum(a.x - p1.x, low.x);
  let r1 = df_add_f32(vec2f(head.x, head.y + low.y), -q1 * b.y);
  let q2 = keep(divide(r1.x, b.x));
  let p2 = two_prod(q2, b.x);
  let r2 = (r1.x - p2.x) + ((r1.y - p2.y) - q2 * b.y);
  let q = quick_two_sum(q1, q2);
  return quick_two_sum(q.x, q.y + keep(divide(r2, b.x)));
}

// Any normal b, any a. The quotient loses bits of its low word only where that is below 2^-126 itself.
fn df_div(a: vec2f, b: vec2f) -> vec2f {
  if (!SCALE_QUOTIENTS) { return df_div_next_to_1(a, b); }
  let n = binary_exponent(a.x);
  let m = binary_exponent(b.x);
  return df_scale(df_div_next_to_1(a * power_of_two(-n), b * power_of_two(-m)), n - m);
}

// The same three digits by Newton's step, for the same reason: sqrt may be wrong by several ulp.
fn df_sqrt(a: vec2f) -> vec2f {
  if (a.x <= 0.0) {
    return vec2f(0.0);
  }
  let n = select(0, binary_exponent(a.x) >> 1u, SCALE_QUOTIENTS);
  let x = a * power_of_two(-2 * n);
  let y1 = sqrt(x.x);
  let slope = 2.0 * y1;
  let p1 = two_prod(y1, y1);
  let r1 = quick_two_sum(x.x - p1.x, x.y - p1.y);
  let y2 = keep(divide(r1.x, slope));
  let p2 = two_prod(slope, y2);
  let r2 = (r1.x - p2.x) + ((r1.y - p2.y) - y2 * y2);
  let y = quick_two_sum(y1, y2);
  return quick_two_sum(y.x, y.y + keep(divide(r2, slope))) * power_of_two(n);
}

// c + z q for |z q| <= |c|: one step of Horner's rule.
fn df_horner(q: vec2f, z: vec2f, c: vec2f) -> vec2f {
  let p = two_prod(q.x, z.x);
  let s = quick_two_sum(c.x, p.x);
  if (FUSED_FMA) { return quick_two_sum(s.x, s.y + (c.y + fma(q.y, z.x, fma(q.x, z.y, p.y)))); }
  return quick_two_sum(s.x, s.y + (c.y + (p.y + (q.x * z.y + q.y * z.x))));
}

// q z + c for any sizes, where `df_horner` would need |z q| <= |c|. The error of the sum is kept as in `df_add_f32`.
fn df_mul_add(q: vec2f, z: vec2f, c: vec2f) -> vec2f {
  let p = two_prod(q.x, z.x);
  let s = two_sum(c.x, p.x);
  if (FUSED_FMA) { return quick_two_sum(s.x, keep(s.y) + (c.y + fma(q.y, z.x, fma(q.x, z.y, p.y)))); }
  return quick_two_sum(s.x, keep(s.y) + (c.y + (p.y + keep(q.x * z.y + q.y * z.x))));
}

// 1 / a, any normal a: y + y (e + e^2) with e = 1 - y a, half the cost of a division. e's first term has few bits; its
// product is added first, and kept from being factored with the rest.
fn df_reciprocal(a: vec2f) -> vec2f {
  let n = select(0, binary_exponent(a.x), SCALE_QUOTIENTS);
  let x = a * power_of_two(-n);
  let y = keep(reciprocal(x.x));
  let p = two_prod(y, x.x);
  let first = 1.0 - p.x;
  let rest = p.y + y * x.y;
  let e = first - rest;
  let s = quick_two_sum(y, keep(y * first));
  return quick_two_sum(s.x, s.y + y * (e * e - rest)) * power_of_two(-n);
}

// exp(x) = power * root * exp(t + rest): power = 2^floor(n/8), root = 2^((n mod 8)/8), |t| <= ln 2 / 16.
struct ExpArgument { power: f32, root: vec2f, t: f32, rest: f32 }

// 2^(j/8), j = 0..7. Selects, because an indexed constant array becomes a copy in slow memory on several compilers.
fn exp2_eighths(j: u32) -> vec2f {
  let odd = (j & 1u) != 0u;
  let r01_45 = select(vec4f(0x1p+0f, 0.0, 0x1.6a09e6p+0f, 0x1.9fcef4p-26f),
                      vec4f(0x1.172b84p+0f, -0x1.c15742p-27f, 0x1.8ace54p+0f, 0x1.15506ep-27f), odd);
  let r23_67 = select(vec4f(0x1.306fep+0f, 0x1.4636e2p-25f, 0x1.ae89fap+0f, -0x1.a94b14p-26f),
                      vec4f(0x1.4bfdaep+0f, -0x1.593abcp-25f, 0x1.d5818ep+0f, -0x1.822dbcp-27f), odd);
  let r = select(r01_45, r23_67, (j & 2u) != 0u);
  return select(r.xy, r.zw, (j & 4u) != 0u);
}

// Cody and Waite: ln 2 / 8 = A + B - C with A a multiple of 2^-15 and B of 2^-24, so that n A, n B and both
// differences are exact; the bits of ln 2 are kind, and C is already below 2^-31. The guard stops n A + n B from
// being factored. t is a multiple of ulp(x.y), so the quick sum is exact whichever is larger.
fn exp_argument(x: vec2f) -> ExpArgument {
  let hi = clamp(x.x, -88.0, 88.0);
  let lo = select(0.0, x.y, hi == x.x);
  let k = round(hi * 0x1.715476p+3f);
  let t = quick_two_sum(keep(hi - k * 0x1.62ep-4f) - k * 0x1.0cp-18f, lo);
  let n = i32(k);
  let power = bitcast<f32>(u32((n >> 3u) + 127) << 23u);
  return ExpArgument(power, exp2_eighths(u32(n) & 7u), t.x, t.y + k * 0x1.05c61p-32f);
}

// exp(t) - 1 = t + t^2 (1/2 + t/6 + t^2 u(t)): the square is double; t/6 is split into 12 bits by 11, an exact
// product, and a small remainder, so that everything from there on is plain f32.
fn df_exp(x: vec2f) -> vec2f {
  let a = exp_argument(x);
  let t = a.t;
  let t_hi = leading_bits(t);
  let u = t * (0x1.555556p-5f + t * (0x1.1113ecp-7f + t * 0x1.6c1becp-10f));
  let q = quick_two_sum(0.5, t_hi * 0x1.554p-3f);
  let q_lo = q.y + ((t - t_hi) * 0x1.554p-3f + t * (0x1.555556p-15f + u));
  let z = two_prod(t, t);
  let s = two_prod(z.x, q.x);
  let p = quick_two_sum(t, s.x);
  let p_lo = p.y + (s.y + (z.x * q_lo + z.y * q.x)) + (a.rest + a.rest * p.x);
  let e = quick_two_sum(p.x, p_lo);
  let m = two_prod(a.root.x, e.x);
  let y = quick_two_sum(a.root.x, m.x);
  let y_lo = y.y + (m.y + (a.root.x * e.y + (a.root.y + a.root.y * e.x)));
  return select(vec2f(0.0), quick_two_sum(y.x, y_lo) * a.power, x.x >= -87.0);
}

// (power root - 1) + power root (exp(t) - 1): where the first term is 0 the second keeps its relative accuracy,
// which needs three terms of the series in double.
fn df_expm1(x: vec2f) -> vec2f {
  let a = exp_argument(vec2f(max(x.x, -87.0), x.y));
  let t = vec2f(a.t, 0.0);
  let u = quick_two_sum(0x1.555556p-5f, a.t * (0x1.111112p-7f + a.t * (0x1.6c199cp-10f + a.t * 0x1.a01e9ap-13f)));
  var q = df_horner(vec2f(u.x, u.y - 0x1.555556p-30f), t, vec2f(0x1.555556p-3f, -0x1.555556p-28f));
  q = df_horner(q, t, vec2f(0.5, 0.0));
  let s = df_mul(two_prod(a.t, a.t), q);
  let p = quick_two_sum(a.t, s.x);
  let step = df_mul(a.root, quick_two_sum(p.x, (p.y + s.y) + (a.rest + a.rest * p.x)));
  return df_add(df_add_f32(a.root * a.power, -1.0), step * a.power);
}

const LN_2: vec2f = vec2f(0x1.62e43p-1f, -0x1.05c61p-29f);

// The finite stand-in for log(0) = -infinity, and for the logarithm of a negative number: f32(-1e30).
const LOG_OF_ZERO: f32 = -0x1.93e594p+99f;

// x = 2^k m with m in [sqrt(1/2), sqrt(2)), from the bits of a positive finite x: subnormals need no arithmetic.
struct LogArgument { k: i32, m: f32 }

fn log_argument(bits: u32) -> LogArgument {
  let shift = max(countLeadingZeros(bits), 8u) - 8u;
  let normal = bits << shift;
  let k = i32(normal - 0x3f3504f3u) >> 23u;
  return LogArgument(k - i32(shift), bitcast<f32>(normal - (u32(k) << 23u)));
}

// lo 2^-k, as in `df_scale`.
fn scale_down(lo: f32, k: i32) -> f32 {
  return df_scale(vec2f(lo, 0.0), -k).x;
}

// k ln 2 + log(1 + f), log(1 + f) = 2 atanh(s), s = f / (2 + f): 2 s + s^3 (2/3 + 2/5 s^2 + 2/7 s^4 + ...), where
// the tail after the third term is plain f32. 2 s is added last and unrounded: it alone decides the error.
fn df_log_1_plus(k: i32, f: vec2f) -> vec2f {
  let d = quick_two_sum(2.0, f.x);
  let s = df_div(f, vec2f(d.x, d.y + f.y));
  let z = df_mul(s, s);
  let tail = z.x * (0x1.c71c6ep-3f + z.x * (0x1.745fe4p-3f + z.x * (0x1.3a5088p-3f + z.x * 0x1.27da5p-3f)));
  let q7 = quick_two_sum(0x1.24924ap-2f, tail);
  let q5 = df_horner(vec2f(q7.x, q7.y - 0x1.b6db6ep-27f), z, vec2f(0x1.99999ap-2f, -0x1.99999ap-28f));
  let q3 = df_horner(q5, z, vec2f(0x1.555556p-1f, -0x1.555556p-26f));
  let r = df_mul(df_mul(s, z), q3);
  let y = quick_two_sum(2.0 * s.x, r.x);
  return df_add(df_mul_f32(LN_2, f32(k)), vec2f(y.x, y.y + (2.0 * s.y + r.y)));
}

fn df_log(a: vec2f) -> vec2f {
  let bits = bitcast<u32>(a.x);
  if (bits - 1u >= 0x7fffffffu) {
    return vec2f(LOG_OF_ZERO, 0.0);
  }
  let p = log_argument(bits);
  return df_log_1_plus(p.k, quick_two_sum(p.m - 1.0, scale_down(a.y, p.k)));
}

// Where 1 + x needs no scaling, x itself is the f above, exactly.
fn df_log1p(x: vec2f) -> vec2f {
  let a = df_add(vec2f(1.0, 0.0), x);
  if (a.x <= 0.0) {
    return vec2f(LOG_OF_ZERO, 0.0);
  }
  let p = log_argument(bitcast<u32>(a.x));
  let f = quick_two_sum(p.m - 1.0, scale_down(a.y, p.k));
  return df_log_1_plus(p.k, select(f, x, p.k == 0));
}
