//! Softmins over a regular grid, one axis at a time, in products: along a line of L pixels
//!
//! * level_i = M + ε ln Σ_j exp((input_j − M)/ε) exp(−c(|i − j|)/ε), M the largest input,
//!
//! has L exponentials, and L² products with the kernel of the axis. A sum below [`LEAST`] may have lost terms, and is taken
//! again with its own maximum out; in others what was lost is below 1e-100 of them.

use super::products::{four_products, product};
use crate::parallel::{fill, for_each};
use crate::reference::elementary::{exp, ln, maximum};
use crate::reference::wide::wide;

/// Sums below it are not trusted.
const LEAST: f64 = 1e-200;

/// Products that a thread takes at a time.
const SHARE: usize = 1 << 20;

/// What a distance of so many pixels costs along every axis, of which the last is the fastest.
#[derive(Debug)]
pub(crate) struct AlongAxes<'a> {
    axes: Vec<&'a [f64]>,
}

/// An axis at an ε.
struct Kernel<'a> {
    along: &'a [f64],
    epsilon: f64,
    /// exp(−c(|k|)/ε) of k from 1 − L to L − 1, and c times as much.
    values: Vec<f64>,
    costs: Vec<f64>,
}

impl<'a> AlongAxes<'a> {
    pub(crate) fn new(axes: Vec<&'a [f64]>) -> AlongAxes<'a> {
        AlongAxes { axes }
    }

    /// What a half iteration takes, in products with a kernel of all pairs.
    pub(crate) fn work(&self, pixels: usize) -> f64 {
        // An exponential is some ten products.
        self.axes.iter().map(|along| pixels as f64 * (along.len() as f64 + 10.0)).sum()
    }

    /// −ε ln Σ_j exp((other_j − C_ij)/ε) of every pixel i; ∞ where nothing comes to it.
    pub(super) fn softmins(&self, other: &[f64], epsilon: f64) -> Vec<f64> {
        let mut level = other.to_vec();
        self.each(epsilon, |kernel, stride| level = kernel.lines(&level, None, stride).0);
        level.iter_mut().for_each(|level| *level = -*level);
        level
    }

    /// The same, and the mean cost of what comes to a pixel.
    pub(super) fn softmins_and_costs(&self, other: &[f64], epsilon: f64) -> (Vec<f64>, Vec<f64>) {
        let (mut level, mut means) = (other.to_vec(), vec![0.0; other.len()]);
        self.each(epsilon, |kernel, stride| {
            (level, means) = kernel.lines(&level, Some(&means), stride);
        });
        level.iter_mut().for_each(|level| *level = -*level);
        (level, means)
    }

    fn each(&self, epsilon: f64, mut f: impl FnMut(&Kernel<'_>, usize)) {
        let mut stride = 1;
        for along in self.axes.iter().rev() {
            f(&Kernel::new(along, epsilon), stride);
            stride *= along.len();
        }
    }
}

/// Numbers of a line, and room for its exponentials.
struct Line {
    levels: Vec<f64>,
    means: Vec<f64>,
    exponentials: Vec<f64>,
    weighted: Vec<f64>,
}

impl<'a> Kernel<'a> {
    fn new(along: &'a [f64], epsilon: f64) -> Kernel<'a> {
        let both = || along.iter().skip(1).rev().chain(along);
        Kernel {
            along,
            epsilon,
            values: both().map(|c| exp(-c / epsilon)).collect(),
            costs: both().map(|c| c * exp(-c / epsilon)).collect(),
        }
    }

    /// Levels, and mean costs where those of the axes before are given, of all lines of an axis whose pixels are `stride` apart.
    fn lines(&self, input: &[f64], means: Option<&[f64]>, stride: usize) -> (Vec<f64>, Vec<f64>) {
        let axis = self.along.len();
        let lines_of_part = (SHARE / (axis * axis)).max(1);
        // Line by line, so that every thread has a piece of its own.
        let mut levels = vec![0.0; input.len()];
        let mut costs = vec![0.0; if means.is_some() { input.len() } else { 0 }];
        let length = lines_of_part * axis;
        let mut of_costs = costs.chunks_mut(length);
        let mut parts: Vec<(usize, &mut [f64], &mut [f64])> = levels
            .chunks_mut(length)
            .enumerate()
            .map(|(k, part)| (k * lines_of_part, part, of_costs.next().unwrap_or_default()))
            .collect();
        let part = |(first, levels, costs): &mut (usize, &mut [f64], &mut [f64])| {
            self.part(*first, (input, means, stride), levels, costs);
        };
        match &mut parts[..] {
            [one] => part(one),
            parts => for_each(parts, part),
        }
        (self.in_place(levels, stride), self.in_place(costs, stride))
    }

    /// Of lines `first..`, one after the other.
    fn part(
        &self,
        first: usize,
        (input, means, stride): (&[f64], Option<&[f64]>, usize),
        levels: &mut [f64],
        costs: &mut [f64],
    ) {
        let axis = self.along.len();
        let zeros = || vec![0.0; axis];
        let mut line =
            Line { levels: zeros(), means: zeros(), exponentials: zeros(), weighted: zeros() };
        for (k, levels) in levels.chunks_mut(axis).enumerate() {
            let number = first + k;
            let from = number / stride * stride * axis + number % stride;
            let place = |j: usize| from + j * stride;
            line.levels.iter_mut().enumerate().for_each(|(j, x)| *x = input[place(j)]);
            let most = maximum(&line.levels);
            if most == f64::NEG_INFINITY {
                levels.fill(most);
                continue;
            }
            self.sums(&mut line, most, levels);
            for (i, level) in levels.iter_mut().enumerate() {
                *level = match *level >= LEAST {
                    true => most + self.epsilon * ln(*level),
                    false => self.level(i, &line.levels),
                };
            }
            if let Some(means) = means {
                line.means.iter_mut().enumerate().for_each(|(j, x)| *x = means[place(j)]);
                self.costs(&mut line, levels, &mut costs[k * axis..(k + 1) * axis]);
            }
        }
    }

    /// Sums of a line's exponentials, whose largest has the exponent `most`/ε.
    fn sums(&self, line: &mut Line, most: f64, sums: &mut [f64]) {
        let (axis, epsilon) = (self.along.len(), self.epsilon);
        let (levels, exponentials) = (&line.levels, &mut line.exponentials);
        wide(
            #[inline(always)]
            || {
                for (e, x) in exponentials.iter_mut().zip(levels) {
                    *e = exp((x - most) / epsilon);
                }
                let window = |i: usize| &self.values[axis - 1 - i..2 * axis - 1 - i];
                let mut i = 0;
                while i + 4 <= axis {
                    let rows = [window(i), window(i + 1), window(i + 2), window(i + 3)];
                    sums[i..i + 4].copy_from_slice(&four_products(rows, exponentials));
                    i += 4;
                }
                for (i, sum) in sums.iter_mut().enumerate().skip(i) {
                    *sum = product(window(i), exponentials);
                }
            },
        );
    }

    /// One level with its own maximum taken out.
    fn level(&self, i: usize, input: &[f64]) -> f64 {
        let exponent = |j: usize| (input[j] - self.along[i.abs_diff(j)]) / self.epsilon;
        let most = (0..input.len()).map(exponent).fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = (0..input.len()).map(|j| exp(exponent(j) - most)).sum();
        self.epsilon * (most + ln(sum))
    }

    /// Mean costs of a line with these levels: Σ_j P_ij (mean_j + c(|i − j|)), P_ij = exp((input_j − c − level_i)/ε).
    fn costs(&self, line: &mut Line, levels: &[f64], costs: &mut [f64]) {
        let (axis, epsilon) = (self.along.len(), self.epsilon);
        for (weighted, (e, mean)) in
            line.weighted.iter_mut().zip(line.exponentials.iter().zip(&line.means))
        {
            *weighted = e * mean;
        }
        for (i, cost) in costs.iter_mut().enumerate() {
            let window = axis - 1 - i..2 * axis - 1 - i;
            let sum = product(&self.values[window.clone()], &line.exponentials);
            *cost = if sum >= LEAST {
                let of_axis = product(&self.costs[window.clone()], &line.exponentials);
                (of_axis + product(&self.values[window], &line.weighted)) / sum
            } else {
                let part = |j: usize| {
                    let c = self.along[i.abs_diff(j)];
                    exp((line.levels[j] - c - levels[i]) / epsilon) * (line.means[j] + c)
                };
                (0..axis).map(part).sum()
            };
        }
    }

    /// What is line by line, where its pixels are.
    fn in_place(&self, lines: Vec<f64>, stride: usize) -> Vec<f64> {
        if stride == 1 || lines.is_empty() {
            return lines;
        }
        let axis = self.along.len();
        let mut placed = vec![0.0; lines.len()];
        fill(&mut placed, |first, place| {
            for (at, value) in (first..).zip(place) {
                let (before, i, line) = (at / (stride * axis), at / stride % axis, at % stride);
                *value = lines[(before * stride + line) * axis + i];
            }
        });
        placed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against sums over all pairs, where sums are in range and far from it.
    #[test]
    fn axes_give_what_all_pairs_give() {
        let along = |n: usize| -> Vec<f64> { (0..n).map(|k| (k as f64 / 4.0).powi(2)).collect() };
        let (planes, rows, width) = (along(3), along(5), along(7));
        let axes = AlongAxes::new(vec![&planes, &rows, &width]);
        let place = |at: usize| [at / 35, at / 7 % 5, at % 7];
        let cost = |i: usize, j: usize| -> f64 {
            let (x, y) = (place(i), place(j));
            [&planes, &rows, &width]
                .iter()
                .zip(x.iter().zip(y))
                .map(|(c, (x, y))| c[x.abs_diff(y)])
                .sum()
        };
        for epsilon in [1.0, 0.05, 1e-4] {
            let other: Vec<f64> = (0..105)
                .map(|k| if k % 11 == 3 { f64::NEG_INFINITY } else { (k as f64 * 1.7).sin() })
                .collect();
            let (softmins, costs) = axes.softmins_and_costs(&other, epsilon);
            assert_eq!(softmins, axes.softmins(&other, epsilon));
            for i in 0..105 {
                let exponents: Vec<f64> =
                    (0..105).map(|j| (other[j] - cost(i, j)) / epsilon).collect();
                let most = exponents.iter().copied().fold(f64::MIN, f64::max);
                let sum: f64 = exponents.iter().map(|x| (x - most).exp()).sum();
                let exact = -epsilon * (most + sum.ln());
                assert!(
                    (softmins[i] - exact).abs() < 1e-13,
                    "{epsilon} {i}: {} {exact}",
                    softmins[i]
                );
                let parts = exponents.iter().enumerate();
                let mean: f64 = parts.map(|(j, x)| (x - most).exp() / sum * cost(i, j)).sum();
                assert!((costs[i] - mean).abs() < 1e-11, "{epsilon} {i}: {} {mean}", costs[i]);
            }
        }
        let nothing = axes.softmins(&[f64::NEG_INFINITY; 105], 1.0);
        assert!(nothing.iter().all(|softmin| *softmin == f64::INFINITY));
    }
}
