// point_costs.wgsl in double-float arithmetic: all high words, then all low words. A thread makes one cost.
//!include shared/grid.wgsl
//!include transport/problem.wgsl
//!splice GROUND transport/cost/squared_double.wgsl

@group(0) @binding(0) var<uniform> sweep: Sweep;
@group(0) @binding(1) var<storage, read> own_points: array<f32>;
@group(0) @binding(2) var<storage, read> other_points: array<f32>;
@group(0) @binding(3) var<storage, read_write> cost: array<f32>;

override WORKGROUP: u32 = 64u;
override DIM: u32 = 3u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = sweep.zero;
  let place = (sweep.first_group + group_index(group, groups)) * WORKGROUP + local;
  let column = place % sweep.other;
  let row = place / sweep.other % sweep.own_bins;
  let matrix = place / sweep.other / sweep.own_bins;
  if (matrix >= sweep.slots) { return; }
  let i = matrix * sweep.own + row;
  let j = matrix * sweep.other + column;
  var squared = vec2f(0.0);
  for (var c = 0u; c < DIM; c++) {
    let at = (i / 4u * DIM + c) * 4u + i % 4u;
    let to = (j / 4u * DIM + c) * 4u + j % 4u;
    let d = df_sub(vec2f(own_points[at], own_points[sweep.own_words + at]),
                   vec2f(other_points[to], other_points[sweep.other_words + to]));
    squared = df_add(squared, df_mul(d, d));
  }
  let value = df_ground(squared);
  cost[place] = value.x;
  cost[sweep.cost_plane + place] = value.y;
}
