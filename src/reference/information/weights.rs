//! Importance weights: sums of exponentials, and normalised weights.

/// What a row of log-weights l is worth, with its maximum m taken out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogWeightSums {
    /// m; −∞ where all are.
    pub most: f64,
    /// Σ e^(l−m).
    pub weights: f64,
    /// Σ e^2(l−m).
    pub squares: f64,
    /// Σ e^(l−m) (l−m).
    pub products: f64,
}

/// Terms that are added up before their sum is.
const FEW: usize = 256;

/// Twin of `log_weight_sums`: of a row, in which −∞ is no weight.
pub fn log_weight_sums(row: &[f64]) -> LogWeightSums {
    let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sums = LogWeightSums { most, weights: 0.0, squares: 0.0, products: 0.0 };
    for few in row.chunks(FEW) {
        let (mut weights, mut squares, mut products) = (0.0, 0.0, 0.0);
        for l in few.iter().filter(|l| **l > f64::NEG_INFINITY) {
            let d = l - most;
            let e = d.exp();
            weights += e;
            squares += e * e;
            // 0 · −∞ of a difference beyond the range of f64.
            products += if e > 0.0 { e * d } else { 0.0 };
        }
        sums.weights += weights;
        sums.squares += squares;
        sums.products += products;
    }
    sums
}

/// The sums of a row from those of its blocks.
pub(crate) fn join_log_weight_sums(
    blocks: impl Iterator<Item = LogWeightSums> + Clone,
) -> LogWeightSums {
    let most = blocks.clone().map(|block| block.most).fold(f64::NEG_INFINITY, f64::max);
    let mut all = LogWeightSums { most, weights: 0.0, squares: 0.0, products: 0.0 };
    for block in blocks.filter(|block| block.weights > 0.0) {
        let d = block.most - most;
        let e = d.exp();
        all.weights += e * block.weights;
        all.squares += e * e * block.squares;
        // l − m = (l − m_block) + d.
        all.products += if e > 0.0 { e * (block.products + d * block.weights) } else { 0.0 };
    }
    all
}

/// Twin of `normalized_weights`: e^(l−m)/z of a row.
pub fn normalized_weights(row: &[f64], most: f64, inverse: f64) -> Vec<f64> {
    row.iter()
        .map(|l| if *l > f64::NEG_INFINITY { (l - most).exp() * inverse } else { 0.0 })
        .collect()
}
