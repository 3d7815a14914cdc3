// Entropies of rows of weights, and of any order: the sums of all of a row but its largest bin, from which Shannon's,
// Renyi's and Tsallis' follow. Rows of logits of order 1 have `logit_entropy`.
//
// Method. Of a bin x = e^l times a reference M: S = sum x; Y = sum -x l, or of order a = member.x
// Y = sum x (1 - x^(a-1))/(a-1), which is the same at a = 1 and never a difference of nearly equal numbers; and
// A = sum x^a. The largest bin is found on the way and added to nothing (each step adds the smaller of two), so that
// peaked rows keep their digits; M is another bin, raised only where one is more than e^member.w times as large.
// With m = min(1, a), e = |a - 1|: x^m and x^m (1 - x^e)/e are both made of exponentials without differences.
// Sums of 64 terms in f32, added up in double-float. Of weights also the exponent of the smallest that is not 0, by which
// the host knows whether arithmetic saw all of them: x below 2^-126 counts as that in ln x, and may count as 0.
// Error: 5e-7 of S and A, and of Y relative to the sum of sizes.
//!include divergence/rows.wgsl
//!include divergence/segment.wgsl

@group(0) @binding(6) var<storage, read_write> sums: array<vec2f>;

// Of another order than 1.
override ORDER: bool = false;

const SLOTS: u32 = 8u;

struct Bulk {
  kept: vec4f, least: vec4u, terms: vec4f, products: vec4f, powers: vec4f, counts: vec4f,
  sum: vec2f, product: vec2f, power: vec2f, count: vec2f, reference: f32, limit: f32, inverse: f32,
}

fn none() -> f32 {
  if (LOGITS) { return LOG_OF_NOTHING; }
  return 0.0;
}

// ln x of x = 1 + gap, gap known better than x - 1; 0 and subnormal numbers as 2^-126.
fn log4(x: vec4f, gap: vec4f) -> vec4f {
  let bits = bitcast<vec4i>(max(x, vec4f(0x1p-126f)));
  let k = (bits - vec4i(0x3f3504f3)) >> vec4u(23u);
  let f = select(bitcast<vec4f>(bits - (k << vec4u(23u))) - 1.0, gap, k == vec4i(0));
  let p = 0x1.555546p-2f + f * (-0x1.ffffeep-3f + f * (0x1.99a546p-3f
    + f * (-0x1.5562e4p-3f + f * (0x1.2332cp-3f + f * (-0x1.fb4326p-4f
    + f * (0x1.e6509ep-4f + f * (-0x1.e2e9ccp-4f + f * 0x1.1b42e2p-4f)))))));
  let n = vec4f(k);
  return keep4(n * 0x1.62e4p-1f + f) + (n * 0x1.7f7d1cp-20f + f * f * (f * p - 0.5));
}

// What a bin of size e^l adds, x = e^l where that is known better.
struct Terms { term: vec4f, product: vec4f, power: vec4f }

fn terms_of(l: vec4f, x: vec4f, x_known: bool) -> Terms {
  if (!ORDER) {
    var term = x;
    if (!x_known) { term = exp4(l, vec4f(0.0)); }
    return Terms(term, -term * max(l, vec4f(-1e6)), vec4f(0.0));
  }
  let alpha = params.member.x;
  let e = params.member.y;
  var base = x;
  if (alpha < 1.0) { base = exp4(alpha * l, vec4f(0.0)); } else if (!x_known) { base = exp4(l, vec4f(0.0)); }
  let falling = falling4(-e * l, vec4f(0.0));
  let other = base * falling.ratio;
  let product = base * divide4(falling.gap, vec4f(e));
  if (alpha < 1.0) { return Terms(other, product, base); }
  return Terms(base, product, other);
}

fn limit_of(reference: f32) -> f32 {
  if (LOGITS) { return reference + params.member.w; }
  return reference * params.member.w;
}

// The same sums relative to another reference.
fn raised(given: Bulk, reference: f32, rate: f32) -> Bulk {
  var o = given;
  var shift = 0.0;
  if (LOGITS) {
    o.reference = reference;
    shift = (given.reference - reference) * rate;
  } else {
    o.reference = clamp(reference, 0x1p-120f, 0x1p120f);
    o.inverse = reciprocal(o.reference);
    // The gap of nearly equal references from their difference, which is exact, and not from their rounded ratio.
    let gap = (given.reference - o.reference) * o.inverse;
    shift = log4(vec4f(given.reference * o.inverse), vec4f(gap)).x;
    if (given.reference == 0.0) { shift = -1e5; }
  }
  shift = max(shift, -1e5);
  let unit = terms_of(vec4f(shift), vec4f(0.0), false);
  let factor = unit.term.x;
  if (ORDER) {
    let power = unit.power.x;
    o.products = power * o.products + unit.product.x * o.terms;
    o.product = power * o.product + unit.product.x * o.sum;
    o.powers *= power;
    o.power *= power;
  } else {
    o.products = factor * o.products + unit.product.x * o.terms;
    o.product = factor * o.product + unit.product.x * o.sum;
  }
  o.terms *= factor;
  o.sum *= factor;
  o.limit = limit_of(o.reference);
  return o;
}

