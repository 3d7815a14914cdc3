// Rows of logits in one pass: the sums of all of a row but one number, from which its Shannon entropy and every loss that
// compares a label with the others follow.
//
// Method. The number kept out is the largest, found on the way (each step adds the smaller of the two), or, LABELLED,
// that of the row's label. Of the others, with l = a - M: S = sum e^(l/T), X = sum e^(l/T) l/T in units of ln 2. M is
// one of them, raised only where a number is more than 4 T above, so that S >= 1 and exponents that matter are
// small. What is kept out is not added to anything: with u = S e^((M - kept)/T) nothing cancels in ln(1 + u), however
// peaked the row is, and u may be beyond f32. Exponentials as in exp_sum.wgsl; sums of 64 terms in f32, added up in
// double-float. SMOOTHED: also the sum of kept - a.
// Error: 4e-7 of S, and of X relative to the sum of |l|/T e^(l/T).
//!include divergence/rows.wgsl
//!include divergence/segment.wgsl
//!include shared/exp_sum.wgsl

@group(0) @binding(6) var<storage, read_write> sums: array<vec2f>;

override LABELLED: bool = false;
override SMOOTHED: bool = false;

const SLOTS: u32 = 8u;
const INFINITY: u32 = 0x7f800000u;
// Bits of the last slot besides BAD_P: the label's bin is empty, some bin is.
const LABEL_EMPTY: u32 = 4u;
const SOME_EMPTY: u32 = 8u;

// kept: the largest of each of four columns. rate: log2(e)/T in double-float.
struct Others {
  kept: vec4f, terms: vec4f, products: vec4f, gaps: vec4f, sum: vec2f, product: vec2f, gap: vec2f,
  reference: f32, limit: f32, rate: f32, rate_low: f32, floor: f32, step: f32,
}

fn nobody(rate: f32, rate_low: f32) -> Others {
  var o: Others;
  o.kept = vec4f(LOG_OF_NOTHING);
  o.reference = LOG_OF_NOTHING;
  o.rate = rate;
  o.rate_low = rate_low;
  o.step = min(divide(6.0, rate), 1e29);
  o.limit = LOG_OF_NOTHING + o.step;
  o.floor = max(divide(-126.0, rate), -1e36);
  return o;
}

// The same sums relative to a larger number.
fn raised(given: Others, reference: f32) -> Others {
  var o = given;
  let shift = max(o.reference - reference, o.floor) * o.rate;
  var factor = exp2_sum_scalar(shift);
  if (shift <= -125.0) { factor = 0.0; }
  o.products = factor * (o.products + shift * o.terms);
  o.product = factor * vec2f(o.product.x + shift * o.sum.x, o.product.y + shift * o.sum.y);
  o.terms *= factor;
  o.sum *= factor;
  o.reference = reference;
  o.limit = reference + o.step;
  return o;
}

fn added(given: Others, a: vec4f) -> Others {
  var o = given;
  let largest = max(max(a.x, a.y), max(a.z, a.w));
  if (largest > o.limit) { o = raised(o, largest); }
  var y = max(a - o.reference, vec4f(o.floor)) * o.rate;
  var lost = vec4f(0.0);
  if (LABELLED) {
    // A loss may be the small difference of two logarithms: no rounding of the exponent is left out.
    let apart = two_sum4(a, vec4f(-o.reference));
    let near = apart.sum > vec4f(o.floor);
    let exponent = two_prod4(select(vec4f(o.floor), apart.sum, near), vec2f(o.rate, o.rate_low));
    y = exponent.sum;
    lost = exponent.error + select(vec4f(0.0), apart.error * o.rate, near);
  }
  var e = exp2_sum(y);
  if (LABELLED) { e += e * (lost * 0x1.62e43p-1f); }
  o.terms += e;
  o.products += e * y;
  return o;
}

fn took(given: Others, a: vec4f) -> Others {
  if (LABELLED) { return added(given, a); }
  var o = given;
  o.kept = max(given.kept, a);
  return added(o, min(given.kept, a));
}

fn folded(given: Others) -> Others {
  var o = given;
  o.sum = gather(o.sum, total(o.terms));
  o.product = gather(o.product, total(o.products));
  o.terms = vec4f(0.0);
  o.products = vec4f(0.0);
  if (SMOOTHED) {
    o.gap = gather(o.gap, total(o.gaps));
    o.gaps = vec4f(0.0);
  }
  return o;
}

fn load_whole(at: u32, quad: u32) -> vec4u {
  if (ALIGNED_P) { return p_quads[at / 4u + quad]; }
  let i = at + 4u * quad;
  return vec4u(p_words[i], p_words[i + 1u], p_words[i + 2u], p_words[i + 3u]);
}

var<private> largest_bits: vec4i;
var<private> largest_magnitude: vec4u;
var<private> some_empty: vec4<bool>;

