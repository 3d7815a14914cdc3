//! What callers of the divergences rely on besides digits of single values: long rows, memory, one row for all,
//! reductions, masks, units, double precision, generators, futures that any thread can run.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::divergence_reference::{Case, Kind as Line, kind};
use common::pairs::{Kind, Pair, pair};
use common::{assert_close, block_on, context, device_context, open, sized, wgpu_adapter};
use kantor::reference::divergence::{Row, compare};
use kantor::{
    AttentionPenalty, Comparison, Context, Distributions, Divergence, Entropies, Entropy, Error,
    Generator, Gradients, Input, Loss, Losses, Precision, Reduction, Side, Unit, wgpu,
};
use std::f64::consts::LN_2;

const LOGITS: Input = Input::Logits { temperature: 1.0 };

fn rows<T: kantor::Element>(
    context: &Context,
    values: &[T],
    bins: usize,
    input: Input,
) -> Distributions {
    Distributions::new_blocking(context, values, bins, input).expect("well-formed")
}

/// Rows of a kind below each other.
fn flat(kind: Kind, count: usize, bins: usize) -> [Vec<f32>; 2] {
    let pairs: Vec<Pair> = (0..count).map(|row| pair(kind, bins, 31 * row as u64 + 7)).collect();
    [
        pairs.iter().flat_map(|x| x.p.clone()).collect(),
        pairs.iter().flat_map(|x| x.q.clone()).collect(),
    ]
}

fn read(gradients: Gradients) -> [Vec<f32>; 2] {
    [gradients.p, gradients.q]
        .map(|tensor| tensor.map_or(Vec::new(), |t| block_on(t.read()).expect("readable")))
}

/// The adapter under test with bindings of so many bytes.
fn small_bindings(bytes: u64) -> Option<Context> {
    let adapter = wgpu_adapter()?;
    let limits = wgpu::Limits {
        max_storage_buffer_binding_size: bytes,
        max_buffer_size: 16 << 20,
        max_uniform_buffer_binding_size: 1 << 14,
        ..wgpu::Limits::default()
    };
    let descriptor = wgpu::DeviceDescriptor { required_limits: limits, ..Default::default() };
    let (device, queue) = block_on(adapter.request_device(&descriptor)).expect("a device");
    Some(block_on(Context::from_device(&adapter, device, queue)).expect("a context"))
}

fn few() -> [Divergence; 5] {
    [
        Divergence::Kl,
        Divergence::JensenShannon { beta: 0.5 },
        Divergence::TotalVariation,
        Divergence::Renyi { alpha: 2.0 },
        Divergence::CauchySchwarz,
    ]
}

// --- long rows ------------------------------------------------------------------------

#[test]
fn rows_longer_than_a_binding_are_split_and_merged_with_the_same_answer() {
    let Some(split) = small_bindings(1 << 18) else { return };
    // Two and a half bindings of f32.
    let bins = 160_003;
    for kind in [Kind::Weights, Kind::Near(1e-3), Kind::Logits, Kind::Masked] {
        let words = flat(kind, 2, bins);
        let [p, q] = words.clone().map(|words| rows(&split, &words, bins, kind.input()));
        let [whole_p, whole_q] = words.map(|words| rows(context(), &words, bins, kind.input()));
        for divergence in few() {
            let comparison = Comparison::new(divergence);
            let found = comparison.rows_blocking(&p, &q).expect("values");
            let whole = comparison.rows_blocking(&whole_p, &whole_q).expect("values");
            for (found, whole) in found.values().iter().zip(whole.values()) {
                assert_close(&format!("{kind:?} {comparison:?}"), *found, *whole, 1e-6 * whole);
            }
            assert_eq!(found.mismatches(), whole.mismatches());
            let gradient = comparison.value_and_gradient_blocking(&p, &q, Side::P, None);
            let refused = matches!(gradient, Err(Error::LimitExceeded { .. }));
            assert!(refused, "a gradient above a binding: {gradient:?}");
        }
        for entropy in [Entropy::Shannon, Entropy::Renyi { alpha: 2.0 }] {
            let entropies = Entropies::new(entropy);
            let of =
                |p| entropies.value_and_gradient_on_host_blocking(p, None).expect("a gradient");
            let ((found, slopes), (whole, whole_slopes)) = (of(&p), of(&whole_p));
            for (found, whole) in found.iter().zip(&whole) {
                assert_close(&format!("{kind:?} {entropy:?}"), *found, *whole, 1e-6 * whole);
            }
            let most = whole_slopes.iter().fold(0.0f32, |most, g| most.max(g.abs()));
            for (found, whole) in slopes.iter().zip(&whole_slopes) {
                assert!(
                    (found - whole).abs() <= 1e-5 * most,
                    "{kind:?} {entropy:?}: {found} {whole}"
                );
            }
        }
        if kind.input() != Input::Weights {
            let losses = Losses::new(Loss::CrossEntropy { smoothing: 0.0 });
            let of = |p| losses.value_and_gradient_on_host_blocking(p, &[5, 159_999], None);
            let ((found, slopes), (whole, whole_slopes)) =
                (of(&p).expect("a loss"), of(&whole_p).expect("a loss"));
            for (found, whole) in found.values().iter().zip(whole.values()) {
                assert_close(&format!("{kind:?}, loss"), *found, *whole, 1e-6 * whole);
            }
            for (found, whole) in slopes.iter().zip(&whole_slopes) {
                assert!((found - whole).abs() <= 1e-5, "{kind:?}, loss: {found} {whole}");
            }
        }
    }
}

