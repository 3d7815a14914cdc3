//! Logits that frameworks mask with: from −10³ to the least f32, beside others, beside −∞, and beside each other. They are
//! far below, and yet no empty bins.

use crate::common::{Way, ways};
use kantor::{Comparison, Distributions, Divergence, Input, Side, Tensor};
use pollster::block_on;

const MASKS: [f64; 11] =
    [-1e3, -1e10, -1e20, -1e25, -7.7e28, -9e28, -1.1e29, -9e29, -1.1e30, -1e32, f32::MIN as f64];

/// What is answered of one pair of rows: the value alone, the value beside gradients, and these.
struct Answer {
    values: [f64; 2],
    gradients: [Vec<f32>; 2],
}

fn answer(way: &Way, divergence: &Divergence, rows: [[f64; 3]; 2], temperature: f64) -> Answer {
    let [p, q] = rows.map(|row| {
        let input = Input::Logits { temperature };
        Distributions::new_blocking(&way.context, &row, 3, input).expect("a row")
    });
    let comparison = Comparison::new(divergence.clone()).precision(way.precision);
    let alone = comparison.rows_blocking(&p, &q).expect("a value").values()[0];
    let (value, gradients) =
        comparison.value_and_gradient_blocking(&p, &q, Side::Both, None).expect("gradients");
    let read = |side: Option<Tensor>| block_on(side.expect("a side").read()).expect("numbers");
    Answer { values: [alone, value.values()[0]], gradients: [gradients.p, gradients.q].map(read) }
}

fn agree(found: &Answer, exact: &Answer) -> bool {
    let values = found.values.iter().zip(&exact.values);
    let mut gradients = found.gradients.iter().zip(&exact.gradients);
    values.clone().all(|(x, y)| x == y || (x - y).abs() <= 5e-6 * y.abs() + 1e-30)
        && gradients.all(|(x, y)| {
            let most = y.iter().fold(0.0f32, |most, y| most.max(y.abs()));
            x.iter().zip(y).all(|(x, y)| (x - y).abs() <= 1e-5 * most + 1e-30)
        })
}

#[test]
fn masks_are_far_below_and_not_empty() {
    let (ways, mut wrong) = (ways(), Vec::new());
    for temperature in [1.0, 1e-3, 1e3, 1e-6, 1e6] {
        for mask in MASKS {
            let half = f64::from((0.5 * mask) as f32);
            for pair in [
                [[0.0, 1.0, 0.0], [0.0, mask, 0.5]],
                [[0.0, mask, 0.5], [0.0, 1.0, 0.0]],
                [[0.0, mask, 0.5], [0.25, half, 0.0]],
                [[0.0, mask, 0.5], [0.25, f64::NEG_INFINITY, 0.0]],
                [[0.0, mask, 0.5], [0.25, mask, 0.0]],
            ] {
                // Numbers of the size of 1 stay so over the temperature.
                let over = |x: f64| {
                    if x.abs() <= 1.0 {
                        f64::from((x * temperature) as f32)
                    } else {
                        f64::from(x as f32)
                    }
                };
                let rows = pair.map(|row| row.map(over));
                for divergence in Divergence::ALL {
                    let exact = answer(&ways[0], &divergence, rows, temperature);
                    for way in &ways[1..] {
                        let found = answer(way, &divergence, rows, temperature);
                        if !agree(&found, &exact) {
                            wrong.push(format!(
                                "{} {divergence} of {rows:?} at {temperature:e}: {:?} for {:?}",
                                way.name, found.values, exact.values
                            ));
                        }
                    }
                }
            }
        }
    }
    wrong.truncate(10);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
