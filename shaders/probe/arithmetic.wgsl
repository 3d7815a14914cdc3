// Start-up probe: what does this driver do to rounding, division and subnormal numbers?
//
// Sums and products alone survive on drivers that break the chain built on them, so the chain is probed: for each pair
// (a, b) the guarded TwoSum and TwoProd, the double-float sum and product of numbers with low words made from the pair,
// an exponential, a logarithm. Beside them what decides between variants of kernels: a plain TwoSum (a compiler that
// simplifies (a + b) - a betrays itself), the built-in exp2 on [-60, 0], fma of what a product leaves, a quotient within
// the range that WGSL promises and one of all exponents, a subnormal operand and a subnormal result. The host compares
// with f64 arithmetic. Numbers whose subnormal bits count are written as bits.
//!include shared/twofloat.wgsl

struct Params { zero: u32, loop_length: u32, count: u32, unused: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> pairs: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> rows: array<vec4u>;

override WORKGROUP: u32 = 64u;

fn plain_two_sum(a: f32, b: f32) -> vec2f {
  let s = a + b;
  let t = s - a;
  return vec2f(s, (a - (s - t)) + (b - t));
}

// What fma leaves of a b: the product's error where it rounds once, 0 where it rounds twice.
fn product_rest(a: f32, b: f32) -> f32 {
  let p = keep(a * b);
  return fma(a, b, -p);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= params.count) { return; }
  runtime_zero = params.zero;
  let a = pairs[i].xy;
  let b = pairs[i].zw;
  // A multiple of 15/1024: no rounding, on any adapter.
  let x = f32(i) * -0x1.ep-7f;
  // The factor is 1, which the compiler cannot know.
  let one = bitcast<f32>(0x3f800000u ^ params.zero);
  let denormal = bitcast<f32>(0x00001000u + i) * one;
  let halved = bitcast<f32>(0x00800000u + 2u * i) * (0.5 * one);
  // 1.25 and 1.5 of one exponent, of all exponents: 0.8333 wherever division holds.
  let exponent = (1u + i % 254u) << 23u;
  let quotient = divide(bitcast<f32>(exponent | 0x00200000u), bitcast<f32>(exponent | 0x00400000u));
  let written = array<vec4f, 5>(
    vec4f(two_sum(a.x, b.x), two_prod(a.x, b.x)),
    vec4f(df_add(a, b), df_mul(a, b)),
    vec4f(df_exp(vec2f(x * 0.5, a.y)), df_log(select(a, -a, a.x < 0.0))),
    vec4f(plain_two_sum(a.x, b.x), exp2(x), product_rest(a.x, b.x)),
    vec4f(divide(a.x, b.x), quotient, denormal, halved),
  );
  for (var k = 0u; k < 5u; k++) { rows[5u * i + k] = bitcast<vec4u>(written[k]); }
}
