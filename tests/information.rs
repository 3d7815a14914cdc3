//! Information measures, histograms, channels, couplings and importance weights: against multiprecision values, closed
//! forms and properties, on the CPU twin and on the adapter under test.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Random, Way, assert_close, context, sized, ways};
use kantor::information::*;
use kantor::{Context, Error, Precision, Tensor, Unit};

// --- the reference ------------------------------------------------------------------

struct Line {
    kind: &'static str,
    single: bool,
    shape: [usize; 2],
    input: Vec<f64>,
    exact: Vec<f64>,
}

/// Values of `data/information_reference.csv`, computed with mpmath by `data/make_information_reference.py`.
fn reference(kind: &str) -> Vec<Line> {
    let numbers = |text: &str| -> Vec<f64> {
        text.split(';').map(|x| x.parse().expect("a number")).collect()
    };
    let text = include_str!("data/information_reference.csv");
    let lines = text.lines().map(|line| {
        let fields: Vec<&'static str> = line.split(',').collect();
        Line {
            kind: fields[0],
            single: fields[1] == "f32",
            shape: [2, 3].map(|k| fields[k].parse().expect("a size")),
            input: numbers(fields[4]),
            exact: numbers(fields[5]),
        }
    });
    let found: Vec<Line> = lines.filter(|line| line.kind == kind).collect();
    assert!(found.len() >= 8, "{} lines of {kind}", found.len());
    found
}

fn words(values: &[f64]) -> Vec<f32> {
    values.iter().map(|x| *x as f32).collect()
}

fn accuracy(way: &Way) -> f64 {
    match (way.context.device().is_some(), way.precision) {
        (false, _) => 2e-13,
        (true, Precision::Single) => 1e-6,
        (true, _) => 1e-12,
    }
}

fn measures(found: &JointInformation) -> [f64; 5] {
    [
        found.mutual_information,
        found.row_given_column,
        found.column_given_row,
        found.row_entropy,
        found.column_entropy,
    ]
}

fn information(way: &Way, tables: &[f64], shape: [usize; 2]) -> Vec<JointInformation> {
    joint_information_blocking(&way.context, tables, shape, way.precision, Unit::Nats)
        .unwrap_or_else(|error| panic!("{}: {error}", way.name))
}

// --- joint tables -------------------------------------------------------------------

#[test]
fn measures_of_tables_are_those_of_multiprecision() {
    for way in ways() {
        let mut worst = [0.0f64; 5];
        for line in reference("table") {
            let mut found = vec![information(&way, &line.input, line.shape)];
            if line.single {
                let input = words(&line.input);
                found.push(
                    joint_information_blocking(
                        &way.context,
                        &input,
                        line.shape,
                        way.precision,
                        Unit::Nats,
                    )
                    .expect("well-formed"),
                );
                let tensor =
                    common::block_on(Tensor::from_slice(&way.context, &input, &line.shape));
                found.push(
                    joint_information_tensor_blocking(
                        &tensor.expect("a tensor"),
                        way.precision,
                        Unit::Nats,
                    )
                    .expect("well-formed"),
                );
            }
            for found in found {
                for (k, (x, exact)) in measures(&found[0]).into_iter().zip(&line.exact).enumerate()
                {
                    let mut bound = accuracy(&way) * exact;
                    if k == 0 && !line.single && way.context.device().is_some() {
                        // Two words hold f64 cells to 2⁻⁴⁹.
                        bound += (-48f64).exp2() * (2.0 * exact).sqrt();
                    }
                    if exact.abs() < 1e-40 {
                        bound = 1e-40;
                    }
                    let what =
                        format!("{}, {:?} of {:?}, measure {k}", way.name, line.input, line.shape);
                    assert_close(&what, x, *exact, bound);
                    assert!(x >= 0.0, "{what}: {x}");
                    if *exact > 1e-30 && line.single {
                        worst[k] = worst[k].max((x - exact).abs() / exact);
                    }
                }
            }
        }
        println!(
            "{}: largest relative errors {}",
            way.name,
            worst.map(|x| format!("{x:.2e}")).join(" ")
        );
    }
}

fn tables(random: &mut Random, count: usize, [rows, columns]: [usize; 2]) -> Vec<f64> {
    let empty_row = random.below(rows + 1);
    (0..count * rows * columns)
        .map(|k| {
            let x = (random.uniform().powi(3) * 4096.0).round() / 64.0;
            let first = k % (rows * columns) == 0;
            if k / columns % rows == empty_row && !first {
                0.0
            } else {
                x + f64::from(u8::from(first))
            }
        })
        .collect()
}

