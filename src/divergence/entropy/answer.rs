//! The entropy of every row, by the cheapest way that is accurate, and what its gradient needs.

use super::super::distributions::{Data, Distributions, Numbers};
use super::super::kind::{Entropy, Input};
use super::super::range::{is_factor, is_usual};
use super::sums::{Bulk, Order, sums};
use crate::clock::Breather;
use crate::divergence::other_bins::{Found, Query, others};
use crate::divergence::row_gradient::{ENTROPY_GRADIENT, Gradient, LOGIT_GRADIENT, Source};
use crate::error::{Error, Result};
use crate::gpu::shader::Constant;
use crate::number::{Element, Precision, words};
use crate::parallel::map_rows_gently;
use crate::reference::divergence as reference;
use crate::reference::losses::Form;

/// Orders that f32 has powers for.
const MOST: f64 = 1e3;
const LEAST: f64 = 1e-3;

/// Of the largest weight: what the kernel of gradients does not take for empty.
const SMALLEST_SHARE: f64 = 1.0 / (1u128 << 99) as f64;

/// The entropy of a row, and how it was had.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) nats: f64,
    known: Known,
}

#[derive(Debug, Clone, Copy)]
enum Known {
    /// Of logits, by `logit_entropy`.
    Others(Found),
    /// By `entropy`.
    Bulk(Bulk),
    Twin,
}

/// The order, 1 of Shannon's.
fn order(entropy: Entropy) -> f64 {
    match entropy {
        Entropy::Shannon => 1.0,
        Entropy::Renyi { alpha } | Entropy::Tsallis { alpha } => alpha,
    }
}

/// Whether the sums of order 1 are enough: they hold the largest bin and the number of bins besides.
fn needs_no_power(alpha: f64) -> bool {
    alpha == 1.0 || alpha == 0.0 || alpha == f64::INFINITY
}

pub(super) async fn answers(
    entropy: Entropy,
    precision: Precision,
    p: &Distributions,
) -> Result<Vec<Row>> {
    entropy.check()?;
    p.context.require(precision)?;
    let alpha = order(entropy);
    let mut rows: Vec<Option<Row>> = vec![None; p.rows];
    let on_device = p.context.gpu().is_some() && precision == Precision::Single;
    if on_device && p.is_logarithmic() && (alpha == 1.0 || alpha == f64::INFINITY) {
        let query = |row| Query { row, temperature: p.temperature(), label: None };
        let queries: Vec<Query> = (0..p.rows).map(query).collect();
        let found = others("p", p, &queries, precision, false).await?;
        for (row, found) in rows.iter_mut().zip(found) {
            let others = &found.others;
            let nats = if alpha == 1.0 { others.entropy_of_all() } else { others.log_1_plus_u() };
            *row = Some(Row { nats, known: Known::Others(found) });
        }
    } else if on_device
        && is_usual(p.temperature())
        && (needs_no_power(alpha) || (LEAST..=MOST).contains(&alpha))
    {
        let order = Order::new(if needs_no_power(alpha) { 1.0 } else { alpha });
        let there: Vec<usize> = (0..p.rows).filter(|row| !p.is_beyond(*row)).collect();
        for (row, bulk) in there.iter().copied().zip(sums(p, &order, &there).await?) {
            if bulk.flags != 0 {
                // Names the index. A weight of −0 is none, and left to the twin.
                p.screened("p", row, &p.read_row(row).await?)?;
                continue;
            }
            let seen = match p.is_logarithmic() {
                true => bulk.kept.abs() < 1e28,
                false => sees_all(&order, &bulk),
            };
            if seen {
                if p.is_logarithmic() {
                    p.check_sum("p", row, (bulk.level + bulk.sum.ln_1p()).exp())?;
                }
                rows[row] =
                    value(entropy, &bulk).map(|nats| Row { nats, known: Known::Bulk(bulk) });
            }
        }
    }
    if let (Precision::Single, Data::Host(values)) = (precision, &p.data) {
        rows = match &**values {
            Numbers::Singles(values) => quick(entropy, p, values).await,
            Numbers::Doubles(values) => quick(entropy, p, values).await,
        };
    }
    by_twin(entropy, p, &mut rows).await?;
    let missing = || Error::invalid("p", "a row was not answered");
    rows.into_iter().map(|row| row.ok_or_else(missing)).collect()
}

/// Rows of the host that are not peaked, by plain sums: enough digits for single precision.
async fn quick<T: Element>(entropy: Entropy, p: &Distributions, of: &[T]) -> Vec<Option<Row>> {
    let mut breather = Breather::new();
    map_rows_gently(&mut breather, p.rows, |row| {
        let plain = reference::Plain::new(&of[row * p.bins..(row + 1) * p.bins], p.input)?;
        let nats = reference::entropy_plain(entropy, &plain)?;
        // What is refused is looked at again, in the order of the rows.
        p.check_sum("p", row, plain.sum(p.input)).ok()?;
        Some(Row { nats, known: Known::Twin })
    })
    .await
}

async fn by_twin(entropy: Entropy, p: &Distributions, rows: &mut [Option<Row>]) -> Result<()> {
    let open: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].is_none()).collect();
    let mut breather = Breather::new();
    for numbers in open.chunks(p.together()) {
        let values = p.read_rows(numbers).await?;
        let answer = |place: usize| {
            let row = p.screened("p", numbers[place], &values[place])?;
            Ok(Row { nats: reference::entropy(entropy, &row), known: Known::Twin })
        };
        let found = map_rows_gently(&mut breather, numbers.len(), answer).await;
        for (row, found) in numbers.iter().zip(found) {
            rows[*row] = Some(found?);
        }
    }
    Ok(())
}

