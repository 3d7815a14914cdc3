//! The multiplier λ of a mass.

/// Twin of `multiplier`: λ at which bins of some `weights`, which hold min(w_j, w_j exp((λ − s_j)/ε)), hold `mass` together; s their softmins
/// without λ. Of all bins full the least such λ.
///
/// The sum is concave and piecewise linear in exp(λ/ε): Newton's steps from below come to the root exactly, after no more
/// steps than there are bins, in practice a few. Together with f_j = min(0, s_j − λ) it is an exact step of the dual.
pub fn multiplier(softmins: &[f64], weights: &[f64], mass: f64, epsilon: f64) -> f64 {
    let bins = || softmins.iter().zip(weights).filter(|(s, _)| s.is_finite());
    let mut lambda = f64::NEG_INFINITY;
    for _ in 0..=weights.len() {
        let full = |s: f64| s <= lambda;
        let rest = mass - bins().filter(|(s, _)| full(**s)).map(|(_, w)| w).sum::<f64>();
        let least = bins().map(|(s, _)| *s).filter(|s| !full(*s)).fold(f64::INFINITY, f64::min);
        if least == f64::INFINITY || rest <= 0.0 {
            break;
        }
        let free = bins().filter(|(s, _)| !full(**s));
        let sum: f64 = free.map(|(s, w)| w * ((least - s) / epsilon).exp()).sum();
        let next = least + epsilon * (rest / sum).ln();
        if next <= lambda {
            break;
        }
        lambda = next;
    }
    let most = bins().map(|(s, _)| *s).fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY { 0.0 } else { lambda.min(most) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_the_mass() {
        let (softmins, weights) = ([0.3, -0.2, 2.0, 0.9], [0.1, 0.4, 0.3, 0.2]);
        for epsilon in [1e-3, 0.1, 10.0] {
            for mass in [0.05, 0.4, 0.5, 0.93, 1.0] {
                let lambda = multiplier(&softmins, &weights, mass, epsilon);
                let hold = |(s, w): (&f64, &f64)| w * ((lambda - s) / epsilon).exp().min(1.0);
                let held: f64 = softmins.iter().zip(&weights).map(hold).sum();
                assert!((held - mass).abs() < 1e-12, "ε {epsilon} mass {mass}: {held}");
            }
        }
        assert_eq!(multiplier(&[f64::INFINITY], &[1.0], 0.5, 0.1), 0.0);
    }
}
