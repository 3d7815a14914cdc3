// Adds up the L1 marginal error of each running problem and decides whether it
// leaves the loop. The source sweep before it has left the error of each of its
// workgroups; the other side's marginal is exact at that point. In the scaling form
// they say too whether any sweep of that side has left the range of f32.
// One thread a problem, partial sums in the order of the rows.
//!include transport/problem.wgsl

struct Test {
  slots: u32,
  blocks: u32,
  stride: u32,       // vec4f per partial: 1, in double precision 2
  completed: u32,    // iterations done when this test is made
  tolerance: f32,
  first: u32,        // where the partial sums begin
  marked: u32,       // whether a second number of partial sums is such a mark
  unused: u32,
}
@group(0) @binding(0) var<uniform> test: Test;
@group(0) @binding(1) var<storage, read> partials: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> slots: array<Slot>;

override WORKGROUP: u32 = 64u;

// A partial above this says that a scaling left the range of f32.
const OUT_OF_RANGE: f32 = 1e29;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let slot = group_index(group, groups) * WORKGROUP + local;
  if (slot >= test.slots || slots[slot].status != 0u) { return; }
  let begin = test.first + slots[slot].problem * test.blocks;
  var error = 0.0;
  var mark = 0.0;
  for (var k = 0u; k < test.blocks; k++) {
    let partial = partials[(begin + k) * test.stride];
    error += partial.x;
    mark = max(mark, partial.y);
  }
  slots[slot].error = bitcast<u32>(error);
  if (error > OUT_OF_RANGE || (test.marked != 0u && mark > 0.0)) {
    slots[slot].status = 2u;
  } else if (error <= test.tolerance) {
    slots[slot].status = 1u;
  }
  slots[slot].iterations = test.completed;
}
