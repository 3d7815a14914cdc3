//! Cells of joint tables as the twin and as a device take them.

use crate::number::{self, Element};
use crate::reference;
use crate::reference::information::power_of_two;
use std::borrow::Cow;

/// Cells below this count as zero, as in `cells.wgsl`.
const SMALLEST_CELL: f32 = f32::from_bits(0x1a00_0000);

/// Some tables for a device.
pub(super) struct Words<'a> {
    /// Cells in f32, tables scaled where they need it; where f32 does not hold them, as many low words behind.
    pub(super) cells: Cow<'a, [f32]>,
    /// From high to low words, 0 where there are none.
    pub(super) low: usize,
    /// The tables that have cells too small for the device, which are for the twin.
    pub(super) lost: Vec<usize>,
}

/// The largest cell, and the smallest that is not 0.
fn range(table: &[f32]) -> (f32, f32) {
    table.iter().fold((0.0f32, f32::MAX), |(most, least), w| {
        (most.max(*w), if *w > 0.0 { least.min(*w) } else { least })
    })
}

pub(super) fn words<T: Element>(tables: &[T], cells: usize) -> Words<'_> {
    let of_singles = |words: &[f32]| -> Option<Vec<usize>> {
        let ranges: Vec<(f32, f32)> = words.chunks_exact(cells).map(range).collect();
        let moderate = ranges.iter().all(|(most, _)| (9.765_625e-4..=1_048_576.0).contains(most));
        let lost = |table: &usize| ranges[*table].1 < SMALLEST_CELL;
        moderate.then(|| (0..ranges.len()).filter(lost).collect())
    };
    if let Some(words) = T::singles(tables)
        && let Some(lost) = of_singles(words)
    {
        return Words { cells: Cow::Borrowed(words), low: 0, lost };
    }
    let (mut high, mut low) = (Vec::with_capacity(tables.len()), Vec::new());
    let mut lost = Vec::new();
    for (number, table) in tables.chunks_exact(cells).enumerate() {
        for (w, given) in scaled(table).into_iter().zip(table) {
            let [word, rest] = number::words(w);
            let there = word >= SMALLEST_CELL;
            if rest != 0.0 && there {
                low.resize(high.len(), 0.0f32);
                low.push(rest);
            }
            if !there && given.to_f64() > 0.0 && lost.last() != Some(&number) {
                lost.push(number);
            }
            high.push(if there { word } else { 0.0 });
        }
    }
    if low.is_empty() {
        return Words { cells: Cow::Owned(high), low: 0, lost };
    }
    let plane = high.len();
    low.resize(plane, 0.0);
    high.extend(low);
    Words { cells: Cow::Owned(high), low: plane, lost }
}

/// The measures of a table in f64.
pub(super) fn by_twin<T: Element>(table: &[T], columns: usize) -> [f64; 5] {
    reference::information::joint_information(&scaled(table), columns)
}

/// A table in f64, its largest cell between 1 and 2.
pub(super) fn scaled<T: Element>(table: &[T]) -> Vec<f64> {
    let most = table.iter().fold(0.0f64, |most, w| most.max(w.to_f64()));
    // In two steps: the inverse of a large power is subnormal.
    let root = power_of_two(most.sqrt());
    let rest = power_of_two(most / root);
    table.iter().map(|w| w.to_f64() / root / rest).collect()
}