fn added(given: Bulk, a: vec4f, rate: f32) -> Bulk {
  var o = given;
  let largest = max(max(a.x, a.y), max(a.z, a.w));
  if (largest > o.limit) { o = raised(o, largest, rate); }
  let used = a > vec4f(none());
  var l = vec4f(0.0);
  var x = vec4f(0.0);
  if (LOGITS) {
    l = (a - o.reference) * rate;
  } else {
    x = a * o.inverse;
    l = log4(x, (a - o.reference) * o.inverse);
  }
  let t = terms_of(l, x, !LOGITS);
  o.terms += select(vec4f(0.0), t.term, used);
  o.products += select(vec4f(0.0), t.product, used);
  if (ORDER) { o.powers += select(vec4f(0.0), t.power, used); }
  return o;
}

fn folded(given: Bulk) -> Bulk {
  var o = given;
  o.sum = gather(o.sum, total(o.terms));
  o.product = gather(o.product, total(o.products));
  o.count = gather(o.count, total(o.counts));
  o.terms = vec4f(0.0);
  o.products = vec4f(0.0);
  o.counts = vec4f(0.0);
  if (ORDER) {
    o.power = gather(o.power, total(o.powers));
    o.powers = vec4f(0.0);
  }
  return o;
}

// That of the bits of an f32: 0 of subnormal numbers, 255 where there are none.
fn exponent_of_least(o: Bulk) -> f32 {
  return f32(min(min(min(o.least.x, o.least.y), min(o.least.z, o.least.w)) >> 23u, 255u));
}

// The sums of all lanes relative to the largest of their references, and one bin kept out by all.
fn agreed(local: u32, given: Bulk, rate: f32) -> Bulk {
  var o = given;
  let first = local - local % LANES;
  workgroupBarrier();
  sum_scratch[local] = vec4f(o.kept.x, exponent_of_least(o), 0.0, 0.0);
  workgroupBarrier();
  var kept = none();
  var winner = first;
  var exponent = 255.0;
  for (var k = first; k < first + LANES; k++) {
    let x = sum_scratch[k].x;
    if (x > kept) { winner = k; }
    kept = max(kept, x);
    exponent = min(exponent, sum_scratch[k].y);
  }
  o.least = vec4u(u32(exponent) << 23u);
  let own = select(o.kept.x, none(), local == winner);
  o = folded(added(o, vec4f(own, vec3f(none())), rate));
  o.kept = vec4f(kept);
  workgroupBarrier();
  sum_scratch[local] = vec4f(o.reference, 0.0, 0.0, 0.0);
  workgroupBarrier();
  var reference = o.reference;
  for (var k = first; k < first + LANES; k++) { reference = max(reference, sum_scratch[k].x); }
  if (reference > none()) { o = raised(o, reference, rate); }
  o.sum = sum_lanes_double(local, LANES, o.sum);
  o.product = sum_lanes_double(local, LANES, o.product);
  o.count = sum_lanes_double(local, LANES, o.count);
  if (ORDER) { o.power = sum_lanes_double(local, LANES, o.power); }
  return o;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let unit = (group_index(group, groups) * WORKGROUP + local) / LANES;
  let lane = local % LANES;
  let live = unit < params.items * params.segments;
  var o: Bulk;
  o.kept = vec4f(none());
  o.reference = none();
  o.limit = none();
  o.least = vec4u(0xffffffffu);
  var flags = 0u;
  var rate = 1.0;
  if (live) {
    let item = items[unit / params.segments];
    let span = segment(unit % params.segments);
    rate = item.reference.x;
    var bad = vec4<bool>(false);
    for (var block = span.x + lane; block < span.y; block += 16u * LANES) {
      let until = min(block + 16u * LANES, span.y);
      for (var quad = block; quad < until; quad += LANES) {
        let bits = load_p(item.at.x, quad);
        bad = bad | refused(bits);
        let a = max(number(bits), vec4f(none()));
        o.counts += select(vec4f(1.0), vec4f(0.0), is_empty(bits));
        if (!LOGITS) { o.least = min(o.least, bits - vec4u(1u)); }
        let kept = o.kept;
        o.kept = max(kept, a);
        o = added(o, min(kept, a), rate);
      }
      o = folded(o);
    }
    // Three of the four columns' largest are others.
    let one = vec2f(max(o.kept.x, o.kept.y), max(o.kept.z, o.kept.w));
    let losers = vec4f(min(o.kept.x, o.kept.y), min(o.kept.z, o.kept.w), min(one.x, one.y), none());
    o.kept = vec4f(max(one.x, one.y));
    o = folded(added(o, losers, rate));
    flags = bit_if(BAD_P, any(bad));
  }
  if (LANES > 1u) {
    o = agreed(local, o, rate);
    flags = any_lanes(local, LANES, flags);
  }
  if (live && lane == 0u) {
    let at = unit * SLOTS;
    sums[at] = vec2f(o.kept.x, o.reference);
    sums[at + 1u] = o.sum;
    sums[at + 2u] = o.product;
    sums[at + 3u] = o.power;
    sums[at + 4u] = o.count;
    sums[at + 5u] = vec2f(exponent_of_least(o), 0.0);
    sums[at + 6u] = vec2f(0.0);
    sums[at + 7u] = vec2f(f32(flags), 0.0);
  }
}
