//! Calls that went wrong once, and their neighbours, by what went wrong.

use crate::oracle::{
    Bound, Contexts, Told, Verdict, agree, agree_by_row, both, digits, finite, must, up_to,
};
use crate::{both_or_end, common::Random};
use kantor::information::joint_information_blocking;
use kantor::{
    Annealing, Bessel, BesselFunction, ClassPrior, Comparison, Context, Directions, Distributions,
    Divergence, Entropies, Entropy, Error, Generator, Geometry, Input, Loss, Losses, Precision,
    Problem, Result, Side, Sinkhorn, Unit, VonMisesFisher,
};
use pollster::block_on;

pub type Case = fn(&Contexts) -> Verdict;

pub const CASES: &[(&str, Case)] = &[
    ("weights whose ratio leaves f32", far_weights),
    ("logits with a gap above 87", far_logits),
    ("logits with a gap beyond f32, and beyond f64", farther_logits),
    ("rows with nearly all mass in one bin", peaked_logits),
    ("weights of ratios with a next to empty mixture", small_mixture),
    ("the prior of classes, with such logits", far_classes),
    ("LDR and ALDR at any λ, log-probabilities, labels at −∞", robust_losses),
    ("directions of mixed lengths", mixed_lengths),
    ("angles that differ in the eighth digit", tight_angles),
    ("Bessel functions at the ends of the domain", bessel_ends),
    ("the Matérn correlation next to 0", matern),
    ("the smallest numbers in a joint table", small_cells),
    ("costs far below ε", tiny_costs),
    ("temperatures of any size", temperatures),
    ("sizes that nothing holds", sizes),
    ("an annealing without end", annealing),
    ("a generator of thousands of operators", deep_generator),
];

const PRECISIONS: [Precision; 2] = [Precision::Single, Precision::Double];

fn rows_of(context: &Context, values: &[f64], bins: usize, input: Input) -> Result<Distributions> {
    Distributions::new_blocking(context, values, bins, input)
}

/// Every divergence of p from q and its gradients, both ways round.
fn compared(contexts: &Contexts, p: &[f64], q: &[f64], bins: usize, input: Input) -> Verdict {
    for precision in PRECISIONS {
        for divergence in Divergence::ALL {
            for (p, q) in [(p, q), (q, p)] {
                let comparison = Comparison::new(divergence.clone()).precision(precision);
                let run = |context: &Context| {
                    let [p, q] = [p, q].map(|values| rows_of(context, values, bins, input));
                    comparison.value_and_gradient_blocking(&p?, &q?, Side::Both, None)
                };
                let what = format!("{divergence} in {precision:?}");
                let (one, other) = both_or_end!(&what, run(&contexts.tested), run(&contexts.twin));
                agree(&what, one.0.values(), other.0.values(), digits(precision))?;
                for (one, other) in [(one.1.p, other.1.p), (one.1.q, other.1.q)] {
                    let (Some(one), Some(other)) = (one, other) else { continue };
                    let read = |tensor: kantor::Tensor| must(&what, block_on(tensor.read()));
                    let (one, other) = (read(one)?, read(other)?);
                    agree_by_row(&what, &up_to(1.0, one, &other), &other, bins, 2e-4)?;
                }
            }
        }
    }
    Ok(Told::Answered)
}

fn far_weights(contexts: &Contexts) -> Verdict {
    let p = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1e20, 1e-20];
    let q = [1e-20, 1e20, 1e-30, 1e20, 1e-40, 1.0, 1e-45, 1.0, 1e-20, 1e20]
        .map(|x| f64::from(x as f32));
    compared(contexts, &p.map(|x| f64::from(x as f32)), &q, 2, Input::Weights)
}

