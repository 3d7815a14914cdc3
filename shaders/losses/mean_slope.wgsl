// The mean of a slope g per column under the softmax of a row of logits: sum e and sum e g, e = exp((a - M)/T).
//
// Method. M is the row's largest logit, whose e is 1 to the last bit; sums in double-float. An error of some e moves both
// sums, and their ratio by no more than that of e times g less the mean: of a row that is all but one column, the slope
// of that column less the mean keeps its digits.
// Output: the two sums in the first slots of a record. Columns of nobody have no part.
// Error: 2e-7 of the sum of e |g - mean|.
//!include divergence/rows.wgsl
//!include divergence/segment.wgsl

@group(0) @binding(6) var<storage, read_write> sums: array<vec2f>;

const SLOTS: u32 = 8u;

struct Sums4 { high: vec4f, low: vec4f }

fn with_terms(given: Sums4, terms: vec4f) -> Sums4 {
  let joined = two_sum4(given.high, terms);
  return Sums4(joined.sum, given.low + joined.error);
}

fn of_four(s: Sums4) -> vec2f {
  let x = df_add(vec2f(s.high.x, s.low.x), vec2f(s.high.y, s.low.y));
  let z = df_add(vec2f(s.high.z, s.low.z), vec2f(s.high.w, s.low.w));
  return df_add(x, z);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let unit = (group_index(group, groups) * WORKGROUP + local) / LANES;
  let lane = local % LANES;
  let live = unit < params.items * params.segments;
  var whole = Sums4(vec4f(0.0), vec4f(0.0));
  var slope = whole;
  if (live) {
    let item = items[unit / params.segments];
    let span = segment(unit % params.segments);
    let rate = params.inverse_temperatures.xy;
    for (var quad = span.x + lane; quad < span.y; quad += LANES) {
      let a = max(number(load_p(item.at.x, quad)), vec4f(LOG_OF_NOTHING));
      let apart = two_sum4(a, vec4f(-item.reference.x));
      let d = two_prod4(apart.sum, rate);
      let e = exp4(d.sum, d.error + apart.error * rate.x);
      whole = with_terms(whole, e);
      slope = with_terms(slope, e * number(load_q(item.at.y, quad)));
    }
  }
  var found = vec4f(of_four(whole), of_four(slope));
  if (LANES > 1u) {
    found = vec4f(sum_lanes_double(local, LANES, found.xy), sum_lanes_double(local, LANES, found.zw));
  }
  if (live && lane == 0u) {
    let at = unit * SLOTS;
    sums[at] = found.xy;
    sums[at + 1u] = found.zw;
    for (var slot = 2u; slot < SLOTS; slot++) { sums[at + slot] = vec2f(0.0); }
  }
}
