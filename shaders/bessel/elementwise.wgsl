// Element by element over orders v and arguments x, with broadcasting of either.
//
// The including kernel brings ORDERS, the orders it takes, `region(v, x)`, the formula for a point,
// `evaluate(point, region)`, a double-float times a power of two, and `limit_at_zero(v)`, the bits of the value at x = 0. A workgroup sorts
// its tile of points by region first: lanes that run in lockstep then mostly take the same branch, and a cheap formula
// does not wait for a dear one. The order within a tile is left to chance; no result depends on it.
//
// Numbers travel as bits, so that no load or store can flush a subnormal low word. DOUBLE: orders and arguments are
// (hi, lo), values are doubles put together from bits, whatever range f32 has.
// A point outside the domain gets NaN, and `status` the smallest index of such points.
//!include shared/grid.wgsl
//!include shared/float64.wgsl

struct Elementwise {
  zero: u32,
  // Of this dispatch: points, and the first of them.
  count: u32,
  first: u32,
  // 1 or 0: whether there are as many as points, or one for all.
  v_stride: u32,
  x_stride: u32,
  unused_a: u32,
  unused_b: u32,
  unused_c: u32,
}
@group(0) @binding(0) var<uniform> elementwise: Elementwise;
@group(0) @binding(1) var<storage, read> orders: array<u32>;
@group(0) @binding(2) var<storage, read> arguments: array<u32>;
@group(0) @binding(3) var<storage, read_write> status: atomic<u32>;
@group(0) @binding(4) var<storage, read_write> values: array<u32>;

override WORKGROUP: u32 = 64u;
override TILE: u32 = 512u;
override DOUBLE: bool = false;

// Regions of a kernel are below EDGE. EDGE: x = 0 and points outside the domain. Then what lies beyond the last point.
const EDGE: u32 = 3u;
const NOTHING: u32 = 4u;

var<workgroup> region_sizes: array<atomic<u32>, 5>;
var<workgroup> order_of_work: array<u32, TILE>;

// x = scaled 2^shift: below 2^-40 its low word may be subnormal, and products of it vanish.
struct Point { v: vec2f, x: vec2f, scaled: vec2f, shift: i32 }

const NAN_BITS: u32 = 0x7fc00000u;
const INFINITY_BITS: u32 = 0x7f800000u;

// bits 2^64, also where arithmetic would flush what the bits say.
fn scaled_up(bits: u32) -> f32 {
  let subnormal = bitcast<f32>(bitcast<u32>(f32(bits & 0x7fffffu) * 0x1p-85f) | (bits & 0x80000000u));
  return select(bitcast<f32>(bits) * 0x1p+64f, subnormal, (bits & 0x7f800000u) == 0u);
}

fn order_bits(i: u32) -> vec2u {
  let at = i * elementwise.v_stride;
  if (DOUBLE) { return vec2u(orders[2u * at], orders[2u * at + 1u]); }
  return vec2u(orders[at], 0u);
}

fn argument_bits(i: u32) -> vec2u {
  let at = i * elementwise.x_stride;
  if (DOUBLE) { return vec2u(arguments[2u * at], arguments[2u * at + 1u]); }
  return vec2u(arguments[at], 0u);
}

// The words of the order at hand, for what a tiny order does not vanish from.
var<private> order_words: vec2u;

// v.
fn scaled_order() -> Scaled {
  let v = bitcast<vec2f>(order_words);
  if (v.x < 0x1p-40f) {
    return Scaled(vec2f(scaled_up(order_words.x), scaled_up(order_words.y)), -64);
  }
  return Scaled(v, 0);
}

// ln v, v > 0.
fn log_order() -> vec2f {
  let v = scaled_order();
  return df_add(df_log(v.value), df_mul_f32(LN_2, f32(v.shift)));
}

// v / x, v >= 0.
fn order_over_argument(p: Point) -> Scaled {
  let v = scaled_order();
  return Scaled(df_div(v.value, p.scaled), v.shift - p.shift);
}

