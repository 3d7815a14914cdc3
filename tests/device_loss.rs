//! The device goes while a call runs: at every step of it, from another thread at any time, from the progress callback;
//! the library's own device and a host's, which has no handler for errors and so panics at the first that escapes. Every
//! call ends with `DeviceLost` in one line, or with the right numbers; and a new context works.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Case, Random, block_on, device_context, wgpu_adapter};
use kantor::wgpu;
use kantor::{
    Backend, Bessel, BesselFunction, Comparison, Context, Directions, Distillation,
    DistillationLoss, Distributions, Divergence, Entropies, Entropy, Error, Input, Precision,
    Result, Side, Sinkhorn, Tensor, Variant, VonMisesFisher,
};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

// --- what is called -------------------------------------------------------------

type Call = fn(&Context) -> Result<Vec<f64>>;

/// Each takes another way through the dispatcher.
const CALLS: &[(&str, Call)] = &[
    ("resident transport", |context| {
        let solution = solver(Variant::Resident).solve_blocking(context, &case(12).problem())?;
        Ok([solution.transport_cost(), &block_on(solution.plan(0))?].concat())
    }),
    ("streaming transport in double", |context| {
        let solver = solver(Variant::Streaming).precision(Precision::Double);
        let solution = solver.solve_blocking(context, &case(20).problem())?;
        let potentials = block_on(solution.potentials(1))?;
        Ok([solution.regularized_cost(), &potentials.g].concat())
    }),
    ("scaling transport", |context| {
        let solution = solver(Variant::Scaling).solve_blocking(context, &case(20).problem())?;
        let applied = block_on(solution.apply(0, &[1.0; 20]))?;
        Ok([solution.entropy_cost(), &applied].concat())
    }),
    ("comparison", |context| {
        let [p, q] = rows(context)?;
        let comparison = Comparison::new(Divergence::Kl);
        let (values, gradients) = comparison.value_and_gradient_blocking(&p, &q, Side::P, None)?;
        let gradient = gradients.p.map_or(Ok(Vec::new()), |p| block_on(p.read()))?;
        Ok([values.values(), &wide(&gradient)].concat())
    }),
    ("pairs", |context| {
        let [p, q] = rows(context)?;
        let comparison = Comparison::new(Divergence::JensenShannon { beta: 0.5 });
        Ok(comparison.pairwise_blocking(&p, &q)?.values().to_vec())
    }),
    ("entropy and distillation", |context| {
        let logits = |seed| {
            let values: Vec<f64> = Random::new(seed).vector(6 * 100);
            Distributions::new_blocking(context, &values, 100, Input::Logits { temperature: 2.0 })
        };
        let (student, teacher) = (logits(1)?, logits(2)?);
        let entropy = Entropies::new(Entropy::Shannon).rows_blocking(&student)?;
        let loss =
            Distillation::new(DistillationLoss::ForwardKl).rows_blocking(&student, &teacher)?;
        Ok([&entropy, loss.values()].concat())
    }),
    ("bessel", |context| {
        let v: Vec<f64> = (0..300).map(|k| f64::from(k) / 3.0).collect();
        let x: Vec<f64> = v.iter().map(|v| 1.0 + v * v / 50.0).collect();
        let log_i = Bessel::new(BesselFunction::LogI);
        let host = log_i.evaluate_blocking(context, &v, &x)?;
        let [v, x] = [v, x].map(|values| values.iter().map(|x| *x as f32).collect::<Vec<_>>());
        let tensor = |values: &[f32]| block_on(Tensor::from_slice(context, values, &[300]));
        let single = block_on(log_i.evaluate_tensor(&tensor(&v)?, &tensor(&x)?))?;
        Ok([host, wide(&block_on(single.read())?)].concat())
    }),
    ("von Mises-Fisher", |context| {
        let rows = VonMisesFisher::new(&[0.0, 0.6, 0.8, 0.0, 0.0], 12.0)?.sample(400, 3)?;
        let directions = Directions::new_blocking(context, &rows, 5)?;
        let fit = VonMisesFisher::fit_blocking(&directions, Precision::Double)?;
        let densities = fit.distribution().log_density_blocking(&directions, Precision::Single)?;
        Ok([fit.distribution().mean(), &densities].concat())
    }),
];

fn solver(variant: Variant) -> Sinkhorn {
    // To the last iteration: where a test of convergence falls is the clock's choice.
    Sinkhorn::new(0.1).variant(variant).tolerance(0.0).max_iterations(60)
}

fn case(bins: usize) -> Case {
    Case::random(5, 2, bins, bins)
}