#[test]
fn every_shape_agrees_with_the_twin() {
    let shapes =
        [[1, 1], [1, 300], [300, 1], [2, 5000], [5000, 2], [64, 65], [257, 31], [513, 130]];
    let twin = &ways()[0];
    for way in &ways()[1..] {
        let mut random = Random::new(5);
        for shape in sized(&shapes[..], &shapes[..6]) {
            let count = if shape[0] * shape[1] > 1000 { 2 } else { 37 };
            let tables = tables(&mut random, count, *shape);
            let (found, exact) =
                (information(way, &tables, *shape), information(twin, &tables, *shape));
            let shape_of_batch = [count, shape[0], shape[1]];
            let single = words(&tables);
            let tensor = Tensor::from_slice(&way.context, &single, &shape_of_batch);
            let tensor = common::block_on(tensor).expect("a tensor");
            let by_tensor = joint_information_tensor_blocking(&tensor, way.precision, Unit::Nats);
            assert_eq!(by_tensor.expect("well-formed"), found, "{shape:?}");
            assert_eq!(found.len(), count);
            for (found, exact) in found.iter().zip(&exact) {
                for (x, exact) in measures(found).into_iter().zip(measures(exact)) {
                    assert_close(way.name, x, exact, accuracy(way) * exact + 1e-300);
                }
            }
        }
    }
}

#[test]
fn measures_obey_their_identities() {
    let mut random = Random::new(6);
    for way in ways() {
        for shape in [[2, 2], [5, 3], [17, 40]] {
            let [rows, columns] = shape;
            let table = tables(&mut random, 1, shape);
            let transposed: Vec<f64> =
                (0..rows * columns).map(|k| table[k % rows * columns + k / rows]).collect();
            let merged: Vec<f64> = table
                .chunks_exact(columns)
                .flat_map(|row| [row[0] + row[1]].into_iter().chain(row[2..].iter().copied()))
                .collect();
            let x = information(&way, &table, shape)[0];
            let y = information(&way, &transposed, [columns, rows])[0];
            let bound = 2.0 * accuracy(&way) * x.joint_entropy;
            assert_close(
                "H(X) = I + H(X|Y)",
                x.mutual_information + x.row_given_column,
                x.row_entropy,
                bound,
            );
            assert_close(
                "H(Y) = I + H(Y|X)",
                x.mutual_information + x.column_given_row,
                x.column_entropy,
                bound,
            );
            assert_close("symmetric", x.mutual_information, y.mutual_information, bound);
            assert_close("turned", x.row_given_column, y.column_given_row, bound);
            assert_close("VI", x.variation_of_information(), y.variation_of_information(), bound);
            let z = information(&way, &merged, [rows, columns - 1])[0];
            assert!(z.mutual_information <= x.mutual_information + bound, "data processing");
            for by in [
                Normalization::Min,
                Normalization::Max,
                Normalization::Arithmetic,
                Normalization::Geometric,
                Normalization::Joint,
                Normalization::Rows,
                Normalization::Columns,
            ] {
                let part = x.normalized(by);
                assert!((0.0..=1.0 + accuracy(&way)).contains(&part), "{by:?}: {part}");
            }
            assert!(x.normalized(Normalization::Min) >= x.normalized(Normalization::Arithmetic));
            assert!(x.normalized(Normalization::Joint) <= x.normalized(Normalization::Max));
        }
    }
}

#[test]
fn known_tables() {
    for way in ways() {
        // A permutation: everything is shared; a product: nothing is; one cell: nothing is uncertain.
        let tables = [0.0, 2.0, 2.0, 0.0, 1.0, 2.0, 2.0, 4.0, 0.0, 0.0, 7.0, 0.0];
        let found = information(&way, &tables, [2, 2]);
        let (ln_2, bound) = (2f64.ln(), accuracy(&way));
        assert_close("permutation", found[0].mutual_information, ln_2, bound);
        assert_eq!(found[0].variation_of_information(), 0.0);
        assert_close("permutation", found[0].normalized(Normalization::Geometric), 1.0, bound);
        assert_eq!(found[1].mutual_information, 0.0);
        assert_eq!(found[1].normalized(Normalization::Arithmetic), 0.0);
        assert_eq!(measures(&found[2]), [0.0; 5]);
        assert_eq!(found[2].normalized(Normalization::Max), 1.0);
        let bits =
            joint_information_blocking(&way.context, &tables, [2, 2], way.precision, Unit::Bits);
        let bits = bits.expect("well-formed");
        assert_close("bits", bits[0].joint_entropy, 1.0, bound);
        assert_eq!(bits[0].unit, Unit::Bits);
        // A constant column beside one that is not.
        let found = information(&way, &[3.0, 0.0, 1.0, 0.0], [2, 2]);
        assert_eq!(found[0].normalized(Normalization::Min), 0.0);
    }
}

// --- channels ------------------------------------------------------------------------