/// f64 rows take two words, so that a row is split of which the gradient fits.
#[test]
fn gradients_of_split_rows_are_those_of_whole_ones() {
    let Some(split) = small_bindings(1 << 18) else { return };
    let bins = 48_002;
    for kind in [Kind::Weights, Kind::Logits] {
        // A third is no f32.
        let thirds =
            |words: Vec<f32>| words.into_iter().map(|x| f64::from(x) / 3.0).collect::<Vec<f64>>();
        let words = flat(kind, 1, bins).map(thirds);
        let [p, q] = words.clone().map(|words| rows(&split, &words, bins, kind.input()));
        let [whole_p, whole_q] = words.map(|words| rows(context(), &words, bins, kind.input()));
        for divergence in few() {
            let comparison = Comparison::new(divergence);
            let of = |p, q| {
                let (values, gradients) =
                    comparison.value_and_gradient_blocking(p, q, Side::Both, None).expect("values");
                (values, read(gradients))
            };
            let ((found, slopes), (whole, whole_slopes)) = (of(&p, &q), of(&whole_p, &whole_q));
            let (found, whole) = (found.values()[0], whole.values()[0]);
            assert_close(&format!("{kind:?} {comparison:?}"), found, whole, 1e-6 * whole);
            for (found, whole) in slopes.iter().zip(&whole_slopes) {
                assert_eq!(found.len(), bins);
                let most = whole.iter().fold(0.0f32, |most, g| most.max(g.abs()));
                for (found, whole) in found.iter().zip(whole) {
                    let near = (found - whole).abs() <= 1e-5 * most;
                    assert!(near, "{kind:?} {comparison:?}: {found} {whole} of {most}");
                }
            }
        }
    }
}

// --- memory ---------------------------------------------------------------------------

#[test]
fn value_and_gradient_need_the_inputs_the_gradient_and_little_a_row() {
    if device_context().is_none() {
        return;
    }
    let (count, bins) = (64, sized(8192, 2048));
    for kind in [Kind::Weights, Kind::Logits] {
        for divergence in [Divergence::Kl, Divergence::JensenShannon { beta: 0.5 }] {
            let context = open();
            let [p, q] =
                flat(kind, count, bins).map(|words| rows(&context, &words, bins, kind.input()));
            let (_, gradients) = Comparison::new(divergence.clone())
                .value_and_gradient_blocking(&p, &q, Side::Q, None)
                .expect("a gradient");
            let peak = context.memory().peak;
            let matrix = (4 * count * bins) as u64;
            println!(
                "{kind:?} {divergence}: {peak} bytes, {:.3} of p, q and the gradient",
                peak as f64 / (3 * matrix) as f64
            );
            assert!(peak <= 3 * matrix + 2048 * count as u64, "{peak} for {matrix}");
            drop(gradients);
        }
    }
}

