// One half iteration of Sinkhorn over the supports of sparse histograms:
//     own_i += epsilon ln(a_i / sum_j exp((own_i + other_j - C(s_i, t_j)) / epsilon)),
// where i and j run over the bins of positive weight only and s, t are their
// places in the dense cost. Empty bins carry no mass and need no potential, so
// the iterates are those of the dense problem at a fraction of its work (an MNIST
// digit fills 19 % of its pixels: 1/27 of the pairs).
//
// Four own bins a thread, which share the loads of the other side; both directions
// by the two strides of the cost.
// `support` holds, as u32: offsets of both sides, then their bins.
// Error: as softmin_rows.wgsl.
//!include transport/update.wgsl
//!include shared/exp_sum.wgsl
//!include shared/sum.wgsl

@group(0) @binding(0) var<uniform> sweep: Sweep;
@group(0) @binding(1) var<storage, read> slots: array<Slot>;
@group(0) @binding(2) var<storage, read> other: array<f32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> own: array<f32>;
@group(0) @binding(5) var<storage, read_write> partials: array<vec4f>;
@group(0) @binding(6) var<storage, read> support: array<u32>;
@group(0) @binding(7) var<storage, read> cost: array<f32>;

override MEASURE: bool = false;

// The sum of one own bin with its maximum taken out, and the maximum.
fn with_maximum(cost_at: u32, other_from: u32, other_until: u32, rate: f32) -> vec2f {
  var most = -3e38;
  for (var k = other_from; k < other_until; k++) {
    most = max(most, other[k] - cost[cost_at + support[sweep.other_bins + k] * sweep.other_stride]);
  }
  var sum = 0.0;
  for (var k = other_from; k < other_until; k++) {
    let c = cost[cost_at + support[sweep.other_bins + k] * sweep.other_stride];
    sum += exp2_sum_scalar(((other[k] - c) - most) * rate);
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
  let own_from = support[sweep.own_base + problem];
  let own_until = support[sweep.own_base + problem + 1u];
  let other_from = support[sweep.other_base + problem];
  let other_until = min(support[sweep.other_base + problem + 1u], arrayLength(&other));
  let index = own_from + 4u * (block * WORKGROUP + local);
  let step = step_of(slot);
  let rate = step.rate;

  var partial = vec4f(0.0);
  if (index < own_until) {
    let problem_at = problem * sweep.problem_stride;
    // Past the last own bin the last one again, whose results are not used.
    var cost_at = vec4u(0u);
    var old = vec4f(0.0);
    for (var r = 0u; r < 4u; r++) {
      let entry = min(index + r, own_until - 1u);
      cost_at[r] = problem_at + support[sweep.own_bins + entry] * sweep.own_stride;
      if (SYMMETRIC) { old[r] = other[entry]; } else { old[r] = own[entry]; }
    }
    let base = old + step.shift;
    var marginal = vec4f(0.0);
    var transport = vec4f(0.0);
    for (var j = other_from; j < other_until; j++) {
      let at = cost_at + support[sweep.other_bins + j] * sweep.other_stride;
      let c = vec4f(cost[at.x], cost[at.y], cost[at.z], cost[at.w]);
      let p = exp2_sum(((other[j] - c) + base) * rate);
      marginal += p;
      if (MEASURE && SOURCE) { transport += select(p * c, vec4f(0.0), c >= vec4f(FORBIDDEN)); }
    }
    for (var r = 0u; r < 4u; r++) {
      if (index + r >= own_until) { break; }
      let weight = weights[index + r];
      var sum = marginal[r];
      if (MEASURE) {
        partial += measured(step, old[r], sum, weight, transport[r]);
        continue;
      }
      var origin = base[r];
      var before = sum;
      if (!(sum > MARGINAL_LOW && sum < MARGINAL_HIGH)) {
        let again = with_maximum(cost_at[r], other_from, other_until, rate);
        sum = again.x;
        origin = -again.y;
        before = sum * exp2_sum_scalar((base[r] + again.y) * rate);
      }
      let balanced = (origin - step.shift) + step.epsilon * log_ratio(weight, sum);
      let fresh = updated(step, old[r], balanced, weight);
      own[index + r] = fresh;
      partial += tested(step, old[r], before, weight, fresh);
    }
  }
  if (MEASURE || SOURCE || DAMPING == SOFT) {
    let total = sum_lanes(local, WORKGROUP, partial);
    if (local == 0u) { partials[sweep.partials_at + problem * sweep.blocks + block] = total; }
  }
}