fn far_logits(contexts: &Contexts) -> Verdict {
    for gap in [30.0, 80.0, 86.0, 87.5, 88.0, 90.0, 103.0, 104.0, 120.0, 700.0] {
        let logits = Input::Logits { temperature: 1.0 };
        compared(contexts, &[0.0, -gap, 0.5], &[0.0, 0.0, 0.25], 3, logits)?;
        compared(contexts, &[0.0, -gap, 1.0], &[-gap, 0.0, 1.0], 3, logits)?;
    }
    Ok(Told::Answered)
}

fn farther_logits(contexts: &Contexts) -> Verdict {
    let logits = Input::Logits { temperature: 1.0 };
    for far in [7.7e28, 3e38, 1e300, f64::MAX] {
        let p = [0.5, -0.25, far, 0.0, 1.0, 0.0];
        let q = [0.0, 1.0, -far, 0.0, -far, 0.5];
        compared(contexts, &p, &q, 3, logits)?;
    }
    Ok(Told::Answered)
}

fn peaked_logits(contexts: &Contexts) -> Verdict {
    let logits = Input::Logits { temperature: 1.0 };
    for peak in [8.888_747, 12.0, 15.5] {
        let p = [-1.386_314, -1.386_151, -1.386_419, -1.386_294].map(|x| f64::from(x as f32));
        let q = [-7.121_21, -4.748_878, peak, -3.5].map(|x| f64::from(x as f32));
        compared(contexts, &p, &q, 4, logits)?;
    }
    // Normalisers that are far apart, and bins that are not.
    for far in [90.0, 1000.0, 372_796.9] {
        let q = [far, 0.0, -0.5, -104.0].map(|x| f64::from(x as f32));
        compared(contexts, &[0.25, 0.5, 0.125, 0.25], &q, 4, logits)?;
    }
    Ok(Told::Answered)
}

fn small_mixture(contexts: &Contexts) -> Verdict {
    for beta in [5e-324, 1e-300, 1e-30, 1.0 - 1e-15] {
        let member = Divergence::JensenShannon { beta };
        let logs = [2.0f32, f32::INFINITY, 0.5, -3.0, 88.0, f32::NEG_INFINITY];
        let run = |context: &Context| member.ratio_weights_of_blocking(context, &logs);
        let what = format!("{member}");
        let (one, other) = both_or_end!(&what, run(&contexts.tested), run(&contexts.twin));
        agree(&what, &one, &other, Bound { relative: 1e-5, absolute: 1e-37 })?;
    }
    Ok(Told::Answered)
}

fn far_classes(contexts: &Contexts) -> Verdict {
    for (precision, gap) in
        [(Precision::Single, 95.0), (Precision::Double, 95.0), (Precision::Single, 150.0)]
    {
        let run = |context: &Context| {
            let rows =
                rows_of(context, &[0.0, -gap, 1.0, -gap], 2, Input::Logits { temperature: 1.0 })?;
            ClassPrior::new(&[1.0, 1e-60])?.precision(precision).value_blocking(&rows)
        };
        let (one, other) = both_or_end!("class prior", run(&contexts.tested), run(&contexts.twin));
        agree("class prior", &[one.divergence], &[other.divergence], digits(precision).and(1e-6))?;
    }
    let run = |context: &Context| {
        let rows = rows_of(context, &[0.0, -90.0], 2, Input::Logits { temperature: 1.0 })?;
        ClassPrior::new(&[1.0, 0.0])?.value_blocking(&rows)
    };
    let (one, other) = both_or_end!("no prior", run(&contexts.tested), run(&contexts.twin));
    agree("no prior", &[one.divergence], &[other.divergence], digits(Precision::Single))?;
    Ok(Told::Answered)
}

