// Arithmetic of the divergences, four bins at a time: exponentials and logarithms whose small results keep their digits.
//
// Method. As in shared/elementary.wgsl, with the same polynomials and reductions (Cody and Waite 1980; Remez fits), and
// sums guarded as in shared/twofloat.wgsl. What is new are the remainders of second order
//   rest(x) = -ln x - (1 - x),   rest(z) = e^-z - 1 + z,
// of which every divergence of two nearly equal bins is made: they are taken from their own series, never as differences.
// Error: 3 ulp each, next to x = 1 and z = 0 too.
//!include shared/elementary.wgsl

fn keep4(x: vec4f) -> vec4f {
  return bitcast<vec4f>(bitcast<vec4u>(x) ^ vec4u(runtime_zero));
}

struct Sum4 { sum: vec4f, error: vec4f }

fn two_sum4(a: vec4f, b: vec4f) -> Sum4 {
  let s = keep4(a + b);
  let a_is_smaller = abs(a) < abs(b);
  let smaller_rounded = keep4(s - select(a, b, a_is_smaller));
  return Sum4(s, select(b, a, a_is_smaller) - smaller_rounded);
}

fn leading_bits4(x: vec4f) -> vec4f {
  return bitcast<vec4f>(bitcast<vec4u>(x) & vec4u(0xfffff000u));
}

// a b of a number in double-float: product and what it lacks.
fn two_prod4(a: vec4f, b: vec2f) -> Sum4 {
  let p = keep4(a * b.x);
  let a_hi = leading_bits4(a);
  let b_hi = leading_bits(b.x);
  let a_lo = keep4(a - a_hi);
  let b_lo = keep(b.x - b_hi);
  let e = keep4(keep4(keep4(a_hi * b_hi - p) + a_hi * b_lo) + a_lo * b_hi);
  return Sum4(p, e + a_lo * b_lo + a * b.y);
}

// exp(r) - 1 - r, |r| <= ln 2 / 2.
fn exp_tail4(r: vec4f) -> vec4f {
  return r * r * (0.5 + r * (0x1.555556p-3f + r * (0x1.5554aep-5f
    + r * (0x1.11109p-7f + r * (0x1.6d74cep-10f + r * 0x1.a1a1b4p-13f)))));
}

fn power_of_two4(k: vec4f) -> vec4f {
  return bitcast<vec4f>(bitcast<vec4u>((vec4i(k) + vec4i(127))) << vec4u(23u));
}

// exp(hi + lo), hi <= 88; 0 below -87.
fn exp4(hi: vec4f, lo: vec4f) -> vec4f {
  let x = clamp(hi, vec4f(-87.0), vec4f(88.0));
  let k = round(x * 0x1.715476p+0f);
  let r = keep4(x - k * 0x1.62e4p-1f) - (k * 0x1.7f7d1cp-20f - lo);
  let y = (1.0 + (r + exp_tail4(r))) * power_of_two4(k);
  return select(vec4f(0.0), y, hi >= vec4f(-87.0));
}

// e^-z and what it is made of: ratio = e^-z, gap = 1 - e^-z, rest = e^-z - 1 + z.
struct Falling { ratio: vec4f, gap: vec4f, rest: vec4f }

// Of z + lo, z >= -87; the ratio is 0 above 87. With e^-z = s (1 + r + tail), s = 2^-k, z = k ln 2 - r, nothing cancels but
// (s - 1)(1 + r) + k ln 2, which is a sixth of its terms at worst.
fn falling4(z: vec4f, lo: vec4f) -> Falling {
  let y = clamp(z, vec4f(-87.0), vec4f(87.0));
  let k = round(y * 0x1.715476p+0f);
  let high = keep4(k * 0x1.62e4p-1f - y);
  let low = k * 0x1.7f7d1cp-20f - lo;
  let r = high + low;
  let tail = exp_tail4(r);
  let s = power_of_two4(-k);
  let ratio = s * (1.0 + (r + tail));
  let gap = (1.0 - s) - s * (r + tail);
  let rest = s * tail + ((s - 1.0) * (1.0 + r) + k * 0x1.62e43p-1f);
  let far = z > vec4f(87.0);
  return Falling(select(ratio, vec4f(0.0), far), select(gap, vec4f(1.0), far), select(rest, z - 1.0, far));
}

const FAR: f32 = 1e30;

// rest = -ln x - g of a ratio x = 1 - g in [0, 1], g known better than 1 - x: -(k ln 2) + (x - m) + (f - ln(1 + f)) with
// x = 2^k m, f = m - 1, and f = -g itself where k = 0. FAR at 0.
fn rest_of_ratio4(x: vec4f, g: vec4f) -> vec4f {
  let bits = bitcast<vec4i>(max(x, vec4f(0x1p-126f)));
  let k = (bits - vec4i(0x3f3504f3)) >> vec4u(23u);
  let m = bitcast<vec4f>(bits - (k << vec4u(23u)));
  let f = select(m - 1.0, -g, k == vec4i(0));
  // Estrin's order: Horner's chain of nine would be waited for.
  let ff = f * f;
  let p = ((0x1.555546p-2f - f * 0x1.ffffeep-3f) + ff * (0x1.99a546p-3f - f * 0x1.5562e4p-3f))
    + (ff * ff) * (((0x1.2332cp-3f - f * 0x1.fb4326p-4f) + ff * (0x1.e6509ep-4f - f * 0x1.e2e9ccp-4f))
    + (ff * ff) * 0x1.1b42e2p-4f);
  let n = vec4f(-k);
  let rest = (keep4(n * 0x1.62e4p-1f - (m - x)) + n * 0x1.7f7d1cp-20f) + ff * (0.5 - f * p);
  return select(rest, vec4f(FAR), x == vec4f(0.0));
}

fn total(x: vec4f) -> f32 {
  return (x.x + x.y) + (x.z + x.w);
}

// Adds an f32 to a double-float sum of some size.
fn gather(sum: vec2f, x: f32) -> vec2f {
  let s = two_sum(sum.x, x);
  return vec2f(s.x, sum.y + s.y);
}

// exp(x - reference) in double-float, of each of four.
fn exp_double4(x: Sum4, reference: vec2f) -> Sum4 {
  let head = two_sum4(x.sum, vec4f(-reference.x));
  let rest = head.error + (x.error - reference.y);
  let a = df_exp(quick_two_sum(head.sum.x, rest.x));
  let b = df_exp(quick_two_sum(head.sum.y, rest.y));
  let c = df_exp(quick_two_sum(head.sum.z, rest.z));
  let d = df_exp(quick_two_sum(head.sum.w, rest.w));
  return Sum4(vec4f(a.x, b.x, c.x, d.x), vec4f(a.y, b.y, c.y, d.y));
}
