// One half iteration of Sinkhorn over a dense cost, along its columns:
//     own_j += epsilon ln(b_j / sum_i exp((own_j + other_i - C_ij) / epsilon)).
//
// A thread owns four neighbouring columns and reads them as one vec4f a row;
// LANES threads share the rows of the same columns, four rows at a time, and add up
// through workgroup memory. Otherwise as softmin_rows.wgsl.
//!include transport/update.wgsl
//!include shared/exp_sum.wgsl
//!include shared/sum.wgsl

@group(0) @binding(0) var<uniform> sweep: Sweep;
@group(0) @binding(1) var<storage, read> slots: array<Slot>;
@group(0) @binding(2) var<storage, read> other: array<vec4f>;
@group(0) @binding(3) var<storage, read> weights: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> own: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> partials: array<vec4f>;
@group(0) @binding(6) var<storage, read> support: array<u32>;
@group(0) @binding(7) var<storage, read> cost: array<vec4f>;

override LANES: u32 = 1u;
override MEASURE: bool = false;

const QUADS: u32 = WORKGROUP / LANES;

// One column of the four, with its maximum taken out.
fn with_maximum(cost_at: u32, stride: u32, other_at: u32, k: u32, rate: f32) -> vec2f {
  var most = -3e38;
  for (var i = 0u; i < sweep.other_bins; i++) {
    most = max(most, other[other_at + i / 4u][i % 4u] - cost[cost_at + i * stride][k]);
  }
  var sum = 0.0;
  for (var i = 0u; i < sweep.other_bins; i++) {
    sum += exp2_sum_scalar(((other[other_at + i / 4u][i % 4u] - cost[cost_at + i * stride][k]) - most) * rate);
  }
  return vec2f(sum, most);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = sweep.zero;
  let place = sweep.first_group + group_index(group, groups);
  let slot = place / sweep.blocks;
  if (slot >= sweep.slots) { return; }
  if (!MEASURE && slots[slot].status != RUNNING) { return; }
  let problem = slots[slot].problem;
  let block = place % sweep.blocks;
  // Neighbouring threads read neighbouring columns; the lanes of a quad are
  // brought together for the sum below.
  let quad = block * QUADS + local % QUADS;
  let lane = local / QUADS;
  let quads = sweep.own / 4u;
  let stride = sweep.other_stride / 4u;
  let other_at = problem * (sweep.other / 4u);
  let cost_at = problem * (sweep.problem_stride / 4u) + quad;
  let index = problem * quads + quad;
  let step = step_of(slot);
  let rate = step.rate;

  let inside = quad < quads;
  var weight = vec4f(0.0);
  var old = vec4f(LN_ZERO);
  if (inside) {
    weight = weights[index];
    if (SYMMETRIC) { old = other[index]; } else { old = own[index]; }
  }
  let base = old + step.shift;

  var marginal = vec4f(0.0);
  if (inside) {
    let whole = sweep.other_bins / 4u;
    var even = vec4f(0.0);
    var odd = vec4f(0.0);
    for (var i = lane; i < whole; i += LANES) {
      let f = other[other_at + i];
      let at = cost_at + 4u * i * stride;
      even += exp2_sum(((f.x - cost[at]) + base) * rate);
      odd += exp2_sum(((f.y - cost[at + stride]) + base) * rate);
      even += exp2_sum(((f.z - cost[at + 2u * stride]) + base) * rate);
      odd += exp2_sum(((f.w - cost[at + 3u * stride]) + base) * rate);
    }
    marginal = even + odd;
    // The last rows of a number that is not a multiple of four.
    if (lane == 0u) {
      for (var i = 4u * whole; i < sweep.other_bins; i++) {
        marginal += exp2_sum(((other[other_at + whole][i % 4u] - cost[cost_at + i * stride]) + base) * rate);
      }
    }
  }
  if (LANES > 1u) {
    // Lanes of a quad lie QUADS apart: transpose through the scratch memory.
    sum_scratch[(local % QUADS) * LANES + lane] = marginal;
    workgroupBarrier();
    let mine = sum_scratch[local];
    workgroupBarrier();
    let total = sum_lanes(local, LANES, mine);
    if (local % LANES == 0u) { sum_scratch[local / LANES] = total; }
    workgroupBarrier();
    marginal = sum_scratch[local % QUADS];
    workgroupBarrier();
  }

  var partial = vec4f(0.0);
  if (inside && lane == 0u) {
    var fresh = old;
    for (var k = 0u; k < 4u; k++) {
      let w = weight[k];
      if (w > 0.0) {
        var sum = marginal[k];
        if (MEASURE) {
          partial += measured(step, old[k], sum, w, 0.0);
        } else {
          var origin = base[k];
          if (!(sum > MARGINAL_LOW && sum < MARGINAL_HIGH)) {
            let again = with_maximum(cost_at, stride, other_at, k, rate);
            sum = again.x;
            origin = -again.y;
          }
          fresh[k] = updated(step, old[k], (origin - step.shift) + step.epsilon * log_ratio(w, sum), w);
          if (DAMPING == SOFT) { partial += tested(step, old[k], sum, w, fresh[k]); }
        }
      }
    }
    if (!MEASURE) { own[index] = fresh; }
  }
  if (MEASURE || DAMPING == SOFT) {
    let total = sum_lanes(local, WORKGROUP, partial);
    if (local == 0u) { partials[sweep.partials_at + problem * sweep.blocks + block] = total; }
  }
}