#[test]
fn contraction_coefficients_are_those_of_multiprecision() {
    for line in reference("channel") {
        let [inputs, outputs] = line.shape;
        let (channel, p) = line.input.split_at(inputs * outputs);
        let tv = dobrushin_coefficient(channel, inputs, outputs).expect("a channel")[0];
        let chi2 = chi2_contraction(channel, inputs, outputs, p).expect("a channel")[0];
        // Entries next to each other are known to 2⁻⁵³ of themselves.
        assert_close("eta_tv", tv, line.exact[0], 1e-12 * line.exact[0] + 1e-15);
        let bound = 1e-12 * line.exact[1] + 2e-15 * line.exact[1].sqrt();
        assert_close("eta_chi2", chi2, line.exact[1], bound);
    }
}

#[test]
fn symmetric_channels_and_their_composition() {
    let deltas = [0.0, 0.01, 0.11, 0.5, 0.75, 1.0];
    let channels: Vec<f64> = deltas.iter().flat_map(|d| [1.0 - d, *d, *d, 1.0 - d]).collect();
    let tv = dobrushin_coefficient(&channels, 2, 2).expect("channels");
    let chi2 = chi2_contraction(&channels, 2, 2, &[0.5, 0.5]).expect("channels");
    for ((delta, tv), chi2) in deltas.iter().zip(&tv).zip(&chi2) {
        assert_close("BSC", *tv, (1.0 - 2.0 * delta).abs(), 1e-15);
        assert_close("BSC", *chi2, (1.0 - 2.0 * delta).powi(2), 1e-14);
    }
    let mut random = Random::new(8);
    for _ in 0..50 {
        let n = 2 + random.below(5);
        let mut channel =
            || -> Vec<f64> { (0..n).flat_map(|_| random.histogram(n, 0.2)).collect() };
        let (a, b) = (channel(), channel());
        let both: Vec<f64> =
            (0..n * n).map(|k| (0..n).map(|j| a[k / n * n + j] * b[j * n + k % n]).sum()).collect();
        let tv = |k: &[f64]| dobrushin_coefficient(k, n, n).expect("a channel")[0];
        assert!(tv(&both) <= tv(&a) * tv(&b) + 1e-14, "contractions multiply");
        let p = random.histogram(n, 0.0);
        let chi2 = chi2_contraction(&a, n, n, &p).expect("a channel")[0];
        assert!(chi2 <= tv(&a) + 1e-13, "{chi2} is above {}", tv(&a));
    }
}

// --- couplings -----------------------------------------------------------------------

#[test]
fn the_greedy_coupling_of_the_literature() {
    let marginals: Vec<&[f64]> = vec![&[1.0], &[0.75, 0.25], &[0.6, 0.3, 0.1]];
    let found = minimum_entropy_coupling(&[marginals], Unit::Nats).expect("well-formed");
    let masses: Vec<f64> = found[0].atoms.iter().map(|(_, mass)| *mass).collect();
    assert!(common::distance(&masses, &[0.6, 0.25, 0.1, 0.05]) < 1e-15, "{masses:?}");
    let places: Vec<Vec<u32>> = found[0].atoms.iter().map(|(place, _)| place.clone()).collect();
    assert_eq!(places, [[0, 0, 0], [0, 1, 1], [0, 0, 2], [0, 0, 1]]);
    let same: Vec<&[f32]> = vec![&[2.0, 6.0], &[1.0, 3.0]];
    let found = minimum_entropy_coupling(&[same], Unit::Bits).expect("well-formed");
    assert_eq!(found[0].atoms, [(vec![1, 1], 0.75), (vec![0, 0], 0.25)]);
    assert_close("entropy", found[0].entropy, 2.0 - 0.75 * 3f64.log2(), 1e-15);
    assert_close("bound", found[0].lower_bound, found[0].entropy, 1e-15);
}

#[test]
fn couplings_have_their_marginals_and_little_entropy() {
    let mut random = Random::new(9);
    let problems: Vec<Vec<Vec<f64>>> = (0..300)
        .map(|_| {
            let marginals = 2 + random.below(4);
            let mut marginal = || {
                let bins = 1 + random.below(30);
                random.histogram(bins, 0.3)
            };
            (0..marginals).map(|_| marginal()).collect()
        })
        .collect();
    let given: Vec<Vec<&[f64]>> =
        problems.iter().map(|problem| problem.iter().map(Vec::as_slice).collect()).collect();
    let found = minimum_entropy_coupling(&given, Unit::Nats).expect("well-formed");
    for (problem, coupling) in problems.iter().zip(&found) {
        let lengths: usize = problem.iter().map(Vec::len).sum();
        assert!(coupling.atoms.len() <= lengths - problem.len() + 1);
        for (k, marginal) in problem.iter().enumerate() {
            let mut sums = vec![0.0; marginal.len()];
            for (place, mass) in &coupling.atoms {
                sums[place[k] as usize] += mass;
                assert!(*mass > 0.0);
            }
            assert!(common::distance(&sums, marginal) < 1e-13);
            let entropy: f64 = marginal.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
            assert!(coupling.lower_bound >= entropy - 1e-13);
        }
        assert!(coupling.entropy >= coupling.lower_bound);
        // Within log₂ e bits of the smallest, and so of any bound that is reached (Compton 2022).
        assert!(coupling.entropy <= coupling.lower_bound + 1.0, "{coupling:?}");
    }
}

