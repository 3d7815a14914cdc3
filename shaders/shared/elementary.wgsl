// exp, expm1, log and log1p in f32, for what the built-in functions do not promise: their errors are 3 to 64 ulp for
// exp, and unbounded in ulp for log next to 1; expm1 and log1p do not exist.
//
// Method. exp and expm1: x = k ln 2 + r with |r| <= ln 2 / 2 (Cody and Waite 1980), a polynomial for exp(r) - 1, and
// the sum 1 + r + ... taken without error in its leading terms. log and log1p: x = 2^k (1 + f) with 1 + f in
// [sqrt(1/2), sqrt(2)), a polynomial for log(1 + f) (after Tang 1990, without his table), k ln 2 in two parts; the
// correction of log1p is Kahan's. Polynomials are Remez fits made with mpmath, each coefficient rounded to f32.
//
// Measured over all finite f32, subnormal ones included, in ulp of the exact result (f64 as truth):
//
//                  lavapipe 25.0.7    llvmpipe GL    SwiftShader
//   exp_f32             0.764            0.764          0.764
//   expm1_f32           0.982            0.982          0.982
//   log_f32             0.898            0.898          0.898
//   log1p_f32           0.945            0.945          0.945
//
// SwiftShader flushes subnormals in arithmetic, but here they are read and made as bits, so nothing is lost; only a
// subnormal that the caller computes there is zero before it arrives. expm1 and log1p pass |x| < 2^-25 through, signed
// zeros and subnormals with it.
//
// Ends, all finite: exp and expm1 above ln(2^128) are the largest f32; expm1 below -17.4 is -1; the logarithm of zero
// or less is LOG_OF_ZERO.
//!include shared/twofloat.wgsl

const LARGEST_F32: f32 = 0x1.fffffep+127f;

// exp(r) - 1 - r = r^2 q(r), |r| <= ln 2 / 2; q by Remez, relative error of exp(r) - 1 below 2^-31.9.
fn exp_tail(r: f32) -> f32 {
  return r * r * (0.5 + r * (0x1.555556p-3f + r * (0x1.5554aep-5f
    + r * (0x1.11109p-7f + r * (0x1.6d74cep-10f + r * 0x1.a1a1b4p-13f)))));
}

// exp(x) = 2^k (1 + head + rest): head is exact, rest carries all rounding errors and is ten times smaller.
struct ExpSplit { k: i32, head: f32, rest: f32 }

// Cody and Waite: ln 2 = 0x1.62e4p-1 + 0x1.7f7d1cp-20, the first with 16 bits, so that k times it is exact. The guard
// stops the two products from being factored into k times a rounded ln 2.
fn exp_split(x: f32) -> ExpSplit {
  let k = round(x * 0x1.715476p+0f);
  let head = keep(x - k * 0x1.62e4p-1f);
  let low = k * 0x1.7f7d1cp-20f;
  return ExpSplit(i32(k), head, exp_tail(head - low) - low);
}

// The power of two goes into the exponent bits, and a subnormal result is rounded in integers: adapters that flush
// subnormals have no arithmetic here to flush.
fn exp_f32(x: f32) -> f32 {
  let a = exp_split(clamp(x, -104.0, 89.0));
  let sum = quick_two_sum(1.0, a.head);
  let bits = bitcast<u32>(sum.x + (sum.y + a.rest));
  let exponent = i32(bits >> 23u) + a.k;
  let shift = u32(clamp(1 - exponent, 1, 31));
  let significand = (bits & 0x007fffffu) | 0x00800000u;
  let subnormal = (significand + (1u << (shift - 1u))) >> shift;
  let y = bitcast<f32>(select(bits + (u32(a.k) << 23u), subnormal, exponent < 1));
  return select(y, LARGEST_F32, x > 0x1.62e42ep+6f);
}

// 2^k ((1 - 2^-k) + head + rest), the first three terms summed without error: for |k| = 1 they cancel.
fn expm1_f32(x: f32) -> f32 {
  let a = exp_split(clamp(x, -18.0, 89.0));
  let one = two_sum(1.0, -bitcast<f32>(u32(127 - min(a.k, 64)) << 23u));
  let sum = two_sum(one.x, a.head);
  let bits = bitcast<u32>(sum.x + (sum.y + (one.y + a.rest)));
  let y = select(bitcast<f32>(bits + (u32(a.k) << 23u)), LARGEST_F32, x > 0x1.62e42ep+6f);
  return select(y, x, abs(x) < 0x1p-25f);
}

// k ln 2 + log(1 + f) + correction, log(1 + f) = f - f^2/2 + f^3 p(f) on [sqrt(1/2) - 1, sqrt(2) - 1]; p by Remez,
// relative error below 2^-30.3. No division, whose 2.5 ulp would be felt next to 1.
fn log_join(k: f32, f: f32, correction: f32) -> f32 {
  let p = 0x1.555546p-2f + f * (-0x1.ffffeep-3f + f * (0x1.99a546p-3f
    + f * (-0x1.5562e4p-3f + f * (0x1.2332cp-3f + f * (-0x1.fb4326p-4f
    + f * (0x1.e6509ep-4f + f * (-0x1.e2e9ccp-4f + f * 0x1.1b42e2p-4f)))))));
  let sum = quick_two_sum(k * 0x1.62e4p-1f, f);
  return sum.x + (sum.y + (f * f * (f * p - 0.5) + (k * 0x1.7f7d1cp-20f + correction)));
}

fn log_f32(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (bits - 1u >= 0x7fffffffu) {
    return LOG_OF_ZERO;
  }
  let a = log_argument(bits);
  return log_join(f32(a.k), a.m - 1.0, 0.0);
}

// log(u + e) = log(u) + e/u for the rounded sum u = 1 + x and its error e; where u needs no scaling, x itself is f.
fn log1p_f32(x: f32) -> f32 {
  let u = two_sum(1.0, x);
  if (u.x <= 0.0) {
    return LOG_OF_ZERO;
  }
  let a = log_argument(bitcast<u32>(u.x));
  let unscaled = a.k == 0;
  let y = log_join(f32(a.k), select(a.m - 1.0, x, unscaled), select(divide_any(u.y, u.x), 0.0, unscaled));
  return select(y, x, abs(x) < 0x1p-25f);
}
