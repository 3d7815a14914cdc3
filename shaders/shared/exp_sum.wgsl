// exp2 for the inner loops: four values at a time, for sums of non-negative terms.
//
// Method: x = k + r with k the nearest integer, found by adding 1.5 * 2^23 (the
// guard keeps the compiler from cancelling it), |r| <= 1/2; 2^r by a polynomial
// of degree 6 (minimax in relative error, Remez, weights 1/2^r); k goes into the
// exponent bits. Range: x is clamped to [-126, 100], so that a vanishing term
// becomes at most 2^-126 and no sum of 2^27 terms overflows.
// Error: at most 2 ulp (measured by `kantor check`, kernel exp_sum).
// On adapters whose built-in exp2 was measured to be good, that one is used.
//!include shared/twofloat.wgsl

override NATIVE_EXP2: bool = false;

// Minimax coefficients of (2^r - 1)/r on [-1/2, 1/2], relative error 2.0e-9 before rounding.
const EXP2_1: f32 = 0x1.62e430p-1f;
const EXP2_2: f32 = 0x1.ebfbdcp-3f;
const EXP2_3: f32 = 0x1.c6aee8p-5f;
const EXP2_4: f32 = 0x1.3b2d4cp-7f;
const EXP2_5: f32 = 0x1.5f3e54p-10f;
const EXP2_6: f32 = 0x1.41fbbap-13f;

fn exp2_sum(x: vec4f) -> vec4f {
  let y = clamp(x, vec4f(-126.0), vec4f(100.0));
  if (NATIVE_EXP2) { return exp2(y); }
  let shifted = bitcast<vec4u>(y + 12582912.0) ^ vec4u(runtime_zero);
  let r = y - (bitcast<vec4f>(shifted) - 12582912.0);
  let q = r * r;
  let p = (1.0 + r * EXP2_1) + q * ((EXP2_2 + r * EXP2_3) + q * ((EXP2_4 + r * EXP2_5) + q * EXP2_6));
  return bitcast<vec4f>(bitcast<vec4u>(p) + (shifted << vec4u(23u)));
}

fn exp2_sum_scalar(x: f32) -> f32 {
  let y = clamp(x, -126.0, 100.0);
  if (NATIVE_EXP2) { return exp2(y); }
  let shifted = bitcast<u32>(y + 12582912.0) ^ runtime_zero;
  let r = y - (bitcast<f32>(shifted) - 12582912.0);
  let q = r * r;
  let p = (1.0 + r * EXP2_1) + q * ((EXP2_2 + r * EXP2_3) + q * ((EXP2_4 + r * EXP2_5) + q * EXP2_6));
  return bitcast<f32>(bitcast<u32>(p) + (shifted << 23u));
}

