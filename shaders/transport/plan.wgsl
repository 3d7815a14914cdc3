// The plan of one problem from its weighted potentials:
//     P_ij = exp((f_i + g_j - C_ij) / epsilon),
// exactly 0 where a weight is zero (its potential is the sentinel) and below 2^-126.
// Error: exponent rounding 2^-24 (|f| + |g| + |C|) / epsilon, and 2 ulp.
//!include transport/problem.wgsl
//!include shared/exp_sum.wgsl

struct Plan { zero: u32, rows: u32, columns: u32, cost_stride: u32, cost_at: u32, width: u32, transpose: u32, rate: f32 }
@group(0) @binding(0) var<uniform> shape: Plan;
@group(0) @binding(1) var<storage, read> cost: array<f32>;
@group(0) @binding(2) var<storage, read> source: array<f32>;
@group(0) @binding(3) var<storage, read> target_: array<f32>;
@group(0) @binding(4) var<storage, read_write> plan: array<f32>;

override WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = group_index(group, groups) * WORKGROUP + local;
  if (at >= shape.rows * shape.columns) { return; }
  runtime_zero = shape.zero;
  let i = at / shape.columns;
  let j = at % shape.columns;
  let f = source[i];
  let g = target_[j];
  let c = cost[shape.cost_at + i * shape.cost_stride + j];
  let exponent = ((g - c) + f) * shape.rate;
  let vanishes = exponent < -126.0 || f <= 0.5 * LN_ZERO || g <= 0.5 * LN_ZERO;
  plan[at] = select(exp2_sum_scalar(exponent), 0.0, vanishes);
}
