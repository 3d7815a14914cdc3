// The plan of one problem applied to `width` vectors without storing it:
//     Y = P X (n x width), or with `transpose` Y = P^T X (m x width),
// P_ij = exp((f_i + g_j - C_ij) / epsilon) from weighted potentials, 0 below 2^-126.
// One thread a result. Error: that of the plan, and of an f32 sum.
//!include transport/problem.wgsl
//!include shared/exp_sum.wgsl

struct Plan { zero: u32, rows: u32, columns: u32, cost_stride: u32, cost_at: u32, width: u32, transpose: u32, rate: f32 }
@group(0) @binding(0) var<uniform> shape: Plan;
@group(0) @binding(1) var<storage, read> cost: array<f32>;
@group(0) @binding(2) var<storage, read> source: array<f32>;
@group(0) @binding(3) var<storage, read> target_: array<f32>;
@group(0) @binding(4) var<storage, read> x: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

override WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = group_index(group, groups) * WORKGROUP + local;
  let transposed = shape.transpose != 0u;
  let results = select(shape.rows, shape.columns, transposed);
  if (at >= results * shape.width) { return; }
  runtime_zero = shape.zero;
  let own = at / shape.width;
  let component = at % shape.width;
  let entries = select(shape.columns, shape.rows, transposed);
  var sum = 0.0;
  for (var k = 0u; k < entries; k++) {
    let i = select(own, k, transposed);
    let j = select(k, own, transposed);
    let f = source[i];
    let g = target_[j];
    if (f <= 0.5 * LN_ZERO || g <= 0.5 * LN_ZERO) { continue; }
    let c = cost[shape.cost_at + i * shape.cost_stride + j];
    let exponent = ((g - c) + f) * shape.rate;
    if (exponent < -126.0) { continue; }
    sum += exp2_sum_scalar(exponent) * x[k * shape.width + component];
  }
  y[at] = sum;
}
