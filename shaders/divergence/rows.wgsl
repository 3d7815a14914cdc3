// Where the bins of two rows are: bindings, loads and screening, shared by the kernels over rows.
//
// A unit of work is a segment of an item: `quads` quads of the columns of a row of p and one of q. Rows begin at
// items[i].at.x and .y, in f32. ALIGNED_P, ALIGNED_Q: all of these are multiples of four, and so is the step to the
// next row; otherwise the same buffer is read by single words. What lies behind the last column is an empty bin.
// Bits are screened before they are used as numbers: WGSL may assume that no NaN or infinity exists.
//!include shared/grid.wgsl
//!include shared/sum.wgsl
//!include divergence/quad.wgsl

struct Params {
  zero: u32, items: u32, segments: u32, quads: u32,
  columns: u32, p_low: u32, q_low: u32, plane: u32,
  // 1/temperature of p (double-float) and q.
  inverse_temperatures: vec4f,
  member: vec4f,
}

// at: of p, q, the results, unused. centers: of the flows of p and q, see pairs.wgsl. Weights: reference.zw are powers of
// two that bring the sums of p and q next to 1, reference.xy is the quotient of those. Logits: the log-normalisers of p
// and q.
struct Item { at: vec4u, reference: vec4f, centers: vec4f }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p_quads: array<vec4u>;
@group(0) @binding(2) var<storage, read> q_quads: array<vec4u>;
@group(0) @binding(3) var<storage, read> p_words: array<u32>;
@group(0) @binding(4) var<storage, read> q_words: array<u32>;
@group(0) @binding(5) var<storage, read> items: array<Item>;

override ALIGNED_P: bool = true;
override ALIGNED_Q: bool = true;
override LOGITS: bool = false;
override TEMPERED: bool = false;
// Whether the last quad holds columns of nobody.
override PARTIAL: bool = true;
override LANES: u32 = 1u;

const MINUS_INFINITY: u32 = 0xff800000u;
const LOG_OF_NOTHING: f32 = -1e30;
// Bits of -1e28 and of -1e22, which is as far below over the least temperature: such numbers, with which frameworks mask,
// are told from an empty bin by their bits alone.
const FAR_BELOW: u32 = 0xee013f39u;
const FAR_BELOW_TEMPERED: u32 = 0xe4078678u;
const SMALLEST_NORMAL: i32 = 0x00800000;

// Results of screening, one bit each.
const BAD_P: u32 = 1u;
const BAD_Q: u32 = 2u;
const P_WITHOUT_Q: u32 = 4u;
const Q_WITHOUT_P: u32 = 8u;
const BEYOND_RANGE: u32 = 16u;
// A weight, or one on the scale of the other row, is below 2^-126: arithmetic may read it as 0.
const SUBNORMAL: u32 = 32u;
// Weights of the same bin are apart by 2^100 and more.
const FAR_APART: u32 = 64u;

fn nothing() -> u32 {
  if (LOGITS) { return MINUS_INFINITY; }
  return 0u;
}

fn masked(bits: vec4u, quad: u32) -> vec4u {
  if (!PARTIAL) { return bits; }
  let left = params.columns - 4u * quad;
  if (left >= 4u) { return bits; }
  return select(vec4u(nothing()), bits, vec4u(0u, 1u, 2u, 3u) < vec4u(left));
}

fn load_p(at: u32, quad: u32) -> vec4u {
  if (ALIGNED_P) { return masked(p_quads[at / 4u + quad], quad); }
  let i = at + 4u * quad;
  return masked(vec4u(p_words[i], p_words[i + 1u], p_words[i + 2u], p_words[i + 3u]), quad);
}

fn load_q(at: u32, quad: u32) -> vec4u {
  if (ALIGNED_Q) { return masked(q_quads[at / 4u + quad], quad); }
  let i = at + 4u * quad;
  return masked(vec4u(q_words[i], q_words[i + 1u], q_words[i + 2u], q_words[i + 3u]), quad);
}

// No weight: negative, infinite or NaN (or -0, which the host lets pass). No logit: NaN or +infinity.
fn refused(bits: vec4u) -> vec4<bool> {
  if (LOGITS) { return (bits > vec4u(MINUS_INFINITY)) | ((bits >= vec4u(0x7f800000u)) & (bits < vec4u(0x80000000u))); }
  return bits > vec4u(0x7f7fffffu);
}

