// The blocks of every line as one sum; TOTALS: the lines of every table, each a term of its own.
//
// Method. LANES threads share the `block` parts of an output. Double-float, largest term apart.
// Error: 2^-47 of the sum for each of its terms, in the worst case.
//!include information/table.wgsl

@group(0) @binding(1) var<storage, read> parts: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> sums: array<vec4f>;

override TOTALS: bool = false;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let item = item_of(group, groups, local);
  let live = item < params.until;
  var sum = vec4f(0.0);
  if (live) {
    for (var k = local % LANES; k < params.block; k += LANES) {
      let part = parts[item * params.block + k];
      if (TOTALS) {
        sum = with_term(sum, total(part));
      } else {
        sum = joined(sum, part);
      }
    }
  }
  if (LANES > 1u) { sum = joined_lanes(local, LANES, sum); }
  if (live && local % LANES == 0u) { sums[item] = sum; }
}