// --- rows, reductions, units -----------------------------------------------------------

/// The adapter under test and the twin, with what values may be off by.
fn ways() -> [(Context, f64); 2] {
    [(Context::cpu(), 1e-12), (context().clone(), 2e-6)]
}

#[test]
fn one_row_on_either_side_stands_for_all() {
    for (context, bound) in ways() {
        for kind in [Kind::Sparse, Kind::Logits] {
            let (count, bins) = (7, 37);
            let [p, q] = flat(kind, count, bins);
            let many = rows(&context, &p, bins, kind.input());
            let one = rows(&context, &q[..bins], bins, kind.input());
            let repeated = rows(&context, &q[..bins].repeat(count), bins, kind.input());
            for divergence in few() {
                let comparison = Comparison::new(divergence);
                for (a, b, c, d) in
                    [(&many, &one, &many, &repeated), (&one, &many, &repeated, &many)]
                {
                    let shared = comparison.rows_blocking(a, b).expect("values");
                    let all = comparison.rows_blocking(c, d).expect("values");
                    assert_eq!(shared.values().len(), count);
                    assert_eq!(shared.mismatches(), all.mismatches());
                    for (shared, all) in shared.values().iter().zip(all.values()) {
                        let same = shared == all || (shared - all).abs() <= bound * all;
                        assert!(same, "{comparison:?} {kind:?}: {shared} {all}");
                    }
                }
            }
        }
    }
}

#[test]
fn reductions_count_weights_and_leave_out_what_is_masked() {
    for (context, bound) in ways() {
        let (count, bins) = (5, 9);
        let [p, q] = flat(Kind::Weights, count, bins)
            .map(|words| rows(&context, &words, bins, Input::Weights));
        let plain = Comparison::new(Divergence::Kl);
        let (all, slopes) =
            plain.value_and_gradient_blocking(&p, &q, Side::Q, None).expect("values");
        let slopes = read(slopes)[1].clone();
        assert_eq!(all.reduced(), None);
        let mask = vec![true, true, false, true, true];
        let weights = vec![1.0, 3.0, 100.0, 0.0, 0.5];
        let settled = plain.mask(mask).row_weights(weights);
        let v = all.values();
        let sum = v[0] + 3.0 * v[1] + 0.5 * v[4];
        for (reduction, exact, scale) in
            [(Reduction::Sum, sum, 1.0), (Reduction::Mean, sum / 4.5, 4.5)]
        {
            let comparison = settled.clone().reduction(reduction);
            let upstream = [1.0, -2.0, 1.0, 1.0, 1.0];
            let (values, gradients) = comparison
                .value_and_gradient_blocking(&p, &q, Side::Q, Some(&upstream))
                .expect("values");
            assert_close("reduced", values.reduced().expect("asked for"), exact, bound * exact);
            assert_eq!(values.values()[2], 0.0);
            let reduced = &read(gradients)[1];
            for (k, factor) in [1.0, -6.0, 0.0, 0.0, 0.5].into_iter().enumerate() {
                for i in k * bins..(k + 1) * bins {
                    let exact = f64::from(slopes[i]) * factor / scale;
                    assert_close("gradient", f64::from(reduced[i]), exact, 1e-6 * exact.abs());
                }
            }
        }
    }
}

#[test]
fn bits_are_nats_over_ln_2_and_what_has_no_logarithm_stays() {
    for (context, bound) in ways() {
        let [p, q] = flat(Kind::Logits, 3, 11).map(|words| rows(&context, &words, 11, LOGITS));
        for divergence in Divergence::ALL {
            let nats = Comparison::new(divergence.clone());
            let bits = nats.clone().unit(Unit::Bits);
            let of = |comparison: &Comparison| {
                let (values, gradients) =
                    comparison.value_and_gradient_blocking(&p, &q, Side::P, None).expect("values");
                (values.values().to_vec(), read(gradients)[0].clone())
            };
            let ((nats, slopes), (bits, of_bits)) = (of(&nats), of(&bits));
            use Divergence as D;
            let plain = matches!(
                divergence,
                D::SquaredHellinger
                    | D::TotalVariation
                    | D::PearsonChi2
                    | D::NeymanChi2
                    | D::Chi2Mixture
                    | D::Tsallis { .. }
                    | D::Amari { .. }
                    | D::Triangular
            );
            let factor = if plain { 1.0 } else { 1.0 / LN_2 };
            for (nats, bits) in nats.iter().zip(&bits) {
                assert_close(divergence.name(), *bits, factor * nats, bound * bits.abs());
            }
            for (nats, bits) in slopes.iter().zip(&of_bits) {
                let exact = factor * f64::from(*nats);
                assert_close(
                    divergence.name(),
                    f64::from(*bits),
                    exact,
                    1e-6 * exact.abs() + 1e-30,
                );
            }
        }
    }
}

