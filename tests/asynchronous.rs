//! Futures are no burden to who polls them: on an executor of one thread other tasks go on while a device or the twin
//! works, futures that are dropped stop, several at once give what one after another do. On tokio's executors and on
//! pollster's; on the adapter under test and on the twin.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Case, Random, context, device_context};
use kantor::{
    Bessel, BesselFunction, ClassPrior, Comparison, Context, Directions, Distillation,
    DistillationLoss, Distributions, Divergence, Entropies, Entropy, Error, Gradients,
    ImportanceWeights, Input, JointInformation, Loss, Losses, Precision, Problem, Result, Side,
    Sinkhorn, Solution, Tensor, Unit, VonMisesFisher, VonMisesFisherMixture, joint_information,
    joint_information_blocking,
};
use std::future::Future;
use std::ops::ControlFlow;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context as Polling, Poll, Waker};
use std::time::{Duration, Instant};

/// Far more iterations than anyone waits for.
const ENDLESS: u32 = 100_000_000;

/// What becomes of a call of any room.
type Call<'a> = Pin<Box<dyn Future<Output = Result<Vec<f64>>> + Send + 'a>>;

fn one_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn threads() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(4).enable_all().build().expect("a runtime")
}

/// The adapter under test and the twin.
fn contexts() -> [Context; 2] {
    [context().clone(), Context::cpu()]
}

fn problem(seed: u64, bins: usize) -> Problem {
    Case::random(seed, 1, bins, bins).problem()
}

/// Exactly so many iterations: where a test of convergence falls is the clock's choice.
fn solver(iterations: u32) -> Sinkhorn {
    Sinkhorn::new(0.05).tolerance(0.0).max_iterations(iterations)
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|x| x.to_bits()).collect()
}

#[track_caller]
fn assert_same(what: &str, one: &Solution, other: &Solution) {
    for (one, other) in [
        (one.transport_cost(), other.transport_cost()),
        (one.regularized_cost(), other.regularized_cost()),
        (one.marginal_error(), other.marginal_error()),
    ] {
        assert_eq!(bits(one), bits(other), "{what}: {one:?} and {other:?}");
    }
}

/// Polls once, with nobody to be woken.
fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Polling::from_waker(Waker::noop()))
}

