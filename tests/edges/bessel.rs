use crate::table::{Case, check};
use kantor::{Bessel, BesselFunction, Context, Precision, Result};

fn at(
    function: BesselFunction,
    v: f64,
    x: f64,
) -> impl Fn(&Context, Precision) -> Result<f64> + Copy {
    move |context, precision| {
        let bessel = Bessel::new(function).precision(precision);
        Ok(bessel.evaluate_blocking(context, &[v], &[x])?[0])
    }
}

#[test]
fn bessel() {
    check(
        "bessel",
        &[
            Case {
                function: "log_bessel_i",
                at: "v = 0, x = 0",
                call: |c, p| at(BesselFunction::LogI, 0.0, 0.0)(c, p),
            },
            Case {
                function: "log_bessel_i",
                at: "v > 0, x = 0",
                call: |c, p| at(BesselFunction::LogI, 1.5, 0.0)(c, p),
            },
            Case {
                function: "log_bessel_k",
                at: "x = 0",
                call: |c, p| at(BesselFunction::LogK, 2.0, 0.0)(c, p),
            },
        ],
    );
}