fn robust_losses(contexts: &Contexts) -> Verdict {
    let logs = [0.5f64.ln(), 0.25f64.ln(), 0.25f64.ln(), f64::NEG_INFINITY];
    let logits = [2.0, 1.0, 0.1, -3.0];
    let near = [1.0, 1.0 + 1e-5, 1.0 - 1e-5, 1.0];
    for precision in PRECISIONS {
        for lambda in [1e-6, 1e-3, 0.5, 1.0, 2.0, 1e3, 1e6] {
            for loss in
                [Loss::Ldr { margin: 0.5, lambda }, Loss::Aldr { margin: 0.5, lambda, alpha: 1.5 }]
            {
                for (values, input) in [
                    (logs, Input::LogProbabilities),
                    (logits, Input::Logits { temperature: 1.0 }),
                    (near, Input::Logits { temperature: 1.0 }),
                ] {
                    for label in [0, 3] {
                        let losses = Losses::new(loss).precision(precision);
                        let run = |context: &Context| {
                            let values = values.map(|x| f64::from(x as f32));
                            let rows = rows_of(context, &values, 4, input)?.normalized();
                            losses.rows_blocking(&rows, &[label])
                        };
                        let what = format!("{loss:?} of {input:?} at {label} in {precision:?}");
                        let answers = both(&what, run(&contexts.tested), run(&contexts.twin))?;
                        let Ok((one, other)) = answers else { continue };
                        agree(&what, one.values(), other.values(), digits(precision))?;
                    }
                }
            }
        }
    }
    Ok(Told::Answered)
}

fn fitted(
    contexts: &Contexts,
    rows: &[f64],
    dimension: usize,
    precision: Precision,
    bound: f64,
) -> Verdict {
    let run = |context: &Context| {
        let directions = Directions::new_blocking(context, rows, dimension)?;
        VonMisesFisher::fit_blocking(&directions, precision)
    };
    let (one, other) = both_or_end!("fit", run(&contexts.tested), run(&contexts.twin));
    let kappa = |fit: &kantor::VonMisesFisherFit| [fit.distribution().concentration()];
    agree("κ", &kappa(&one), &kappa(&other), Bound { relative: bound, absolute: 0.0 })?;
    Ok(Told::Answered)
}

fn mixed_lengths(contexts: &Contexts) -> Verdict {
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let dimension = 2 + random.below(6);
        let mut rows = Vec::new();
        for _ in 0..50 {
            let length = 10f64.powf(16.0 * random.uniform() - 8.0);
            rows.extend((0..dimension).map(|k| length * (random.uniform() - 0.3 + 0.2 * k as f64)));
        }
        fitted(contexts, &rows, dimension, Precision::Double, 1e-9)?;
        fitted(contexts, &rows, dimension, Precision::Single, 1e-4)?;
    }
    Ok(Told::Answered)
}

fn tight_angles(contexts: &Contexts) -> Verdict {
    let rows: Vec<f64> = (0..12)
        .flat_map(|k| {
            let angle = 4.95 + 1e-8 * f64::from(k * 7 % 12);
            [angle.cos(), angle.sin()]
        })
        .collect();
    fitted(contexts, &rows, 2, Precision::Double, 1e-6)
}

fn bessel_ends(contexts: &Contexts) -> Verdict {
    let orders = [0.0f64, 5e-307, -1e-60, 1e-30, 0.5, 1.0, 16.0, 1e6, 1_000_000.05, 1_000_000.09];
    let arguments = [0.0, 1e-30, 9.999_999e-31, 1e-29, 1.0, 1e6, 1e29, 1e30, 1.000_000_05e30];
    for precision in PRECISIONS {
        for function in BesselFunction::ALL {
            for v in orders {
                for x in arguments {
                    let bessel = Bessel::new(function).precision(precision);
                    let run = |context: &Context| bessel.evaluate_blocking(context, &[v], &[x]);
                    let what = format!("{function} in {precision:?} at ({v}, {x})");
                    let answers = both(&what, run(&contexts.tested), run(&contexts.twin))?;
                    let Ok((one, other)) = answers else { continue };
                    let (one, other) = (one[0], other[0]);
                    let same = one == other
                        || (one - other).abs() <= 1e-6 * other.abs() + 1e-6 * v.hypot(x) + 1e-8;
                    if one.is_nan() || other.is_nan() || !same {
                        return Err(format!("{what}: {one}, the twin has {other}"));
                    }
                    if x > 0.0 && other.abs() < 1e38 {
                        finite(&what, &[one])?;
                    }
                }
            }
        }
    }
    Ok(Told::Answered)
}

