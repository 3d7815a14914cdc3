//! One side of a batch: weights and potentials.

use super::layout::{LN_ZERO, Layout, Side, padded_row};
use super::masses::Masses;
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::gpu::buffer::Buffer;
use crate::number::{Precision, words};
use crate::transport::weights::Weights;
use std::ops::Range;

/// One side's data on the device.
#[derive(Debug)]
pub(crate) struct SideData {
    /// Entries of one problem in memory (dense), with padding.
    pub(crate) padded: usize,
    /// Bins of one problem.
    pub(crate) bins: usize,
    /// Bins of a line, and its entries in memory (dense): of a grid its last axis, else all.
    pub(crate) width: usize,
    pub(crate) pitch: usize,
    /// Largest number of entries of a problem.
    pub(crate) longest: usize,
    /// First entry of each problem, and the end.
    pub(crate) offsets: Vec<u32>,
    /// Bins of the entries, where supports are used.
    pub(crate) places: Option<Vec<u32>>,
    pub(crate) weights: Buffer,
    pub(crate) potentials: Buffer,
}

/// Where a batch begins.
#[derive(Debug)]
pub(super) struct Begin {
    pub(super) range: Range<usize>,
    pub(super) layout: Layout,
    pub(super) epsilon: f64,
    pub(super) scale: f64,
}

impl SideData {
    /// One side of the problems of `begin`: weights over their problem's power of two, and weighted starting potentials.
    pub(super) fn upload(
        gpu: &Gpu,
        weights: &Weights,
        masses: &[Masses],
        side: Side,
        begin: &Begin,
        start: Option<&[f64]>,
    ) -> Result<SideData> {
        let Begin { range, layout, epsilon, scale } = begin;
        let bins = weights.bins;
        let width = layout.width.unwrap_or(bins);
        let pitch = if layout.supports { width } else { padded_row(width) };
        let padded = bins / width * pitch;
        let mut offsets = vec![0u32];
        let mut places = Vec::new();
        let mut values = Vec::new();
        let mut potentials = Vec::new();
        let mut longest = 0;
        for (problem, Masses { exponent, .. }) in range.clone().zip(masses) {
            let unit = (-exponent).exp2();
            for (bin, &weight) in weights.row(problem).iter().enumerate() {
                if layout.supports && weight <= 0.0 {
                    continue;
                }
                if layout.supports {
                    places.push(bin as u32);
                }
                values.push(weight * unit);
                let g = start.map_or(0.0, |g| g[problem * bins + bin]);
                let weight = if side == Side::Source { weight * unit } else { weight };
                potentials.push(starting(g, weight, *epsilon, *scale));
                if !layout.supports && (bin + 1) % width == 0 {
                    values.resize(values.len() + pitch - width, 0.0);
                    potentials.resize(values.len(), f64::from(LN_ZERO));
                }
            }
            longest = longest.max(values.len() - offsets[offsets.len() - 1] as usize);
            let end = u32::try_from(values.len()).map_err(|_| Error::LimitExceeded {
                what: "weights of a batch (elements)".into(),
                needed: values.len() as u64,
                available: u32::MAX.into(),
            })?;
            offsets.push(end);
        }
        let to_words = |values: &[f64]| {
            let mut all: Vec<f32> = values.iter().map(|v| *v as f32).collect();
            if layout.precision == Precision::Double {
                all.extend(values.iter().map(|v| words(*v)[1]));
            }
            all
        };
        Ok(SideData {
            padded,
            bins,
            width,
            pitch,
            longest,
            offsets,
            places: layout.supports.then_some(places),
            weights: gpu.upload("weights", &to_words(&values))?,
            potentials: gpu.upload("potentials", &to_words(&potentials))?,
        })
    }

    /// Entries of all problems: the distance between high and low words.
    pub(crate) fn entries(&self) -> usize {
        self.offsets.last().map_or(0, |&end| end as usize)
    }

    /// The bin of a problem's entry; `None` of padding.
    pub(crate) fn bin(&self, problem: usize, entry: usize) -> Option<usize> {
        if let Some(places) = &self.places {
            return Some(places[self.offsets[problem] as usize + entry] as usize);
        }
        let (line, at) = (entry / self.pitch, entry % self.pitch);
        (at < self.width).then_some(line * self.width + at)
    }

    pub(crate) fn range(&self, problem: usize) -> Range<usize> {
        self.offsets[problem] as usize..self.offsets[problem + 1] as usize
    }
}

/// A weighted potential to start from, in the device's units.
pub(super) fn starting(g: f64, weight: f64, epsilon: f64, scale: f64) -> f64 {
    if weight > 0.0 { (g + epsilon * weight.ln()) * scale } else { f64::from(LN_ZERO) }
}
