//! Couplings of little entropy.

use super::{check_weights, per_nat};
use crate::divergence::Unit;
use crate::error::{Error, Result};
use crate::number::Element;
use crate::parallel::map_rows;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A joint distribution with given marginals.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Coupling {
    /// Its atoms, in the order in which they were made: one index into every marginal, and the mass.
    pub atoms: Vec<(Vec<u32>, f64)>,
    /// −Σ p ln p of the atoms.
    pub entropy: f64,
    /// What no coupling of these marginals is below: the entropy of their greatest lower bound in the order of
    /// majorisation (Cicalese, Gargano and Vaccaro 2019), which is at least that of every marginal.
    pub lower_bound: f64,
    /// The unit of both.
    pub unit: Unit,
}

/// What is left of an entry of a marginal.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Remaining {
    mass: f64,
    index: u32,
}

impl Eq for Remaining {}

impl Ord for Remaining {
    /// By mass, then the smaller index first: the same atoms on every machine.
    fn cmp(&self, other: &Remaining) -> Ordering {
        self.mass.total_cmp(&other.mass).then(other.index.cmp(&self.index))
    }
}

impl PartialOrd for Remaining {
    fn partial_cmp(&self, other: &Remaining) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The greedy minimum-entropy coupling of the marginals of every problem: repeatedly, the largest remaining mass of each
/// marginal is taken, and their minimum becomes an atom (Kocaoglu et al. 2017). Its entropy is within log₂ e ≈ 1.44 bits
/// (1 nat) of the smallest there is (Compton 2022).
///
/// A problem is two or more histograms of any lengths, weights ≥ 0, each normalised by its own sum. There are at most
/// Σ lengths − marginals + 1 atoms. On the host: a sequence of heap operations, O(Σ lengths · marginals · log) a problem,
/// problems in parallel. What is left of an entry below 2⁻⁴⁹ of it counts as nothing.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::Unit;
/// use kantor::information::minimum_entropy_coupling;
/// let marginals: Vec<&[f64]> = vec![&[1.0], &[0.75, 0.25], &[0.6, 0.3, 0.1]];
/// let found = minimum_entropy_coupling(&[marginals], Unit::Nats)?;
/// let masses: Vec<f64> = found[0].atoms.iter().map(|(_, mass)| *mass).collect();
/// for (mass, exact) in masses.iter().zip([0.6, 0.25, 0.1, 0.05]) {
///     assert!((mass - exact).abs() < 1e-15);
/// }
/// assert_eq!(found[0].atoms[1].0, [0, 1, 1]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::InvalidInput`]: no problem; one (with its row) of fewer than two marginals; a marginal that is empty or has
/// no mass; a weight that is negative or no finite number (with problem and index).
pub fn minimum_entropy_coupling<T: Element>(
    problems: &[Vec<&[T]>],
    unit: Unit,
) -> Result<Vec<Coupling>> {
    if problems.is_empty() {
        return Err(Error::invalid("problems", "there is none"));
    }
    for (row, marginals) in problems.iter().enumerate() {
        if marginals.len() < 2 {
            let reason = format!("has {} marginals, a coupling needs two", marginals.len());
            return Err(Error::invalid_row("problems", row, reason));
        }
        for (k, marginal) in marginals.iter().enumerate() {
            check_weights("problems", row, marginal).map_err(|error| of_marginal(error, k))?;
        }
    }
    Ok(map_rows(problems.len(), |k| couple(&problems[k], unit)))
}

/// The error with the marginal named.
fn of_marginal(error: Error, marginal: usize) -> Error {
    match error {
        Error::InvalidInput { argument, row, index, reason } => {
            let reason = format!("in marginal {marginal}: {reason}");
            Error::InvalidInput { argument, row, index, reason }
        }
        other => other,
    }
}

fn couple<T: Element>(marginals: &[&[T]], unit: Unit) -> Coupling {
    let normalized: Vec<Vec<f64>> = marginals.iter().map(|weights| normalize(weights)).collect();
    let mut heaps: Vec<BinaryHeap<Remaining>> = normalized
        .iter()
        .map(|masses| {
            let entries = masses.iter().zip(0..).filter(|(mass, _)| **mass > 0.0);
            entries.map(|(mass, index)| Remaining { mass: *mass, index }).collect()
        })
        .collect();
    let mut atoms = Vec::new();
    // Every atom uses an entry up.
    while let Some(tops) = heaps.iter().map(|heap| heap.peek().copied()).collect::<Option<Vec<_>>>()
    {
        let mass = tops.iter().map(|top| top.mass).fold(f64::INFINITY, f64::min);
        for (k, (heap, top)) in heaps.iter_mut().zip(&tops).enumerate() {
            heap.pop();
            let left = top.mass - mass;
            if left > normalized[k][top.index as usize] * (-49f64).exp2() {
                heap.push(Remaining { mass: left, ..*top });
            }
        }
        atoms.push((tops.iter().map(|top| top.index).collect(), mass));
    }
    let entropy = entropy(atoms.iter().map(|(_, mass): &(Vec<u32>, f64)| *mass)) * per_nat(unit);
    // Equal where there is nothing to choose; the bound must not be above by rounding.
    let lower_bound = (lower_bound(normalized) * per_nat(unit)).min(entropy);
    Coupling { atoms, entropy, lower_bound, unit }
}

fn normalize<T: Element>(weights: &[T]) -> Vec<f64> {
    let most = weights.iter().fold(0.0f64, |most, w| most.max(w.to_f64()));
    let sum: f64 = weights.iter().map(|w| w.to_f64() / most).sum();
    weights.iter().map(|w| w.to_f64() / most / sum).collect()
}

/// Non-negative also where a single mass is 1 but for rounding.
fn entropy(masses: impl Iterator<Item = f64>) -> f64 {
    masses.filter(|mass| *mass > 0.0).map(|mass| -mass * mass.ln()).sum::<f64>().max(0.0)
}

/// The entropy of the distribution whose partial sums of descending masses are the smallest of all marginals'.
fn lower_bound(mut marginals: Vec<Vec<f64>>) -> f64 {
    let longest = marginals.iter().map(Vec::len).max().unwrap_or(0);
    let mut least = vec![1.0f64; longest];
    for masses in &mut marginals {
        masses.sort_by(|a, b| b.total_cmp(a));
        let mut sum = 0.0;
        for (k, least) in least.iter_mut().enumerate() {
            sum += masses.get(k).copied().unwrap_or(0.0);
            *least = least.min(sum);
        }
    }
    let mut before = 0.0;
    entropy(least.into_iter().map(|sum| {
        let mass = sum - before;
        before = sum;
        mass
    }))
}
