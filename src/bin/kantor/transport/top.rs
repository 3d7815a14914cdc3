//! The largest entries of every row of a plan.

use kantor::Solution;

/// Columns and values of the `k` largest entries of every row of the plan of a problem with m target bins.
pub(super) fn largest(
    solution: &Solution,
    problem: usize,
    m: usize,
    k: usize,
) -> kantor::Result<(Vec<i64>, Vec<f64>)> {
    Ok(top(&solution.plan_blocking(problem)?, m, k))
}

/// Columns and values of the `k` largest entries of every row of m, the largest first and of equal ones the first.
fn top(plan: &[f64], m: usize, k: usize) -> (Vec<i64>, Vec<f64>) {
    let (mut indices, mut values) = (Vec::new(), Vec::new());
    let mut order: Vec<usize> = Vec::with_capacity(m);
    for row in plan.chunks_exact(m) {
        let before = |a: &usize, b: &usize| row[*b].total_cmp(&row[*a]).then(a.cmp(b));
        order.clear();
        order.extend(0..m);
        if k < m {
            order.select_nth_unstable_by(k, before);
        }
        let chosen = &mut order[..k.min(m)];
        chosen.sort_unstable_by(before);
        indices.extend(chosen.iter().map(|j| *j as i64));
        values.extend(chosen.iter().map(|j| row[*j]));
    }
    (indices, values)
}

#[cfg(test)]
mod tests {
    use super::top;

    #[test]
    fn the_largest_come_first_and_of_equal_ones_the_first() {
        let plan = [0.1, 0.3, 0.2, 0.3, 0.0, 0.0, 0.0, 0.5];
        assert_eq!(top(&plan, 4, 2), (vec![1, 3, 3, 0], vec![0.3, 0.3, 0.5, 0.0]));
        assert_eq!(top(&plan, 4, 4).0, [1, 3, 2, 0, 3, 0, 1, 2]);
        assert_eq!(top(&plan, 8, 1), (vec![7], vec![0.5]));
    }
}