// --- histograms ----------------------------------------------------------------------

#[test]
fn counting_is_the_same_everywhere() {
    let length = sized(200_000, 70_000);
    let mut random = Random::new(10);
    let x: Vec<f32> = (0..2 * length).map(|_| (random.uniform() * 1.2 - 0.1) as f32).collect();
    let y: Vec<f32> =
        x.iter().map(|x| (x * x * 8.0 + random.uniform() as f32).round() / 8.0).collect();
    let widths = Bins::equal_width(0.0, 1.0, 13).expect("bins");
    let masses = equal_mass_bins(&y, length, 17).expect("bins");
    let many = Bins::equal_width(-0.3, 1.7, 5000).expect("bins");
    for bins in [[&widths, &masses], [&masses, &many]] {
        let twin = count_pairs_blocking(&Context::cpu(), &x, &y, length, bins).expect("counts");
        let found = count_pairs_blocking(context(), &x, &y, length, bins).expect("counts");
        assert_eq!(found, twin);
        let wide = |x: &[f32]| x.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>();
        let found = count_pairs_blocking(context(), &wide(&x), &wide(&y), length, bins);
        assert_eq!(found.as_ref(), Ok(&twin));
        let tensor = |x: &[f32]| {
            common::block_on(Tensor::from_slice(context(), x, &[2, length])).expect("a tensor")
        };
        assert_eq!(count_pairs_tensor_blocking(&tensor(&x), &tensor(&y), bins), Ok(twin.clone()));
        let all: u64 = twin.counts.iter().chain(&twin.outside).sum();
        assert_eq!(all, 2 * length as u64);
        let single = count_blocking(&Context::cpu(), &y, length, bins[1]).expect("counts");
        assert_eq!(count_blocking(context(), &y, length, bins[1]), Ok(single.clone()));
        assert_eq!(count_tensor_blocking(&tensor(&y), bins[1]), Ok(single));
    }
}

#[test]
fn edges_belong_to_the_bin_they_open_and_the_last_to_the_last() {
    let cpu = Context::cpu();
    let count = |x: &[f64], edges: &[f64]| {
        let bins = Bins::new(edges).expect("edges");
        count_blocking(&cpu, x, x.len(), &bins).expect("counts")
    };
    let found = count(&[0.0, 1.0, 1.0, 2.0, 2.5, -0.0, -1e-9], &[0.0, 1.0, 2.0]);
    assert_eq!((found.counts, found.outside), (vec![2, 3], vec![2]));
    // Equal edges: the samples go to the last bin that begins there.
    assert_eq!(count(&[0.0, 1.0, 1.0, 2.0], &[0.0, 1.0, 1.0, 2.0]).counts, [1, 0, 3]);
    assert_eq!(count(&[0.0, 1.0, 1.0], &[0.0, 1.0, 1.0]).counts, [1, 2]);
    // Edges between two f32, on the device too, where it counts so few: a tensor.
    let edges = [0.1, 0.3, 0.7, 0.9];
    let x: Vec<f32> = edges
        .iter()
        .flat_map(|edge| [(*edge as f32).next_down(), *edge as f32, (*edge as f32).next_up()])
        .collect();
    let bins = Bins::new(&edges).expect("edges");
    let twin = count_blocking(&cpu, &x, x.len(), &bins).expect("counts");
    let tensor = common::block_on(Tensor::from_slice(context(), &x, &[x.len()])).expect("a tensor");
    assert_eq!(count_tensor_blocking(&tensor, &bins), Ok(twin));
}

#[test]
fn edges_are_those_of_numpy() {
    // numpy.histogram_bin_edges and numpy.quantile.
    let x = [3.0, -1.5, 0.25, 7.0, 7.0, 2.0, 0.25];
    let bins = equal_width_bins(&x, 7, 3).expect("bins");
    assert!(common::distance(bins.edges(0), &[-1.5, 4.0 / 3.0, 25.0 / 6.0, 7.0]) < 1e-14);
    let bins = equal_mass_bins(&x, 7, 4).expect("bins");
    assert!(common::distance(bins.edges(0), &[-1.5, 0.25, 2.0, 5.0, 7.0]) < 1e-14);
    assert_eq!(equal_width_bins(&[2.0; 3], 3, 2).expect("bins").edges(0), [1.5, 2.0, 2.5]);
    let distinct: Vec<f64> = (0..1000).map(|k| f64::from(k * k)).collect();
    let bins = equal_mass_bins(&distinct, 1000, 10).expect("bins");
    let counts = count_blocking(&Context::cpu(), &distinct, 1000, &bins).expect("counts");
    assert_eq!(counts.counts, [100; 10]);
}