fn matern(contexts: &Contexts) -> Verdict {
    let log_k = Bessel::new(BesselFunction::LogKRegularized).precision(Precision::Double);
    for v in [0.5, 1.5, 2.5, 50.0, 1000.0] {
        for x in [1e-12, 1e-6, 1e-3, 1.0, 100.0] {
            let run = |context: &Context| log_k.evaluate_blocking(context, &[v], &[x]);
            let (one, other) = both_or_end!("Matérn", run(&contexts.tested), run(&contexts.twin));
            agree(
                &format!("({v}, {x})"),
                &one,
                &other,
                Bound { relative: 5e-14, absolute: 1e-12 },
            )?;
            if other[0] > 0.0 || other[0] == 0.0 && x > 1e-3 {
                return Err(format!("({v}, {x}): {}", other[0]));
            }
        }
    }
    Ok(Told::Answered)
}

fn small_cells(contexts: &Contexts) -> Verdict {
    let tables: [[f64; 4]; 4] = [
        [1.0, 5e-324, 0.0, 1.0],
        [5e-324; 4],
        [f64::MAX; 4],
        [1.0, 1e-300, 1e-310, f64::MIN_POSITIVE],
    ];
    for table in tables {
        for precision in PRECISIONS {
            for shape in [[2, 2], [1, 4], [4, 1]] {
                let run = |context: &Context| {
                    joint_information_blocking(context, &table, shape, precision, Unit::Nats)
                };
                let what = format!("{table:?}, {precision:?}");
                let answers = both(&what, run(&contexts.tested), run(&contexts.twin))?;
                let Ok((one, other)) = answers else { continue };
                let of =
                    |x: &[kantor::JointInformation]| [x[0].mutual_information, x[0].joint_entropy];
                agree(&what, &of(&one), &of(&other), digits(precision).and(1e-12))?;
                finite(&what, &of(&one))?;
            }
        }
    }
    Ok(Told::Answered)
}

fn tiny_costs(contexts: &Contexts) -> Verdict {
    for cost in [1e-31f64, 1e-38, 1e-45, 0.0, 1e-20] {
        for epsilon in [1e-3, 1.0, 1e10, 1e20] {
            for precision in PRECISIONS {
                let geometry = Geometry::cost_matrix(&[0.0, cost, 0.0, 0.0], 2, 2);
                let problem = geometry
                    .and_then(|g| Problem::new(g, &[0.3, 0.7], &[0.6, 0.4]))
                    .map(Problem::normalized);
                let problem = must("a problem", problem)?;
                let solver = Sinkhorn::new(epsilon).precision(precision);
                let run = |context: &Context| solver.solve_blocking(context, &problem);
                let what = format!("cost {cost}, ε {epsilon}, {precision:?}");
                let (one, other) = both_or_end!(&what, run(&contexts.tested), run(&contexts.twin));
                for solution in [&one, &other] {
                    finite(&what, solution.transport_cost())?;
                    finite(&what, solution.regularized_cost())?;
                    finite(&what, solution.marginal_error())?;
                }
                if one.converged() != other.converged() {
                    return Err(format!("{what}: only one has converged"));
                }
            }
        }
    }
    Ok(Told::Answered)
}

fn temperatures(contexts: &Contexts) -> Verdict {
    for temperature in [1e-30, 1e-16, 1e-9, 1e-3, 1e3, 1e9, 1e30] {
        for values in
            [[0.0, 1.0, 2.0, -1.0], [-10.0, -10.0, -10.0, -10.0], [1e30, -1e30, 0.0, 1e30]]
        {
            let values = values.map(|x| f64::from(x as f32));
            let run = |context: &Context| {
                let rows = rows_of(context, &values, 4, Input::Logits { temperature })?;
                Entropies::new(Entropy::Shannon).rows_blocking(&rows)
            };
            let what = format!("{values:?} at T = {temperature}");
            let (one, other) = both_or_end!(&what, run(&contexts.tested), run(&contexts.twin));
            agree(&what, &one, &other, digits(Precision::Single))?;
        }
    }
    Ok(Told::Answered)
}