fn point(i: u32) -> Point {
  order_words = order_bits(i);
  let v = bitcast<vec2f>(order_words);
  let bits = argument_bits(i);
  let x = bitcast<vec2f>(bits);
  if (x.x < 0x1p-40f) {
    return Point(v, x, vec2f(scaled_up(bits.x), scaled_up(bits.y)), -64);
  }
  return Point(v, x, x, 0);
}

fn region_at(i: u32) -> u32 {
  let v = order_bits(i).x;
  let x = argument_bits(i).x;
  if (refused_order(v) || x > MOST_X || x < LEAST_X) { return EDGE; }
  return region(bitcast<f32>(v), bitcast<f32>(x));
}

// Which orders a kernel takes, its ORDERS: none, v > 0, v >= 0, or of both signs.
const IGNORED: u32 = 0u;
const POSITIVE: u32 = 1u;
const NOT_NEGATIVE: u32 = 2u;
const ANY_SIGN: u32 = 3u;

// As bits: comparisons with NaN may say anything.
fn refused_order(bits: u32) -> bool {
  let magnitude = bits & 0x7fffffffu;
  let negative = magnitude != bits && magnitude != 0u;
  return ORDERS != IGNORED
    && (magnitude > MOST_V || (ORDERS != ANY_SIGN && negative) || (ORDERS == POSITIVE && magnitude == 0u));
}

// 1e6, and the f32 next to 1e30 and 1e-30.
const MOST_V: u32 = 0x49742400u;
const MOST_X: u32 = 0x7149f2cau;
const LEAST_X: u32 = 0x0da24260u;

fn store(i: u32, value: Scaled) {
  if (DOUBLE) {
    store_double(i, float64_bits(value));
  } else {
    values[i] = float32_bits(value.value.x, value.shift);
  }
}

fn store_double(i: u32, bits: vec2u) {
  values[2u * i] = bits.x;
  values[2u * i + 1u] = bits.y;
}

// The bits of an f32 that is not subnormal.
fn store_bits(i: u32, bits: u32) {
  if (DOUBLE) {
    store_double(i, widened_bits(bits));
  } else {
    values[i] = bits;
  }
}

// The limit at x = 0 (as the including kernel knows it), or NaN and a note.
fn store_edge(i: u32) {
  let v = order_bits(i).x;
  let x = argument_bits(i).x;
  if ((x & 0x7fffffffu) == 0u && !refused_order(v)) {
    store_bits(i, limit_at_zero(bitcast<f32>(v)));
  } else {
    atomicMin(&status, i);
    store_bits(i, NAN_BITS);
  }
}

fn run_tile(group: u32, lane: u32) {
  runtime_zero = elementwise.zero;
  let first = elementwise.first + group * TILE;
  let end = elementwise.first + elementwise.count;
  if (lane < 5u) { atomicStore(&region_sizes[lane], 0u); }
  workgroupBarrier();
  for (var k = lane; k < TILE; k += WORKGROUP) {
    var r = NOTHING;
    if (first + k < end) { r = region_at(first + k); }
    let place = atomicAdd(&region_sizes[r], 1u);
    // Region and place for now; the final place needs the sizes of all.
    order_of_work[k] = (r << 24u) | place;
  }
  workgroupBarrier();
  var start = array<u32, 5>();
  var sum = 0u;
  for (var r = 0u; r < 5u; r++) {
    start[r] = sum;
    sum += atomicLoad(&region_sizes[r]);
  }
  var places: array<u32, TILE / WORKGROUP>;
  for (var k = 0u; k < TILE / WORKGROUP; k++) {
    places[k] = order_of_work[k * WORKGROUP + lane];
  }
  workgroupBarrier();
  for (var k = 0u; k < TILE / WORKGROUP; k++) {
    let r = places[k] >> 24u;
    order_of_work[start[r] + (places[k] & 0xffffffu)] = (r << 24u) | (k * WORKGROUP + lane);
  }
  workgroupBarrier();
  for (var k = lane; k < TILE; k += WORKGROUP) {
    let r = order_of_work[k] >> 24u;
    let i = first + (order_of_work[k] & 0xffffffu);
    if (r < EDGE) {
      store(i, evaluate(point(i), r));
    } else if (r == EDGE) {
      store_edge(i);
    }
  }
}
