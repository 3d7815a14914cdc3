// Adds up the sums of blocks in double-float, whatever they were made in, in the order of the blocks.
//
// One thread a quad of a sum. A sum is `count` vectors of `length` quads, the first of them number `first`, each `step`
// after the one before it. Output: high words of all sums, then low words.
// Error: 2^-46 of the sum of sizes.
//!include shared/grid.wgsl
//!include shared/twofloat.wgsl

struct Blocks { zero: u32, sums: u32, length: u32, low: u32 }
@group(0) @binding(0) var<uniform> params: Blocks;
@group(0) @binding(1) var<storage, read> partials: array<vec4f>;
@group(0) @binding(2) var<storage, read> ranges: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> sums: array<vec4f>;

override WORKGROUP: u32 = 64u;
override DOUBLE: bool = false;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let place = group_index(group, groups) * WORKGROUP + local;
  if (place >= params.sums * params.length) { return; }
  let range = ranges[place / params.length];
  var x = vec2f(0.0);
  var y = vec2f(0.0);
  var z = vec2f(0.0);
  var w = vec2f(0.0);
  let count = min(range.y, arrayLength(&partials));
  for (var k = 0u; k < count; k++) {
    let at = (range.x + k * range.z) * params.length + place % params.length;
    let high = partials[at];
    var low = vec4f(0.0);
    if (DOUBLE) { low = partials[params.low + at]; }
    x = df_add(x, vec2f(high.x, low.x));
    y = df_add(y, vec2f(high.y, low.y));
    z = df_add(z, vec2f(high.z, low.z));
    w = df_add(w, vec2f(high.w, low.w));
  }
  sums[place] = vec4f(x.x, y.x, z.x, w.x);
  sums[params.sums * params.length + place] = vec4f(x.y, y.y, z.y, w.y);
}
