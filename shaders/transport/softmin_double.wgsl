// One half iteration of Sinkhorn in double-float arithmetic, dense or over
// supports, either direction (by the two strides of the cost):
//     own_i += epsilon ln(a_i / sum_j exp((own_i + other_j - C_ij) / epsilon)).
//
// It mostly starts where single precision ends, so that every exponent is already
// close to its final value; an entry whose sum leaves the range is done again with
// its maximum taken out. Exponents are formed, exponentials taken and sums made
// with (high, low) pairs; logarithm of the quotient as well.
// Values lie in two planes: all high words, then all low words.
// Error: exponents 2^-47 (|f| + |g| + |C|) / epsilon, exponential 2^-43,
// sums and logarithm 2^-45, relative to the marginal.
//!include transport/problem.wgsl
//!include shared/sum.wgsl
//!include shared/sum_double.wgsl

@group(0) @binding(0) var<uniform> sweep: Sweep;
@group(0) @binding(1) var<storage, read> slots: array<Slot>;
@group(0) @binding(2) var<storage, read> cost: array<f32>;
@group(0) @binding(3) var<storage, read> other: array<f32>;
@group(0) @binding(4) var<storage, read> weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> own: array<f32>;
@group(0) @binding(6) var<storage, read_write> partials: array<vec4f>;
@group(0) @binding(7) var<storage, read> support: array<u32>;

override MEASURE: bool = false;
override SOURCE: bool = true;
override GATHER: bool = false;
override LANES: u32 = 1u;

const ROWS: u32 = WORKGROUP / LANES;

// Adds a non-negative term to a non-negative sum (no cancellation: the cheap sum).
fn accumulate(sum: vec2f, term: vec2f) -> vec2f {
  let s = two_sum(sum.x, term.x);
  return quick_two_sum(s.x, s.y + (sum.y + term.y));
}

fn df_abs(a: vec2f) -> vec2f { return select(a, -a, a.x < 0.0); }

// The cost between entries at two places of a problem.
fn cost_between(cost_at: u32, own_place: u32, other_place: u32) -> vec2f {
  let at = cost_at + own_place * sweep.own_stride + other_place * sweep.other_stride;
  if (sweep.cost_plane != 0u) { return vec2f(cost[at], cost[sweep.cost_plane + at]); }
  return vec2f(cost[at], 0.0);
}

fn other_place(j: u32, other_from: u32) -> u32 {
  if (GATHER) { return support[sweep.other_bins + j]; }
  return j - other_from;
}

fn other_potential(j: u32) -> vec2f { return vec2f(other[j], other[sweep.other_plane + j]); }

// ln(weight / marginal); where the quotient leaves the range from the logarithms.
fn df_log_ratio(weight: vec2f, marginal: vec2f) -> vec2f {
  let quotient = df_div(weight, marginal);
  if (quotient.x > 1e-30 && quotient.x < 1e30) { return df_log(quotient); }
  return df_sub(df_log(weight), df_log(marginal));
}

