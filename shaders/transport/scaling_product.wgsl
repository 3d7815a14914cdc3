// Half an iteration of Sinkhorn for a batch that shares one cost, in scaling
// form: with K = exp(-C / epsilon), u = exp(own / epsilon), v = exp(other / epsilon),
//     U[problem, i] = A[problem, i] / sum_j K[i, j] V[problem, j],
// a matrix product of all problems at once. K is never stored: a tile of it is
// made from the cost when it is loaded, once for TILE problems.
//
// Tiles of TILE own entries x TILE problems, DEPTH deep, in workgroup memory; a
// thread keeps 4 x 4 sums. Direction by the two strides of the cost.
// Range: valid while C / epsilon stays within about 80 (f32); a sum or scaling
// outside [2^-100, 2^100] marks its problem as out of range, and the solver does
// that problem again in the log domain.
// Error: relative 2^-24 sqrt(n) of the marginal, 2 ulp and the rounding of C / epsilon in K.
//!include transport/problem.wgsl
//!include shared/exp_sum.wgsl

@group(0) @binding(0) var<uniform> sweep: Sweep;
@group(0) @binding(1) var<storage, read> slots: array<Slot>;
@group(0) @binding(2) var<storage, read> cost: array<f32>;
@group(0) @binding(3) var<storage, read> other: array<f32>;
@group(0) @binding(4) var<storage, read> weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> own: array<f32>;
@group(0) @binding(6) var<storage, read_write> partials: array<vec4f>;

const TILE: u32 = 64u;
const DEPTH: u32 = 16u;
const THREADS: u32 = 256u;
const OUT_OF_RANGE: f32 = 1e30;

var<workgroup> kernel_tile: array<vec4f, 256>;   // DEPTH x TILE / 4
var<workgroup> scaling_tile: array<vec4f, 256>;  // DEPTH x TILE / 4, problems along the row
var<workgroup> errors: array<vec4f, 256>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = sweep.zero;
  let place = group_index(group, groups);
  let first_slot = (place / sweep.blocks) * TILE;
  if (first_slot >= sweep.slots) { return; }
  let block = place % sweep.blocks;
  let first_own = block * TILE;
  let across = local % 16u;   // which four own entries
  let down = local / 16u;     // which four problems

  var sum_0 = vec4f(0.0);
  var sum_1 = vec4f(0.0);
  var sum_2 = vec4f(0.0);
  var sum_3 = vec4f(0.0);
  for (var depth = 0u; depth < sweep.other; depth += DEPTH) {
    // Each thread brings four values of K and four scalings.
    {
      let k = depth + local / 16u;
      let o = first_own + (local % 16u) * 4u;
      var value = vec4f(0.0);
      if (k < sweep.other) {
        let at = o * sweep.own_stride + k * sweep.other_stride;
        for (var t = 0u; t < 4u; t++) {
          if (o + t < sweep.own) { value[t] = exp2_sum_scalar(-cost[at + t * sweep.own_stride] * sweep.rate); }
        }
      }
      kernel_tile[local] = value;
    }
    {
      let k = depth + local / 16u;
      let s = first_slot + (local % 16u) * 4u;
      var value = vec4f(0.0);
      if (k < sweep.other) {
        for (var t = 0u; t < 4u; t++) {
          if (s + t < sweep.slots) { value[t] = other[slots[s + t].problem * sweep.other + k]; }
        }
      }
      scaling_tile[local] = value;
    }
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k++) {
      let value = kernel_tile[k * 16u + across];
      let scaling = scaling_tile[k * 16u + down];
      sum_0 += value * scaling.x;
      sum_1 += value * scaling.y;
      sum_2 += value * scaling.z;
      sum_3 += value * scaling.w;
    }
    workgroupBarrier();
  }

  var sums = array<vec4f, 4>(sum_0, sum_1, sum_2, sum_3);
  var error = vec4f(0.0);
  for (var t = 0u; t < 4u; t++) {
    let slot = first_slot + down * 4u + t;
    if (slot >= sweep.slots) { continue; }
    if (slots[slot].status != 0u) { continue; }
    let at = slots[slot].problem * sweep.own + first_own + across * 4u;
    for (var c = 0u; c < 4u; c++) {
      if (first_own + across * 4u + c >= sweep.own) { continue; }
      let weight = weights[at + c];
      if (weight <= 0.0) { continue; }
      let sum = sums[t][c];
      let fresh = weight / max(sum, 1e-37);
      if (!(sum > 0x1p-100f && fresh < 0x1p100f && fresh > 0x1p-100f)) { error[t] = OUT_OF_RANGE; }
      error[t] += abs(own[at + c] * sum - weight);
      own[at + c] = fresh;
    }
  }
  // One error per problem of the tile, in the order of the entries.
  errors[local] = error;
  workgroupBarrier();
  if (local < TILE) {
    let slot = first_slot + local;
    if (slot < sweep.slots) {
      var total = 0.0;
      for (var k = 0u; k < 16u; k++) { total += errors[(local / 4u) * 16u + k][local % 4u]; }
      partials[slots[slot].problem * sweep.blocks + block] = vec4f(min(total, OUT_OF_RANGE), 0.0, 0.0, 0.0);
    }
  }
}
