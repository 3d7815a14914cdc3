//! How wrong is log I_v(x), and where?
//!
//! Draws the error over the plane of orders and arguments, in units of the last place of f32, for this library in
//! single and in double precision and for the usual formulas in plain f32:
//!
//! ```text
//! cargo run --release --example bessel_map          # the best adapter of this machine
//! cargo run --release --example bessel_map -- cpu   # the f64 CPU twin
//! ```

#[allow(dead_code, reason = "the canvas of another example, of which this one needs no curves")]
#[path = "../digits/canvas.rs"]
mod canvas;
mod picture;
mod plain;

use kantor::{Bessel, BesselFunction, Context, Precision};
use picture::Panel;
use std::error::Error;
use std::time::Instant;

/// Points along either axis of a panel.
pub const SIDE: usize = 420;
/// Decimal logarithms between which orders and arguments lie.
pub const ORDERS: [f64; 2] = [-2.0, 6.0];
pub const ARGUMENTS: [f64; 2] = [-3.0, 7.0];
/// Where the picture goes.
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bessel_map/bessel_map.png");

fn main() -> Result<(), Box<dyn Error>> {
    let context = match std::env::args().nth(1).as_deref() {
        Some("cpu") => Context::cpu(),
        _ => Context::new_blocking()?,
    };
    println!("Running on {}", context.adapter());

    // Exact in f32, so that all three compute the same function of the same point. Orders fall from the top row.
    let step = |[low, high]: [f64; 2], k: usize| {
        let place = (k as f64 + 0.5) / SIDE as f64;
        f64::from(10f64.powf(low + (high - low) * place) as f32)
    };
    let cells = || (0..SIDE).flat_map(|row| (0..SIDE).map(move |column| (row, column)));
    let v: Vec<f64> = cells().map(|(row, _)| step(ORDERS, SIDE - 1 - row)).collect();
    let x: Vec<f64> = cells().map(|(_, column)| step(ARGUMENTS, column)).collect();
    let truth: Vec<f64> =
        v.iter().zip(&x).map(|(v, x)| BesselFunction::LogI.reference(*v, *x)).collect();

    let library = |precision: Precision| -> Result<Vec<f64>, kantor::Error> {
        let started = Instant::now();
        let log_i = Bessel::new(BesselFunction::LogI).precision(precision);
        let values = log_i.evaluate_blocking(&context, &v, &x)?;
        println!("{precision:?}: {} points in {:.2} s", v.len(), started.elapsed().as_secs_f64());
        Ok(values)
    };
    let plain: Vec<f64> =
        v.iter().zip(&x).map(|(v, x)| plain::log_bessel_i(*v as f32, *x as f32).into()).collect();

    let panel = |title: &'static str, values: Vec<f64>| {
        let errors = ulps(&values, &truth, &v, &x);
        let negative = truth.iter().map(|value| *value < 0.0).collect();
        let panel = Panel { title, errors, negative };
        println!("{title}: {}", panel.summary());
        panel
    };
    let panels = [
        panel("kantor, single precision", library(Precision::Single)?),
        panel("the usual formulas in plain f32", plain),
        panel("kantor, double precision", library(Precision::Double)?),
    ];
    canvas::save(&picture::draw(&panels)?, PICTURE)?;
    println!("The picture is in {PICTURE}.");
    Ok(())
}

/// Errors in units of the distance of neighbouring f32 at the true value. The f64 twin is the truth, itself only good
/// to 1e-14 (max(|L|, w) + 1), w = √(v² + x²): no error is shown as less than that.
fn ulps(values: &[f64], truth: &[f64], v: &[f64], x: &[f64]) -> Vec<f64> {
    let error = |k: usize| {
        let exact = truth[k];
        let known_to = 1e-14 * (exact.abs().max(v[k].hypot(x[k])) + 1.0);
        let exponent = exact.abs().max(f64::from(f32::MIN_POSITIVE)).log2().floor();
        let ulp = (exponent - 23.0).exp2();
        let off = (values[k] - exact).abs();
        // `max` would drop a NaN.
        if off.is_finite() { off.max(known_to) / ulp } else { f64::INFINITY }
    };
    (0..values.len()).map(error).collect()
}
