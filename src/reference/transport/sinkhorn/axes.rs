//! Passes over a regular grid, whole, along one axis after the other.

use super::Loop;
use crate::reference::elementary::exp;
use crate::reference::transport::along_axes::AlongAxes;
use crate::reference::transport::pass::Pass;

impl Loop<'_> {
    /// The pass under way, where that is less work so. `false` where it is for the chunks.
    pub(super) fn along_axes(&mut self) -> bool {
        let Some(axes) = self.costs.axes().filter(|_| self.by_axes) else { return false };
        match self.pass {
            Pass::Renew => {
                let softmins = axes.softmins(&self.spread_columns(), self.epsilon);
                let (update, defers) = (self.update(0), self.marginals.multiplied().is_some());
                for chunk in &mut self.chunks {
                    chunk.side.begin();
                    for (i, &pixel) in self.costs.rows[chunk.rows.clone()].iter().enumerate() {
                        chunk.side.come_to(i, softmins[pixel], &update, defers);
                    }
                }
            }
            Pass::Columns => {
                let softmins = self.softmins_of_columns(&axes);
                self.sums.copy_from_slice(&softmins);
            }
            Pass::Measure => {
                let of_columns = self.softmins_of_columns(&axes);
                let of_rows = axes.softmins_and_costs(&self.spread_columns(), self.epsilon);
                self.hold(of_columns, of_rows);
            }
            Pass::Copy | Pass::Spread | Pass::Scale | Pass::Done => {}
        }
        true
    }

    /// Weighted potentials of the columns, with λ, at their pixels.
    fn spread_columns(&self) -> Vec<f64> {
        let mut all = vec![f64::NEG_INFINITY; self.bins.1];
        self.costs.columns.iter().zip(&self.h).for_each(|(&pixel, h)| all[pixel] = *h);
        all
    }

    fn softmins_of_columns(&self, axes: &AlongAxes<'_>) -> Vec<f64> {
        let mut all = vec![f64::NEG_INFINITY; self.bins.0];
        for chunk in &self.chunks {
            for (i, &pixel) in self.costs.rows[chunk.rows.clone()].iter().enumerate() {
                all[pixel] = chunk.side.weighted(i, self.epsilon);
            }
        }
        let softmins = axes.softmins(&all, self.epsilon);
        self.costs.columns.iter().map(|&pixel| softmins[pixel]).collect()
    }

    /// What rows and columns hold, and ⟨P, C⟩, from the softmins of the columns, and those of all rows with their mean costs.
    fn hold(&mut self, of_columns: Vec<f64>, (softmins, costs): (Vec<f64>, Vec<f64>)) {
        let epsilon = self.epsilon;
        for chunk in &mut self.chunks {
            chunk.transport = 0.0;
            chunk.held.clear();
            for (i, &pixel) in self.costs.rows[chunk.rows.clone()].iter().enumerate() {
                let held = exp((chunk.side.weighted(i, epsilon) - softmins[pixel]) / epsilon);
                chunk.held.push(held);
                chunk.transport += held * costs[pixel];
            }
            chunk.columns.fill(0.0);
        }
        if let Some(first) = self.chunks.first_mut() {
            for ((held, h), softmin) in first.columns.iter_mut().zip(&self.h).zip(of_columns) {
                *held = exp((h - softmin) / epsilon);
            }
        }
    }
}
