// Bench: sums of exponentials over all pairs of points in three dimensions, which arithmetic bounds, not memory: what
// counting the iterations of loops costs shows here.
//
// Method: a thread a row, targets by tiles in workgroup memory, the targets in parts so that there are threads enough.
// A point is (x, y, z, -|.|^2/2), so that the exponent is one of three fused products.
//!include shared/grid.wgsl
//!include shared/exp_sum.wgsl

struct Pairs { zero: u32, rows: u32, targets: u32, parts: u32 }
@group(0) @binding(0) var<uniform> pairs: Pairs;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

override WORKGROUP: u32 = 64u;
const TILE: u32 = 256u;

var<workgroup> tile: array<vec4f, TILE>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = pairs.zero;
  let place = group_index(group, groups);
  let row = place / pairs.parts * WORKGROUP + local;
  let part = place % pairs.parts;
  let own = input[min(row, pairs.rows - 1u)];
  let first = part * pairs.targets;
  var sum = 0.0;
  for (var done = 0u; done < pairs.targets; done += TILE) {
    workgroupBarrier();
    for (var k = local; k < TILE; k += WORKGROUP) { tile[k] = input[first + done + k]; }
    workgroupBarrier();
    for (var k = 0u; k < TILE; k++) {
      let other = tile[k];
      sum += exp2_sum_scalar(fma(own.x, other.x, fma(own.y, other.y, fma(own.z, other.z, other.w + own.w))));
    }
  }
  if (row < pairs.rows) { output[part * pairs.rows + row] = sum; }
}
