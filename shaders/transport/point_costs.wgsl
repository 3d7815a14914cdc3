// The costs between points as a matrix, for clouds of so many dimensions that making them anew in every sweep takes longer
// than reading them.
//
// A thread makes eight rows by four columns: three vectors of coordinates are read for 32 differences. Coordinates and
// error as in cost/points.wgsl; rows are a multiple of four columns apart.
//!include shared/grid.wgsl
//!include transport/problem.wgsl
//!splice GROUND transport/cost/squared.wgsl

@group(0) @binding(0) var<uniform> sweep: Sweep;
@group(0) @binding(1) var<storage, read> own_points: array<vec4f>;
@group(0) @binding(2) var<storage, read> other_points: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> cost: array<vec4f>;

override WORKGROUP: u32 = 64u;
override DIM: u32 = 3u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = sweep.zero;
  let place = (sweep.first_group + group_index(group, groups)) * WORKGROUP + local;
  let columns = sweep.other / 4u;
  let eights = (sweep.own_bins + 7u) / 8u;
  let column = place % columns;
  let row = place / columns % eights * 8u;
  let matrix = place / columns / eights;
  if (matrix >= sweep.slots) { return; }
  let x_at = (matrix * sweep.own + row) / 4u * DIM;
  // The second four of rows may not be there: then the first again, whose results are not written.
  let more = row + 4u < sweep.own;
  let z_at = select(x_at, x_at + DIM, more);
  let y_at = (matrix * sweep.other / 4u + column) * DIM;
  var s0 = vec4f(0.0);
  var s1 = vec4f(0.0);
  var s2 = vec4f(0.0);
  var s3 = vec4f(0.0);
  var s4 = vec4f(0.0);
  var s5 = vec4f(0.0);
  var s6 = vec4f(0.0);
  var s7 = vec4f(0.0);
  for (var c = 0u; c < DIM; c++) {
    let y = other_points[y_at + c];
    let x = own_points[x_at + c];
    let z = own_points[z_at + c];
    let d0 = x.x - y;
    let d1 = x.y - y;
    let d2 = x.z - y;
    let d3 = x.w - y;
    let d4 = z.x - y;
    let d5 = z.y - y;
    let d6 = z.z - y;
    let d7 = z.w - y;
    s0 += d0 * d0;
    s1 += d1 * d1;
    s2 += d2 * d2;
    s3 += d3 * d3;
    s4 += d4 * d4;
    s5 += d5 * d5;
    s6 += d6 * d6;
    s7 += d7 * d7;
  }
  let sums = array<vec4f, 8>(s0, s1, s2, s3, s4, s5, s6, s7);
  for (var r = 0u; r < 8u; r++) {
    if (row + r < sweep.own_bins) { cost[(matrix * sweep.own_bins + row + r) * columns + column] = ground(sums[r]); }
  }
}
