//! Information measures of joint tables and channels, couplings of little entropy, histograms of samples, and
//! importance weights.
//!
//! # Definitions
//! A joint table is a histogram w over pairs (x, y): rows are values of X, columns values of Y, p = w/Σw.
//!
//! | name | value |
//! |---|---|
//! | mutual information I(X;Y) | Σ p ln(p/(p_X p_Y)) = KL(p ‖ p_X ⊗ p_Y) |
//! | H(X), H(Y), H(X,Y) | −Σ p ln p of rows, columns, cells |
//! | H(X\|Y), H(Y\|X) | −Σ p ln(p/p_Y), −Σ p ln(p/p_X) |
//! | variation of information | H(X\|Y) + H(Y\|X) |
//! | Dobrushin's η_TV of a channel K | max over inputs i, k of ½ Σ_j \|K_ij − K_kj\| |
//! | η_χ² of K at an input p | the largest χ²(p̃K ‖ pK)/χ²(p̃ ‖ p): σ₂² of diag(√p) K diag(1/√(pK)) |
//! | effective sample size | (Σw)²/Σw² |
//! | log-mean-exp | ln((1/m) Σ e^l), the bound of importance-weighted autoencoders (IWAE) |
//!
//! Natural logarithms and 0 ln 0 = 0; nats unless [`Unit::Bits`] is asked for. Every measure is a sum
//! of terms that are never negative, so that tables next to independence, and variables next to constant, keep their
//! digits.
//!
//! # Where it runs
//! Joint tables, sums and normalisation of log-weights, and the counting of many samples run on the context's device.
//! On the host, in f64 and with rayon where there are threads: channels (a batch of matrices is small work), couplings
//! (a sequence of heap operations), quantiles of samples (a sort), and resampling (prefix sums that must be exact).
//!
//! Sources: Cover and Thomas, *Elements of Information Theory* (2006), chapter 2; Dobrushin, *Central limit theorem for
//! nonstationary Markov chains* (1956); Polyanskiy and Wu, *Strong data-processing inequalities* (2017); Kocaoglu et al.,
//! *Entropic causal inference* (2017); Burda et al., *Importance weighted autoencoders* (2016); Kitagawa, *Monte Carlo
//! filter and smoother* (1996).

mod bins;
mod cells;
mod channel;
mod count;
mod coupling;
pub(crate) mod kernels;
mod log_weights;
mod resample;
mod samples;
mod table;
mod table_device;
mod weights;
mod weights_device;

pub use bins::{Bins, equal_mass_bins, equal_width_bins};
pub use channel::{chi2_contraction, dobrushin_coefficient};
pub use count::{Counts, count, count_pairs, count_pairs_tensor, count_tensor};
pub use coupling::{Coupling, minimum_entropy_coupling};
pub use resample::systematic_resample;
pub use samples::binned_mutual_information;
pub use table::{JointInformation, Normalization, joint_information, joint_information_tensor};
pub use weights::{ImportanceWeights, WeightSummary};

#[cfg(not(target_arch = "wasm32"))]
pub use {
    count::{
        count_blocking, count_pairs_blocking, count_pairs_tensor_blocking, count_tensor_blocking,
    },
    samples::binned_mutual_information_blocking,
    table::{joint_information_blocking, joint_information_tensor_blocking},
};

use crate::divergence::Unit;
use crate::error::{Error, Result};
use crate::number::Element;

/// Nats in a unit.
fn per_nat(unit: Unit) -> f64 {
    match unit {
        Unit::Nats => 1.0,
        Unit::Bits => std::f64::consts::LOG2_E,
    }
}

/// How many rows of `length` there are.
fn rows_of<T>(argument: &'static str, values: &[T], length: usize) -> Result<usize> {
    if length == 0 || values.is_empty() || !values.len().is_multiple_of(length) {
        let reason =
            format!("{} numbers are not a positive number of rows of {length}", values.len());
        return Err(Error::invalid(argument, reason));
    }
    Ok(values.len() / length)
}

/// That no weight is negative or no number, and that there is one: the sum of a row.
fn check_weights<T: Element>(argument: &'static str, row: usize, weights: &[T]) -> Result<()> {
    let mut most = 0.0f64;
    for (index, w) in weights.iter().enumerate() {
        let w = w.to_f64();
        // NaN compares with nothing.
        if !(0.0..=f64::MAX).contains(&w) {
            let reason = format!("{w:?} is not a finite weight of 0 or more");
            return Err(Error::invalid_at(argument, row, index, reason));
        }
        most = most.max(w);
    }
    if most == 0.0 {
        return Err(Error::invalid_row(argument, row, "has no mass"));
    }
    Ok(())
}