/// Whether `happens` within a few seconds.
fn soon(happens: impl Fn() -> bool) -> bool {
    let started = Instant::now();
    while !happens() {
        if started.elapsed() > Duration::from_secs(10) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}

/// Ticks of five milliseconds on the runtime's only thread while `future` runs there, for `limit` at most; what it came
/// to, if it did.
async fn ticks_during<F: Future>(future: F, limit: Duration) -> (usize, Option<F::Output>) {
    let ticks = AtomicUsize::new(0);
    let clock = async {
        let mut interval = tokio::time::interval(Duration::from_millis(5));
        loop {
            interval.tick().await;
            ticks.fetch_add(1, Ordering::SeqCst);
        }
    };
    let found = tokio::select! {
        found = tokio::time::timeout(limit, future) => found.ok(),
        () = clock => None,
    };
    (ticks.load(Ordering::SeqCst), found)
}

// --- one thread for everything ----------------------------------------------------

#[test]
fn a_timeout_ends_a_solve_and_others_go_on_meanwhile() {
    for context in contexts() {
        // Pipelines are compiled where they are asked for.
        let _ = solver(10).solve_blocking(&context, &problem(1, 300)).expect("a solution");
        one_thread().block_on(async {
            let started = Instant::now();
            let (solver, problem) = (solver(ENDLESS), problem(1, 300));
            let solve = solver.solve(&context, &problem);
            let (ticks, found) = ticks_during(solve, Duration::from_millis(400)).await;
            assert!(found.is_none(), "{found:?}");
            let elapsed = started.elapsed();
            assert!(elapsed < Duration::from_secs(5), "{}: {elapsed:?}", context.adapter());
            assert!(ticks > 8, "{}: {ticks} ticks in {elapsed:?}", context.adapter());
            println!("{}: {ticks} ticks in {elapsed:?}", context.adapter());
        });
    }
}

// --- two and more at once -----------------------------------------------------------

#[test]
fn two_solves_joined_overlap_and_are_right() {
    for context in contexts() {
        let problems = [problem(2, 200), problem(3, 200)];
        // Some tenths of a second each.
        let iterations = if context.device().is_some() { common::sized(4000, 800) } else { 60_000 };
        let alone = problems
            .each_ref()
            .map(|p| solver(iterations).solve_blocking(&context, p).expect("a solution"));
        let reports = Arc::new(Mutex::new(Vec::new()));
        let reporting = |name: char| {
            let reports = reports.clone();
            solver(iterations).on_progress(move |_| {
                reports.lock().expect("no panic here").push(name);
                ControlFlow::Continue(())
            })
        };
        let (a, b) = (reporting('a'), reporting('b'));
        let (one, other) = one_thread().block_on(async {
            tokio::join!(a.solve(&context, &problems[0]), b.solve(&context, &problems[1]))
        });
        assert_same("the first", &one.expect("a solution"), &alone[0]);
        assert_same("the second", &other.expect("a solution"), &alone[1]);
        let reports: String = reports.lock().expect("no panic here").iter().collect();
        let first_of_b = reports.find('b').expect("reports of both");
        let last_of_a = reports.rfind('a').expect("reports of both");
        let first_of_a = reports.find('a').expect("reports of both");
        let last_of_b = reports.rfind('b').expect("reports of both");
        let overlap = first_of_b < last_of_a && first_of_a < last_of_b;
        assert!(overlap, "{}: one after the other: {reports}", context.adapter());
    }
}

#[test]
fn many_tasks_give_what_one_after_another_do() {
    for context in contexts() {
        let cases: Vec<_> =
            (0..16).map(|k| (problem(k, 20 + 5 * k as usize), solver(150))).collect();
        let alone: Vec<_> = cases
            .iter()
            .map(|(problem, solver)| solver.solve_blocking(&context, problem).expect("a solution"))
            .collect();
        let together = threads().block_on(async {
            let spawn = |(problem, solver): (Problem, Sinkhorn)| {
                let context = context.clone();
                tokio::spawn(async move { solver.solve(&context, &problem).await })
            };
            let tasks: Vec<_> = cases.into_iter().map(spawn).collect();
            let mut found = Vec::new();
            for task in tasks {
                found.push(task.await.expect("no panic").expect("a solution"));
            }
            found
        });
        for (k, (one, other)) in together.iter().zip(&alone).enumerate() {
            assert_same(&format!("{}, problem {k}", context.adapter()), one, other);
        }
    }
}

#[test]
fn waiting_and_polling_callers_share_a_context() {
    for context in contexts() {
        let problem = problem(4, 60);
        let expected = solver(200).solve_blocking(&context, &problem).expect("a solution");
        threads().block_on(async {
            let mut tasks = Vec::new();
            for k in 0..8 {
                let (context, problem) = (context.clone(), problem.clone());
                // `_blocking` inside a worker of tokio's waits there, and panics at nothing.
                tasks.push(tokio::spawn(async move {
                    match k % 2 {
                        0 => solver(200).solve_blocking(&context, &problem),
                        _ => solver(200).solve(&context, &problem).await,
                    }
                }));
            }
            for task in tasks {
                let found = task.await.expect("no panic").expect("a solution");
                assert_same(context.adapter().name.as_str(), &found, &expected);
            }
        });
    }
}

#[test]
fn other_executors_do() {
    for context in contexts() {
        let problem = problem(5, 40);
        let waited = solver(50).solve_blocking(&context, &problem).expect("a solution");
        let polled = pollster::block_on(solver(50).solve(&context, &problem)).expect("a solution");
        assert_same("pollster", &polled, &waited);
    }
}

// --- dropped ------------------------------------------------------------------------

#[test]
fn a_dropped_solve_submits_nothing_more_and_gives_its_memory_back() {
    if device_context().is_none() {
        return;
    }
    let context = common::open();
    let problem = problem(6, 150);
    let expected = solver(30).solve_blocking(&context, &problem).expect("a solution");
    for milliseconds in [1, 20, 150] {
        let before = context.memory().in_use;
        let solver = solver(ENDLESS);
        one_thread().block_on(async {
            let solve = solver.solve(&context, &problem);
            let limit = Duration::from_millis(milliseconds);
            assert!(tokio::time::timeout(limit, solve).await.is_err());
        });
        let submissions = context.submissions();
        assert!(
            soon(|| context.memory().in_use == before),
            "{:?}, {before} before",
            context.memory()
        );
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(context.submissions(), submissions, "after {milliseconds} ms");
        let found = self::solver(30).solve_blocking(&context, &problem).expect("a solution");
        assert_same("the next solve", &found, &expected);
    }
}

/// What a dropped future would have read is mapped later, into a buffer that the next reading must not take for its own.
#[test]
fn a_reading_after_a_dropped_one_reads_its_own_numbers() {
    let Some(context) = device_context() else { return };
    let problem = problem(7, 100);
    let endless = solver(ENDLESS);
    for k in 0..common::sized(60, 20) {
        let value = k as f32;
        let tensor = |x: f32| Tensor::from_slice_blocking(context, &[x; 512], &[512]);
        let (stale, fresh) = (tensor(-1.0).expect("a tensor"), tensor(value).expect("a tensor"));
        {
            // Work for the device in front of the reading.
            let mut solve = pin!(endless.solve(context, &problem));
            assert!(poll_once(solve.as_mut()).is_pending());
            let mut reading = pin!(stale.read());
            let _ = poll_once(reading.as_mut());
        }
        let read = match k % 2 {
            0 => fresh.read_blocking(),
            _ => pollster::block_on(fresh.read()),
        };
        assert_eq!(read.expect("numbers"), [value; 512]);
    }
}

#[test]
fn a_dropped_solve_of_the_twin_stops() {
    let reports = Arc::new(AtomicUsize::new(0));
    let counter = reports.clone();
    let solver = solver(ENDLESS).on_progress(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        ControlFlow::Continue(())
    });
    let (context, problem) = (Context::cpu(), problem(8, 300));
    one_thread().block_on(async {
        let solve = solver.solve(&context, &problem);
        assert!(tokio::time::timeout(Duration::from_millis(300), solve).await.is_err());
    });
    assert!(reports.load(Ordering::SeqCst) > 0, "it worked");
    let quiet = |_| {
        let before = reports.load(Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(300));
        before == reports.load(Ordering::SeqCst)
    };
    assert!((0..20).any(quiet), "it still works");
}

