// What rows are normalised by, to twice the precision of f32: the sum of weights, or of e^(a/T - M) of logits.
//
// Sums are compensated (Neumaier 1974), exponentials those of shared/twofloat.wgsl. M is a whole number, raised only
// where a logit is more than 4 above. Beside the sum: the smallest number that is not empty, and what was refused.
// Error: 2^-44 of the sum.
//!include divergence/rows.wgsl
//!include divergence/segment.wgsl

@group(0) @binding(6) var<storage, read_write> sums: array<vec2f>;

const SLOTS: u32 = 8u;
const MOST: f32 = 0x1.fffffep+127f;

// high + low of each of four columns, and what was folded from there.
struct Sum { high: vec4f, low: vec4f, folded: vec2f, reference: f32 }

fn folded(given: Sum) -> Sum {
  var s = given;
  let left = df_add(quick_two_sum(s.high.x, s.low.x), quick_two_sum(s.high.y, s.low.y));
  let right = df_add(quick_two_sum(s.high.z, s.low.z), quick_two_sum(s.high.w, s.low.w));
  s.folded = df_add(s.folded, df_add(left, right));
  s.high = vec4f(0.0);
  s.low = vec4f(0.0);
  return s;
}

fn raised(given: Sum, reference: f32) -> Sum {
  var s = folded(given);
  s.folded = df_mul(s.folded, df_exp(vec2f(max(s.reference - reference, -1e4), 0.0)));
  s.reference = reference;
  return s;
}

fn added(given: Sum, x: Sum4) -> Sum {
  var s = given;
  let sum = two_sum4(s.high, x.sum);
  s.high = sum.sum;
  s.low += sum.error + x.error;
  return s;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let unit = (group_index(group, groups) * WORKGROUP + local) / LANES;
  let lane = local % LANES;
  let live = unit < params.items * params.segments;
  var s = Sum(vec4f(0.0), vec4f(0.0), vec2f(0.0), LOG_OF_NOTHING);
  var smallest = vec4f(MOST);
  var screen = unseen();
  if (live) {
    let item = items[unit / params.segments];
    let span = segment(unit % params.segments);
    for (var quad = span.x + lane; quad < span.y; quad += LANES) {
      let bits = load_p(item.at.x, quad);
      screen = screened(screen, bits);
      let empty = is_empty(bits);
      let x = number(bits);
      smallest = min(smallest, select(x, vec4f(MOST), empty));
      if (LOGITS) {
        if (!all(empty)) {
          let a = tempered(x, params.inverse_temperatures.xy);
          let known = select(a.sum, vec4f(LOG_OF_NOTHING), empty);
          let largest = max(max(known.x, known.y), max(known.z, known.w));
          if (largest > s.reference + 4.0) { s = raised(s, ceil(largest)); }
          let e = exp_double4(Sum4(known, select(a.error, vec4f(0.0), empty)), vec2f(s.reference, 0.0));
          s = added(s, Sum4(select(e.sum, vec4f(0.0), empty), select(e.error, vec4f(0.0), empty)));
        }
      } else {
        s = added(s, Sum4(x, vec4f(0.0)));
      }
    }
  }
  s = folded(s);
  var flags = bit_if(BAD_P, saw_bad(screen));
  var least = min(min(smallest.x, smallest.y), min(smallest.z, smallest.w));
  if (LANES > 1u) {
    // The reference and the smallest number of the unit.
    workgroupBarrier();
    sum_scratch[local] = vec4f(s.reference, least, 0.0, 0.0);
    workgroupBarrier();
    let first = local - lane;
    var reference = s.reference;
    for (var k = 0u; k < LANES; k++) {
      reference = max(reference, sum_scratch[first + k].x);
      least = min(least, sum_scratch[first + k].y);
    }
    if (LOGITS) { s = raised(s, reference); }
    s.folded = sum_lanes_double(local, LANES, s.folded);
    flags = any_lanes(local, LANES, flags);
  }
  if (live && lane == 0u) {
    let at = unit * SLOTS;
    sums[at] = vec2f(s.reference, least);
    sums[at + 1u] = s.folded;
    for (var k = 2u; k < 7u; k++) { sums[at + k] = vec2f(0.0); }
    sums[at + 7u] = vec2f(f32(flags), 0.0);
  }
}
