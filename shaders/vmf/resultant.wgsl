// Weighted sums of directions, sum_i w_ik x_i / |x_i|, and sum_i w_ik behind them, for one to four k at a time.
//
// Method. A thread adds up one quad of a block of rows, in the order of the rows: in f32, where a block is short, or in
// double-float. block_sums adds the blocks. Threads beside each other take quads beside each other; the factors are the
// same for all of them. The thread behind the last quad adds up the weights.
// EQUAL: all weights are one. GATHER: a block is a list of rows, and one sum.
// Error of a block: 2^-24 of the sum of sizes for each of its rows at worst, in double-float 2^-46.
//!include vmf/rows.wgsl

@group(0) @binding(3) var<storage, read> norms: array<vec4f>;
@group(0) @binding(4) var<storage, read> weights: array<f32>;
@group(0) @binding(5) var<storage, read> jobs: array<u32>;
@group(0) @binding(6) var<storage, read_write> partials: array<vec4f>;

override WORKGROUP: u32 = 64u;
override COMPONENTS: u32 = 1u;
override SCALED: bool = false;
override EQUAL: bool = false;
override GATHER: bool = false;

fn weight(k: u32, row: u32) -> f32 {
  if (EQUAL || GATHER) { return 1.0; }
  return weights[k * params.span + row - params.first];
}

// The factor of a row in double-float.
fn factor(k: u32, row: u32, inverse: vec2f) -> vec2f {
  if (EQUAL || GATHER) { return inverse; }
  if (params.input_low == 0u) { return df_mul_f32(inverse, weight(k, row)); }
  return df_mul(inverse, vec2f(weight(k, row), weights[params.input_low + k * params.span + row - params.first]));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let place = group_index(group, groups);
  let quad = (place % params.tiles) * WORKGROUP + local;
  let block = (place / params.tiles) % params.blocks;
  let k = (place / params.tiles / params.blocks) * COMPONENTS;
  if (k >= params.sums || quad > params.quads) { return; }
  var begin = params.first + block * params.block;
  var end = min(begin + params.block, params.until);
  if (GATHER) {
    begin = params.order + jobs[2u * block];
    end = min(begin + jobs[2u * block + 1u], arrayLength(&jobs));
  }
  let at = (block * params.sums + k) * (params.quads + 1u) + quad;
  let counts = quad == params.quads;

  if (DOUBLE) {
    var sums = array<vec2f, 4>(vec2f(0.0), vec2f(0.0), vec2f(0.0), vec2f(0.0));
    for (var i = begin; i < end; i++) {
      var row = i;
      if (GATHER) { row = jobs[i]; }
      if (counts) {
        sums[0] = accumulate(sums[0], factor(k, row, vec2f(1.0, 0.0)));
        continue;
      }
      let norm = norms[row];
      let f = factor(k, row, norm.xy);
      var x = load(row, quad);
      if (SCALED) { x = scaled(x, norm.z); }
      if (LOW) {
        var y = load_low(row, quad);
        if (SCALED) { y *= norm.z; }
        sums[0] = accumulate(sums[0], df_mul(f, vec2f(x.x, y.x)));
        sums[1] = accumulate(sums[1], df_mul(f, vec2f(x.y, y.y)));
        sums[2] = accumulate(sums[2], df_mul(f, vec2f(x.z, y.z)));
        sums[3] = accumulate(sums[3], df_mul(f, vec2f(x.w, y.w)));
      } else {
        sums[0] = accumulate(sums[0], df_mul_f32(f, x.x));
        sums[1] = accumulate(sums[1], df_mul_f32(f, x.y));
        sums[2] = accumulate(sums[2], df_mul_f32(f, x.z));
        sums[3] = accumulate(sums[3], df_mul_f32(f, x.w));
      }
    }
    partials[at] = vec4f(sums[0].x, sums[1].x, sums[2].x, sums[3].x);
    partials[params.low + at] = vec4f(sums[0].y, sums[1].y, sums[2].y, sums[3].y);
    return;
  }

  var a = vec4f(0.0);
  var b = vec4f(0.0);
  var c = vec4f(0.0);
  var d = vec4f(0.0);
  for (var i = begin; i < end; i++) {
    var row = i;
    if (GATHER) { row = jobs[i]; }
    var x = vec4f(1.0, 0.0, 0.0, 0.0);
    if (!counts) {
      let norm = norms[row];
      x = load(row, quad);
      if (SCALED) { x = scaled(x, norm.z); }
      x *= norm.x;
    }
    a += x * weight(k, row);
    if (COMPONENTS > 1u && k + 1u < params.sums) { b += x * weight(k + 1u, row); }
    if (COMPONENTS > 2u && k + 2u < params.sums) { c += x * weight(k + 2u, row); }
    if (COMPONENTS > 3u && k + 3u < params.sums) { d += x * weight(k + 3u, row); }
  }
  let step = params.quads + 1u;
  partials[at] = a;
  if (COMPONENTS > 1u && k + 1u < params.sums) { partials[at + step] = b; }
  if (COMPONENTS > 2u && k + 2u < params.sums) { partials[at + 2u * step] = c; }
  if (COMPONENTS > 3u && k + 3u < params.sums) { partials[at + 3u * step] = d; }
}