#[test]
fn a_panic_of_a_callback_comes_to_who_awaits() {
    for context in contexts() {
        let solver = solver(ENDLESS).on_progress(|_| panic!("as asked for"));
        let (clone, problem) = (context.clone(), problem(9, 100));
        let task = async move { solver.solve(&clone, &problem).await };
        let joined = threads().block_on(async { tokio::spawn(task).await });
        assert!(joined.is_err_and(|error| error.is_panic()));
        let _ =
            self::solver(20).solve_blocking(&context, &self::problem(9, 100)).expect("as before");
    }
}

#[test]
fn a_device_that_goes_ends_what_waits_for_it() {
    if device_context().is_none() {
        return;
    }
    let (context, problem) = (common::open(), problem(10, 150));
    let device = context.device().expect("a device").clone();
    let error = threads().block_on(async {
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let (context, problem) = (context.clone(), problem.clone());
                tokio::spawn(async move { solver(ENDLESS).solve(&context, &problem).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(100)).await;
        device.destroy();
        let mut last = None;
        for task in tasks {
            let task = tokio::time::timeout(Duration::from_secs(60), task).await.expect("an end");
            last = Some(task.expect("no panic").expect_err("it is lost"));
        }
        last
    });
    assert!(matches!(error, Some(Error::DeviceLost { .. })), "{error:?}");
}

#[test]
fn a_solve_can_be_cancelled_at_its_first_report_and_says_what_was_done() {
    let cases = [(1, 30), (1, 100), (200, 40), (3, 300), (1, common::sized(1200, 400))];
    for context in contexts() {
        for (batch, bins) in cases {
            let reports = Arc::new(AtomicUsize::new(0));
            let counter = reports.clone();
            let solver = solver(ENDLESS).on_progress(move |_| {
                counter.fetch_add(1, Ordering::SeqCst);
                ControlFlow::Break(())
            });
            let problem = Case::random(11, batch, bins, bins).problem();
            let solve = solver.solve(&context, &problem);
            let error = one_thread().block_on(solve).expect_err("an end");
            let what = format!("{batch} problems of {bins} bins on {}", context.adapter());
            let Error::Cancelled { iterations } = error else { panic!("{what}: {error}") };
            assert!(iterations > 0 || context.device().is_none(), "{what}: nothing was done");
            assert_eq!(reports.load(Ordering::SeqCst), 1, "{what}");
        }
    }
}

// --- every room ---------------------------------------------------------------------

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|x| f64::from(*x)).collect()
}