#[test]
fn information_of_samples_is_that_of_their_table() {
    let mut random = Random::new(11);
    let length = sized(100_000, 70_000);
    let x: Vec<f32> = (0..length).map(|_| random.below(4) as f32).collect();
    let y: Vec<f32> = x
        .iter()
        .map(|x| if random.uniform() < 0.7 { *x } else { random.below(4) as f32 })
        .collect();
    let bins = Bins::equal_width(0.0, 4.0, 4).expect("bins");
    for way in ways() {
        let found = binned_mutual_information_blocking(
            &way.context,
            &x,
            &y,
            length,
            [&bins, &bins],
            way.precision,
            Unit::Nats,
        )
        .expect("well-formed");
        let mut table = [0.0; 16];
        x.iter().zip(&y).for_each(|(x, y)| table[(4.0 * x + y) as usize] += 1.0);
        assert_eq!(found, information(&way, &table, [4, 4]));
        // 3/4 of the samples and a bit are equal: 0.775 ln 3.1 + 0.225 ln 0.3.
        let exact = 0.775 * 3.1f64.ln() + 0.225 * 0.3f64.ln();
        assert_close("information", found[0].mutual_information, exact, 0.02);
    }
}

// --- importance weights --------------------------------------------------------------

fn weigh(way: &Way, logs: &[f64], columns: usize) -> ImportanceWeights {
    ImportanceWeights::new_blocking(&way.context, logs, columns, way.precision)
        .unwrap_or_else(|error| panic!("{}: {error}", way.name))
}

#[test]
fn weights_are_worth_what_multiprecision_says() {
    for way in ways() {
        for line in reference("logs") {
            let mut found = vec![weigh(&way, &line.input, line.shape[1])];
            if line.single {
                let logs = words(&line.input);
                let tensor =
                    common::block_on(Tensor::from_slice(&way.context, &logs, &[logs.len()]));
                let tensor = tensor.expect("a tensor");
                found.push(
                    ImportanceWeights::from_tensor_blocking(&tensor, way.precision)
                        .expect("well-formed"),
                );
            }
            for found in found {
                let row = found.summaries()[0];
                let bound = accuracy(&way);
                let size = 1.0 + line.exact[0].abs() * f64::EPSILON / bound;
                assert_close("log-mean-exp", row.log_mean_exp, line.exact[0], bound * size);
                assert_close(
                    "ess",
                    row.effective_sample_size,
                    line.exact[1],
                    bound * line.exact[1],
                );
                assert_close("perplexity", row.perplexity, line.exact[2], bound * line.exact[2]);
                let fraction = line.exact[1] / line.shape[1] as f64;
                assert_close("fraction", row.effective_fraction, fraction, bound);
            }
        }
    }
}

#[test]
fn long_rows_keep_their_digits() {
    let columns = sized(262_144, 70_000);
    let mut random = Random::new(12);
    // All equal, which rounds the same way every time; random; one that outweighs the others together.
    let mut logs: Vec<f32> = vec![-10.3; columns];
    logs.extend((0..columns).map(|_| (random.uniform() * 20.0 - 900.0) as f32));
    logs.extend((0..columns).map(|k| if k == 77 { 3.0 } else { -9.3 - random.uniform() as f32 }));
    let exact = ImportanceWeights::new_blocking(&Context::cpu(), &logs, columns, Precision::Double)
        .expect("well-formed");
    let weights = exact.normalized_blocking().expect("weights");
    for way in ways() {
        let found = ImportanceWeights::new_blocking(&way.context, &logs, columns, way.precision)
            .expect("well-formed");
        let bound = accuracy(&way);
        let mut worst = 0.0f64;
        for (found, exact) in found.summaries().iter().zip(exact.summaries()) {
            assert_close("log-mean-exp", found.log_mean_exp, exact.log_mean_exp, bound);
            for (found, exact) in [
                (found.effective_sample_size, exact.effective_sample_size),
                (found.perplexity, exact.perplexity),
            ] {
                assert_close(way.name, found, exact, bound * exact);
                worst = worst.max((found - exact).abs() / exact);
            }
        }
        let mut furthest = 0.0f64;
        let found = found.normalized_blocking().expect("weights");
        for (found, exact) in found.iter().zip(&weights) {
            furthest = furthest.max((found - exact).abs() / exact);
        }
        println!("{}: ess and perplexity {worst:.2e}, weights {furthest:.2e}", way.name);
        assert!(furthest <= bound, "{}: a weight is off by {furthest:e}", way.name);
        for row in found.chunks_exact(columns) {
            // In parts: one after the other, 2¹⁸ equal terms lose more than is asked here.
            let sum: f64 = row.chunks(256).map(|part| part.iter().sum::<f64>()).sum();
            assert_close("sum", sum, 1.0, 2.0 * bound);
        }
    }
}