fn rows(context: &Context) -> Result<[Distributions; 2]> {
    let rows = |seed| {
        let mut random = Random::new(seed);
        let weights: Vec<f64> = (0..7).flat_map(|_| random.histogram(90, 0.1)).collect();
        Distributions::new_blocking(context, &weights, 90, Input::Weights)
    };
    Ok([rows(1)?, rows(2)?])
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|x| f64::from(*x)).collect()
}

// --- devices --------------------------------------------------------------------

#[derive(Debug, Clone, Copy, PartialEq)]
enum Owner {
    Library,
    Host,
}

fn open(owner: Owner) -> Context {
    match owner {
        Owner::Library => {
            let report = common::context().adapter();
            let backends = match report.backend {
                Backend::Gl => wgpu::Backends::GL,
                _ => wgpu::Backends::PRIMARY,
            };
            let builder = Context::builder().backends(backends).adapter_name(&report.name);
            block_on(builder.build()).expect("the adapter of before")
        }
        Owner::Host => {
            static ADAPTER: OnceLock<wgpu::Adapter> = OnceLock::new();
            let adapter = ADAPTER.get_or_init(|| wgpu_adapter().expect("an adapter"));
            let (device, queue) =
                block_on(adapter.request_device(&Default::default())).expect("a device");
            block_on(Context::from_device(adapter, device, queue)).expect("a context")
        }
    }
}

/// What the device that is to be lost gives when it is not.
fn undisturbed(call: Call) -> Vec<f64> {
    call(common::context()).expect("numbers")
}

/// That a call met by a loss ended well; `true` if it was lost.
#[track_caller]
fn judge(what: &str, result: Result<Vec<f64>>, expected: &[f64]) -> bool {
    match result {
        Ok(values) => {
            assert_eq!(values, expected, "{what}: other numbers than undisturbed");
            false
        }
        Err(error @ Error::DeviceLost { .. }) => {
            let words = error.to_string();
            assert!(words.lines().count() == 1 && words.len() > 30, "{what}: {words:?}");
            true
        }
        Err(other) => panic!("{what}: {}: {other}", other.kind()),
    }
}

#[track_caller]
fn assert_stays_lost(what: &str, context: &Context) {
    let one = block_on(Tensor::from_slice(context, &[1.0], &[1]));
    let again = one.and_then(|tensor| block_on(tensor.read()));
    assert!(matches!(again, Err(Error::DeviceLost { .. })), "{what}, afterwards: {again:?}");
}

// --- every step -----------------------------------------------------------------

/// The dispatcher logs every step before it takes it. This destroys a device at the one asked for.
struct Strike;

static STRIKE: Strike = Strike;
static STEPS: AtomicU64 = AtomicU64::new(0);
static AT: AtomicU64 = AtomicU64::new(u64::MAX);
static VICTIM: Mutex<Option<wgpu::Device>> = Mutex::new(None);

impl log::Log for Strike {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("kantor::gpu")
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) && record.level() == log::Level::Trace {
            let step = STEPS.fetch_add(1, Ordering::SeqCst);
            if step == AT.load(Ordering::SeqCst) {
                let victim = VICTIM.lock().expect("no panic").take();
                victim.expect("a device to lose").destroy();
            }
        }
    }

    fn flush(&self) {}
}

/// One test at a time counts steps.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    let guard = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let _ = log::set_logger(&STRIKE);
    log::set_max_level(log::LevelFilter::Trace);
    AT.store(u64::MAX, Ordering::SeqCst);
    guard
}

/// Number of steps, and the result, of a call on `context` that loses its device at `at`.
fn strike(context: &Context, call: Call, at: u64) -> (u64, Result<Vec<f64>>) {
    *VICTIM.lock().expect("no panic") = context.device().cloned();
    STEPS.store(0, Ordering::SeqCst);
    AT.store(at, Ordering::SeqCst);
    let result = call(context);
    AT.store(u64::MAX, Ordering::SeqCst);
    (STEPS.load(Ordering::SeqCst), result)
}

fn at_every_step(owner: Owner) {
    if device_context().is_none() {
        return;
    }
    let _alone = alone();
    for (name, call) in CALLS {
        let expected = undisturbed(*call);
        let started = Instant::now();
        let (steps, whole) = strike(&open(owner), *call, u64::MAX);
        assert_eq!(whole.expect("undisturbed"), expected, "{name}: not the same twice");
        assert!(steps > 10, "{name}: {steps} steps are none to strike at");
        let mut lost = 0;
        // Those of one owner are odd, of the other even: what differs between them is who hears of the loss.
        let parity = u64::from(owner == Owner::Host);
        let every = std::env::var_os("KANTOR_LOSS_EVERY_STEP").is_some();
        let stride = common::sized(2, 10);
        let struck = (0..steps).filter(|step| every || step % stride == parity);
        for step in struck.clone() {
            let context = open(owner);
            let (_, result) = strike(&context, *call, step);
            let what = format!("{name}, {owner:?}, step {step} of {steps}");
            lost += u32::from(judge(&what, result, &expected));
            assert_stays_lost(&what, &context);
        }
        println!(
            "{name}, {owner:?}: {lost} of {} losses met it, {steps} steps, {:.1} s",
            struck.count(),
            started.elapsed().as_secs_f64()
        );
        assert!(lost > 0, "{name}: no loss met it");
    }
    assert_eq!(CALLS[0].1(&common::open()).expect("a new context"), undisturbed(CALLS[0].1));
}

