// softmin_axis.wgsl in double-float arithmetic, and with LAST softmin_line.wgsl: any axis of a regular grid, one pixel a row
// of LANES threads.
//
// The levels of the iteration before, or the own potential, are the origin of the exponents here too; a pixel whose sum
// leaves the range is done again by one thread with its maximum taken out. Values lie in two planes: all high words, then
// all low words; costs come from a table. LAST: the update follows, as in softmin_double.wgsl.
// Error: exponents 2^-47 (|f| + |g| + |C|) / epsilon, exponential 2^-43, sums and logarithm 2^-45, for every axis.
//!include transport/partials_double.wgsl

@group(0) @binding(0) var<uniform> sweep: Sweep;
@group(0) @binding(1) var<storage, read> slots: array<Slot>;
@group(0) @binding(2) var<storage, read> other: array<f32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> own: array<f32>;
@group(0) @binding(5) var<storage, read_write> partials: array<vec4f>;
// The potentials of the other side.
@group(0) @binding(6) var<storage, read> opposite: array<f32>;
@group(0) @binding(7) var<storage, read> along: array<f32>;

override LANES: u32 = 1u;
override EARLIER: bool = false;
override LAST: bool = true;

const PIXELS: u32 = WORKGROUP / LANES;

// A sum over the exponentials of what is above `origin`, and of the costs behind them.
struct Sums { origin: vec2f, sum: vec2f, paid: vec2f }

fn other_level(at: u32) -> vec2f { return vec2f(other[at], other[sweep.other_plane + at]); }

// What pixels i and j cost on this axis, and those of j on the axes before.
fn cost(i: u32, j: u32) -> vec2f {
  let at = sweep.axis_costs + max(i, j) - min(i, j);
  return vec2f(along[at], along[sweep.cost_plane + at]);
}

fn paid(c: vec2f, at: u32) -> vec2f {
  if (!EARLIER) { return c; }
  let mean = sweep.other_means + at;
  return df_add(c, vec2f(other[mean], other[sweep.other_plane + mean]));
}

// Of pixel i of the line that begins at `first`. Any origin is exact mathematics: the maximum of the high words will do.
fn with_maximum(i: u32, first: u32, step: DoubleStep) -> Sums {
  var most = LN_ZERO;
  for (var j = 0u; j < sweep.axis; j++) {
    let g = other[first + j * sweep.axis_stride];
    if (g > 0.5 * LN_ZERO) { most = max(most, g - cost(i, j).x); }
  }
  var found = Sums(vec2f(most, 0.0), vec2f(0.0), vec2f(0.0));
  for (var j = 0u; j < sweep.axis; j++) {
    let at = first + j * sweep.axis_stride;
    let g = other_level(at);
    if (g.x <= 0.5 * LN_ZERO) { continue; }
    let c = cost(i, j);
    let p = df_exp(df_mul(df_sub(df_sub(g, found.origin), c), step.rate));
    found.sum = accumulate(found.sum, p);
    if (MEASURE && SOURCE) { found.paid = df_add(found.paid, df_mul(p, paid(c, at))); }
  }
  return found;
}

// The level of an axis that is not the last.
fn leave_level(index: u32, i: u32, first: u32, step: DoubleStep, settled: Sums) {
  var found = settled;
  if (!(found.sum.x > MARGINAL_LOW && found.sum.x < MARGINAL_HIGH)) { found = with_maximum(i, first, step); }
  // A line without weight.
  var level = vec2f(LN_ZERO, 0.0);
  var mean = vec2f(0.0);
  if (found.sum.x > 0.0) {
    level = df_add(found.origin, df_mul(step.epsilon, df_log(found.sum)));
    if (MEASURE && SOURCE) { mean = df_div(found.paid, found.sum); }
  }
  own[index] = level.x;
  own[sweep.plane + index] = level.y;
  if (MEASURE && SOURCE) {
    own[sweep.own_means + index] = mean.x;
    own[sweep.own_means + sweep.plane + index] = mean.y;
  }
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
  let lane = local % LANES;
  let entry = block * PIXELS + local / LANES;
  let index = problem * sweep.own + entry;
  let i = entry / sweep.axis_stride % sweep.axis;
  let first = index - i * sweep.axis_stride;
  let step = double_step_of(slot);

  var weight = vec2f(0.0);
  var old = vec2f(LN_ZERO, 0.0);
  var live = entry < sweep.own;
  if (live) {
    if (SYMMETRIC && LAST) {
      old = vec2f(opposite[index], opposite[sweep.plane + index]);
    } else {
      old = vec2f(own[index], own[sweep.plane + index]);
    }
    if (LAST) {
      weight = vec2f(weights[index], weights[sweep.plane + index]);
      live = weight.x > 0.0;
    } else {
      live = old.x > 0.5 * LN_ZERO;
    }
  }
  // What the exponents have in common: the own potential, or less the level before.
  var base = vec2f(-old.x, 0.0);
  if (LAST) { base = df_add(old, step.shift); }

  var sum = vec2f(0.0);
  var cost_sum = vec2f(0.0);
  if (live) {
    for (var j = lane; j < sweep.axis; j += LANES) {
      let at = first + j * sweep.axis_stride;
      let g = other_level(at);
      if (g.x <= 0.5 * LN_ZERO) { continue; }
      let c = cost(i, j);
      // (own + other) first: the two may be large and opposite.
      let p = df_exp(df_mul(df_sub(df_add(base, g), c), step.rate));
      sum = accumulate(sum, p);
      if (MEASURE && SOURCE) { cost_sum = df_add(cost_sum, df_mul(p, paid(c, at))); }
    }
  }
  if (LANES > 1u) {
    sum = sum_lanes_double(local, LANES, sum);
    if (MEASURE && SOURCE) { cost_sum = sum_lanes_double(local, LANES, cost_sum); }
  }

  if (!LAST) {
    if (live && lane == 0u) { leave_level(index, i, first, step, Sums(-base, sum, cost_sum)); }
    return;
  }
  var high = vec4f(0.0);
  var low = vec4f(0.0);
  if (live && lane == 0u) {
    if (MEASURE) {
      let measured = df_measured(step, old, sum, weight, cost_sum);
      high = measured.high;
      low = measured.low;
    } else {
      var balanced = vec2f(0.0);
      if (sum.x > MARGINAL_LOW && sum.x < MARGINAL_HIGH) {
        balanced = df_add(old, df_mul(step.epsilon, df_log_ratio(weight, sum)));
      } else {
        let again = with_maximum(i, first, step);
        let logs = df_sub(df_log(weight), df_log(again.sum));
        balanced = df_sub(df_sub(df_mul(step.epsilon, logs), again.origin), step.shift);
      }
      let fresh = df_updated(step, old, balanced, weight);
      own[index] = fresh.x;
      own[sweep.plane + index] = fresh.y;
      let tested = df_tested(step, old, sum, weight, fresh);
      high = tested.high;
      low = tested.low;
    }
  }
  leave_partials(local, sweep.partials_at + 2u * (problem * sweep.blocks + block), high, low);
}