#[test]
fn weights_stay_on_the_context() {
    for way in ways() {
        let logs = [0.5, f64::NEG_INFINITY, -1.0, 2.0, 3.0, f64::NEG_INFINITY];
        let weights = weigh(&way, &logs, 3);
        let tensor = weights.normalized_tensor_blocking().expect("a tensor");
        assert_eq!(tensor.shape(), [2, 3]);
        let read = common::block_on(tensor.read()).expect("read");
        let values = weights.normalized_blocking().expect("weights");
        assert_eq!(read, words(&values));
        assert_eq!((values[1], values[5]), (0.0, 0.0));
        assert_eq!((weights.rows(), weights.columns()), (2, 3));
    }
}

#[test]
fn systematic_resampling_draws_floor_or_ceiling() {
    let mut random = Random::new(13);
    for round in 0..400 {
        let (rows, columns, draws) = (1 + random.below(3), 1 + random.below(60), random.below(200));
        let weights: Vec<f64> = match round % 3 {
            0 => (0..rows).flat_map(|_| random.histogram(columns, 0.4)).collect(),
            // Equal weights: n w̄ is a whole number for all particles at once.
            1 => vec![0.1 + random.uniform(); rows * columns],
            _ => (0..rows * columns).map(|_| 10f64.powf(-30.0 * random.uniform())).collect(),
        };
        let draws = if round % 3 == 1 { columns * random.below(5) } else { draws };
        let uniforms: Vec<f64> = (0..rows)
            .map(|_| {
                let u = random.uniform();
                random.pick(&[0.0, 0.5, 1.0 - f64::EPSILON / 2.0, u])
            })
            .collect();
        let found = systematic_resample(&weights, columns, &uniforms, draws).expect("well-formed");
        assert_eq!(found.len(), rows * draws);
        for (row, weights) in weights.chunks_exact(columns).enumerate() {
            let ancestors = &found[row * draws..(row + 1) * draws];
            assert!(ancestors.is_sorted());
            let sum: f64 = weights.iter().sum();
            let mut counts = vec![0usize; columns];
            ancestors.iter().for_each(|i| counts[*i as usize] += 1);
            for (count, weight) in counts.iter().zip(weights) {
                let mean = draws as f64 * weight / sum;
                let slack = 1e-9;
                assert!(
                    *count as f64 >= (mean - slack).floor()
                        && *count as f64 <= (mean + slack).ceil()
                );
                assert!(*weight > 0.0 || *count == 0);
                if round % 3 == 1 {
                    assert_eq!(*count, draws / columns);
                }
            }
        }
    }
    let weights = [0.1, 0.2, 0.3, 0.4];
    let drawn = systematic_resample(&weights, 4, &[0.5], 10).expect("well-formed");
    assert_eq!(drawn, [0, 1, 1, 2, 2, 2, 3, 3, 3, 3]);
}

#[test]
fn the_mean_number_of_draws_is_the_weight() {
    let logs = [0.0, -1.0, -2.0, 1.0];
    for way in ways() {
        let weights = weigh(&way, &logs, 4);
        let exact = weights.normalized_blocking().expect("weights");
        let mut counts = [0.0; 4];
        for k in 0..200 {
            for i in weights.resample_blocking(&[f64::from(k) / 200.0], 7).expect("drawn") {
                counts[i as usize] += 1.0 / (7.0 * 200.0);
            }
        }
        assert!(common::distance(&counts, &exact) < 1.0 / (7.0 * 200.0) + 1e-6, "{counts:?}");
    }
}

// --- what is wrong with an input -------------------------------------------------------

#[track_caller]
fn assert_invalid<T: std::fmt::Debug>(
    found: kantor::Result<T>,
    argument: &str,
    row: Option<usize>,
    index: Option<usize>,
) {
    match found {
        Err(Error::InvalidInput { argument: a, row: r, index: i, reason }) => {
            assert_eq!((a, r, i), (argument, row, index), "{reason}");
        }
        other => panic!("{argument}, {row:?}, {index:?}: {other:?}"),
    }
}

