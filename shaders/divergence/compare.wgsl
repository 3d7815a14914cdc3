// Sums of a divergence over the bins of pairs of rows: value, second sum, sum p, sum (p - q) and, with FLOWS,
// sum p dD/dp and sum q dD/dq about centers, and the largest bin of either row with its slope.
//
// Weights: p and t q with t = (sum p)/(sum q) as a double-float, both over a power of two, so that they sum to about 1; in
// the first pass (SCALED false) p and q as they are, and the host decides from the sums whether that was good enough, or
// takes t from them. p - t q is exact to a rounding.
// Ratios and sizes that f32 does not hold are found by their exponents and flagged: what they add is not to be trusted,
// and the host knows which members bear that.
// Logits: bins are normalised by the log-normalisers of both rows; ln(p/q) is the difference of the logits, without
// error, less the difference of the normalisers.
// Sums of 64 terms in f32, added up in double-float. Units are shared by LANES threads.
// Error: 4e-7 of the value, all included, for any gap between p and q of a millionth and more.
//!include divergence/rows.wgsl
//!include divergence/pair.wgsl
//!include divergence/pairs.wgsl
//!include divergence/segment.wgsl
//!splice MEMBER divergence/kl.wgsl

@group(0) @binding(6) var<storage, read_write> sums: array<vec2f>;

override SCALED: bool = false;
override GRADIENT: bool = false;
override FLOWS: bool = false;
// Whether ratios of weights matter, however small.
override RATIOS: bool = true;

const FROM_LOGITS: bool = LOGITS;
// Whether the slopes of single bins must be within f32.
const SLOPES: bool = FLOWS && !LOGITS;
const SMALLEST_RATIO: f32 = 0.0;
const SLOTS: u32 = 8u;
// What is not below has its digits.
const FAR_RATIO: f32 = 0x1p-100f;

// The larger of a bin and four others, with its slope.
fn larger_bin(top: vec2f, own: vec4f, flow: vec4f) -> vec2f {
  let largest = max(max(own.x, own.y), max(own.z, own.w));
  if (largest <= top.x) { return top; }
  var at = flow.w;
  at = select(at, flow.z, own.z == largest);
  at = select(at, flow.y, own.y == largest);
  at = select(at, flow.x, own.x == largest);
  return vec2f(largest, divide_any(at, largest));
}

fn top_lanes(local: u32, top: vec2f) -> vec2f {
  workgroupBarrier();
  sum_scratch[local] = vec4f(top, 0.0, 0.0);
  workgroupBarrier();
  let first = local - local % LANES;
  var result = top;
  for (var k = 0u; k < LANES; k++) {
    let other = sum_scratch[first + k].xy;
    if (other.x > result.x) { result = other; }
  }
  return result;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let unit = (group_index(group, groups) * WORKGROUP + local) / LANES;
  let lane = local % LANES;
  let live = unit < params.items * params.segments;
  var flags = 0u;
  var value = vec2f(0.0);
  var second = vec2f(0.0);
  var of_p = vec2f(0.0);
  var of_difference = vec2f(0.0);
  var flow_p = vec2f(0.0);
  var flow_q = vec2f(0.0);
  // Size and slope of the largest bin so far.
  var top_p = vec2f(0.0);
  var top_q = vec2f(0.0);
  if (live) {
    let item = items[unit / params.segments];
    let span = segment(unit % params.segments);
    var scales = vec2i(0);
    if (SCALED) {
      let r = item.reference;
      scales = vec2i(exponent_of(r.z), exponent_of(r.w) + exponent_of(r.x));
    }
    for (var block = span.x + lane; block < span.y; block += 16u * LANES) {
      var values = vec4f(0.0);
      var seconds = vec4f(0.0);
      var ps = vec4f(0.0);
      var differences = vec4f(0.0);
      var flows_p = vec4f(0.0);
      var flows_q = vec4f(0.0);
      var least_ratio = vec4f(1.0);
      var p_screen = unseen();
      var q_screen = unseen();
      let until = min(block + 16u * LANES, span.y);
      for (var quad = block; quad < until; quad += LANES) {
        let p_bits = load_p(item.at.x, quad);
        let q_bits = load_q(item.at.y, quad);
        p_screen = screened(p_screen, p_bits);
        q_screen = screened(q_screen, q_bits);
        var pair: Pair;
        if (LOGITS) {
          pair = logits_pair(unscreened(p_bits), unscreened(q_bits), item.reference);
          ps += select(pair.large * pair.ratio, pair.large, pair.p_larger);
        } else {
          let p = on_scale(unscreened(p_bits), item.reference);
          pair = weights_pair(p, unscreened(q_bits), item.reference);
          if (RATIOS) { least_ratio = min(least_ratio, pair.ratio); }
          ps += p;
        }
        let term = part(pair, params.member);
        values += term.value;
        if (SECOND) { seconds += term.second; }
        if (FLOWS) {
          let small = pair.large * pair.ratio;
          let own_p = select(small, pair.large, pair.p_larger);
          let own_q = select(pair.large, small, pair.p_larger);
          flows_p += centered(term.flow_p, own_p, item.centers.x);
          flows_q += centered(term.flow_q, own_q, item.centers.y);
          top_p = larger_bin(top_p, own_p, term.flow_p);
          top_q = larger_bin(top_q, own_q, term.flow_q);
        }
        differences += pair.difference;
      }
      flags |= bit_if(BAD_P, saw_bad(p_screen)) | bit_if(BAD_Q, saw_bad(q_screen));
      if (saw_empty(p_screen) || saw_empty(q_screen) || any(least_ratio < vec4f(FAR_RATIO))) {
        for (var quad = block; quad < until; quad += LANES) {
          let p_bits = load_p(item.at.x, quad);
          let q_bits = load_q(item.at.y, quad);
          flags |= lone(p_bits, q_bits);
          if (!LOGITS) { flags |= unseen_weights(p_bits, q_bits, scales); }
        }
      }
      value = gather(value, total(values));
      second = gather(second, total(seconds));
      of_p = gather(of_p, total(ps));
      of_difference = gather(of_difference, total(differences));
      flow_p = gather(flow_p, total(flows_p));
      flow_q = gather(flow_q, total(flows_q));
    }
    flags |= bit_if(BEYOND_RANGE, any(beyond_range));
  }
  if (LANES > 1u) {
    value = sum_lanes_double(local, LANES, value);
    if (SECOND) { second = sum_lanes_double(local, LANES, second); }
    of_p = sum_lanes_double(local, LANES, of_p);
    of_difference = sum_lanes_double(local, LANES, of_difference);
    if (FLOWS) {
      flow_p = sum_lanes_double(local, LANES, flow_p);
      flow_q = sum_lanes_double(local, LANES, flow_q);
      top_p = top_lanes(local, top_p);
      top_q = top_lanes(local, top_q);
    }
    flags = any_lanes(local, LANES, flags);
  }
  if (live && lane == 0u) {
    let at = unit * SLOTS;
    sums[at] = value;
    sums[at + 1u] = second;
    sums[at + 2u] = of_p;
    sums[at + 3u] = of_difference;
    sums[at + 4u] = vec2f(flow_p.x + flow_p.y, flow_q.x + flow_q.y);
    sums[at + 5u] = top_p;
    sums[at + 6u] = top_q;
    sums[at + 7u] = vec2f(f32(flags), 0.0);
  }
}
