//! Taking constants of rows and columns out of a cost, and costs that are never paid out of its spread.

use super::{Cost, Geometry, Reduction};
use crate::parallel::map_rows;
use std::sync::Arc;

/// Costs of so many ε are worth nothing to know: no plan pays them, and f32 potentials could not.
const WORTHLESS: f64 = 1e7;

/// max|C|/ε above which constants are looked for.
const CONTRAST: f64 = 1e3;

impl Geometry {
    /// With constants taken out where they matter beside `epsilon`, and with a spread of what is left that counts no cost
    /// so large that it is never paid. Only of matrices on the host; constants only between `hard` marginals.
    pub(crate) fn reduced(&self, epsilon: f64, hard: bool) -> Geometry {
        let Cost::Host { forbidden, .. } = &self.cost else { return self.clone() };
        if self.spread <= CONTRAST * epsilon && !forbidden {
            return self.clone();
        }
        let mut this = self.clone();
        if hard {
            this.offset = 0.0;
            this.reduction = Some(self.reduction());
        }
        let (n, m) = self.shape();
        let matrices = self.batch.unwrap_or(1);
        let offset = if hard { 0.0 } else { self.offset };
        let rows = this.cost.rows(m, offset, this.reduction.as_ref());
        let seen = map_rows(matrices * n, |row| {
            let (mut most, mut beyond) = (0.0f64, f64::INFINITY);
            rows.each(row, 0..m, |c| {
                let size = c.abs();
                if size <= WORTHLESS * epsilon {
                    most = most.max(size);
                } else {
                    beyond = beyond.min(size);
                }
            });
            (most, beyond)
        });
        let most = seen.iter().map(|(most, _)| *most).fold(0.0, f64::max);
        let beyond = seen.iter().map(|(_, beyond)| *beyond).fold(f64::INFINITY, f64::min);
        // Nothing but ties and costs that are never paid is no problem of a large ε: some of them may have to be paid.
        this.spread = if most < epsilon && beyond.is_finite() { beyond } else { most };
        this.least = if hard { 0.0 } else { this.least };
        this
    }

    fn reduction(&self) -> Reduction {
        let (n, m) = self.shape();
        let matrices = self.batch.unwrap_or(1);
        let all = self.cost.rows(m, 0.0, None);
        let finite = |x: f64| if x.is_finite() { x } else { 0.0 };
        let rows = map_rows(matrices * n, |row| {
            let mut least = f64::INFINITY;
            all.each(row, 0..m, |c| least = least.min(c));
            finite(least)
        });
        // Some rows a task, whose columns' least are compared after.
        const TASK: usize = 64;
        let tasks = n.div_ceil(TASK);
        let parts = map_rows(matrices * tasks, |task| {
            let (matrix, from) = (task / tasks, task % tasks * TASK);
            let mut least = vec![f64::INFINITY; m];
            for i in from..n.min(from + TASK) {
                let (row, mut column) = (matrix * n + i, least.iter_mut());
                all.each(row, 0..m, |c| {
                    if let Some(least) = column.next() {
                        *least = least.min(c - rows[row]);
                    }
                });
            }
            least
        });
        let mut columns = Vec::with_capacity(matrices * m);
        for parts in parts.chunks(tasks.max(1)) {
            for j in 0..m {
                columns
                    .push(finite(parts.iter().map(|part| part[j]).fold(f64::INFINITY, f64::min)));
            }
        }
        Reduction { rows: Arc::new(rows), columns: Arc::new(columns) }
    }
}
