//! log-Bessel functions on WebGPU against the f64 twin: every formula, in double-float.

use crate::{Demo, Random};
use kantor::{Bessel, BesselFunction, Context, Error, Precision};

/// One function of every kernel: each has its own translation into the browser's shading language.
const FUNCTIONS: [BesselFunction; 7] = [
    BesselFunction::LogI,
    BesselFunction::LogK,
    BesselFunction::RatioI,
    BesselFunction::RatioK,
    BesselFunction::DLogIDv,
    BesselFunction::DLogKDv,
    BesselFunction::LogGamma,
];

/// Orders from 1e-2 to 1e5, arguments from 1e-3 to 1e6; half of them below 40, where the formulas meet.
fn points(count: usize) -> (Vec<f64>, Vec<f64>) {
    let mut random = Random(2);
    let mut between =
        |low: f64, high: f64| (low / high).powf(1.0 - f64::from(random.next())) * high;
    (0..count)
        .map(|k| match k % 2 {
            0 => (between(1e-2, 1e5), between(1e-3, 1e6)),
            _ => (between(1e-2, 40.0), between(1e-3, 40.0)),
        })
        .map(|(v, x)| (f64::from(v as f32), f64::from(x as f32)))
        .unzip()
}

/// The point of every function that is furthest off: one rounding of v or x moves ln I and ln K by w, and their
/// derivatives by less than max(|d|, 1).
pub async fn against_twin(gpu: &Context, demo: &mut Demo) -> Result<(), Error> {
    let (v, x) = points(512);
    for function in FUNCTIONS {
        let values =
            Bessel::new(function).precision(Precision::Double).evaluate(gpu, &v, &x).await?;
        let worst = (0..v.len())
            .map(|i| {
                let exact = function.reference(v[i], x[i]);
                let scale = match function {
                    BesselFunction::LogI | BesselFunction::LogK => {
                        exact.abs().max(v[i].hypot(x[i])) + 1.0
                    }
                    _ => 5.0 * exact.abs().max(1.0),
                };
                (i, exact, 5e-14 * scale)
            })
            .max_by(|a, b| {
                let off =
                    |&(i, exact, bound): &(usize, f64, f64)| (values[i] - exact).abs() / bound;
                off(a).total_cmp(&off(b))
            });
        if let Some((i, exact, bound)) = worst {
            let place = format!("v = {:.4e}, x = {:.4e}", v[i], x[i]);
            demo.compare(function.name(), &place, values[i], exact, bound);
        }
    }
    Ok(())
}
