// Sums of a divergence over the bins of all pairs of some rows of p with some of q, both as normalized_rows.wgsl made
// them: a thread takes one row of q and a few rows of p, one after the other, which its workgroup shares.
//
// p - q is the difference of double-floats, exact where the two are near. Bins are looked at by quads in which p has
// anything at all, found from its bits; what q has elsewhere adds its mass times a constant, as terms are homogeneous.
// HALF: only pairs of which the row of q has the larger number.
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
  q_first: u32, q_count: u32, q_number: u32, unused: u32,
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
// Of Cauchy-Schwarz: all four sums, of all bins, because its terms are of second degree.
override FLOWS: bool = false;

const GRADIENT: bool = false;
const P_WITHOUT_Q: u32 = 4u;
const Q_WITHOUT_P: u32 = 8u;
const BEYOND_RANGE: u32 = 16u;

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
  let q_step = index / params.segments / steps;
  let q_block = params.q_first / BLOCK + q_step;
  let q_place = q_step * BLOCK + local;
  // What a bin adds that only q has.
  let alone = part(pair_of(vec4f(0.0), vec4f(1.0), vec4f(-1.0), LOGARITHM), params.member).value.x;
  let words = (params.quads + 7u) / 8u;
  let first_word = segment * params.words;
  let last_word = min(first_word + params.words, words);
  let last_place = min((step + 1u) * params.p_each, params.p_count);
  for (var p_place = step * params.p_each; p_place < last_place; p_place++) {
    let p_row = params.p_first + p_place;
    if (HALF && params.q_number + q_block * BLOCK + BLOCK <= params.p_number + p_row + 1u) { continue; }
    let p_block = p_row / BLOCK;
    let p_lane = p_row % BLOCK;
    beyond_range = vec4<bool>(false);
    var value = vec2f(0.0);
    var second = vec2f(0.0);
    var flow_p = vec2f(0.0);
    var flow_q = vec2f(0.0);
    var p_alone = 0u;
    var q_alone = 0u;
    for (var word = first_word; word < last_word; word++) {
      let p_has = p_support[(p_block * words + word) * BLOCK + p_lane];
      let q_has = q_support[(q_block * words + word) * BLOCK + local];
      p_alone |= p_has & ~q_has;
      q_alone |= q_has & ~p_has;
      let here = min(8u, params.quads - 8u * word);
      let all_quads = 0x11111111u >> (4u * (8u - here));
      var taken = occupied(p_has);
      if (FLOWS) { taken = all_quads; }
      var left = all_quads & ~taken;
      var mass = 0.0;
      while (left != 0u) {
        let quad = 8u * word + firstTrailingBit(left) / 4u;
        left &= left - 1u;
        mass += q_masses[(q_block * params.quads + quad) * BLOCK + local];
      }
      var values = vec4f(alone * mass, 0.0, 0.0, 0.0);
      var seconds = vec4f(0.0);
      var flows_p = vec4f(0.0);
      var flows_q = vec4f(0.0);
      while (taken != 0u) {
        let quad = 8u * word + firstTrailingBit(taken) / 4u;
        taken &= taken - 1u;
        let p_at = 2u * ((p_block * params.quads + quad) * BLOCK + p_lane);
        let q_at = 2u * ((q_block * params.quads + quad) * BLOCK + local);
        let p = p_probabilities[p_at];
        let q = q_probabilities[q_at];
        let difference = keep4(p - q) + (p_probabilities[p_at + 1u] - q_probabilities[q_at + 1u]);
        let term = part(pair_of(p, q, difference, LOGARITHM), params.member);
        values += term.value;
        if (SECOND) { seconds += term.second; }
        if (FLOWS) {
          flows_p += term.flow_p;
          flows_q += term.flow_q;
        }
      }
      value = gather(value, total(values));
      if (SECOND) { second = gather(second, total(seconds)); }
      if (FLOWS) {
        flow_p = gather(flow_p, total(flows_p));
        flow_q = gather(flow_q, total(flows_q));
      }
    }
    if (q_place < params.q_count) {
      // Value and flags; the second sum; the flows.
      let slots = 2u + u32(SECOND) + 2u * u32(FLOWS);
      let at = ((segment * params.p_count + p_place) * params.q_count + q_place) * slots;
      let flags = select(0u, P_WITHOUT_Q, p_alone != 0u) | select(0u, Q_WITHOUT_P, q_alone != 0u)
        | select(0u, BEYOND_RANGE, any(beyond_range));
      sums[at] = value.x + value.y;
      sums[at + 1u] = f32(flags);
      if (SECOND) { sums[at + 2u] = second.x + second.y; }
      if (FLOWS) {
        sums[at + 3u] = flow_p.x + flow_p.y;
        sums[at + 4u] = flow_q.x + flow_q.y;
      }
    }
  }
}
