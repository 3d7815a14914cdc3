// Start-up probe: does this driver keep the rounding that double-float needs?
//
// Sums and products alone survive on drivers that break the chain built on them,
// so the chain is probed: for each pair (a, b) the double-float sum and product of
// numbers with low words made from the pair, an exponential, a logarithm, the
// guarded TwoSum and TwoProd; beside them a plain TwoSum (a compiler that
// simplifies (a + b) - a betrays itself), the built-in exp2 on [-60, 0], and a
// denormal that went through a product. The host compares with f64 arithmetic.
//!include shared/twofloat.wgsl

struct Params { zero: u32, loop_length: u32, count: u32, unused: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> pairs: array<vec4f>;
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
  let a = pairs[i].xy;
  let b = pairs[i].zw;
  let x = -60.0 * (f32(i) / f32(params.count));
  // The factor is 1, which the compiler cannot know.
  let one = bitcast<f32>(0x3f800000u ^ params.zero);
  let denormal = bitcast<f32>(0x00001000u + i) * one;
  rows[4u * i] = vec4f(two_sum(a.x, b.x), two_prod(a.x, b.x));
  rows[4u * i + 1u] = vec4f(df_add(a, b), df_mul(a, b));
  rows[4u * i + 2u] = vec4f(df_exp(vec2f(x * 0.5, a.y)), df_log(select(a, -a, a.x < 0.0)));
  rows[4u * i + 3u] = vec4f(plain_two_sum(a.x, b.x), exp2(x), denormal);
}
