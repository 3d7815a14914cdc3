//! Which variant of a kernel a device gets: from its capabilities, and the sizes.

use crate::gpu::Capabilities;

/// Rows whose sum one thread makes in f32, one after the other.
pub(super) fn rows_per_block(capabilities: &Capabilities, rows: usize, quads: usize) -> usize {
    if let Some(block) = capabilities.direction_block() {
        return block;
    }
    // Short blocks where there are few rows, so that all of a GPU has something to do.
    let tiles = quads.div_ceil(column_workgroup(capabilities) as usize);
    (rows * tiles / capabilities.parallel_problems()).clamp(16, 256)
}

/// Threads of a workgroup that take quads of a row beside each other.
pub(super) fn column_workgroup(capabilities: &Capabilities) -> u32 {
    capabilities.direction_workgroup()
}

/// Threads that hold a whole row of so many quads in registers, sixteen quads in a matrix,
/// and how many matrices each: `None` where rows are too long for it.
pub(super) fn lanes_that_hold(capabilities: &Capabilities, quads: usize) -> Option<(u32, u32)> {
    let (lanes, most) = capabilities.direction_lanes();
    let mats = |lanes: u32| quads.div_ceil(4 * lanes as usize) as u32;
    lanes.into_iter().map(|lanes| (lanes, mats(lanes))).find(|(_, mats)| *mats <= most)
}

/// Workgroups along a row and quads a thread for sums of rows of length one, with the
/// fewest threads idle: for CPU drivers only, where a row is better not held.
pub(super) fn unit_tiles(capabilities: &Capabilities, quads: usize) -> Option<(usize, u32)> {
    let tiles = |held: usize| quads.div_ceil(held * UNIT_WORKGROUP as usize);
    let loads = |held: &usize| tiles(*held) * held;
    // All quads of a thread but the last must lie in the row.
    let fits = |held: &usize| (held - 1) * tiles(*held) * UNIT_WORKGROUP as usize <= quads;
    let held = (1..=8).rev().filter(fits).min_by_key(loads)?;
    capabilities.directions_pass().then_some((tiles(held), held as u32))
}

/// Threads of a workgroup there: one SIMD register.
pub(super) const UNIT_WORKGROUP: u32 = 8;