// --- double precision -------------------------------------------------------------------

/// Every line of the multiprecision table, by the same way as a caller's rows.
#[test]
fn double_keeps_twelve_digits_of_every_member() {
    let table = include_str!("data/divergence_reference.csv");
    let mut made: Option<(String, [Distributions; 2])> = None;
    let (mut worst, mut lines) = (0.0f64, 0);
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split(',').collect();
        let [rows_kind, n, seed, gap, name, parameter, value, ..] = fields[..] else {
            panic!("{line}")
        };
        let bins: usize = n.parse().expect("bins");
        // What is stored is f32 at its heart: numbers within its range.
        if rows_kind == "wide" {
            continue;
        }
        let key = fields[..4].join(",");
        if made.as_ref().is_none_or(|(known, _)| *known != key) {
            let number = |text: &str| text.parse::<f64>().expect("a number");
            let case = Case::new(rows_kind, bins, seed.parse().expect("a seed"), number(gap));
            let made_rows = case.rows().map(|(values, input)| {
                let rows = rows(context(), &values, bins, input);
                if input == Input::LogProbabilities { rows.normalized() } else { rows }
            });
            made = Some((key, made_rows));
        }
        let Some((_, [p, q])) = &made else { continue };
        let found = match kind(name, parameter) {
            Line::Divergence(divergence) => {
                let comparison = Comparison::new(divergence).precision(Precision::Double);
                comparison.rows_blocking(p, q).expect("a value").values()[0]
            }
            Line::Entropy(entropy) => {
                let entropies = Entropies::new(entropy).precision(Precision::Double);
                entropies.rows_blocking(p).expect("a value")[0]
            }
        };
        let exact: f64 = value.parse().expect("a number");
        let error = if found == exact { 0.0 } else { ((found - exact) / exact).abs() };
        assert!(error <= 1e-12, "{line}: {found:e}, off by {error:e}");
        worst = worst.max(error);
        lines += 1;
    }
    println!("{lines} lines, largest error {worst:.1e}");
    assert!(lines > 1000, "{lines} lines");
}

// --- generators -------------------------------------------------------------------------

/// The f of built-in divergences, f′(1) = 0 where it can be, beside them.
fn generators() -> Vec<(Generator, Divergence)> {
    let make = |f, derivative| Generator::new(f, derivative).expect("expressions");
    vec![
        (
            make("r * log(r) - r + 1.0", "log(r)")
                .with_limits(1.0, f64::INFINITY)
                .with_reference(|r| r * r.ln() - r + 1.0, f64::ln),
            Divergence::Kl,
        ),
        (
            make("(r - 1.0) * (r - 1.0)", "2.0 * (r - 1.0)")
                .with_limits(1.0, f64::INFINITY)
                .with_reference(|r| (r - 1.0).powi(2), |r| 2.0 * (r - 1.0)),
            Divergence::PearsonChi2,
        ),
        (
            make(
                "0.5 * (r * log(r) - (r + 1.0) * log(0.5 * (r + 1.0)))",
                "0.5 * (log(r) - log(0.5 * (r + 1.0)))",
            )
            .with_limits(0.5 * LN_2, 0.5 * LN_2)
            .with_reference(
                |r| 0.5 * (r * r.ln() - (r + 1.0) * (0.5 * (r + 1.0)).ln()),
                |r| 0.5 * (r.ln() - (0.5 * (r + 1.0)).ln()),
            ),
            Divergence::JensenShannon { beta: 0.5 },
        ),
    ]
}

