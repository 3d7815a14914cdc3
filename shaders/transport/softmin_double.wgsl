// One half iteration of Sinkhorn in double-float arithmetic, over any cost (transport/cost), dense, over supports or
// ragged, either direction:
//     own_i += epsilon ln(a_i / sum_j exp((own_i + other_j - C_ij) / epsilon)).
//
// It mostly starts where single precision ends, so that every exponent is already
// close to its final value; an entry whose sum leaves the range is done again with
// its maximum taken out. Exponents are formed, exponentials taken and sums made
// with (high, low) pairs; logarithm of the quotient as well.
// Values lie in two planes: all high words, then all low words.
// Error: exponents 2^-47 (|f| + |g| + |C|) / epsilon, exponential 2^-43,
// sums and logarithm 2^-45, relative to the marginal.
//!include transport/partials_double.wgsl
//!splice COSTS transport/cost/matrix_double.wgsl

@group(0) @binding(0) var<uniform> sweep: Sweep;
@group(0) @binding(1) var<storage, read> slots: array<Slot>;
@group(0) @binding(2) var<storage, read> other: array<f32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> own: array<f32>;
@group(0) @binding(5) var<storage, read_write> partials: array<vec4f>;
@group(0) @binding(6) var<storage, read> support: array<u32>;

// Whether `support` has the bins of the entries.
override GATHER: bool = false;
// Whether it has the offsets of the entries.
override RAGGED: bool = false;
override LANES: u32 = 1u;

const ROWS: u32 = WORKGROUP / LANES;

fn other_place(j: u32, other_from: u32) -> u32 {
  if (GATHER) { return support[sweep.other_bins + j]; }
  return j - other_from;
}

fn other_potential(j: u32) -> vec2f { return vec2f(other[j], other[sweep.other_plane + j]); }

// The potential of an entry whose sum left the range that makes its marginal the weight, one thread alone.
// Any shift is exact mathematics, so the maximum of the high words will do.
fn with_maximum(own_place: u32, other_from: u32, other_until: u32, weight: vec2f, step: DoubleStep) -> vec2f {
  var most = -3e38;
  for (var j = other_from; j < other_until; j++) {
    // Padding has no cost behind it, only what the memory held before.
    if (other[j] <= 0.5 * LN_ZERO) { continue; }
    most = max(most, other[j] - cost_between(own_place, other_place(j, other_from)).x);
  }
  var sum = vec2f(0.0);
  for (var j = other_from; j < other_until; j++) {
    let g = other_potential(j);
    if (g.x <= 0.5 * LN_ZERO) { continue; }
    let exponent = df_sub(df_sub(g, vec2f(most, 0.0)), cost_between(own_place, other_place(j, other_from)));
    sum = accumulate(sum, df_exp(df_mul(exponent, step.rate)));
  }
  let logs = df_sub(df_log(weight), df_log(sum));
  return df_sub(df_add(vec2f(-most, 0.0), df_mul(step.epsilon, logs)), step.shift);
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
  var own_from = problem * sweep.own;
  var own_until = own_from + sweep.own;
  var other_from = problem * sweep.other;
  var other_end = other_from + sweep.other;
  if (GATHER || RAGGED) {
    own_from = support[sweep.own_base + problem];
    own_until = support[sweep.own_base + problem + 1u];
    other_from = support[sweep.other_base + problem];
    other_end = support[sweep.other_base + problem + 1u];
  }
  let other_until = min(other_end, arrayLength(&other));
  let lane = local % LANES;
  let index = own_from + block * ROWS + local / LANES;
  let step = double_step_of(slot);
  begin_costs(problem, own_from, other_from);

  var weight = vec2f(0.0);
  var old = vec2f(LN_ZERO, 0.0);
  if (index < own_until) {
    weight = vec2f(weights[index], weights[sweep.plane + index]);
    if (SYMMETRIC) {
      old = vec2f(other[index], other[sweep.plane + index]);
    } else {
      old = vec2f(own[index], own[sweep.plane + index]);
    }
  }
  let base = df_add(old, step.shift);
  let live = weight.x > 0.0;
  var own_place = index - own_from;
  if (GATHER && live) { own_place = support[sweep.own_bins + index]; }

  var marginal = vec2f(0.0);
  var transport = vec2f(0.0);
  if (live) {
    for (var j = other_from + lane; j < other_until; j += LANES) {
      let g = other_potential(j);
      if (g.x <= 0.5 * LN_ZERO) { continue; }
      let c = cost_between(own_place, other_place(j, other_from));
      // (own + other) first: the two may be large and opposite.
      let exponent = df_mul(df_sub(df_add(base, g), c), step.rate);
      let p = df_exp(exponent);
      marginal = accumulate(marginal, p);
      if (MEASURE && SOURCE && c.x < FORBIDDEN) { transport = df_add(transport, df_mul(p, c)); }
    }
  }
  if (LANES > 1u) {
    marginal = sum_lanes_double(local, LANES, marginal);
    if (MEASURE && SOURCE) { transport = sum_lanes_double(local, LANES, transport); }
  }

  var high = vec4f(0.0);
  var low = vec4f(0.0);
  if (live && lane == 0u) {
    if (MEASURE) {
      let measured = df_measured(step, old, marginal, weight, transport);
      high = measured.high;
      low = measured.low;
    } else {
      var balanced = vec2f(0.0);
      if (marginal.x > MARGINAL_LOW && marginal.x < MARGINAL_HIGH) {
        balanced = df_add(old, df_mul(step.epsilon, df_log_ratio(weight, marginal)));
      } else {
        balanced = with_maximum(own_place, other_from, other_until, weight, step);
      }
      let fresh = df_updated(step, old, balanced, weight);
      own[index] = fresh.x;
      own[sweep.plane + index] = fresh.y;
      let tested = df_tested(step, old, marginal, weight, fresh);
      high = tested.high;
      low = tested.low;
    }
  }
  leave_partials(local, sweep.partials_at + 2u * (problem * sweep.blocks + block), high, low);
}
