//! The bins of a problem that are not empty, and the costs between them.

use super::along_axes::AlongAxes;
use super::costs::Costs;

/// All that follows knows only these bins, and numbers them from 0.
pub(super) struct Filled<'a> {
    costs: Box<dyn Costs + Send + 'a>,
    pub(super) rows: Vec<usize>,
    pub(super) columns: Vec<usize>,
    /// All of the target's bins.
    bins: usize,
}

impl<'a> Filled<'a> {
    pub(super) fn new(costs: Box<dyn Costs + Send + 'a>, [a, b]: [&[f64]; 2]) -> Filled<'a> {
        let filled = |weights: &[f64]| -> Vec<usize> {
            (0..weights.len()).filter(|&i| weights[i] > 0.0).collect()
        };
        Filled { costs, rows: filled(a), columns: filled(b), bins: b.len() }
    }

    /// Of a regular grid, its axes.
    pub(super) fn axes(&self) -> Option<AlongAxes<'_>> {
        self.costs.axes().map(AlongAxes::new)
    }

    /// Whether going along them is less work than all pairs are.
    pub(super) fn has_short_axes(&self) -> bool {
        let pairs = self.rows.len() as f64 * self.columns.len() as f64;
        self.axes().is_some_and(|axes| axes.work(self.bins) < pairs)
    }

    /// Whether rows are there as they are, without being computed or put together.
    pub(super) fn is_stored(&self) -> bool {
        let stored = |i: &usize| self.costs.stored(*i).is_some();
        self.columns.len() == self.bins && self.rows.first().is_none_or(stored)
    }

    /// Row `i`, in `scratch` where it is not there.
    pub(super) fn row<'s>(&'s self, i: usize, scratch: &'s mut Vec<f64>) -> &'s [f64] {
        let stored = self.costs.stored(self.rows[i]);
        let is_whole = self.columns.len() == self.bins;
        if let Some(row) = stored.filter(|_| is_whole) {
            return row;
        }
        scratch.resize(self.bins, 0.0);
        self.write(i, scratch);
        &scratch[..self.columns.len()]
    }

    /// Row `i` at the beginning of `place`, which has room for all of the target's bins.
    fn write(&self, i: usize, place: &mut [f64]) {
        let is_whole = self.columns.len() == self.bins;
        if let Some(row) = self.costs.stored(self.rows[i]) {
            for (place, &j) in place.iter_mut().zip(&self.columns) {
                *place = row[j];
            }
            return;
        }
        self.costs.fill(self.rows[i], 0..self.bins, place);
        if !is_whole {
            // Each comes from its own place, or from one behind it.
            for (k, &j) in self.columns.iter().enumerate() {
                place[k] = place[j];
            }
        }
    }
}