#[test]
fn generators_of_built_in_divergences_are_those() {
    for context in [Context::cpu(), context().clone()] {
        let exact = context.device().is_none();
        for kind in [Kind::Weights, Kind::Sparse, Kind::Logits] {
            let (count, bins) = (6, 41);
            let [p, q] =
                flat(kind, count, bins).map(|words| rows(&context, &words, bins, kind.input()));
            for (generator, divergence) in generators() {
                let of = |divergence: Divergence| {
                    let comparison = Comparison::new(divergence);
                    let (values, gradients) = comparison
                        .value_and_gradient_blocking(&p, &q, Side::Both, None)
                        .expect("values");
                    (values, read(gradients))
                };
                let (found, slopes) = of(Divergence::Generator(generator));
                let (known, known_slopes) = of(divergence.clone());
                let what = format!("{divergence} of {kind:?}");
                for (found, known) in found.values().iter().zip(known.values()) {
                    // The built-in logarithm has 1e-6 of these f, which are no sums of small terms.
                    let bound = if exact { 1e-12 } else { 4e-6 };
                    let same = found == known || (found - known).abs() <= bound * known;
                    assert!(same, "{what}: {found} {known}");
                }
                // Bins that one row lacks are at r = 2^±100, where f(r) - r f'(r) cancels.
                let rows = if kind == Kind::Sparse { 0..0 } else { 0..count };
                for row in rows {
                    for (found, known) in slopes.iter().zip(&known_slopes) {
                        let place = row * bins..(row + 1) * bins;
                        let (found, known) = (&found[place.clone()], &known[place]);
                        let most = known.iter().fold(0.0f32, |most, g| most.max(g.abs()));
                        for (found, known) in found.iter().zip(known) {
                            let near = (found - known).abs() <= 2e-5 * most;
                            assert!(near, "{what}: {found} {known} of {most}");
                        }
                    }
                }
            }
        }
    }
}

// --- both sides, and threads --------------------------------------------------------------

/// Rows of weights against rows of logits are answered by the twin, on every context.
#[test]
fn the_two_sides_may_be_of_different_inputs() {
    for (context, _) in ways() {
        let weights = [0.1f32, 0.2, 0.7];
        let logits = [0.0f32, 1.0, -1.0];
        let p = rows(&context, &weights, 3, Input::Weights);
        let q = rows(&context, &logits, 3, LOGITS);
        let wide = |values: &[f32], input| {
            Row::new(&values.iter().map(|x| f64::from(*x)).collect::<Vec<_>>(), input)
        };
        let (a, b) = (wide(&weights, Input::Weights), wide(&logits, LOGITS));
        for divergence in Divergence::ALL {
            let comparison = Comparison::new(divergence.clone());
            let values = comparison.rows_blocking(&p, &q).expect("a value");
            let exact = compare(&divergence, &a, &b);
            assert_close(divergence.name(), values.values()[0], exact, 1e-12 * exact);
        }
    }
}

#[test]
fn every_question_can_be_spawned() {
    fn sendable<T: Send>(_: &T) {}
    let p = rows(&Context::cpu(), &[0.5f32, 0.5], 2, LOGITS);
    let comparison = Comparison::new(Divergence::Kl);
    sendable(&comparison.rows(&p, &p));
    sendable(&comparison.value_and_gradient(&p, &p, Side::Both, None));
    let entropies = Entropies::new(Entropy::Shannon);
    sendable(&entropies.rows(&p));
    sendable(&entropies.perplexity(&p));
    sendable(&entropies.value_and_gradient(&p, None));
    sendable(&entropies.value_and_gradient_on_host(&p, None));
    let losses = Losses::new(Loss::CompSum { tau: 1.0 });
    sendable(&losses.rows(&p, &[0]));
    sendable(&losses.value_and_gradient(&p, &[0], None));
    sendable(&losses.value_and_gradient_on_host(&p, &[0], None));
    let penalty = AttentionPenalty::new(0.5).expect("a target");
    sendable(&penalty.rows(&p));
    sendable(&penalty.value_and_gradient(&p));
    sendable(&Distributions::new(&Context::cpu(), &[0.5f32], 1, LOGITS));
}
