// Half an iteration of Sinkhorn for a batch that shares one cost, in scaling
// form: with K = exp(-C / epsilon), u = exp(own / epsilon), v = exp(other / epsilon),
//     U[problem, i] = A[problem, i] / sum_j K[i, j] V[problem, j],
// a matrix product of all problems at once. K is never stored: a tile of it is
// made from the cost when it is loaded, once for TILE problems.
//
// A workgroup makes a tile of 64 own entries x 64 problems, DEPTH deep at a time, in
// workgroup memory; each of its 128 threads keeps 4 x 8 sums. Direction by the two
// strides of the cost.
// Range: valid while C / epsilon stays between -69 and 80 (f32); a sum or scaling
// outside [2^-100, 2^100] is held at its end and marks its problem as out of range
// (the second number of the partial sums, zero to begin with), and the solver does
// that problem again in the log domain.
// Error: relative 2^-24 sqrt(n) of the marginal, 2 ulp and the rounding of C / epsilon in K.
//!include transport/problem.wgsl
//!include shared/exp_sum.wgsl

@group(0) @binding(0) var<uniform> sweep: Sweep;
@group(0) @binding(1) var<storage, read> slots: array<Slot>;
@group(0) @binding(2) var<storage, read> other: array<f32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> own: array<f32>;
@group(0) @binding(5) var<storage, read_write> partials: array<vec4f>;
@group(0) @binding(6) var<storage, read> support: array<u32>;
@group(0) @binding(7) var<storage, read> cost: array<f32>;

const THREADS: u32 = 128u;
const TILE: u32 = 64u;
const DEPTH: u32 = 16u;
const HELD: f32 = 1e30;

var<workgroup> kernel_tile: array<vec4f, 256>;   // DEPTH x TILE / 4 own entries
var<workgroup> scaling_tile: array<vec4f, 256>;  // DEPTH x TILE / 4 problems
var<workgroup> errors: array<vec4f, 256>;        // two per block

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = sweep.zero;
  let place = group_index(group, groups);
  let first_slot = (place / sweep.blocks) * TILE;
  if (first_slot >= sweep.slots) { return; }
  let first_own = (place % sweep.blocks) * TILE;

  // A block of 4 own entries x 8 problems: 16 blocks across the tile, 8 down.
  let across = local % 16u;
  let down = local / 16u;
  var s0 = vec4f(0.0);
  var s1 = vec4f(0.0);
  var s2 = vec4f(0.0);
  var s3 = vec4f(0.0);
  var s4 = vec4f(0.0);
  var s5 = vec4f(0.0);
  var s6 = vec4f(0.0);
  var s7 = vec4f(0.0);
  for (var depth = 0u; depth < sweep.other_bins; depth += DEPTH) {
    for (var at = local; at < DEPTH * TILE / 4u; at += THREADS) {
      let k = depth + at / 16u;
      let own_entry = first_own + (at % 16u) * 4u;
      let slot = first_slot + (at % 16u) * 4u;
      var value = vec4f(0.0);
      var scaling = vec4f(0.0);
      if (k < sweep.other_bins) {
        for (var t = 0u; t < 4u; t++) {
          // Past the last own entry the value is never used.
          let entry = min(own_entry + t, sweep.own_bins - 1u);
          value[t] = cost[entry * sweep.own_stride + k * sweep.other_stride];
          if (slot + t < sweep.slots) { scaling[t] = other[slots[slot + t].problem * sweep.other + k]; }
        }
        value = exp2_sum(-value * sweep.rate);
      }
      kernel_tile[at] = value;
      scaling_tile[at] = scaling;
    }
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k++) {
      let value = kernel_tile[k * 16u + across];
      let v = scaling_tile[k * 16u + down * 2u];
      let w = scaling_tile[k * 16u + down * 2u + 1u];
      s0 += value * v.x;
      s1 += value * v.y;
      s2 += value * v.z;
      s3 += value * v.w;
      s4 += value * w.x;
      s5 += value * w.y;
      s6 += value * w.z;
      s7 += value * w.w;
    }
    workgroupBarrier();
  }

  var sums = array<vec4f, 8>(s0, s1, s2, s3, s4, s5, s6, s7);
  let own_entry = first_own + across * 4u;
  for (var half = 0u; half < 2u; half++) {
    var error = vec4f(0.0);
    for (var t = 0u; t < 4u; t++) {
      let slot = first_slot + down * 8u + half * 4u + t;
      if (slot >= sweep.slots) { continue; }
      if (slots[slot].status != RUNNING) { continue; }
      let at = slots[slot].problem * sweep.own + own_entry;
      let sum = sums[half * 4u + t];
      for (var c = 0u; c < 4u; c++) {
        if (own_entry + c >= sweep.own_bins) { continue; }
        let weight = weights[at + c];
        if (weight <= 0.0) { continue; }
        let held = clamp(sum[c], 0x1p-110f, 0x1p110f);
        let fresh = clamp(divide(weight, held), 0x1p-101f, 0x1p101f);
        let in_range = sum[c] > 0x1p-100f && sum[c] < 0x1p110f && fresh > 0x1p-100f && fresh < 0x1p100f;
        error[t] += select(HELD, abs(own[at + c] * held - weight), in_range);
        own[at + c] = fresh;
      }
    }
    errors[(down * 2u + half) * 16u + across] = error;
  }
  // One error per problem of the tile, in the order of the entries.
  workgroupBarrier();
  for (var k = local; k < TILE; k += THREADS) {
    if (first_slot + k < sweep.slots) {
      var total = 0.0;
      for (var b = 0u; b < 16u; b++) { total += errors[(k / 4u) * 16u + b][k % 4u]; }
      let at = sweep.partials_at + slots[first_slot + k].problem * sweep.blocks + place % sweep.blocks;
      // A mark stays: an iterate that was held is not that of the log domain.
      let mark = max(partials[at].y, select(0.0, 1.0, total >= HELD));
      partials[at] = vec4f(min(total, HELD), mark, 0.0, 0.0);
    }
  }
}
