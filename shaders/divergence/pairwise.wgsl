// Sums of a divergence over the bins of all pairs of some rows of p with some of q, both as normalized_rows.wgsl made
// them: a thread takes four rows of q and a few rows of p, one after the other, which its workgroup shares.
//
// Bins are looked at by quads in which p has anything at all, found from its bits; what q has elsewhere adds its mass
// times a constant, as terms are homogeneous. HALF: only pairs of which the row of q has the larger number.
// p - q is the difference of double-floats, exact where the two are near; without LOW only of their high words, which
// the host allows where rows are far apart.
// Sums of 32 terms in f32, added up in double-float.
// Error: 4e-7 of the value, for any gap between p and q of a millionth and more.
//!include shared/grid.wgsl
//!include divergence/quad.wgsl
//!include divergence/pair.wgsl
//!splice MEMBER divergence/kl.wgsl

struct Params {
  zero: u32, quads: u32, segments: u32, words: u32,
  // First row in its tile, number of rows, number in the whole set of the tile's row 0.
  p_first: u32, p_count: u32, p_number: u32, p_each: u32,
  q_first: u32, q_count: u32, q_number: u32, q_blocks: u32,
  // Where the low words begin.
  p_low: u32, q_low: u32, unused_0: u32, unused_1: u32,
  member: vec4f,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p_probabilities: array<vec4f>;
@group(0) @binding(2) var<storage, read> p_support: array<u32>;
@group(0) @binding(3) var<storage, read> q_probabilities: array<vec4f>;
@group(0) @binding(4) var<storage, read> q_support: array<u32>;
@group(0) @binding(5) var<storage, read> q_masses: array<f32>;
@group(0) @binding(6) var<storage, read_write> sums: array<f32>;

override BLOCK: u32 = 8u;
override HALF: bool = false;
override LOW: bool = true;
// Of Cauchy-Schwarz: all four sums, of all bins, because its terms are of second degree.
override FLOWS: bool = false;

const GRADIENT: bool = false;
const SLOPES: bool = false;
const SMALLEST_RATIO: f32 = 0.0;
const FROM_LOGITS: bool = false;
const P_WITHOUT_Q: u32 = 4u;
const Q_WITHOUT_P: u32 = 8u;
const BEYOND_RANGE: u32 = 16u;

// Of one row of q: where it is, what a word of bins adds, the sums so far, bits of either row alone.
struct Row {
  block: u32, values: vec4f, seconds: vec4f, flows_p: vec4f, flows_q: vec4f,
  value: vec2f, second: vec2f, flow_p: vec2f, flow_q: vec2f, p_alone: u32, q_alone: u32, beyond: vec4<bool>,
}

fn row_of(block: u32) -> Row {
  var row: Row;
  row.block = min(block, params.q_blocks - 1u);
  return row;
}

fn met(row: ptr<function, Row>, word: u32, words: u32, local: u32, p_has: u32) {
  let q_has = q_support[((*row).block * words + word) * BLOCK + local];
  (*row).p_alone |= p_has & ~q_has;
  (*row).q_alone |= q_has & ~p_has;
}

fn missed(row: ptr<function, Row>, quad: u32, local: u32, alone: f32) {
  (*row).values.x += alone * q_masses[((*row).block * params.quads + quad) * BLOCK + local];
}

fn took(row: ptr<function, Row>, quad: u32, local: u32, p: vec4f, p_low: vec4f) {
  let at = ((*row).block * params.quads + quad) * BLOCK + local;
  let q = q_probabilities[at];
  var difference = p - q;
  if (LOW) { difference = keep4(difference) + (p_low - q_probabilities[params.q_low + at]); }
  beyond_range = vec4<bool>(false);
  var pair = pair_of(p, q, difference, LOGARITHM && !SECOND);
  if (SECOND) {
    // Powers ask more of the gap than the product with an inverse gives.
    pair.gap = min(divide4(abs(difference), max(pair.large, vec4f(0x1p-126f))), vec4f(1.0));
    if (LOGARITHM) { pair.rest = rest_of_ratio4(pair.ratio, pair.gap); }
  }
  let term = part(pair, params.member);
  (*row).beyond = (*row).beyond | beyond_range;
  (*row).values += term.value;
  if (SECOND) { (*row).seconds += term.second; }
  if (FLOWS) {
    (*row).flows_p += term.flow_p;
    (*row).flows_q += term.flow_q;
  }
}

fn folded(row: ptr<function, Row>) {
  (*row).value = gather((*row).value, total((*row).values));
  (*row).values = vec4f(0.0);
  if (SECOND) {
    (*row).second = gather((*row).second, total((*row).seconds));
    (*row).seconds = vec4f(0.0);
  }
  if (FLOWS) {
    (*row).flow_p = gather((*row).flow_p, total((*row).flows_p));
    (*row).flow_q = gather((*row).flow_q, total((*row).flows_q));
    (*row).flows_p = vec4f(0.0);
    (*row).flows_q = vec4f(0.0);
  }
}

fn written(row: ptr<function, Row>, line: u32, q_place: u32) {
  if (q_place >= params.q_count) { return; }
  // Value and flags; the second sum; the flows.
  let slots = 2u + u32(SECOND) + 2u * u32(FLOWS);
  let at = (line * params.q_count + q_place) * slots;
  let flags = select(0u, P_WITHOUT_Q, (*row).p_alone != 0u) | select(0u, Q_WITHOUT_P, (*row).q_alone != 0u)
    | select(0u, BEYOND_RANGE, any((*row).beyond));
  sums[at] = (*row).value.x + (*row).value.y;
  sums[at + 1u] = f32(flags);
  if (SECOND) { sums[at + 2u] = (*row).second.x + (*row).second.y; }
  if (FLOWS) {
    sums[at + 3u] = (*row).flow_p.x + (*row).flow_p.y;
    sums[at + 4u] = (*row).flow_q.x + (*row).flow_q.y;
  }
}

// The lowest bit of every nibble that is not 0.
fn occupied(bits: u32) -> u32 {
  let pairs = bits | (bits >> 1u);
  return (pairs | (pairs >> 2u)) & 0x11111111u;
}

@compute @workgroup_size(BLOCK)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let index = group_index(group, groups);
  let segment = index % params.segments;
  let steps = (params.p_count + params.p_each - 1u) / params.p_each;
  let step = (index / params.segments) % steps;
  let q_step = 4u * (index / params.segments / steps);
  let q_block = params.q_first / BLOCK + q_step;
  // What a bin adds that only q has.
  let alone = part(pair_of(vec4f(0.0), vec4f(1.0), vec4f(-1.0), LOGARITHM), params.member).value.x;
  let words = (params.quads + 7u) / 8u;
  let first_word = segment * params.words;
  let last_word = min(first_word + params.words, words);
  let last_place = min((step + 1u) * params.p_each, params.p_count);
  for (var p_place = step * params.p_each; p_place < last_place; p_place++) {
    let p_row = params.p_first + p_place;
    if (HALF && params.q_number + (q_block + 4u) * BLOCK <= params.p_number + p_row + 1u) { continue; }
    let p_block = p_row / BLOCK;
    let p_lane = p_row % BLOCK;
    var a = row_of(q_block);
    var b = row_of(q_block + 1u);
    var c = row_of(q_block + 2u);
    var d = row_of(q_block + 3u);
    for (var word = first_word; word < last_word; word++) {
      let p_has = p_support[(p_block * words + word) * BLOCK + p_lane];
      met(&a, word, words, local, p_has);
      met(&b, word, words, local, p_has);
      met(&c, word, words, local, p_has);
      met(&d, word, words, local, p_has);
      let here = min(8u, params.quads - 8u * word);
      let all_quads = 0x11111111u >> (4u * (8u - here));
      var taken = occupied(p_has);
      if (FLOWS) { taken = all_quads; }
      var left = all_quads & ~taken;
      while (left != 0u) {
        let quad = 8u * word + firstTrailingBit(left) / 4u;
        left &= left - 1u;
        missed(&a, quad, local, alone);
        missed(&b, quad, local, alone);
        missed(&c, quad, local, alone);
        missed(&d, quad, local, alone);
      }
      while (taken != 0u) {
        let quad = 8u * word + firstTrailingBit(taken) / 4u;
        taken &= taken - 1u;
        let at = (p_block * params.quads + quad) * BLOCK + p_lane;
        let p = p_probabilities[at];
        var p_low = vec4f(0.0);
        if (LOW) { p_low = p_probabilities[params.p_low + at]; }
        took(&a, quad, local, p, p_low);
        took(&b, quad, local, p, p_low);
        took(&c, quad, local, p, p_low);
        took(&d, quad, local, p, p_low);
      }
      folded(&a);
      folded(&b);
      folded(&c);
      folded(&d);
    }
    let line = segment * params.p_count + p_place;
    let q_place = q_step * BLOCK + local;
    written(&a, line, q_place);
    written(&b, line, q_place + BLOCK);
    written(&c, line, q_place + 2u * BLOCK);
    written(&d, line, q_place + 3u * BLOCK);
  }
}
