// One half iteration of Sinkhorn over the supports of sparse histograms:
//     own_i += epsilon ln(a_i / sum_j exp((own_i + other_j - C(s_i, t_j)) / epsilon)),
// where i and j run over the bins of positive weight only and s, t are their
// places in the dense cost. Empty bins carry no mass and need no potential, so
// the iterates are those of the dense problem at a fraction of its work (an MNIST
// digit fills 19 % of its pixels: 1/27 of the pairs).
//
// One thread per own bin; both directions by the two strides of the cost.
// `support` holds, as u32: offsets of both sides, then their bins.
// Error: as softmin_rows.wgsl.
//!include transport/problem.wgsl
//!include shared/exp_sum.wgsl
//!include shared/sum.wgsl

@group(0) @binding(0) var<uniform> sweep: Sweep;
@group(0) @binding(1) var<storage, read> slots: array<Slot>;
@group(0) @binding(2) var<storage, read> cost: array<f32>;
@group(0) @binding(3) var<storage, read> other: array<f32>;
@group(0) @binding(4) var<storage, read> weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> own: array<f32>;
@group(0) @binding(6) var<storage, read_write> partials: array<vec4f>;
@group(0) @binding(7) var<storage, read> support: array<u32>;

override MEASURE: bool = false;
// Whether `own` is the source side: then the transport cost is summed with it.
override SOURCE: bool = true;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = sweep.zero;
  let place = group_index(group, groups);
  let slot = place / sweep.blocks;
  if (slot >= sweep.slots) { return; }
  if (slots[slot].status != 0u) { return; }
  let problem = slots[slot].problem;
  let block = place % sweep.blocks;
  let own_from = support[sweep.own_base + problem];
  let own_until = support[sweep.own_base + problem + 1u];
  let other_from = support[sweep.other_base + problem];
  let other_until = support[sweep.other_base + problem + 1u];
  let index = own_from + block * WORKGROUP + local;
  let rate = sweep.rate;

  var partial = vec4f(0.0);
  if (index < own_until) {
    let cost_at = (problem - sweep.first_problem) * sweep.problem_stride
      + support[sweep.own_bins + index] * sweep.own_stride;
    let bins = sweep.other_bins;
    let weight = weights[index];
    let old = own[index];
    var even = 0.0;
    var odd = 0.0;
    var transport = 0.0;
    var j = other_from;
    for (; j + 3u < other_until; j += 4u) {
      let c = vec4f(
        cost[cost_at + support[bins + j] * sweep.other_stride],
        cost[cost_at + support[bins + j + 1u] * sweep.other_stride],
        cost[cost_at + support[bins + j + 2u] * sweep.other_stride],
        cost[cost_at + support[bins + j + 3u] * sweep.other_stride]);
      let g = vec4f(other[j], other[j + 1u], other[j + 2u], other[j + 3u]);
      let p = exp2_sum(((g - c) + old) * rate);
      even += p.x + p.z;
      odd += p.y + p.w;
      if (MEASURE && SOURCE) { transport += dot(p, c); }
    }
    for (; j < other_until; j++) {
      let c = cost[cost_at + support[bins + j] * sweep.other_stride];
      let p = exp2_sum_scalar(((other[j] - c) + old) * rate);
      even += p;
      if (MEASURE && SOURCE) { transport += p * c; }
    }
    var marginal = even + odd;
    if (MEASURE) {
      let potential = old - sweep.epsilon * log_f32(weight);
      let second = select(marginal - weight, transport, SOURCE);
      partial = vec4f(abs(marginal - weight), second, marginal * old, weight * potential);
    } else {
      var base = old;
      var sum = marginal;
      if (!(marginal > MARGINAL_LOW && marginal < MARGINAL_HIGH)) {
        var most = -3e38;
        for (var k = other_from; k < other_until; k++) {
          most = max(most, other[k] - cost[cost_at + support[bins + k] * sweep.other_stride]);
        }
        sum = 0.0;
        for (var k = other_from; k < other_until; k++) {
          let c = cost[cost_at + support[bins + k] * sweep.other_stride];
          sum += exp2_sum_scalar(((other[k] - c) - most) * rate);
        }
        base = -most;
        marginal = sum * exp2_sum_scalar((old + most) * rate);
      }
      let log_weight = select(0.0, log_f32(weight), sweep.next_shift != 0.0);
      own[index] = base + sweep.epsilon * log_ratio(weight, sum) + sweep.next_shift * log_weight;
      partial.x = abs(marginal - weight);
    }
  }
  if (MEASURE || SOURCE) {
    let total = sum_lanes(local, WORKGROUP, partial);
    if (local == 0u) { partials[problem * sweep.blocks + block] = total; }
  }
}
