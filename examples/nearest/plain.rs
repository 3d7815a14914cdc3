//! The Euclidean distance, to compare with, and votes of neighbours.

/// The `k` nearest other rows of every row of `width` numbers, nearest first.
pub fn nearest(values: &[f32], width: usize, k: usize) -> Vec<Vec<usize>> {
    let rows: Vec<&[f32]> = values.chunks_exact(width).collect();
    let mut distances = vec![0.0; rows.len() * rows.len()];
    for i in 0..rows.len() {
        for j in 0..i {
            let distance = squared_distance(rows[i], rows[j]);
            distances[i * rows.len() + j] = distance;
            distances[j * rows.len() + i] = distance;
        }
    }
    let of = |(i, distances): (usize, &[f32])| {
        let mut others: Vec<usize> = (0..rows.len()).filter(|j| *j != i).collect();
        others.sort_by(|a, b| distances[*a].total_cmp(&distances[*b]));
        others.truncate(k);
        others
    };
    distances.chunks_exact(rows.len()).enumerate().map(of).collect()
}

/// Every row of `width` numbers over its sum.
pub fn normalized(values: &[f32], width: usize) -> Vec<f32> {
    let over_sum = |row: &[f32]| {
        let sum: f32 = row.iter().sum();
        row.iter().map(move |x| x / sum).collect::<Vec<f32>>()
    };
    values.chunks_exact(width).flat_map(over_sum).collect()
}

fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 8;
    // Sums side by side, which a processor adds at once.
    let mut sums = [0.0; LANES];
    let (a, b) = (a.chunks(LANES), b.chunks(LANES));
    for (a, b) in a.zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += (a - b) * (a - b);
        }
    }
    sums.iter().sum()
}

/// The label that most of the neighbours have; of several the one met first.
pub fn vote(neighbours: &[usize], labels: &[u8]) -> u8 {
    let mut counts = [0usize; 256];
    for neighbour in neighbours {
        counts[usize::from(labels[*neighbour])] += 1;
    }
    let most = counts.iter().max();
    let winner =
        neighbours.iter().find(|neighbour| Some(&counts[usize::from(labels[**neighbour])]) == most);
    winner.map_or(0, |neighbour| labels[*neighbour])
}
