//! Histograms.

/// Ascending edges of bins; the last belongs to the last bin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edges<'a>(pub &'a [f64]);

impl Edges<'_> {
    fn bins(&self) -> usize {
        self.0.len() - 1
    }

    /// The last bin that begins at `x` or before.
    fn bin_of(&self, x: f64) -> Option<usize> {
        let last = self.bins();
        let inside = x >= self.0[0] && x <= self.0[last];
        inside.then(|| self.0[..last].partition_point(|edge| *edge <= x) - 1)
    }
}

/// Twin of `bin_counts`: how many samples x, or pairs (x, y), fall into every bin (x-major), and how many into none.
pub fn bin_counts(x: &[f64], edges: Edges<'_>, y: Option<(&[f64], Edges<'_>)>) -> Vec<u64> {
    let bins_y = y.map_or(1, |(_, edges)| edges.bins());
    let cells = edges.bins() * bins_y;
    let mut counts = vec![0; cells + 1];
    for (k, x) in x.iter().enumerate() {
        let bin = match (edges.bin_of(*x), y) {
            (Some(bin), Some((y, edges))) => edges.bin_of(y[k]).map(|other| bin * bins_y + other),
            (bin, None) => bin,
            (None, _) => None,
        };
        counts[bin.unwrap_or(cells)] += 1;
    }
    counts
}
