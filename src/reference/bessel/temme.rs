//! Temme's series for K_μ and K_{μ+1}, |μ| ≤ ½, small x (N. M. Temme, "On the numerical
//! evaluation of the modified Bessel function of the third kind", J. Comput. Phys. 19,
//! 1975): finite at μ = 0 and continuous in μ there, as K_μ = π(I_{−μ} − I_μ)/(2 sin πμ)
//! is not in floating point. Derivatives in μ are carried along.

use super::dual::Dual;
use super::gamma::{RECIPROCAL_EVEN, RECIPROCAL_ODD};
use super::polynomial::value_and_slope;

/// At x = 1 the factors (x²/4)^k/k! are below 1e-18 after 14.
const TERMS: u32 = 20;

/// e^x K_μ and e^x (x/2) K_{μ+1}, to a few 1e-16 for 0 < x ≤ 1.
pub(super) fn pair(mu: f64, x: f64) -> (Dual, Dual) {
    let order = Dual { value: mu, slope: 1.0 };
    // 1/Γ(1±μ) = even ± μ odd.
    let even = of_square(&RECIPROCAL_EVEN, mu);
    let odd = of_square(&RECIPROCAL_ODD, mu);
    let gamma_plus = (even + order * odd).inverse();
    let gamma_minus = (even - order * odd).inverse();

    let log = (2.0 / x).ln();
    let sigma = mu * log;
    let (up, down) = (sigma.exp(), (-sigma).exp());
    let (cosh, sinh) = (0.5 * (up + down), 0.5 * (up - down));
    let (sinhc, sinhc_slope) = sinhc(sigma, cosh, sinh);
    let cosh = Dual { value: cosh, slope: log * sinh };
    let sinhc = Dual { value: log * sinhc, slope: log * log * sinhc_slope };
    // πμ/sin πμ = Γ(1+μ)Γ(1−μ).
    let mut f = gamma_plus * gamma_minus * (sinhc * even - cosh * odd);
    let mut p = Dual { value: 0.5 * up, slope: 0.5 * up * log } * gamma_plus;
    let mut q = Dual { value: 0.5 * down, slope: -0.5 * down * log } * gamma_minus;

    let quarter = 0.25 * x * x;
    let mut c = 1.0;
    let (mut lower, mut upper) = (f, p);
    for k in 1..=TERMS {
        let k = f64::from(k);
        let less = Dual { value: k - mu, slope: -1.0 }.inverse();
        let more = Dual { value: k + mu, slope: 1.0 }.inverse();
        f = (f.times(k) + p + q) * less * more;
        p = p * less;
        q = q * more;
        c *= quarter / k;
        lower = lower + f.times(c);
        upper = upper + (p - f.times(k)).times(c);
        if c < 1e-18 {
            break;
        }
    }
    let scale = x.exp();
    (lower.times(scale), upper.times(scale))
}

/// p(μ²).
fn of_square(p: &[f64], mu: f64) -> Dual {
    let (value, slope) = value_and_slope(p, mu * mu);
    Dual { value, slope: 2.0 * mu * slope }
}

/// sinh(σ)/σ and its derivative; power series where the quotients would cancel.
fn sinhc(sigma: f64, cosh: f64, sinh: f64) -> (f64, f64) {
    if sigma.abs() >= 1.0 {
        let value = sinh / sigma;
        return (value, (cosh - value) / sigma);
    }
    // 1/(2j+1)!
    const INVERSE: [f64; 9] = [
        1.0,
        1.0 / 6.0,
        1.0 / 120.0,
        1.0 / 5040.0,
        1.0 / 362_880.0,
        1.0 / 39_916_800.0,
        1.0 / 6_227_020_800.0,
        1.0 / 1_307_674_368_000.0,
        1.0 / 355_687_428_096_000.0,
    ];
    let Dual { value, slope } = of_square(&INVERSE, sigma);
    (value, slope)
}
