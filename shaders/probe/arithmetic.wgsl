// Start-up probe: does this driver keep the rounding that double-float needs?
//
// For each pair (a, b) writes the guarded TwoSum and TwoProd, a plain TwoSum
// (a compiler that simplifies (a + b) - a betrays itself by an error term of 0),
// the built-in exp2 on [-60, 0], and a denormal that went through a product.
// The host compares with exact f64 arithmetic.
//!include shared/twofloat.wgsl

struct Params { zero: u32, loop_length: u32, count: u32, unused: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> pairs: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> rows: array<vec4f>;

override WORKGROUP: u32 = 64u;

fn plain_two_sum(a: f32, b: f32) -> vec2f {
  let s = a + b;
  let t = s - a;
  return vec2f(s, (a - (s - t)) + (b - t));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= params.count) { return; }
  runtime_zero = params.zero;
  let a = pairs[i].x;
  let b = pairs[i].y;
  rows[2u * i] = vec4f(two_sum(a, b), two_prod(a, b));
  let x = -60.0 * (f32(i) / f32(params.count));
  // The factor is 1, which the compiler cannot know.
  let one = bitcast<f32>(0x3f800000u ^ params.zero);
  let denormal = bitcast<f32>(0x00001000u + i) * one;
  rows[2u * i + 1u] = vec4f(plain_two_sum(a, b), exp2(x), denormal);
}
