// One half iteration of Sinkhorn over a dense cost, rows contiguous:
//     own_i += epsilon ln(a_i / sum_j exp((own_i + other_j - C_ij) / epsilon)).
//
// LANES threads share a row and read it as vec4f; ROWS rows a thread keep two
// sums in flight where one thread has a row to itself. A row whose sum leaves
// [2^-80, 2^90] is done again with its maximum taken out (two passes), which is
// what the first sweeps need.
// With MEASURE nothing is updated: the marginals and the cost of the plan are
// summed instead.
// Error: f32 rounding of the potentials (2^-24 |f| / epsilon in the exponent),
// 2 ulp of exp2, pairwise or lane-wise sums.
//!include transport/problem.wgsl
//!include shared/exp_sum.wgsl
//!include shared/sum.wgsl

@group(0) @binding(0) var<uniform> sweep: Sweep;
@group(0) @binding(1) var<storage, read> slots: array<Slot>;
@group(0) @binding(2) var<storage, read> cost: array<vec4f>;
@group(0) @binding(3) var<storage, read> other: array<vec4f>;
@group(0) @binding(4) var<storage, read> weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> own: array<f32>;
@group(0) @binding(6) var<storage, read_write> partials: array<vec4f>;

override LANES: u32 = 1u;
override MEASURE: bool = false;

const ROWS: u32 = WORKGROUP / LANES;

fn horizontal(v: vec4f) -> f32 { return (v.x + v.z) + (v.y + v.w); }

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
  let row = block * ROWS + local / LANES;
  let lane = local % LANES;
  let quads = sweep.other / 4u;
  let other_at = problem * quads;
  let cost_at = ((problem - sweep.first_problem) * sweep.problem_stride + row * sweep.own_stride) / 4u;
  let index = problem * sweep.own + row;
  let rate = sweep.rate;

  var weight = 0.0;
  var old = LN_ZERO;
  if (row < sweep.own) {
    weight = weights[index];
    old = own[index];
  }
  let live = weight > 0.0;

  var sums = vec4f(0.0);
  var costs = vec4f(0.0);
  if (live) {
    var more = vec4f(0.0);
    var j = lane;
    for (; j + LANES < quads; j += 2u * LANES) {
      let c = cost[cost_at + j];
      let d = cost[cost_at + j + LANES];
      let p = exp2_sum(((other[other_at + j] - c) + old) * rate);
      let q = exp2_sum(((other[other_at + j + LANES] - d) + old) * rate);
      sums += p;
      more += q;
      if (MEASURE) { costs += p * c + q * d; }
    }
    if (j < quads) {
      let c = cost[cost_at + j];
      let p = exp2_sum(((other[other_at + j] - c) + old) * rate);
      sums += p;
      if (MEASURE) { costs += p * c; }
    }
    sums += more;
  }
  var marginal = horizontal(sums);
  var transport = horizontal(costs);
  if (LANES > 1u) {
    let total = sum_lanes(local, LANES, vec4f(marginal, transport, 0.0, 0.0));
    marginal = total.x;
    transport = total.y;
    workgroupBarrier();
  }

  var partial = vec4f(0.0);
  if (live && lane == 0u) {
    if (MEASURE) {
      let potential = old - sweep.epsilon * log_f32(weight);
      partial = vec4f(abs(marginal - weight), transport, marginal * old, weight * potential);
    } else {
      var base = old;
      var sum = marginal;
      if (!(marginal > MARGINAL_LOW && marginal < MARGINAL_HIGH)) {
        var top = vec4f(-3e38);
        for (var k = 0u; k < quads; k++) { top = max(top, other[other_at + k] - cost[cost_at + k]); }
        let most = max(max(top.x, top.y), max(top.z, top.w));
        var s = vec4f(0.0);
        for (var k = 0u; k < quads; k++) {
          s += exp2_sum(((other[other_at + k] - cost[cost_at + k]) - most) * rate);
        }
        sum = horizontal(s);
        base = -most;
        marginal = sum * exp2_sum_scalar((old + most) * rate);
      }
      let log_weight = select(0.0, log_f32(weight), sweep.next_shift != 0.0);
      own[index] = base + sweep.epsilon * log_ratio(weight, sum) + sweep.next_shift * log_weight;
      partial.x = abs(marginal - weight);
    }
  }
  let total = sum_lanes(local, WORKGROUP, partial);
  if (local == 0u) { partials[problem * sweep.blocks + block] = total; }
}