#[test]
fn what_is_wrong_is_named() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    for way in ways() {
        let (c, p) = (&way.context, way.precision);
        let tables =
            |tables: &[f64], shape| joint_information_blocking(c, tables, shape, p, Unit::Nats);
        assert_invalid(tables(&[1.0, 2.0, 3.0, -1.0], [1, 2]), "tables", Some(1), Some(1));
        assert_invalid(tables(&[nan, 2.0], [1, 2]), "tables", Some(0), Some(0));
        assert_invalid(tables(&[1.0, inf], [1, 2]), "tables", Some(0), Some(1));
        assert_invalid(tables(&[1.0, 1.0, 0.0, -0.0], [2, 1]), "tables", Some(1), None);
        assert_invalid(tables(&[1.0], [1, 2]), "tables", None, None);
        assert_invalid(tables(&[], [1, 2]), "tables", None, None);
        assert_invalid(tables(&[1.0], [0, 2]), "shape", None, None);
        assert_invalid(tables(&[1.0], [usize::MAX, 2]), "shape", None, None);
        let tensor = |data: &[f32], shape: &[usize]| {
            common::block_on(Tensor::from_slice(c, data, shape)).expect("a tensor")
        };
        let of = |tensor: &Tensor| joint_information_tensor_blocking(tensor, p, Unit::Nats);
        assert_invalid(
            of(&tensor(&[1.0, 1.0, 1.0, f32::NAN], &[2, 1, 2])),
            "tables",
            Some(1),
            Some(1),
        );
        assert_invalid(of(&tensor(&[1.0, -2.0], &[1, 2])), "tables", Some(0), Some(1));
        assert_invalid(of(&tensor(&[1.0, 1.0, 0.0, 0.0], &[2, 1, 2])), "tables", Some(1), None);
        assert_invalid(of(&tensor(&[1.0], &[1])), "tables", None, None);

        let logs = |logs: &[f64], columns| ImportanceWeights::new_blocking(c, logs, columns, p);
        assert_invalid(logs(&[0.0, 1.0, 2.0, nan], 2), "log_weights", Some(1), Some(1));
        assert_invalid(logs(&[0.0, inf], 2), "log_weights", Some(0), Some(1));
        assert_invalid(logs(&[0.0, 1.0, -inf, -inf], 2), "log_weights", Some(1), None);
        assert_invalid(logs(&[0.0], 0), "log_weights", None, None);
        assert_invalid(logs(&[0.0], 2), "log_weights", None, None);
        let of = |tensor: &Tensor| ImportanceWeights::from_tensor_blocking(tensor, p);
        let minus = f32::NEG_INFINITY;
        assert_invalid(
            of(&tensor(&[0.0, 1.0, f32::NAN, 1.0], &[2, 2])),
            "log_weights",
            Some(1),
            Some(0),
        );
        assert_invalid(of(&tensor(&[0.0, f32::INFINITY], &[2])), "log_weights", Some(0), Some(1));
        assert_invalid(
            of(&tensor(&[0.0, 1.0, minus, minus], &[2, 2])),
            "log_weights",
            Some(1),
            None,
        );
        assert_invalid(of(&tensor(&[0.0], &[1, 1, 1])), "log_weights", None, None);
        let weights = logs(&[0.0, 1.0], 1).expect("well-formed");
        assert_invalid(weights.resample_blocking(&[0.1], 3), "uniforms", None, None);
        assert_invalid(weights.resample_blocking(&[0.1, 1.0], 3), "uniforms", None, Some(1));

        let bins = Bins::equal_width(0.0, 1.0, 2).expect("bins");
        let two = equal_width_bins(&[0.0, 1.0, 2.0, 3.0], 2, 2).expect("bins");
        let mut x = vec![0.5f32; 70_000];
        x[69_999] = f32::NAN;
        assert_invalid(count_blocking(c, &x, 35_000, &bins), "samples", Some(1), Some(34_999));
        let y = vec![0.5f32; 70_000];
        assert_invalid(
            count_pairs_blocking(c, &y, &x, 70_000, [&bins; 2]),
            "y",
            Some(0),
            Some(69_999),
        );
        assert_invalid(
            count_pairs_blocking(c, &x, &y, 70_000, [&bins; 2]),
            "x",
            Some(0),
            Some(69_999),
        );
        assert_invalid(count_blocking(c, &[0.5, inf], 2, &bins), "samples", Some(0), Some(1));
        assert_invalid(count_blocking(c, &[0.5, 0.5, 0.5], 1, &two), "bins", None, None);
        assert_invalid(
            count_pairs_blocking(c, &[0.5], &[0.5, 0.1], 1, [&bins; 2]),
            "y",
            None,
            None,
        );
        let outside = [5.0, 6.0];
        let found =
            binned_mutual_information_blocking(c, &outside, &outside, 2, [&bins; 2], p, Unit::Nats);
        assert_invalid(found, "tables", Some(0), None);
    }
    assert_invalid(Bins::new(&[0.0, 2.0, 1.0]), "edges", None, Some(2));
    assert_invalid(Bins::new(&[0.0, nan]), "edges", None, Some(1));
    assert_invalid(Bins::new(&[0.0]), "edges", None, None);
    assert_invalid(Bins::new(&[1.0, 1.0]), "edges", None, None);
    assert_invalid(Bins::equal_width(1.0, 0.0, 2), "high", None, None);
    assert_invalid(Bins::equal_width(nan, 0.0, 2), "low", None, None);
    assert_invalid(Bins::equal_width(0.0, 1.0, 0), "bins", None, None);
    assert_invalid(equal_mass_bins(&[0.0, 1.0, 2.0, nan], 2, 2), "samples", Some(1), Some(1));
    assert_invalid(equal_width_bins(&[0.0, -inf], 2, 2), "samples", Some(0), Some(1));

    assert_invalid(dobrushin_coefficient(&[0.5, 0.5, 0.5, 0.6], 2, 2), "channels", Some(1), None);
    assert_invalid(
        dobrushin_coefficient(&[0.5, 0.5, -0.5, 1.5], 2, 2),
        "channels",
        Some(1),
        Some(0),
    );
    assert_invalid(dobrushin_coefficient(&[0.5, 0.5], 2, 0), "channels", None, None);
    let bsc = [0.9, 0.1, 0.1, 0.9];
    assert_invalid(chi2_contraction(&bsc, 2, 2, &[1.0]), "distributions", None, None);
    assert_invalid(chi2_contraction(&bsc, 2, 2, &[0.0, 0.0]), "distributions", Some(0), None);
    assert_invalid(chi2_contraction(&bsc, 2, 2, &[0.5, nan]), "distributions", Some(0), Some(1));
    assert_invalid(chi2_contraction(&bsc, 2, 2, &[0.5; 4]), "distributions", None, None);

    let couple = |problems: &[Vec<&[f64]>]| minimum_entropy_coupling(problems, Unit::Nats);
    assert_invalid(couple(&[]), "problems", None, None);
    assert_invalid(couple(&[vec![&[1.0], &[1.0]], vec![&[1.0]]]), "problems", Some(1), None);
    assert_invalid(couple(&[vec![&[1.0], &[0.5, -0.5]]]), "problems", Some(0), Some(1));
    assert_invalid(couple(&[vec![&[1.0], &[]]]), "problems", Some(0), None);

    assert_invalid(systematic_resample(&[0.5, nan], 2, &[0.1], 2), "weights", Some(0), Some(1));
    assert_invalid(systematic_resample(&[0.0, 0.0], 2, &[0.1], 2), "weights", Some(0), None);
    assert_invalid(systematic_resample(&[0.5, 0.5], 2, &[nan], 2), "uniforms", None, Some(0));
    assert_invalid(systematic_resample(&[0.5, 0.5], 2, &[0.5], usize::MAX), "draws", None, None);
}