#[test]
fn futures_of_every_room_give_what_waiting_gives() {
    contexts().iter().for_each(|context| every_room(context).expect("numbers"));
}

fn every_room(context: &Context) -> Result<()> {
    let (rows, bins) = (40, 60);
    let weights = |seed| -> Vec<f64> {
        let mut random = Random::new(seed);
        (0..rows).flat_map(|_| random.histogram(bins, 0.1)).collect()
    };
    let (of_p, numbers) = (weights(12), Random::new(13).vector(rows * bins));
    let new = |values: &[f64], input| Distributions::new_blocking(context, values, bins, input);
    let (p, q) = (new(&of_p, Input::Weights)?, new(&weights(14), Input::Weights)?);
    let logits = new(&numbers, Input::Logits { temperature: 1.0 })?;
    let labels: Vec<u32> = (0..rows as u32).map(|k| k % bins as u32).collect();
    let unit = VonMisesFisher::new(&[0.0, 0.6, 0.8], 9.0)?;
    let directions = Directions::new_blocking(context, &unit.sample(300, 1)?, 3)?;
    let (v, x): (Vec<f64>, Vec<f64>) = (0..300).map(|k| (f64::from(k) / 3.0, 5.0)).unzip();

    let check = |what: &str, waited: Vec<f64>, future: Call<'_>| {
        let found = one_thread().block_on(future).expect("numbers");
        assert_eq!(bits(&found), bits(&waited), "{what} on {}", context.adapter());
    };
    let kl = Comparison::new(Divergence::Kl);
    check(
        "rows",
        kl.rows_blocking(&p, &q)?.values().to_vec(),
        Box::pin(async { Ok(kl.rows(&p, &q).await?.values().to_vec()) }),
    );
    let gradient = |gradients: Gradients| gradients.p.map_or(Ok(Vec::new()), |p| p.read_blocking());
    check(
        "gradients of rows",
        wide(&gradient(kl.value_and_gradient_blocking(&p, &q, Side::P, None)?.1)?),
        Box::pin(async {
            let (_, found) = kl.value_and_gradient(&p, &q, Side::P, None).await?;
            Ok(wide(&gradient(found)?))
        }),
    );
    let js = Comparison::new(Divergence::JensenShannon { beta: 0.5 });
    check(
        "pairs",
        js.pairwise_blocking(&p, &q)?.values().to_vec(),
        Box::pin(async { Ok(js.pairwise(&p, &q).await?.values().to_vec()) }),
    );
    check(
        "neighbours",
        js.nearest_others_blocking(&p, 3)?.values(7).to_vec(),
        Box::pin(async { Ok(js.nearest_others(&p, 3).await?.values(7).to_vec()) }),
    );
    let entropies = Entropies::new(Entropy::Shannon).precision(Precision::Double);
    check("entropies", entropies.rows_blocking(&p)?, Box::pin(async { entropies.rows(&p).await }));
    let losses = Losses::new(Loss::CompSum { tau: 1.0 }).precision(Precision::Double);
    check(
        "losses",
        losses.rows_blocking(&logits, &labels)?.values().to_vec(),
        Box::pin(async { Ok(losses.rows(&logits, &labels).await?.values().to_vec()) }),
    );
    check(
        "gradients of losses",
        wide(&losses.value_and_gradient_on_host_blocking(&logits, &labels, None)?.1),
        Box::pin(async {
            Ok(wide(&losses.value_and_gradient_on_host(&logits, &labels, None).await?.1))
        }),
    );
    let teacher = Distillation::new(DistillationLoss::ForwardKl);
    check(
        "distillation",
        teacher.rows_blocking(&logits, &logits)?.values().to_vec(),
        Box::pin(async { Ok(teacher.rows(&logits, &logits).await?.values().to_vec()) }),
    );
    let prior = ClassPrior::new(&vec![1.0; bins])?;
    check(
        "a prior of classes",
        prior.value_blocking(&logits)?.prediction,
        Box::pin(async { Ok(prior.value(&logits).await?.prediction) }),
    );
    let log_i = Bessel::new(BesselFunction::LogI);
    check(
        "Bessel functions",
        log_i.evaluate_blocking(context, &v, &x)?,
        Box::pin(async { log_i.evaluate(context, &v, &x).await }),
    );
    let single = Precision::Single;
    check(
        "a fit",
        VonMisesFisher::fit_blocking(&directions, single)?.distribution().mean().to_vec(),
        Box::pin(async {
            let fit = VonMisesFisher::fit(&directions, single).await?;
            Ok(fit.distribution().mean().to_vec())
        }),
    );
    let mixture = VonMisesFisherMixture::new(2).max_iterations(5);
    check(
        "a mixture",
        mixture.fit_blocking(&directions)?.weights().to_vec(),
        Box::pin(async { Ok(mixture.fit(&directions).await?.weights().to_vec()) }),
    );
    check(
        "densities",
        unit.log_density_blocking(&directions, single)?,
        Box::pin(async { unit.log_density(&directions, single).await }),
    );
    let shape = [rows, bins];
    let information = |found: Vec<JointInformation>| -> Vec<f64> {
        found.iter().map(|table| table.mutual_information).collect()
    };
    check(
        "a joint table",
        information(joint_information_blocking(context, &of_p, shape, single, Unit::Nats)?),
        Box::pin(async {
            let found = joint_information(context, &of_p, shape, single, Unit::Nats).await?;
            Ok(information(found))
        }),
    );
    check(
        "importance weights",
        ImportanceWeights::new_blocking(context, &numbers, bins, single)?.normalized_blocking()?,
        Box::pin(async {
            let weights = ImportanceWeights::new(context, &numbers, bins, single).await?;
            weights.normalized().await
        }),
    );
    let problem = problem(15, 30);
    let solution = solver(40).solve_blocking(context, &problem)?;
    check(
        "a plan",
        solution.plan_blocking(0)?,
        Box::pin(async { solver(40).solve(context, &problem).await?.plan(0).await }),
    );
    Ok(())
}

