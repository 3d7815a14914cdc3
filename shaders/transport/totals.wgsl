// Adds up what the measuring sweeps left per workgroup: four sums per problem,
// in double-float, whatever the precision of the sweep, in the order of the rows.
// One thread a problem, whose sums begin at `first`. Output: high words, low words.
//!include shared/twofloat.wgsl
//!include shared/grid.wgsl

struct Total { zero: u32, problems: u32, blocks: u32, first: u32 }
@group(0) @binding(0) var<uniform> total: Total;
@group(0) @binding(1) var<storage, read> partials: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> sums: array<vec4f>;

override WORKGROUP: u32 = 64u;
override DOUBLE: bool = false;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let problem = group_index(group, groups) * WORKGROUP + local;
  if (problem >= total.problems) { return; }
  runtime_zero = total.zero;
  var x = vec2f(0.0);
  var y = vec2f(0.0);
  var z = vec2f(0.0);
  var w = vec2f(0.0);
  for (var k = 0u; k < total.blocks; k++) {
    let at = problem * total.blocks + k;
    var high = vec4f(0.0);
    var low = vec4f(0.0);
    if (DOUBLE) {
      high = partials[total.first + 2u * at];
      low = partials[total.first + 2u * at + 1u];
    } else {
      high = partials[total.first + at];
    }
    x = df_add(x, vec2f(high.x, low.x));
    y = df_add(y, vec2f(high.y, low.y));
    z = df_add(z, vec2f(high.z, low.z));
    w = df_add(w, vec2f(high.w, low.w));
  }
  sums[2u * problem] = vec4f(x.x, y.x, z.x, w.x);
  sums[2u * problem + 1u] = vec4f(x.y, y.y, z.y, w.y);
}