/// Refused, or done; not allocated first, and no panic.
fn sizes(contexts: &Contexts) -> Verdict {
    let context = &contexts.tested;
    let rows = [1.0, 0.0, 0.8, 0.6, 0.0, 1.0];
    let directions = must("directions", Directions::new_blocking(context, &rows, 2))?;
    for clusters in [usize::MAX, usize::MAX / 2, 1_000_000_000] {
        let labels = VonMisesFisher::fit_labels_blocking(
            &directions,
            &[0, 1, 2],
            clusters,
            Precision::Single,
        );
        let columns = VonMisesFisher::fit_clusters_blocking(
            &directions,
            &[1.0; 3],
            clusters,
            Precision::Single,
        );
        for error in [labels.err(), columns.err()].into_iter().flatten() {
            if !matches!(
                error,
                Error::InvalidInput { .. }
                    | Error::LimitExceeded { .. }
                    | Error::OutOfMemory { .. }
            ) {
                return Err(format!("{clusters} clusters: {error}"));
            }
        }
    }
    let one = must("a distribution", VonMisesFisher::new(&[1.0, 0.0], 1.0))?;
    if one.sample(usize::MAX, 0).is_ok() {
        return Err("more samples than there are".into());
    }
    for (n, m) in [(usize::MAX, 1), (1 << 40, 1 << 40), (usize::MAX, usize::MAX)] {
        if Geometry::squared_euclidean_grid(n, m).is_ok()
            || Geometry::cost_matrix(&[1.0], n, m).is_ok()
        {
            return Err(format!("a geometry of {n} × {m}"));
        }
    }
    Ok(Told::Answered)
}

fn annealing(contexts: &Contexts) -> Verdict {
    let geometry = Geometry::cost_matrix(&[0.0, 1.0, 1.0, 0.0], 2, 2);
    let problem = must(
        "a problem",
        geometry.and_then(|g| Problem::new(g, &[1.0, 1.0], &[1.0, 1.0])).map(Problem::normalized),
    )?;
    let solver =
        Sinkhorn::new(1e-3).annealing(Annealing::new(1e20, 0.999_999_9)).max_iterations(1_000);
    let run = |context: &Context| solver.solve_blocking(context, &problem);
    both("annealing", run(&contexts.tested), run(&contexts.twin)).map(|_| Told::Answered)
}

/// On the stack that threads have.
fn deep_generator(contexts: &Contexts) -> Verdict {
    let context = contexts.tested.clone();
    let work = move || {
        for (open, close) in [
            ("-", ""),
            ("(", ")"),
            ("abs(", ")"),
            ("1.0+", ""),
            ("(1.0+", ")"),
            ("!", ""),
            ("r*(", ")"),
        ] {
            let text = format!("{}r{}", open.repeat(800), close.repeat(800));
            let Ok(generator) = Generator::new(&text, "r") else { continue };
            let generator = generator.with_reference(|r| r, |_| 1.0);
            let rows = Distributions::new_blocking(&context, &[0.5f32, 0.5], 2, Input::Weights);
            let rows = must("rows", rows)?;
            match Comparison::new(Divergence::Generator(generator)).rows_blocking(&rows, &rows) {
                Ok(_) | Err(Error::Shader { .. } | Error::InvalidInput { .. }) => {}
                Err(error) => return Err(format!("{open}…: {error}")),
            }
        }
        Ok(Told::Answered)
    };
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(work)
        .map_err(|error| error.to_string())?
        .join()
        .unwrap_or_else(|_| Err("a panic".into()))
}
