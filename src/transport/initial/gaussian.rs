//! Potentials between normal distributions.
//!
//! For the cost |x − y|² and σ² = ε/2, N(μ_a, A) and N(μ_b, B) have the coupling whose cross-covariance is
//! ½A^½ D A^−½ − ½σ²I, D = (4A^½BA^½ + σ⁴I)^½ (Janati et al. 2020, theorem 1). Its density over both marginals is exp of
//! quadratic potentials; with y' = y − μ_b
//!
//! * g(y) = |y'|² − 2 y'ᵀ A^½ (D + σ²I)⁻¹ A^½ y' + 2 y'·(μ_b − μ_a),
//!
//! which asks for no inverse of a covariance: clouds in a plane or on a line are as good as others. At ε = 0 it is the
//! potential of Bures' map.

use super::symmetric::{Eigen, times};
use crate::parallel::map_rows;
use crate::transport::geometry::Places;

/// Dimensions of a covariance at most.
pub(super) const MOST_DIMENSIONS: usize = 128;

/// Points that a thread takes at a time.
const SHARE: usize = 1 << 12;

/// Mean and covariance of weighted points.
struct Moments {
    mean: Vec<f64>,
    covariance: Vec<f64>,
}

impl Moments {
    fn new(points: &[f64], weights: &[f64], d: usize) -> Moments {
        let parts = weights.len().div_ceil(SHARE);
        let part = |k: usize| {
            let range = k * SHARE..weights.len().min((k + 1) * SHARE);
            (&points[range.start * d..range.end * d], &weights[range])
        };
        let sums = |parts: Vec<Vec<f64>>| -> Vec<f64> {
            let mut all = vec![0.0; parts.first().map_or(0, Vec::len)];
            for part in parts {
                all.iter_mut().zip(part).for_each(|(all, x)| *all += x);
            }
            all
        };
        let mass: f64 = weights.iter().sum();
        let mut mean = sums(map_rows(parts, |k| {
            let (points, weights) = part(k);
            let mut sum = vec![0.0; d];
            for (x, w) in points.chunks_exact(d).zip(weights) {
                sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += w * x);
            }
            sum
        }));
        mean.iter_mut().for_each(|x| *x /= mass);
        let mut covariance = sums(map_rows(parts, |k| {
            let (points, weights) = part(k);
            let (mut sum, mut off) = (vec![0.0; d * d], vec![0.0; d]);
            for (x, w) in points.chunks_exact(d).zip(weights).filter(|(_, w)| **w > 0.0) {
                off.iter_mut().zip(x.iter().zip(&mean)).for_each(|(off, (x, m))| *off = x - m);
                for (row, x) in sum.chunks_exact_mut(d).zip(&off) {
                    row.iter_mut().zip(&off).for_each(|(sum, y)| *sum += w * x * y);
                }
            }
            sum
        }));
        covariance.iter_mut().for_each(|x| *x /= mass);
        Moments { mean, covariance }
    }
}

/// g of every target bin.
pub(super) fn potentials(places: &Places<'_>, [a, b]: [&[f64]; 2], epsilon: f64) -> Vec<f64> {
    let d = places.dimensions;
    let source = Moments::new(&places.source, a, d);
    let target = Moments::new(&places.target, b, d);
    let sigma2 = 0.5 * epsilon / places.factor;
    let root = Eigen::of(source.covariance, d).map(f64::sqrt);
    let inner = times(&times(&root, &target.covariance, d), &root, d);
    // Of an eigenvalue 0 beside σ = 0: there the root is 0 as well.
    let least = f64::MIN_POSITIVE.sqrt();
    let inverse =
        Eigen::of(inner, d).map(|x| 1.0 / (sigma2 + (4.0 * x + sigma2 * sigma2).sqrt()).max(least));
    let form = times(&times(&root, &inverse, d), &root, d);
    let apart: Vec<f64> = target.mean.iter().zip(&source.mean).map(|(b, a)| b - a).collect();
    let potential = |y: &[f64]| -> f64 {
        let off: Vec<f64> = y.iter().zip(&target.mean).map(|(y, m)| y - m).collect();
        let rows = form.chunks_exact(d).zip(&off);
        let of_form: f64 =
            rows.map(|(row, x)| x * row.iter().zip(&off).map(|(q, y)| q * y).sum::<f64>()).sum();
        let of_square: f64 = off.iter().zip(&apart).map(|(y, m)| y * (y + 2.0 * m)).sum();
        places.factor * (of_square - 2.0 * of_form)
    };
    let points: Vec<&[f64]> = places.target.chunks(SHARE * d).collect();
    let parts =
        map_rows(points.len(), |k| points[k].chunks_exact(d).map(potential).collect::<Vec<f64>>());
    parts.concat()
}