#[test]
fn two_thousand_malformed_calls_end_in_values_or_errors() {
    let mut random = Random::new(14);
    let odd = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        1e-310,
        5.0,
        0.5,
    ];
    let (mut right, mut wrong) = (0, 0);
    for round in 0..2000 {
        let numbers = |random: &mut Random| -> Vec<f64> {
            let tame = random.below(2) == 0;
            let from = if tame { &odd[8..] } else { &odd[..] };
            (0..random.below(13)).map(|_| random.pick(from)).collect()
        };
        let (x, y) = (numbers(&mut random), numbers(&mut random));
        let size = |random: &mut Random| random.pick(&[0, 1, 2, 3, 4, 6, usize::MAX]);
        let (a, b) = (size(&mut random), size(&mut random));
        let c = if round % 8 == 0 { context().clone() } else { Context::cpu() };
        let p = random.pick(&[Precision::Single, Precision::Double]);
        let ok = match round % 10 {
            0 => joint_information_blocking(&c, &x, [a, b], p, Unit::Bits).is_ok(),
            1 => joint_information_blocking(&c, &words(&x), [a, b], p, Unit::Nats).is_ok(),
            2 => dobrushin_coefficient(&x, a, b).is_ok(),
            3 => chi2_contraction(&x, a, b, &y).is_ok(),
            4 => minimum_entropy_coupling(&[vec![&x[..], &y[..]]], Unit::Bits).is_ok(),
            5 => Bins::new(&x).and_then(|bins| count_blocking(&c, &y, a, &bins)).is_ok(),
            6 => equal_mass_bins(&x, a, b)
                .and_then(|bins| count_pairs_blocking(&c, &x, &y, a, [&bins; 2]))
                .is_ok(),
            7 => {
                equal_width_bins(&x, a, b).and_then(|bins| count_blocking(&c, &x, a, &bins)).is_ok()
            }
            8 => ImportanceWeights::new_blocking(&c, &x, a, p)
                .and_then(|weights| weights.resample_blocking(&y, b))
                .is_ok(),
            _ => systematic_resample(&x, a, &y, b).is_ok(),
        };
        if ok { right += 1 } else { wrong += 1 }
    }
    println!("{right} values, {wrong} errors");
    assert!(right > 50 && wrong > 500);
}
