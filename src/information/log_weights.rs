//! What log-weights are, and what is wrong with others.

use crate::error::{Error, Result};
use crate::number::Element;

/// What is wrong with a log-weight, if anything is.
pub(super) fn refused(row: usize, index: usize, l: f64) -> Option<Error> {
    let wrong = l.is_nan() || l == f64::INFINITY;
    wrong.then(|| Error::invalid_at("log_weights", row, index, format!("{l} is no log-weight")))
}

pub(super) fn weightless(row: usize) -> Error {
    Error::invalid_row("log_weights", row, "every log-weight is −∞")
}

pub(super) fn screen<T: Element>(log_weights: &[T], columns: usize) -> Result<()> {
    for (row, values) in log_weights.chunks_exact(columns).enumerate() {
        let mut any = false;
        for (index, l) in values.iter().enumerate() {
            let l = l.to_f64();
            if let Some(error) = refused(row, index, l) {
                return Err(error);
            }
            any |= l > f64::NEG_INFINITY;
        }
        if !any {
            return Err(weightless(row));
        }
    }
    Ok(())
}
