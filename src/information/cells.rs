//! Cells of joint tables as a device takes them.

use super::kernels::pair;
use super::table::scaled;
use crate::transport::Element;
use std::borrow::Cow;

/// Cells below this count as zero, as in `cells.wgsl`.
const SMALLEST_CELL: f32 = f32::from_bits(0x1a00_0000);

/// Cells in f32, tables scaled where they need it; where f32 does not hold them, as many low words behind.
pub(super) fn words<T: Element>(tables: &[T], cells: usize) -> (Cow<'_, [f32]>, usize) {
    if let Some(words) = T::singles(tables) {
        let moderate = |table: &[f32]| {
            let most = table.iter().fold(0.0f32, |most, w| most.max(*w));
            (9.765_625e-4..=1_048_576.0).contains(&most)
        };
        if words.chunks_exact(cells).all(moderate) {
            return (Cow::Borrowed(words), 0);
        }
    }
    let values = tables.chunks_exact(cells).flat_map(scaled);
    let (mut high, mut low) = (Vec::with_capacity(tables.len()), Vec::new());
    for w in values {
        let [word, rest] = pair(w);
        let there = word >= SMALLEST_CELL;
        if rest != 0.0 && there {
            low.resize(high.len(), 0.0f32);
            low.push(rest);
        }
        high.push(if there { word } else { 0.0 });
    }
    if low.is_empty() {
        return (Cow::Owned(high), 0);
    }
    let plane = high.len();
    low.resize(plane, 0.0);
    high.extend(low);
    (Cow::Owned(high), plane)
}
