//! Costs less what changes no plan: constants of rows and columns.

use std::sync::Arc;

/// Numbers r of rows and s of columns, of every matrix of a batch: C_ij − r_i − s_j ≥ 0, and 0 in every row and column.
/// Between hard marginals that cost has the same plan, and potentials less r and s, which keep the digits that large
/// constants would take from them.
#[derive(Clone)]
pub(crate) struct Reduction {
    pub(crate) rows: Arc<Vec<f64>>,
    pub(crate) columns: Arc<Vec<f64>>,
}

impl std::fmt::Debug for Reduction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reduction({} rows, {} columns)", self.rows.len(), self.columns.len())
    }
}
