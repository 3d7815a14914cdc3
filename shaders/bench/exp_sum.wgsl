// Bench: how fast this adapter reads values and sums their exponentials, which
// is what a softmin cannot do without.
//
// Method: the same walk as bench/copy.wgsl; two sums in flight. NATIVE_EXP2
// chooses between the built-in exp2 and the library's; the host times both and
// keeps the better one.
//!include shared/grid.wgsl
//!include shared/exp_sum.wgsl

struct Params { zero: u32, quads: u32, each: u32, start: u32, step: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

override WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let thread = group_index(group, groups) * WORKGROUP + local;
  var at = thread * params.start;
  var sums = vec4f(0.0);
  var more = vec4f(0.0);
  for (var k = 0u; k < params.each; k += 2u) {
    if (at < params.quads) { sums += exp2_sum(input[at]); }
    at += params.step;
    if (at < params.quads) { more += exp2_sum(input[at]); }
    at += params.step;
  }
  sums += more;
  if (thread < arrayLength(&output)) { output[thread] = (sums.x + sums.z) + (sums.y + sums.w); }
}
