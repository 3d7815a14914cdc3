// Sums of directions, sum_i x_i / |x_i|, in one pass over memory: a workgroup holds a row in its registers until its
// length is known.
//
// Method. A thread holds 4 MATS quads of the row and as many of the sum over a block of rows, in f32; block_sums adds the
// blocks. Threads beside each other load quads beside each other. The matrices are only a way to write sixteen quads
// that a compiler keeps in registers, without an array. One barrier a row: two rows take turns in workgroup memory.
// A row whose sum of squares is not in [2^-40, 2^100], zeros and what is not finite among them, is reported, and the
// result of no use: direction_norms and resultant do it again.
// Error: 2^-22 of a row, 2^-24 for each row of a block at worst.
//!include vmf/rows.wgsl

@group(0) @binding(3) var<storage, read_write> partials: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> report: array<atomic<u32>>;

override WORKGROUP: u32 = 64u;
override SERIAL_SUM: bool = false;
override MATS: u32 = 1u;

const SMALLEST_SUM: u32 = 0x2b800000u; // 2^-40
const LARGEST_SUM: u32 = 0x71800000u;  // 2^100

var<workgroup> squares: array<f32, 2u * WORKGROUP>;

fn quad_or_zero(row: u32, quad: u32) -> vec4f {
  let x = load(row, min(quad, params.quads - 1u));
  return select(vec4f(0.0), x, quad < params.quads);
}

fn four_quads(row: u32, k: u32, local: u32) -> mat4x4f {
  let q = 4u * k * WORKGROUP + local;
  if (k + 1u < MATS) {
    return mat4x4f(load(row, q), load(row, q + WORKGROUP), load(row, q + 2u * WORKGROUP), load(row, q + 3u * WORKGROUP));
  }
  return mat4x4f(quad_or_zero(row, q), quad_or_zero(row, q + WORKGROUP), quad_or_zero(row, q + 2u * WORKGROUP),
    quad_or_zero(row, q + 3u * WORKGROUP));
}

fn sum_of_squares(x: mat4x4f) -> vec4f {
  return (x[0] * x[0] + x[1] * x[1]) + (x[2] * x[2] + x[3] * x[3]);
}

fn store_quad(at: u32, quad: u32, x: vec4f) {
  if (quad < params.quads) { partials[at + quad] = x; }
}

fn store(at: u32, k: u32, local: u32, x: mat4x4f) {
  let q = 4u * k * WORKGROUP + local;
  store_quad(at, q, x[0]);
  store_quad(at, q + WORKGROUP, x[1]);
  store_quad(at, q + 2u * WORKGROUP, x[2]);
  store_quad(at, q + 3u * WORKGROUP, x[3]);
}

// The sum over the workgroup, on every thread.
fn sum_all(local: u32, turn: u32, value: f32) -> f32 {
  squares[turn + local] = value;
  workgroupBarrier();
  if (SERIAL_SUM) {
    var total = 0.0;
    for (var k = 0u; k < WORKGROUP; k++) { total += squares[turn + k]; }
    return total;
  }
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (local < half) { squares[turn + local] += squares[turn + local + half]; }
    workgroupBarrier();
  }
  return squares[turn];
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let block = group_index(group, groups);
  if (block >= params.blocks) { return; }
  var a = mat4x4f();
  var b = mat4x4f();
  var c = mat4x4f();
  var d = mat4x4f();
  var e = mat4x4f();
  var f = mat4x4f();
  var g = mat4x4f();
  var h = mat4x4f();
  var turn = 0u;
  var ordinary = true;
  let begin = params.first + block * params.block;
  let end = min(begin + params.block, params.until);
  for (var row = begin; row < end; row++) {
    let m = four_quads(row, 0u, local);
    var square = sum_of_squares(m);
    var n = mat4x4f();
    var o = mat4x4f();
    var p = mat4x4f();
    var q = mat4x4f();
    var r = mat4x4f();
    var s = mat4x4f();
    var t = mat4x4f();
    if (MATS > 1u) { n = four_quads(row, 1u, local); square += sum_of_squares(n); }
    if (MATS > 2u) { o = four_quads(row, 2u, local); square += sum_of_squares(o); }
    if (MATS > 3u) { p = four_quads(row, 3u, local); square += sum_of_squares(p); }
    if (MATS > 4u) { q = four_quads(row, 4u, local); square += sum_of_squares(q); }
    if (MATS > 5u) { r = four_quads(row, 5u, local); square += sum_of_squares(r); }
    if (MATS > 6u) { s = four_quads(row, 6u, local); square += sum_of_squares(s); }
    if (MATS > 7u) { t = four_quads(row, 7u, local); square += sum_of_squares(t); }
    let total = keep(sum_all(local, turn, (square.x + square.y) + (square.z + square.w)));
    turn = WORKGROUP - turn;
    let bits = bitcast<u32>(total);
    ordinary = ordinary && bits >= SMALLEST_SUM && bits <= LARGEST_SUM;
    let inverse = reciprocal(sqrt(clamp(total, 0x1p-40f, 0x1p+100f)));
    a += m * inverse;
    if (MATS > 1u) { b += n * inverse; }
    if (MATS > 2u) { c += o * inverse; }
    if (MATS > 3u) { d += p * inverse; }
    if (MATS > 4u) { e += q * inverse; }
    if (MATS > 5u) { f += r * inverse; }
    if (MATS > 6u) { g += s * inverse; }
    if (MATS > 7u) { h += t * inverse; }
  }
  if (!ordinary && local == 0u) { atomicOr(&report[1], 1u); }
  let at = block * params.quads;
  store(at, 0u, local, a);
  if (MATS > 1u) { store(at, 1u, local, b); }
  if (MATS > 2u) { store(at, 2u, local, c); }
  if (MATS > 3u) { store(at, 3u, local, d); }
  if (MATS > 4u) { store(at, 4u, local, e); }
  if (MATS > 5u) { store(at, 5u, local, f); }
  if (MATS > 6u) { store(at, 6u, local, g); }
  if (MATS > 7u) { store(at, 7u, local, h); }
}
