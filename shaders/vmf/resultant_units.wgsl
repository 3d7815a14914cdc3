// Sums of rows as they are, or times a factor each, and the squares that unit_lengths makes lengths of: for adapters
// where a barrier a row costs more than a second look at it. Rows of length one already need no second look.
//
// Method. A thread adds up HELD quads of a block of rows in f32, and leaves the sum of their squares for every row. No
// thread waits for another. Threads beside each other load quads beside each other.
// FACTOR: every row is multiplied by its factor, and squares are left alone.
// Output: sums of blocks, for block_sums; squares, thread after thread, rows beside each other.
// Error: 2^-24 for each row of a block at worst; without FACTOR, what lengths differ from one by is not seen.
//!include vmf/rows.wgsl

@group(0) @binding(3) var<storage, read_write> partials: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> squares: array<f32>;
@group(0) @binding(5) var<storage, read> factors: array<f32>;

override WORKGROUP: u32 = 8u;
override FACTOR: bool = false;
override HELD: u32 = 5u;

// Quad number k of a thread; the last ones may lie behind the row.
fn held(row: u32, k: u32, lane: u32, factor: f32) -> vec4f {
  let quad = k * params.tiles * WORKGROUP + lane;
  var x = vec4f(0.0);
  if (k + 1u < HELD) { x = load(row, quad); } else { x = load(row, min(quad, params.quads - 1u)); }
  if (FACTOR) { x *= factor; }
  if (k + 1u < HELD) { return x; }
  return select(vec4f(0.0), x, quad < params.quads);
}

fn store(block: u32, k: u32, lane: u32, x: vec4f) {
  let quad = k * params.tiles * WORKGROUP + lane;
  if (quad < params.quads) { partials[block * params.quads + quad] = x; }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let place = group_index(group, groups);
  let block = place / params.tiles;
  let lane = (place % params.tiles) * WORKGROUP + local;
  if (block >= params.blocks) { return; }
  var a = vec4f(0.0);
  var b = vec4f(0.0);
  var c = vec4f(0.0);
  var d = vec4f(0.0);
  var e = vec4f(0.0);
  var f = vec4f(0.0);
  var g = vec4f(0.0);
  var h = vec4f(0.0);
  let begin = params.first + block * params.block;
  let end = min(begin + params.block, params.until);
  for (var row = begin; row < end; row++) {
    var factor = 1.0;
    if (FACTOR) { factor = factors[row - params.first]; }
    let x = held(row, 0u, lane, factor);
    a += x;
    var square = x * x;
    if (HELD > 1u) { let y = held(row, 1u, lane, factor); b += y; square += y * y; }
    if (HELD > 2u) { let y = held(row, 2u, lane, factor); c += y; square += y * y; }
    if (HELD > 3u) { let y = held(row, 3u, lane, factor); d += y; square += y * y; }
    if (HELD > 4u) { let y = held(row, 4u, lane, factor); e += y; square += y * y; }
    if (HELD > 5u) { let y = held(row, 5u, lane, factor); f += y; square += y * y; }
    if (HELD > 6u) { let y = held(row, 6u, lane, factor); g += y; square += y * y; }
    if (HELD > 7u) { let y = held(row, 7u, lane, factor); h += y; square += y * y; }
    if (!FACTOR) {
      squares[lane * params.span + row - params.first] = (square.x + square.y) + (square.z + square.w);
    }
  }
  store(block, 0u, lane, a);
  if (HELD > 1u) { store(block, 1u, lane, b); }
  if (HELD > 2u) { store(block, 2u, lane, c); }
  if (HELD > 3u) { store(block, 3u, lane, d); }
  if (HELD > 4u) { store(block, 4u, lane, e); }
  if (HELD > 5u) { store(block, 5u, lane, f); }
  if (HELD > 6u) { store(block, 6u, lane, g); }
  if (HELD > 7u) { store(block, 7u, lane, h); }
}
