use crate::table::check_each;
use kantor::Bessel;
use kantor::BesselFunction::{self, *};

/// Function, place, order, argument.
const CASES: &[(BesselFunction, &str, f64, f64)] = &[
    (LogI, "v = 0, x = 0", 0.0, 0.0),
    (LogI, "v > 0, x = 0", 1.5, 0.0),
    (LogI, "v = 1e6, x = 1e-30", 1e6, 1e-30),
    (LogI, "v = 1e6, x = 1e30", 1e6, 1e30),
    (LogI, "v < 0", -1e-60, 1.0),
    (LogI, "v above 1e6", 1_000_000.05, 1.0),
    (LogI, "v is NaN", f64::NAN, 1.0),
    (LogI, "v = ∞", f64::INFINITY, 1.0),
    (LogI, "x < 0", 1.0, -1e-300),
    (LogI, "0 < x < 1e-30", 1.0, 9.999_999e-31),
    (LogI, "x above 1e30", 1.0, 1.000_000_05e30),
    (LogI, "x is NaN", 1.0, f64::NAN),
    (LogI, "x = ∞", 1.0, f64::INFINITY),
    (LogIScaled, "v = 0, x = 0", 0.0, 0.0),
    (LogIScaled, "v > 0, x = 0", 1e6, 0.0),
    (LogIScaled, "v = 1e6, x = 1e30", 1e6, 1e30),
    (LogIRegularized, "x = 0", 7.0, 0.0),
    (LogIRegularized, "v = 0, x = 1e30", 0.0, 1e30),
    (LogK, "x = 0", -3.0, 0.0),
    (LogK, "v = 1e6, x = 1e-30", 1e6, 1e-30),
    (LogK, "v = −1e6, x = 1e30", -1e6, 1e30),
    (LogK, "v below −1e6", -1_000_000.05, 1.0),
    (LogKScaled, "x = 0", 0.0, 0.0),
    (LogKScaled, "v = 1e6, x = 1e30", 1e6, 1e30),
    (LogKRegularized, "x = 0", 0.5, 0.0),
    (LogKRegularized, "v = 1e-30, x = 1", 1e-30, 1.0),
    (LogKRegularized, "v = 0", 0.0, 1.0),
    (RatioI, "x = 0", 0.0, 0.0),
    (RatioI, "v = 1e6, x = 1e-30", 1e6, 1e-30),
    (RatioI, "v = 0, x = 1e30", 0.0, 1e30),
    (RatioK, "v > −½, x = 0", -0.499, 0.0),
    (RatioK, "v = −½, x = 0", -0.5, 0.0),
    (RatioK, "v < −½, x = 0", -0.501, 0.0),
    (RatioK, "v = 1e6, x = 1e-30", 1e6, 1e-30),
    (RatioK, "v = −1e6, x = 1e-30", -1e6, 1e-30),
    (DLogIDx, "v = 0, x = 0", 0.0, 0.0),
    (DLogIDx, "v > 0, x = 0", 1.0, 0.0),
    (DLogIDx, "v = 1e6, x = 1e-30", 1e6, 1e-30),
    (DLogIDv, "x = 0", 0.0, 0.0),
    (DLogIDv, "v = 1e6, x = 1e-30", 1e6, 1e-30),
    (DLogKDx, "x = 0", 2.0, 0.0),
    (DLogKDx, "v = −1e6, x = 1e-30", -1e6, 1e-30),
    (DLogKDv, "v = 0, x = 0", 0.0, 0.0),
    (DLogKDv, "v > 0, x = 0", 1.0, 0.0),
    (DLogKDv, "v < 0, x = 0", -1.0, 0.0),
    (DLogKDv, "v = 0, x = 1", 0.0, 1.0),
    (LogGamma, "x = 0", 0.0, 0.0),
    (LogGamma, "x = 1", 0.0, 1.0),
    (LogGamma, "x = 2", 0.0, 2.0),
    (LogGamma, "x = 1e-30", 0.0, 1e-30),
    (LogGamma, "x = 1e30", 0.0, 1e30),
    (LogGamma, "x < 0", 0.0, -1.0),
];

#[test]
fn bessel() {
    let places: Vec<_> = CASES.iter().map(|(function, at, ..)| (function.name(), *at)).collect();
    check_each("bessel", &places, |k, context, precision| {
        let (function, _, v, x) = CASES[k];
        let bessel = Bessel::new(function).precision(precision);
        Ok(bessel.evaluate_blocking(context, &[v], &[x])?[0])
    });
}
