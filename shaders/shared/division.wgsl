// Quotients and reciprocals that are right on every adapter. No other file divides floating-point numbers; a test sees
// to that.
//
// WGSL promises a / b to 2.5 ulp, and only for 2^-126 <= |b| <= 2^126. On NVIDIA (Vulkan, 2026) a / b is 0 for every
// |b| >= 2^126, whatever a is, is 0 where the quotient is subnormal, and is infinite where b is.
//
//   divide, reciprocal            2^-126 <= |b| < 2^126, which the caller knows: the adapter's own division
//   divide_any, reciprocal_any    every normal b: b is brought to [2^-62, 2^64) by a power of two, which is exact, and
//                                 the quotient is brought back by the same power
//
// SCALE_QUOTIENTS, which the loader sets false where the start-up probe saw quotients hold for all divisors and subnormals
// kept: nothing is brought anywhere.
//
// Error: 2.5 ulp at most (what WGSL allows; NVIDIA 1.9, CPU drivers 0.5). A quotient below 2^-126 may be 0, one of 2^128
// and more is not for these functions: it may be infinite. Names end in 4 where they take vectors.

override SCALE_QUOTIENTS: bool = true;

fn divide(a: f32, b: f32) -> f32 { return a / b; }
fn divide4(a: vec4f, b: vec4f) -> vec4f { return a / b; }
fn reciprocal(b: f32) -> f32 { return 1.0 / b; }
fn reciprocal4(b: vec4f) -> vec4f { return 1.0 / b; }

// The power of two that brings b next to 1.
fn divisor_scale(b: f32) -> f32 {
  return select(select(1.0, 0x1p+64f, abs(b) < 0x1p-62f), 0x1p-64f, abs(b) >= 0x1p+64f);
}

fn divisor_scale4(b: vec4f) -> vec4f {
  let upward = select(vec4f(1.0), vec4f(0x1p+64f), abs(b) < vec4f(0x1p-62f));
  return select(upward, vec4f(0x1p-64f), abs(b) >= vec4f(0x1p+64f));
}

fn divide_any(a: f32, b: f32) -> f32 {
  if (!SCALE_QUOTIENTS) { return divide(a, b); }
  let scale = divisor_scale(b);
  return divide(a, b * scale) * scale;
}

fn divide_any4(a: vec4f, b: vec4f) -> vec4f {
  if (!SCALE_QUOTIENTS) { return divide4(a, b); }
  let scale = divisor_scale4(b);
  return divide4(a, b * scale) * scale;
}

fn reciprocal_any(b: f32) -> f32 {
  if (!SCALE_QUOTIENTS) { return reciprocal(b); }
  let scale = divisor_scale(b);
  return reciprocal(b * scale) * scale;
}

fn reciprocal_any4(b: vec4f) -> vec4f {
  if (!SCALE_QUOTIENTS) { return reciprocal4(b); }
  let scale = divisor_scale4(b);
  return reciprocal4(b * scale) * scale;
}