// The numbers of a quad, finite; what is none leaves its mark.
fn marked(bits: vec4u) -> vec4f {
  let magnitude = bits & vec4u(0x7fffffffu);
  largest_bits = max(largest_bits, bitcast<vec4i>(bits));
  largest_magnitude = max(largest_magnitude, magnitude);
  return select(bitcast<vec4f>(bits), vec4f(LOG_OF_NOTHING), magnitude >= vec4u(INFINITY));
}

fn took_quad(given: Others, bits: vec4u, quad: u32, label: u32, of_label: f32) -> Others {
  var a = marked(bits);
  if (!LABELLED) { return took(given, a); }
  var o = given;
  let index = vec4u(4u * quad) + vec4u(0u, 1u, 2u, 3u);
  let other = index != vec4u(label);
  if (SMOOTHED) {
    let empty = bits == vec4u(MINUS_INFINITY);
    let used = index < vec4u(params.columns);
    some_empty = some_empty | (empty & used);
    o.gaps += select(vec4f(0.0), of_label - a, other & used & !empty);
  }
  return took(o, select(vec4f(LOG_OF_NOTHING), a, other));
}

// The sums of all lanes relative to the largest of their references, and one number kept out by all.
fn agreed(local: u32, given: Others) -> Others {
  var o = given;
  let first = local - local % LANES;
  if (!LABELLED) {
    workgroupBarrier();
    sum_scratch[local] = vec4f(o.kept.x, 0.0, 0.0, 0.0);
    workgroupBarrier();
    var kept = LOG_OF_NOTHING;
    var winner = first;
    for (var k = first; k < first + LANES; k++) {
      let x = sum_scratch[k].x;
      if (x > kept) { winner = k; }
      kept = max(kept, x);
    }
    let own = select(o.kept.x, LOG_OF_NOTHING, local == winner);
    o = folded(added(o, vec4f(own, vec3f(LOG_OF_NOTHING))));
    o.kept = vec4f(kept);
  }
  workgroupBarrier();
  sum_scratch[local] = vec4f(o.reference, 0.0, 0.0, 0.0);
  workgroupBarrier();
  var reference = o.reference;
  for (var k = first; k < first + LANES; k++) { reference = max(reference, sum_scratch[k].x); }
  o = raised(o, reference);
  o.sum = sum_lanes_double(local, LANES, o.sum);
  o.product = sum_lanes_double(local, LANES, o.product);
  if (SMOOTHED) { o.gap = sum_lanes_double(local, LANES, o.gap); }
  return o;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let unit = (group_index(group, groups) * WORKGROUP + local) / LANES;
  let lane = local % LANES;
  let live = unit < params.items * params.segments;
  var o = nobody(1.0, 0.0);
  var flags = 0u;
  var of_label = LOG_OF_NOTHING;
  if (live) {
    let item = items[unit / params.segments];
    let span = segment(unit % params.segments);
    let label = u32(item.reference.z) * 65536u + u32(item.reference.w);
    o = nobody(item.reference.x, item.reference.y);
    if (LABELLED) {
      let bits = p_words[item.at.x + label];
      flags = bit_if(LABEL_EMPTY, bits == MINUS_INFINITY);
      of_label = select(bitcast<f32>(bits), LOG_OF_NOTHING, (bits & 0x7fffffffu) >= INFINITY);
    }
    largest_bits = vec4i(0);
    largest_magnitude = vec4u(0u);
    let whole = min(span.y, params.columns / 4u);
    for (var block = span.x + lane; block < whole; block += 16u * LANES) {
      let until = min(block + 16u * LANES, whole);
      for (var quad = block; quad < until; quad += LANES) {
        o = took_quad(o, load_whole(item.at.x, quad), quad, label, of_label);
      }
      o = folded(o);
    }
    if (span.y > whole && lane == 0u) { o = took_quad(o, load_p(item.at.x, whole), whole, label, of_label); }
    if (!LABELLED) {
      // Three of the four columns' largest are others.
      let one = vec4f(max(o.kept.x, o.kept.y), max(o.kept.z, o.kept.w), 0.0, 0.0);
      let losers = vec4f(min(o.kept.x, o.kept.y), min(o.kept.z, o.kept.w), min(one.x, one.y), LOG_OF_NOTHING);
      o.kept = vec4f(max(one.x, one.y));
      o = added(o, losers);
    }
    o = folded(o);
    flags |= bit_if(BAD_P, any(largest_magnitude > vec4u(INFINITY)) || any(largest_bits >= vec4i(0x7f800000)))
      | bit_if(SOME_EMPTY, any(some_empty));
  }
  if (LANES > 1u) {
    o = agreed(local, o);
    flags = any_lanes(local, LANES, flags);
  }
  if (live && lane == 0u) {
    let at = unit * SLOTS;
    sums[at] = vec2f(select(o.kept.x, of_label, LABELLED), o.reference);
    sums[at + 1u] = o.sum;
    sums[at + 2u] = o.product;
    sums[at + 3u] = o.gap;
    sums[at + 4u] = vec2f(0.0);
    sums[at + 5u] = vec2f(0.0);
    sums[at + 6u] = vec2f(0.0);
    sums[at + 7u] = vec2f(f32(flags), 0.0);
  }
}
