// One half iteration of Sinkhorn over a dense cost, rows contiguous:
//     own_i += epsilon ln(a_i / sum_j exp((own_i + other_j - C_ij) / epsilon)).
//
// LANES threads share four rows and read them as vec4f: a load costs CPU drivers
// more than an exponential, and four rows share those of the other side. A row
// whose sum leaves [2^-80, 2^90] is done again with its maximum taken out (two
// passes), which is what the first sweeps need.
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
@group(0) @binding(4) var<storage, read> weights: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> own: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> partials: array<vec4f>;

override LANES: u32 = 1u;
override MEASURE: bool = false;

const ROWS: u32 = 4u * WORKGROUP / LANES;

fn horizontal(v: vec4f) -> f32 { return (v.x + v.z) + (v.y + v.w); }

// The new potential of one row without reference to the old one, and its sum.
fn with_maximum(cost_at: u32, other_at: u32, quads: u32) -> vec2f {
  var top = vec4f(-3e38);
  for (var k = 0u; k < quads; k++) { top = max(top, other[other_at + k] - cost[cost_at + k]); }
  let most = max(max(top.x, top.y), max(top.z, top.w));
  var sum = vec4f(0.0);
  for (var k = 0u; k < quads; k++) {
    sum += exp2_sum(((other[other_at + k] - cost[cost_at + k]) - most) * sweep.rate);
  }
  return vec2f(horizontal(sum), most);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = sweep.zero;
  let place = group_index(group, groups);
  let slot = place / sweep.blocks;
  if (slot >= sweep.slots) { return; }
  if (!MEASURE && slots[slot].status != 0u) { return; }
  let problem = slots[slot].problem;
  let block = place % sweep.blocks;
  let row = block * ROWS + 4u * (local / LANES);
  let lane = local % LANES;
  let quads = sweep.other / 4u;
  let other_at = problem * quads;
  let step = sweep.own_stride / 4u;
  let cost_at = (problem * sweep.problem_stride) / 4u + row * step;
  let index = problem * (sweep.own / 4u) + row / 4u;
  let rate = sweep.rate;

  // Rows of weight zero, padding among them, have the sentinel and count nothing.
  var weight = vec4f(0.0);
  var old = vec4f(LN_ZERO);
  let inside = row < sweep.own;
  if (inside) {
    weight = weights[index];
    old = own[index];
  }

  var s0 = vec4f(0.0);
  var s1 = vec4f(0.0);
  var s2 = vec4f(0.0);
  var s3 = vec4f(0.0);
  var t0 = vec4f(0.0);
  var t1 = vec4f(0.0);
  var t2 = vec4f(0.0);
  var t3 = vec4f(0.0);
  if (inside) {
    for (var j = lane; j < quads; j += LANES) {
      let g = other[other_at + j];
      let c0 = cost[cost_at + j];
      let c1 = cost[cost_at + step + j];
      let c2 = cost[cost_at + 2u * step + j];
      let c3 = cost[cost_at + 3u * step + j];
      let p0 = exp2_sum(((g - c0) + old.x) * rate);
      let p1 = exp2_sum(((g - c1) + old.y) * rate);
      let p2 = exp2_sum(((g - c2) + old.z) * rate);
      let p3 = exp2_sum(((g - c3) + old.w) * rate);
      s0 += p0;
      s1 += p1;
      s2 += p2;
      s3 += p3;
      if (MEASURE) {
        t0 += p0 * c0;
        t1 += p1 * c1;
        t2 += p2 * c2;
        t3 += p3 * c3;
      }
    }
  }
  var marginal = vec4f(horizontal(s0), horizontal(s1), horizontal(s2), horizontal(s3));
  var transport = vec4f(horizontal(t0), horizontal(t1), horizontal(t2), horizontal(t3));
  if (LANES > 1u) {
    marginal = sum_lanes(local, LANES, marginal);
    workgroupBarrier();
    if (MEASURE) {
      transport = sum_lanes(local, LANES, transport);
      workgroupBarrier();
    }
  }

  var partial = vec4f(0.0);
  if (inside && lane == 0u) {
    var fresh = old;
    for (var r = 0u; r < 4u; r++) {
      let w = weight[r];
      if (w <= 0.0) { continue; }
      var sum = marginal[r];
      if (MEASURE) {
        let potential = old[r] - sweep.epsilon * log_f32(w);
        partial += vec4f(abs(sum - w), transport[r], sum * old[r], w * potential);
        continue;
      }
      var base = old[r];
      var before = sum;
      if (!(sum > MARGINAL_LOW && sum < MARGINAL_HIGH)) {
        let again = with_maximum(cost_at + r * step, other_at, quads);
        sum = again.x;
        base = -again.y;
        before = sum * exp2_sum_scalar((old[r] + again.y) * rate);
      }
      let log_weight = select(0.0, log_f32(w), sweep.next_shift != 0.0);
      fresh[r] = base + sweep.epsilon * log_ratio(w, sum) + sweep.next_shift * log_weight;
      partial.x += abs(before - w);
    }
    if (!MEASURE) { own[index] = fresh; }
  }
  let total = sum_lanes(local, WORKGROUP, partial);
  if (local == 0u) { partials[problem * sweep.blocks + block] = total; }
}