/// The twin's work leaves the executor's thread in every room.
#[test]
fn long_calls_of_the_twin_leave_the_thread_to_others() {
    let context = Context::cpu();
    let (rows, bins) = (1500, 400);
    let numbers = Random::new(16).vector(rows * bins);
    let weights = Distributions::new_blocking(&context, &numbers, bins, Input::Weights);
    let weights = weights.expect("rows");
    let directions = Directions::new_blocking(&context, &numbers, 200).expect("rows");
    let (v, x) = (Random::new(17).vector(1 << 18), Random::new(18).vector(1 << 18));
    let v: Vec<f64> = v.iter().map(|v| 1e3 * v).collect();
    let x: Vec<f64> = x.iter().map(|x| 1.0 + 1e3 * x).collect();
    let comparison = Comparison::new(Divergence::Renyi { alpha: 0.3 });
    let log_k = Bessel::new(BesselFunction::LogK);
    let mixture = VonMisesFisherMixture::new(20).max_iterations(10_000).tolerance(0.0);
    let calls: [(&str, Call<'_>); 3] = [
        (
            "pairs",
            Box::pin(async {
                Ok(comparison.pairwise(&weights, &weights).await?.values().to_vec())
            }),
        ),
        ("a mixture", Box::pin(async { Ok(mixture.fit(&directions).await?.weights().to_vec()) })),
        ("Bessel functions", Box::pin(async { log_k.evaluate(&context, &v, &x).await })),
    ];
    for (what, call) in calls {
        let started = Instant::now();
        let (ticks, _) = one_thread().block_on(ticks_during(call, Duration::from_millis(300)));
        let elapsed = started.elapsed();
        println!("{what}: {ticks} ticks in {elapsed:?}");
        assert!(elapsed < Duration::from_secs(5), "{what}: {elapsed:?}");
        assert!(ticks as u128 > elapsed.as_millis() / 40, "{what}: {ticks} ticks in {elapsed:?}");
    }
}

// --- twins ----------------------------------------------------------------------------

/// Every `pub async fn` of the library, and the entries of the macro that writes the `_blocking` twins.
#[test]
fn every_async_function_has_a_twin_that_waits() {
    let mut functions = 0;
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let source = std::fs::read_to_string(&path).expect("a source");
            for (_, rest) in source
                .match_indices("pub async fn ")
                .map(|(at, what)| source.split_at(at + what.len()))
            {
                let name: String =
                    rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let twin = format!(" {name} => {name}_blocking");
                assert!(source.contains(&twin), "{}: {name} has no twin", path.display());
                functions += 1;
            }
        }
    }
    assert!(functions > 60, "{functions} async functions: not found where they are");
}
