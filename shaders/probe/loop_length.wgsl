// Start-up probe: does a long loop reach its end? Mesa before 24 stops an
// invocation after 65,535 iterations in total, without a word.

struct Params { zero: u32, loop_length: u32, count: u32, unused: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> reached: array<u32>;

@compute @workgroup_size(1)
fn main() {
  var count = 0u;
  // The bound and the step come from the host, so that no compiler replaces the
  // loop by its result.
  var state = 1u;
  loop {
    if (count >= params.loop_length) { break; }
    count += 1u;
    state = state * 1664525u + 1013904223u;
    if (state == params.zero) { count += 1u; }
  }
  reached[0] = count;
}
