// Bench: how fast this adapter copies, four values at a time.
//
// Method: every thread copies `each` quads, the first at thread * start, the
// others `step` apart: neighbours beside each other (start 1, step = threads) as
// GPUs like it, or a stretch of its own (start = each, step 1) as CPU drivers may.
// The host times both and keeps the better one. With `each` 0 it is the empty
// dispatch.
//!include shared/grid.wgsl

struct Params { zero: u32, quads: u32, each: u32, start: u32, step: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> output: array<vec4f>;

override WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  var at = (group_index(group, groups) * WORKGROUP + local) * params.start;
  for (var k = 0u; k < params.each; k++) {
    if (at < params.quads) { output[at] = input[at]; }
    at += params.step;
  }
}