// The number, or a finite stand-in for what is none.
fn number(bits: vec4u) -> vec4f {
  if (LOGITS) {
    return select(bitcast<vec4f>(bits), vec4f(LOG_OF_NOTHING), refused(bits) | (bits == vec4u(MINUS_INFINITY)));
  }
  return bitcast<vec4f>(select(bits, vec4u(0u), refused(bits)));
}

// What was seen of the bits of some bins, in two operations a quad. Of weights: the largest and the smallest; of
// logits: the largest as unsigned and as signed numbers.
struct Screen { high: vec4u, other: vec4i }

fn unseen() -> Screen {
  return Screen(vec4u(0u), vec4i(select(0x7fffffff, 0, LOGITS)));
}

fn screened(s: Screen, bits: vec4u) -> Screen {
  if (LOGITS) { return Screen(max(s.high, bits), max(s.other, bitcast<vec4i>(bits))); }
  return Screen(max(s.high, bits), min(s.other, bitcast<vec4i>(bits)));
}

fn saw_bad(s: Screen) -> bool {
  if (LOGITS) { return any(s.high > vec4u(MINUS_INFINITY)) || any(s.other >= vec4i(0x7f800000)); }
  return any(s.high > vec4u(0x7f7fffffu));
}

fn far_below() -> u32 {
  return select(FAR_BELOW, FAR_BELOW_TEMPERED, TEMPERED);
}

// Whether some bin is empty, or next to it: a weight below 2^-126, a logit far below all others.
fn saw_empty(s: Screen) -> bool {
  if (LOGITS) { return any(s.high >= vec4u(far_below())); }
  return any(s.other < vec4i(SMALLEST_NORMAL));
}

// Which of two bins has mass alone; -0 is left to the host. Of logits also whether one is so far below that its distance
// from the other, if there is one, is no number to compute with.
fn lone(p_bits: vec4u, q_bits: vec4u) -> u32 {
  let p_empty = p_bits == vec4u(nothing());
  let q_empty = q_bits == vec4u(nothing());
  let alone = bit_if(P_WITHOUT_Q, any(q_empty & !p_empty)) | bit_if(Q_WITHOUT_P, any(p_empty & !q_empty));
  if (!LOGITS) { return alone; }
  let far = max(p_bits, q_bits) >= vec4u(far_below());
  let apart = (p_bits != q_bits) | vec4<bool>(TEMPERED);
  return alone | bit_if(BEYOND_RANGE, any(far & apart & !p_empty & !q_empty));
}

// What of weights, p 2^scales.x beside q 2^scales.y, arithmetic in f32 may not see: told from their exponents, because
// subnormal numbers may count as 0 wherever they are computed with.
fn unseen_weights(p_bits: vec4u, q_bits: vec4u, scales: vec2i) -> u32 {
  let p_has = p_bits != vec4u(0u);
  let q_has = q_bits != vec4u(0u);
  let p_exponent = bitcast<vec4i>(p_bits >> vec4u(23u));
  let q_exponent = bitcast<vec4i>(q_bits >> vec4u(23u));
  let p_scaled = p_exponent + vec4i(scales.x);
  let q_scaled = q_exponent + vec4i(scales.y);
  // A scale between two powers may round down.
  let subnormal = (p_has & (min(p_exponent, p_scaled) < vec4i(1)))
    | (q_has & ((q_exponent < vec4i(1)) | (q_scaled < vec4i(2))));
  let apart = p_has & q_has & (abs(p_scaled - q_scaled) > vec4i(99));
  return bit_if(SUBNORMAL, any(subnormal)) | bit_if(FAR_APART, any(apart));
}

fn exponent_of(x: f32) -> i32 {
  return i32((bitcast<u32>(x) >> 23u) & 255u) - 127;
}

// The number, of bits that are screened apart from its use.
fn unscreened(bits: vec4u) -> vec4f {
  if (LOGITS) { return select(bitcast<vec4f>(bits), vec4f(LOG_OF_NOTHING), bits == vec4u(MINUS_INFINITY)); }
  return bitcast<vec4f>(bits);
}

// A logit over its temperature, in double-float.
fn tempered(a: vec4f, inverse: vec2f) -> Sum4 {
  if (!TEMPERED) { return Sum4(a, vec4f(0.0)); }
  return two_prod4(a, inverse);
}

fn is_empty(bits: vec4u) -> vec4<bool> {
  if (LOGITS) { return bits == vec4u(MINUS_INFINITY); }
  return (bits << vec4u(1u)) == vec4u(0u);
}

fn bit_if(bit: u32, condition: bool) -> u32 {
  return select(0u, bit, condition);
}