// The new potential of an entry whose sum left the range, one thread alone.
// Any shift is exact mathematics, so the maximum of the high words will do.
fn with_maximum(cost_at: u32, own_place: u32, other_from: u32, other_until: u32, weight: vec2f) -> vec2f {
  let rate = vec2f(sweep.rate, sweep.rate_low);
  var most = -3e38;
  for (var j = other_from; j < other_until; j++) {
    // Padding has no cost behind it, only what the memory held before.
    if (other[j] <= 0.5 * LN_ZERO) { continue; }
    most = max(most, other[j] - cost_between(cost_at, own_place, other_place(j, other_from)).x);
  }
  var sum = vec2f(0.0);
  for (var j = other_from; j < other_until; j++) {
    let g = other_potential(j);
    if (g.x <= 0.5 * LN_ZERO) { continue; }
    let exponent = df_sub(df_sub(g, vec2f(most, 0.0)), cost_between(cost_at, own_place, other_place(j, other_from)));
    sum = accumulate(sum, df_exp(df_mul(exponent, rate)));
  }
  let logs = df_sub(df_log(weight), df_log(sum));
  return df_add(vec2f(-most, 0.0), df_mul(vec2f(sweep.epsilon, sweep.epsilon_low), logs));
}

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
  var own_from = problem * sweep.own;
  var own_until = own_from + sweep.own;
  var other_from = problem * sweep.other;
  var other_end = other_from + sweep.other;
  if (GATHER) {
    own_from = support[sweep.own_base + problem];
    own_until = support[sweep.own_base + problem + 1u];
    other_from = support[sweep.other_base + problem];
    other_end = support[sweep.other_base + problem + 1u];
  }
  let other_until = min(other_end, arrayLength(&other));
  let lane = local % LANES;
  let index = own_from + block * ROWS + local / LANES;
  let rate = vec2f(sweep.rate, sweep.rate_low);
  let epsilon = vec2f(sweep.epsilon, sweep.epsilon_low);

  var weight = vec2f(0.0);
  var old = vec2f(LN_ZERO, 0.0);
  if (index < own_until) {
    weight = vec2f(weights[index], weights[sweep.plane + index]);
    old = vec2f(own[index], own[sweep.plane + index]);
  }
  let live = weight.x > 0.0;
  let cost_at = problem * sweep.problem_stride;
  var own_place = index - own_from;
  if (GATHER && live) { own_place = support[sweep.own_bins + index]; }

  var marginal = vec2f(0.0);
  var transport = vec2f(0.0);
  if (live) {
    for (var j = other_from + lane; j < other_until; j += LANES) {
      let g = other_potential(j);
      if (g.x <= 0.5 * LN_ZERO) { continue; }
      let c = cost_between(cost_at, own_place, other_place(j, other_from));
      // (own + other) first: the two may be large and opposite.
      let exponent = df_mul(df_sub(df_add(old, g), c), rate);
      let p = df_exp(exponent);
      marginal = accumulate(marginal, p);
      if (MEASURE && SOURCE) { transport = df_add(transport, df_mul(p, c)); }
    }
  }
  if (LANES > 1u) {
    marginal = sum_lanes_double(local, LANES, marginal);
    if (MEASURE && SOURCE) { transport = sum_lanes_double(local, LANES, transport); }
  }

  var high = vec4f(0.0);
  var low = vec4f(0.0);
  if (live && lane == 0u) {
    let violation = df_sub(marginal, weight);
    let size = df_abs(violation);
    if (MEASURE) {
      let potential = df_sub(old, df_mul(epsilon, df_log(weight)));
      var second = violation;
      if (SOURCE) { second = transport; }
      let third = df_mul(marginal, old);
      let fourth = df_mul(weight, potential);
      high = vec4f(size.x, second.x, third.x, fourth.x);
      low = vec4f(size.y, second.y, third.y, fourth.y);
    } else {
      var fresh = vec2f(0.0);
      if (marginal.x > MARGINAL_LOW && marginal.x < MARGINAL_HIGH) {
        fresh = df_add(old, df_mul(epsilon, df_log_ratio(weight, marginal)));
      } else {
        fresh = with_maximum(cost_at, own_place, other_from, other_until, weight);
      }
      if (sweep.next_shift != 0.0) {
        fresh = df_add(fresh, df_mul(vec2f(sweep.next_shift, sweep.next_shift_low), df_log(weight)));
      }
      own[index] = fresh.x;
      own[sweep.plane + index] = fresh.y;
      high.x = size.x;
    }
  }
  if (MEASURE) {
    let x = sum_lanes_double(local, WORKGROUP, vec2f(high.x, low.x));
    let y = sum_lanes_double(local, WORKGROUP, vec2f(high.y, low.y));
    let z = sum_lanes_double(local, WORKGROUP, vec2f(high.z, low.z));
    let w = sum_lanes_double(local, WORKGROUP, vec2f(high.w, low.w));
    if (local == 0u) {
      let at = 2u * (problem * sweep.blocks + block);
      partials[at] = vec4f(x.x, y.x, z.x, w.x);
      partials[at + 1u] = vec4f(x.y, y.y, z.y, w.y);
    }
  } else if (SOURCE) {
    let total = sum_lanes(local, WORKGROUP, high);
    if (local == 0u) { partials[2u * (problem * sweep.blocks + block)] = total; }
  }
}
