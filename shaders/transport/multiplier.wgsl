// The end of a half step between bounded marginals, P1 <= a, of partial transport: potentials and lambda together.
//
// A sweep has left in `own` the potentials f_i that would make every marginal its weight, at the present lambda. Beside
// lambda + x they are min(f_i - x, 0), and the mass of the plan
//     sum over f_i >= x of a_i exp((x - f_i) / epsilon) + sum over the others of a_i,
// which x brings to the mass that is given: Newton's method, which comes from below and ends when no entry changes its side
// any more. Together with the steps of the other side this is an ascent of the dual
// value by blocks.
// One workgroup a problem. Error: 2^-24 of the mass in single precision; in double the sums are double-floats.
//!include transport/update_double.wgsl
//!include shared/sum.wgsl
//!include shared/sum_double.wgsl

@group(0) @binding(0) var<uniform> sweep: Sweep;
@group(0) @binding(1) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> own: array<f32>;
@group(0) @binding(4) var<storage, read> support: array<u32>;
@group(0) @binding(5) var<storage, read> given: array<vec2f>;

override DOUBLE: bool = false;
override RAGGED: bool = false;

const MOST_STEPS: u32 = 64u;

var<workgroup> header: vec4u;     // problem, status
var<workgroup> moved: vec2f;
var<workgroup> settled: u32;

fn potential(index: u32, weight: vec2f, step: DoubleStep) -> vec2f {
  var held = vec2f(own[index], 0.0);
  if (DOUBLE) { held.y = own[sweep.plane + index]; }
  return df_sub(held, df_log_part(step, weight));
}

fn weight_of(index: u32) -> vec2f {
  if (DOUBLE) { return vec2f(weights[index], weights[sweep.plane + index]); }
  return vec2f(weights[index], 0.0);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = sweep.zero;
  let slot = group_index(group, groups);
  if (slot >= sweep.slots) { return; }
  if (local == 0u) { header = vec4u(slots[slot].problem, slots[slot].status, 0u, 0u); }
  let state = workgroupUniformLoad(&header);
  if (state.y != RUNNING) { return; }
  let problem = state.x;
  var first = problem * sweep.own;
  var until = first + sweep.own;
  if (RAGGED) {
    first = support[sweep.own_base + problem];
    until = support[sweep.own_base + problem + 1u];
  }
  let end = min(until, arrayLength(&weights));
  let step = double_step_of(slot);
  let mass = given[problem];
  // From where nothing is full: a mass too small, so that every step is up.
  var least = 3e38;
  for (var i = first + local; i < end; i += WORKGROUP) {
    let weight = weight_of(i);
    if (weight.x > 0.0) { least = min(least, potential(i, weight, step).x); }
  }
  sum_scratch[local] = vec4f(least);
  workgroupBarrier();
  if (local == 0u) {
    for (var k = 1u; k < WORKGROUP; k++) { least = min(least, sum_scratch[k].x); }
    // A little lower, as the least is known in its high word.
    moved = vec2f(least - step.epsilon.x, 0.0);
  }
  workgroupBarrier();
  var before = 0.0;
  for (var k = 0u; k < MOST_STEPS; k++) {
    let x = workgroupUniformLoad(&moved);
    var full = vec2f(0.0);
    var free = vec2f(0.0);
    var count = 0.0;
    for (var i = first + local; i < end; i += WORKGROUP) {
      let weight = weight_of(i);
      if (weight.x <= 0.0) { continue; }
      let rest = df_sub(potential(i, weight, step), x);
      if (rest.x < 0.0) {
        full = df_add(full, weight);
        count += 1.0;
      } else {
        free = df_add(free, df_mul(weight, df_exp(-df_div(rest, step.epsilon))));
      }
    }
    let all_full = sum_lanes_double(local, WORKGROUP, full);
    let all_free = sum_lanes_double(local, WORKGROUP, free);
    workgroupBarrier();
    let counts = sum_lanes(local, WORKGROUP, vec4f(count, 0.0, 0.0, 0.0));
    if (local == 0u) {
      settled = select(0u, 1u, k > 0u && counts.x == before);
      before = counts.x;
      let missing = df_sub(mass, all_full);
      if (missing.x > 0.0 && all_free.x > 0.0) {
        moved = df_add(x, df_mul(step.epsilon, df_log(df_div(missing, all_free))));
      } else {
        settled = 1u;
      }
    }
    if (workgroupUniformLoad(&settled) != 0u) { break; }
  }
  let x = workgroupUniformLoad(&moved);
  for (var i = first + local; i < end; i += WORKGROUP) {
    let weight = weight_of(i);
    if (weight.x <= 0.0) { continue; }
    let part = df_log_part(step, weight);
    let f = df_sub(potential(i, weight, step), x);
    var fresh = part;
    if (f.x < 0.0) { fresh = df_add(part, f); }
    own[i] = fresh.x;
    if (DOUBLE) { own[sweep.plane + i] = fresh.y; }
  }
  if (local == 0u) {
    let lambda = df_add(vec2f(slots[slot].shift, slots[slot].shift_low), x);
    slots[slot].shift = lambda.x;
    slots[slot].shift_low = lambda.y;
  }
}