#[test]
fn the_librarys_device_goes_at_every_step() {
    at_every_step(Owner::Library);
}

#[test]
fn a_hosts_device_goes_at_every_step() {
    at_every_step(Owner::Host);
}

// --- another thread -------------------------------------------------------------

/// Rounds of the schedule; each loses a device.
const ROUNDS: u64 = 60;

/// A thread destroys the device some time into a call, while another polls it as a host's event loop does.
#[test]
fn another_thread_destroys_the_device_at_any_time() {
    if device_context().is_none() {
        return;
    }
    let _alone = alone();
    log::set_max_level(log::LevelFilter::Off);
    let (mut random, mut lost) = (Random::new(11), 0);
    let expected: Vec<Vec<f64>> = CALLS.iter().map(|(_, call)| undisturbed(*call)).collect();
    let rounds = common::sized(ROUNDS, ROUNDS / 4);
    for round in 0..rounds {
        let number = random.below(CALLS.len());
        let (name, call) = CALLS[number];
        let owner = random.pick(&[Owner::Library, Owner::Host]);
        let context = open(owner);
        let device = context.device().expect("a device").clone();
        // Half of them when the pipelines are there already, and everything is quicker.
        if random.below(2) == 0 {
            call(&context).expect("undisturbed");
        }
        let longest = random.pick(&[1e-4, 1e-3, 1e-2]);
        let pause = Duration::from_secs_f64(longest * random.uniform());
        let over = AtomicBool::new(false);
        let result = std::thread::scope(|threads| {
            if owner == Owner::Host {
                threads.spawn(|| {
                    while !over.load(Ordering::SeqCst) {
                        let _ = device.poll(wgpu::PollType::Poll);
                        std::thread::sleep(Duration::from_micros(200));
                    }
                });
            }
            threads.spawn(|| {
                std::thread::sleep(pause);
                device.destroy();
            });
            let result = call(&context);
            over.store(true, Ordering::SeqCst);
            result
        });
        let what = format!("round {round}, {name}, {owner:?}, after {pause:?}");
        lost += u64::from(judge(&what, result, &expected[number]));
        assert_stays_lost(&what, &context);
    }
    println!("{lost} of {rounds} calls met the loss");
    assert!(lost > rounds / 4, "{lost} of {rounds} calls met the loss");
}

// --- callbacks ------------------------------------------------------------------

#[test]
fn a_progress_callback_destroys_the_device() {
    let Some(shared) = device_context() else { return };
    let _alone = alone();
    for owner in [Owner::Library, Owner::Host] {
        for variant in [Variant::Streaming, Variant::Scaling, Variant::Resident] {
            for report in 0..3 {
                let context = open(owner);
                let device = context.device().expect("a device").clone();
                let reports = AtomicU64::new(0);
                let solver = Sinkhorn::new(0.05)
                    .variant(variant)
                    .tolerance(0.0)
                    .max_iterations(3000)
                    .on_progress(move |_| {
                        if reports.fetch_add(1, Ordering::SeqCst) == report {
                            device.destroy();
                        }
                        ControlFlow::Continue(())
                    });
                let what = format!("{variant:?}, {owner:?}, report {report}");
                match solver.solve_blocking(&context, &case(40).problem()) {
                    Err(Error::DeviceLost { .. }) => assert_stays_lost(&what, &context),
                    // Over before that report, as a small batch is before its first.
                    Ok(_) => {
                        assert!(report > 0 || variant == Variant::Resident, "{what}: no report")
                    }
                    Err(other) => panic!("{what}: {other}"),
                }
            }
        }
    }
    // The callback may use the library, the same context too.
    let inner = shared.clone();
    let solver = Sinkhorn::new(0.1).variant(Variant::Streaming).on_progress(move |_| {
        let tensor = block_on(Tensor::from_slice(&inner, &[1.0, 2.0], &[2])).expect("a tensor");
        assert!(tensor.buffer().is_some());
        assert_eq!(block_on(tensor.read()).expect("its numbers"), [1.0, 2.0]);
        ControlFlow::Continue(())
    });
    assert!(solver.solve_blocking(shared, &case(20).problem()).is_ok());
}
