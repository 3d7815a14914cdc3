//! Joint tables: marginals, mutual information, entropies.

use super::kept_sum::KeptSum;

/// Twin of `marginals`: sums of the rows, and of the columns, of a table of rows of `columns` cells.
pub fn marginals(table: &[f64], columns: usize) -> (Vec<KeptSum>, Vec<KeptSum>) {
    let rows = table.chunks_exact(columns).map(|row| row.iter().copied().collect()).collect();
    let mut of_columns = vec![KeptSum::default(); columns];
    for row in table.chunks_exact(columns) {
        of_columns.iter_mut().zip(row).for_each(|(sum, w)| *sum = sum.with(*w));
    }
    (rows, of_columns)
}

/// What a row of a table w with total S adds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RowTerms {
    /// Σ_j w S ln(wS/rc) − (wS − rc): S² times its part of the mutual information.
    pub information: f64,
    /// Σ_j −w ln(w/c): S times its part of H(row | column).
    pub given_column: f64,
    /// Σ_j −w ln(w/r): S times its part of H(column | row).
    pub given_row: f64,
}

/// a b = p + e exactly (Dekker; no fma, which is slow where it is not built in).
fn two_prod(a: f64, b: f64) -> (f64, f64) {
    let halves = |x: f64| {
        let high = f64::from_bits(x.to_bits() & !0x07ff_ffff);
        (high, x - high)
    };
    let ((a1, a2), (b1, b2)) = (halves(a), halves(b));
    let p = a * b;
    (p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2)
}

/// rc g(t), rc t = ws − rc, g(t) = (1 + t) ln(1 + t) − t ≥ 0. By s = t/(2 + t) it is
/// 2M s² (1 + (1 + s) s P(s²)), M the mean of ws and rc, P(z) = Σ z^k/(2k + 3).
fn information(w: f64, s: f64, r: f64, c: f64) -> f64 {
    let (ws, ws_error) = two_prod(w, s);
    let (rc, rc_error) = two_prod(r, c);
    let difference = (ws - rc) + (ws_error - rc_error);
    let t = difference / (ws + rc);
    if t.abs() < 0.14 {
        let z = t * t;
        let p = (0..9).rev().fold(0.0, |p, k| p * z + 1.0 / f64::from(2 * k + 3));
        (ws + rc) * z * (1.0 + (1.0 + t) * t * p)
    } else if w == 0.0 {
        rc
    } else {
        // Of the smallest cells the product is below f64, and their quotient above.
        let ratio = ws / rc;
        let log =
            if ratio < f64::INFINITY { ratio.ln() } else { (w.ln() - r.ln()) + (s.ln() - c.ln()) };
        ws * log - difference
    }
}

/// 2^e of x = 2^e (1 + f); the smallest normal number of subnormal x.
pub(crate) fn power_of_two(x: f64) -> f64 {
    f64::from_bits(x.to_bits() & (0x7ff << 52)).max(f64::MIN_POSITIVE)
}

/// Twin of `joint_table`: what every row adds.
pub fn joint_table(table: &[f64], rows: &[KeptSum], columns: &[KeptSum]) -> Vec<RowTerms> {
    let s = rows.iter().map(KeptSum::total).collect::<KeptSum>().total();
    let row_terms = |(row, sum): (&[f64], &KeptSum)| {
        let mut terms = RowTerms::default();
        let r = sum.total();
        if r == 0.0 {
            return terms;
        }
        // A row of about one, so that no product leaves the range.
        let power = power_of_two(r);
        for (w, column) in row.iter().zip(columns) {
            let c = column.total();
            if c == 0.0 {
                continue;
            }
            terms.information += information(w / power, s, r / power, c);
            if *w > 0.0 {
                terms.given_column += w * column.log_share(*w);
                terms.given_row += w * sum.log_share(*w);
            }
        }
        terms.information *= power;
        terms
    };
    table.chunks_exact(columns.len().max(1)).zip(rows).map(row_terms).collect()
}

/// Twin of `joint_totals`: mutual information, H(row | column), H(column | row), H(row), H(column), in nats.
pub fn joint_totals(terms: &[RowTerms], rows: &[KeptSum], columns: &[KeptSum]) -> [f64; 5] {
    let entropy = |sums: &[KeptSum]| {
        let totals = || sums.iter().map(KeptSum::total);
        let all: KeptSum = totals().collect();
        totals().filter(|x| *x > 0.0).map(|x| x * all.log_share(x)).sum::<f64>() / all.total()
    };
    let s = rows.iter().map(KeptSum::total).collect::<KeptSum>().total();
    let sum = |part: fn(&RowTerms) -> f64| terms.iter().map(part).sum::<f64>() / s;
    [
        sum(|x| x.information) / s,
        sum(|x| x.given_column),
        sum(|x| x.given_row),
        entropy(rows),
        entropy(columns),
    ]
}

/// All of it, of a table whose largest cell is about one.
pub(crate) fn joint_information(table: &[f64], columns: usize) -> [f64; 5] {
    let (row_sums, column_sums) = marginals(table, columns);
    let terms = joint_table(table, &row_sums, &column_sums);
    joint_totals(&terms, &row_sums, &column_sums)
}
