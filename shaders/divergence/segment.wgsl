// Segments of a row, and what the threads of a unit agree on.
//!include shared/sum_double.wgsl

// First quad of a segment, and the first behind it.
fn segment(index: u32) -> vec2u {
  let first = index * params.quads;
  return vec2u(first, min(first + params.quads, (params.columns + 3u) / 4u));
}

// A bit of a flag that is set, in every byte of three: what so many lanes have fits an f32.
fn digits(flags: u32) -> f32 {
  return f32((flags & 1u) | ((flags & 2u) << 7u) | ((flags & 4u) << 14u));
}

fn set_bits(counted: f32) -> u32 {
  let count = u32(counted);
  return select(0u, 1u, (count & 255u) != 0u) | select(0u, 2u, ((count >> 8u) & 255u) != 0u)
    | select(0u, 4u, (count >> 16u) != 0u);
}

// The bits that are set in any lane's flags, of the first nine; valid on the first of at most 255 lanes. Every thread of
// the workgroup must call it.
fn any_lanes(local: u32, lanes: u32, flags: u32) -> u32 {
  workgroupBarrier();
  let counted = sum_lanes(local, lanes, vec4f(digits(flags), digits(flags >> 3u), digits(flags >> 6u), 0.0));
  return set_bits(counted.x) | (set_bits(counted.y) << 3u) | (set_bits(counted.z) << 6u);
}
