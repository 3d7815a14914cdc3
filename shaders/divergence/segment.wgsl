// Segments of a row, and what the threads of a unit agree on.
//!include shared/sum_double.wgsl

// First quad of a segment, and the first behind it.
fn segment(index: u32) -> vec2u {
  let first = index * params.quads;
  return vec2u(first, min(first + params.quads, (params.columns + 3u) / 4u));
}

// The bits that are set in any lane's flags; every thread of the workgroup must call it.
fn any_lanes(local: u32, lanes: u32, flags: u32) -> u32 {
  var result = 0u;
  for (var bit = 0u; bit < 5u; bit++) {
    let summed = sum_lanes_double(local, lanes, vec2f(f32((flags >> bit) & 1u), 0.0));
    result |= select(0u, 1u << bit, summed.x > 0.0);
  }
  return result;
}