/// ln Σ p^α, from whichever of two forms is known better.
fn log_power_sum(alpha: f64, bulk: &Bulk) -> f64 {
    let (u, y, s) = (bulk.sum, bulk.product, bulk.power);
    let (log_sum, e) = (u.ln_1p(), alpha - 1.0);
    let taken = e * y / (1.0 + u);
    let direct = alpha * u / (1.0 + u) + s / (1.0 + s);
    let termwise = e.abs() * (u + y) / ((1.0 + u) * (1.0 - taken).max(1e-300));
    if direct < termwise { s.ln_1p() - alpha * log_sum } else { -e * log_sum + (-taken).ln_1p() }
}

/// Whether arithmetic saw all weights of a row, or what it may have lost does not show.
fn sees_all(order: &Order, bulk: &Bulk) -> bool {
    let share = bulk.smallest / bulk.kept;
    // Powers below 1 make much of little.
    let small = if order.alpha < 1.0 { (-120f64).exp2() } else { 0.0 };
    let subnormal = bulk.smallest < f64::from(f32::MIN_POSITIVE);
    let lost = if subnormal { bulk.count * f64::from(f32::MIN_POSITIVE) / bulk.kept } else { 0.0 };
    (1e-30..1e36).contains(&bulk.kept)
        && share >= small
        && !(subnormal && order.alpha < 1.0)
        && 1e10 * lost <= bulk.sum
}

/// `None` where it is beyond the sums.
fn value(entropy: Entropy, bulk: &Bulk) -> Option<f64> {
    let (u, y) = (bulk.sum, bulk.product);
    let alpha = order(entropy);
    let value = match entropy {
        _ if alpha == 1.0 => u.ln_1p() + y / (1.0 + u),
        Entropy::Renyi { alpha: f64::INFINITY } => u.ln_1p(),
        Entropy::Renyi { alpha: 0.0 } => bulk.count.ln(),
        Entropy::Tsallis { alpha: 0.0 } => bulk.count - 1.0,
        Entropy::Renyi { .. } => -log_power_sum(alpha, bulk) / (alpha - 1.0),
        _ => -log_power_sum(alpha, bulk).exp_m1() / (alpha - 1.0),
    };
    value.is_finite().then_some(value.max(0.0))
}

/// Where the gradient of a row comes from.
fn source(entropy: Entropy, p: &Distributions, row: &Row, factor: f64) -> Source {
    let alpha = order(entropy);
    if alpha == 0.0 || factor == 0.0 {
        return Source::Zero;
    }
    match row.known {
        _ if alpha == f64::INFINITY => Source::Twin,
        Known::Others(Found { on_device: false, .. }) | Known::Twin => Source::Twin,
        Known::Others(found) => Source::of_form(&logit_form(&found, p.temperature(), factor)),
        Known::Bulk(bulk) => {
            let whole = 1.0 + bulk.sum;
            let scale = match entropy {
                _ if alpha == 1.0 => 1.0,
                Entropy::Renyi { .. } => alpha * whole / (1.0 + bulk.power),
                _ => alpha * ((1.0 - alpha) * bulk.sum.ln_1p()).exp(),
            };
            let by = if p.is_logarithmic() {
                factor / (p.temperature() * whole)
            } else {
                factor / (bulk.kept * whole)
            };
            let [rate, low] = words(1.0 / p.temperature());
            // The sum of a row's gradient is what y, the mean of what x multiplies, is wrong by.
            let x = (by * scale) as f32;
            let [y, y_low] = words(f64::from(x) * bulk.product / whole);
            let least = (bulk.kept * SMALLEST_SHARE).max(f64::from(f32::MIN_POSITIVE));
            let tiny = !p.is_logarithmic() && bulk.smallest < least;
            if tiny || !(is_factor(f64::from(x)) && y.is_finite()) {
                return Source::Twin;
            }
            Source::Device {
                reference: [bulk.kept as f32, 0.0, 0.0, 0.0],
                scalars: [x, y, y_low, 0.0, rate, low, 0.0, 0.0],
            }
        }
    }
}

/// −p_k (d_k + mean of −d)/T, d = (a − largest)/T.
fn logit_form(found: &Found, temperature: f64, factor: f64) -> Form {
    let others = &found.others;
    let by = -factor / temperature * (-others.log_1_plus_u()).exp();
    let mean = match others.log_u() {
        f64::NEG_INFINITY => 0.0,
        _ => others.probability() * others.gap,
    };
    Form { temperature, reference: others.kept, x: by * mean, y: by, z: 0.0, label: None }
}

/// The gradient of a row from its numbers.
pub(super) fn twin(
    entropy: Entropy,
    input: Input,
    factors: &[f64],
) -> impl Fn(usize, &[f64]) -> Vec<f64> + Send + Sync {
    move |row, values| {
        reference::entropy_gradient(entropy, &reference::Row::new(values, input), factors[row])
    }
}

pub(super) fn gradient<'a>(
    entropy: Entropy,
    p: &'a Distributions,
    rows: &[Row],
    factors: &[f64],
    twin: &'a (dyn Fn(usize, &[f64]) -> Vec<f64> + Send + Sync),
) -> Gradient<'a> {
    let order = Order::new(order(entropy));
    let of_logits = rows.iter().any(|row| matches!(row.known, Known::Others(_)));
    let (kernel, constants) = match of_logits {
        true => (&LOGIT_GRADIENT, vec![("LABELLED", Constant::Bool(false))]),
        false => (&ENTROPY_GRADIENT, vec![("ORDER", Constant::Bool(!order.is_one))]),
    };
    let sources =
        rows.iter().zip(factors).map(|(row, factor)| source(entropy, p, row, *factor)).collect();
    let member = order.gradient_member();
    Gradient { rows: p, kernel, constants, member, sources, twin }
}
