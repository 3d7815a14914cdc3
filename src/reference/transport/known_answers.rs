//! Whole solves against closed forms and values made outside the project, in every form they take.

use super::problem::{Marginals, Problem, Settings, spread};
use super::room::Room;
use super::running::Running;
use super::*;

const SETTINGS: Settings = Settings { tolerance: 1e-13, max_iterations: 20_000 };

fn soft(reach: f64) -> Damping {
    Damping::Soft { reach }
}

const fn marginals(damping: [Damping; 2]) -> Marginals {
    Marginals { damping, mass: None }
}

const fn partial(mass: f64) -> Marginals {
    Marginals { damping: [Damping::Bounded; 2], mass: Some(mass) }
}

/// With a kernel, and computing everything again in every iteration.
fn solve_in<'a>(problem: impl Fn() -> Problem<'a>, settings: &Settings) -> [Solved; 2] {
    [Room::for_threads(1), Room::for_threads(usize::MAX)].map(|room| {
        let mut running = Running::new(problem(), settings, room);
        while running.advance() {}
        running.solved()
    })
}

fn plan_of(cost: &dyn Costs, solved: &Solved, epsilon: f64) -> Vec<f64> {
    let h: Vec<f64> = solved.g.iter().map(|g| g + solved.lambda).collect();
    plan(cost, &solved.f, &h, epsilon)
}

fn close(what: &str, found: f64, exact: f64, bound: f64) {
    assert!((found - exact).abs() <= bound, "{what}: {found:?}, not {exact:?}");
}

fn all_finite(solved: &Solved, [a, b]: [&[f64]; 2]) {
    let within = |(p, w): (&f64, &f64)| *w <= 0.0 || p.is_finite();
    assert!(solved.f.iter().zip(a).all(within) && solved.g.iter().zip(b).all(within), "{solved:?}");
    let Totals { marginal_error, transport_cost, regularized_cost, entropy_cost, mass } =
        solved.totals;
    let values = [marginal_error, transport_cost, regularized_cost, entropy_cost, mass];
    assert!(values.iter().all(|x| x.is_finite()), "{solved:?}");
}

/// min = ε m_a m_b + ρ_a m_a + ρ_b m_b − (ε + ρ_a + ρ_b) ΣP, whatever the cost.
fn identity(solved: &Solved, [a, b]: [&[f64]; 2], [p, q]: [f64; 2], epsilon: f64) {
    let [m, n]: [f64; 2] = [a, b].map(|w| w.iter().sum());
    let value = epsilon * m * n + p * m + q * n - (epsilon + p + q) * solved.totals.mass;
    close("the identity", solved.totals.regularized_cost, value, 1e-11 * (1.0 + value.abs()));
}

#[test]
fn one_bin_each() {
    let (a, b, c, epsilon) = ([1.5], [0.7], [0.8], 0.3);
    let cases = [
        ([soft(0.9); 2], 0.702526407915996, 0.819694543376408),
        ([soft(0.9), soft(0.2)], 0.7037930291433, 0.8196897591993),
        ([Damping::Hard, soft(0.2)], 1.5, 1.294145740386),
    ];
    for (damping, mass, value) in cases {
        let problem = || Problem {
            marginals: marginals(damping),
            ..Problem::balanced(CostMatrix::new(&c, 1), &a, &b, epsilon)
        };
        for solved in solve_in(problem, &SETTINGS) {
            close("mass", solved.totals.mass, mass, 1e-12);
            close("value", solved.totals.regularized_cost, value, 1e-12);
            assert!(solved.totals.marginal_error < 1e-13 && !solved.stalled, "{solved:?}");
        }
    }
}

const COST: [f64; 4] = [0.0, 1.0, 0.5, 0.2];

#[test]
fn two_bins_each() {
    let (a, b, epsilon) = ([0.3, 0.7], [0.6, 0.4], 0.2);
    let problem = || Problem::balanced(CostMatrix::new(&COST, 2), &a, &b, epsilon);
    for solved in solve_in(problem, &SETTINGS) {
        close("regularized", solved.totals.regularized_cost, 0.2688752533539, 1e-12);
        close("transport", solved.totals.transport_cost, 0.2307775131072, 1e-12);
        close("mass", solved.totals.mass, 1.0, 1e-13);
    }
    // Masses are kept: everything but the part that is of the second order in them is proportional.
    let (a, b) = (a.map(|w| 5.0 * w), b.map(|w| 5.0 * w));
    let problem = || Problem::balanced(CostMatrix::new(&COST, 2), &a, &b, epsilon);
    for solved in solve_in(problem, &SETTINGS) {
        close("transport", solved.totals.transport_cost, 5.0 * 0.2307775131072, 1e-11);
        let kl = 0.2688752533539 - 0.2307775131072;
        // Σ P ln(P/(a b)) − ΣP + Σa Σb.
        let more = epsilon * (25.0 - 5.0 - 5.0 * 5f64.ln());
        let value = 5.0 * (0.2307775131072 + kl) + more;
        close("regularized", solved.totals.regularized_cost, value, 1e-11);
    }
}

#[test]
fn partial_transport() {
    let (a, b, epsilon) = ([0.7, 0.3], [0.4, 0.8], 0.2);
    let plan = [0.3864064957133, 0.008196987660811, 0.01359350428667, 0.1918030123392];
    let cost = CostMatrix::new(&COST, 2);
    let problem = || Problem {
        marginals: partial(0.6),
        ..Problem::balanced(CostMatrix::new(&COST, 2), &a, &b, epsilon)
    };
    for solved in solve_in(problem, &SETTINGS) {
        close("value", solved.totals.regularized_cost, 0.1768012225748, 1e-12);
        close("mass", solved.totals.mass, 0.6, 1e-12);
        for (p, exact) in plan_of(&cost, &solved, epsilon).iter().zip(plan) {
            close("plan", *p, exact, 1e-12);
        }
        let totals =
            totals(&cost, [&a, &b], [&solved.f, &solved.g], solved.lambda, epsilon, &partial(0.6));
        close("measured", totals.marginal_error, 0.0, 1e-12);
        close("measured", totals.regularized_cost, 0.1768012225748, 1e-12);
    }
    // All of the smaller side.
    let problem = || Problem {
        marginals: partial(1.0),
        ..Problem::balanced(CostMatrix::new(&COST, 2), &a, &b, epsilon)
    };
    for solved in solve_in(problem, &SETTINGS) {
        close("mass", solved.totals.mass, 1.0, 1e-12);
        assert!(solved.totals.marginal_error < 1e-12, "{solved:?}");
    }
}

/// Janati, Muzellec, Peyré and Cuturi (2020): N(0,1) to N(1,2), ε = ½, ρ = 1.
#[test]
fn unbalanced_gaussians() {
    const STEP: f64 = 0.05;
    let x: Vec<f64> = (0..400).map(|k| -10.0 + STEP * f64::from(k)).collect();
    let density = |x: f64, mean: f64, variance: f64| {
        STEP * (-(x - mean).powi(2) / (2.0 * variance)).exp()
            / (std::f64::consts::TAU * variance).sqrt()
    };
    let a: Vec<f64> = x.iter().map(|x| density(*x, 0.0, 1.0)).collect();
    let b: Vec<f64> = x.iter().map(|x| density(*x, 1.0, 2.0)).collect();
    let cost = CostFunction::new((400, 400), |i, j| (x[i] - x[j]).powi(2));
    let problem =
        || Problem { marginals: marginals([soft(1.0); 2]), ..Problem::balanced(cost, &a, &b, 0.5) };
    for solved in solve_in(problem, &SETTINGS) {
        close("mass", solved.totals.mass, 0.691265199833727, 1e-8);
        close("value", solved.totals.regularized_cost, 0.771837000415683, 1e-8);
        identity(&solved, [&a, &b], [1.0; 2], 0.5);
    }
    let balanced = || Problem::balanced(cost, &a, &b, 0.5);
    for solved in solve_in(balanced, &SETTINGS) {
        close("balanced", solved.totals.regularized_cost, 1.8658312302979, 1e-8);
    }
}

/// PythonOT/POT#711: a reach ten thousand times ε.
#[test]
fn a_reach_far_above_epsilon() {
    let (a, b, cost) = ([0.3, 0.7], [0.7, 0.3], [0.0, 1.0, 1.0, 0.0]);
    let epsilon = 0.01;
    let problem = || Problem {
        marginals: marginals([soft(100.0); 2]),
        ..Problem::balanced(CostMatrix::new(&cost, 2), &a, &b, epsilon)
    };
    let settings = Settings { tolerance: 1e-14, max_iterations: 1_000_000 };
    let watched = || Problem { watched: true, anneals: true, ..problem() };
    let quick = Settings { tolerance: 1e-10, max_iterations: 60 };
    let exact = [0.30148960538721137, 3.1843583038509457e-88, 0.39502663330515403, 0.3014896053872];
    let solutions = [solve_in(problem, &settings), solve_in(watched, &quick)];
    for solved in solutions.into_iter().flatten() {
        assert!(solved.totals.marginal_error <= 1e-10, "{solved:?}");
        close("mass", solved.totals.mass, 0.99800584407958, 1e-9);
        close("value", solved.totals.regularized_cost, 0.3988511256500864, 1e-9);
        let plan = plan_of(&CostMatrix::new(&cost, 2), &solved, epsilon);
        for (p, exact) in plan.iter().zip(exact) {
            close("plan", *p, exact, 1e-9 * exact);
        }
    }
}

/// google-research/ott#8: six pixels against themselves.
#[test]
fn a_measure_against_itself() {
    let mut a = [
        0.7988930221489952,
        0.10257073787669746,
        0.5439462413818218,
        0.17698207462535354,
        0.5846018102644285,
        0.7568808634688337,
    ];
    let mass: f64 = a.iter().sum();
    a.iter_mut().for_each(|w| *w /= mass);
    let place = |k: usize| [(k / 2) as f64 / 2.0, (k % 2) as f64];
    let distance = |i: usize, j: usize| {
        (place(i)[0] - place(j)[0]).powi(2) + (place(i)[1] - place(j)[1]).powi(2)
    };
    let cost = CostFunction::new((6, 6), distance);
    let settings = Settings { tolerance: 1e-10, max_iterations: 100 };
    let problem = || Problem { symmetric: true, ..Problem::balanced(cost, &a, &a, 0.1) };
    for solved in solve_in(problem, &settings) {
        assert!(solved.iterations <= 13, "{solved:?}");
        assert!(solved.totals.marginal_error <= 1e-10);
        assert_eq!(solved.f, solved.g);
        close("transport", solved.totals.transport_cost, 0.021085579927777102, 4e-10);
        close("regularized", solved.totals.regularized_cost, 0.15283611964654867, 4e-10);
        close("entropy", solved.totals.entropy_cost, -0.17076328470545843, 4e-10);
    }
    // Unbalanced as well, against alternating steps.
    let [averaged, alternating] = [true, false].map(|symmetric| {
        let marginals = marginals([soft(0.3); 2]);
        let balanced = || Problem::balanced(cost, &a, &a, 0.1);
        solve_in(|| Problem { marginals, symmetric, ..balanced() }, &SETTINGS)
    });
    for (averaged, alternating) in averaged.iter().zip(&alternating) {
        let [found, exact] = [averaged, alternating].map(|solved| solved.totals.regularized_cost);
        close("unbalanced", found, exact, 1e-12);
    }
}

fn value(k: usize) -> f64 {
    ((k * 7919 + 13) % 1009) as f64 / 1009.0
}

/// Watched, problems settle where plain iterations do, and in fewer, whatever the marginals.
#[test]
fn watched_problems_settle_sooner() {
    let n = 40;
    let cost: Vec<f64> = (0..n * n).map(value).collect();
    let weights = |shift: usize| -> Vec<f64> {
        let weights: Vec<f64> = (0..n).map(|k| value(31 * k + shift) + 1e-3).collect();
        let mass: f64 = weights.iter().sum();
        weights.iter().map(|w| w / mass).collect()
    };
    let (a, b) = (weights(1), weights(500));
    let settings = Settings { tolerance: 1e-10, max_iterations: 200_000 };
    for marginals in [
        Marginals::BALANCED,
        marginals([soft(1.0); 2]),
        marginals([soft(30.0), Damping::Hard]),
        marginals([Damping::Hard, soft(30.0)]),
        marginals([soft(1e4), soft(0.3)]),
    ] {
        for epsilon in [0.1, 0.01, 0.003] {
            let plain = || Problem {
                marginals,
                ..Problem::balanced(CostMatrix::new(&cost, n), &a, &b, epsilon)
            };
            let watched = || Problem { watched: true, anneals: true, ..plain() };
            let [plain, _] = solve_in(plain, &settings);
            for solved in solve_in(watched, &settings) {
                let what = format!("{marginals:?} ε {epsilon}");
                println!("{what}: {} iterations, not {}", solved.iterations, plain.iterations);
                assert!(
                    solved.totals.marginal_error <= 1e-10 && !solved.stalled,
                    "{what}: {solved:?}"
                );
                assert!(solved.iterations <= plain.iterations.min(600), "{what}: {solved:?}");
                let [found, exact] = [&solved, &plain].map(|solved| solved.totals.regularized_cost);
                close(&what, found, exact, 1e-9 * (1.0 + exact.abs()));
            }
        }
    }
}

/// Costs whose kernel is not positive definite, of which averaged steps make little.
#[test]
fn slow_averaged_steps_give_way() {
    let n = 30;
    let cost = CostFunction::new((n, n), |i, j| value(n * i.min(j) + i.max(j)));
    let a = vec![1.0 / n as f64; n];
    let settings = Settings { tolerance: 1e-10, max_iterations: 2000 };
    for epsilon in [0.03, 0.01] {
        let problem = || Problem {
            symmetric: true,
            watched: true,
            anneals: true,
            ..Problem::balanced(cost, &a, &a, epsilon)
        };
        let plain = resident(Problem::balanced(cost, &a, &a, epsilon), &SETTINGS);
        for solved in solve_in(problem, &settings) {
            println!("ε {epsilon}: {} iterations", solved.iterations);
            assert!(solved.totals.marginal_error <= 1e-10, "{solved:?}");
            let [found, exact] = [&solved, &plain].map(|solved| solved.totals.regularized_cost);
            close("regularized", found, exact, 1e-9);
        }
    }
}

/// What is cut off while ε falls ends with an iteration of Sinkhorn's at the ε that was asked for.
#[test]
fn a_falling_epsilon_that_is_cut_off() {
    let cost = FORBIDDEN.as_flattened();
    let (a, b, epsilon) = (FORBIDDEN_A, FORBIDDEN_B, 1e-4);
    for max_iterations in [6, 7, 11] {
        let problem = || Problem {
            watched: true,
            anneals: true,
            ..Problem::balanced(CostMatrix::new(cost, 7), &a, &b, epsilon)
        };
        for solved in solve_in(problem, &Settings { tolerance: 1e-10, max_iterations }) {
            assert_eq!(solved.iterations, max_iterations);
            all_finite(&solved, [&a, &b]);
            assert!(solved.totals.marginal_error < 2.0, "{solved:?}");
            let [f, g] = [&solved.f[..], &solved.g];
            let cost = CostMatrix::new(cost, 7);
            let again = totals(&cost, [&a, &b], [f, g], 0.0, epsilon, &Marginals::BALANCED);
            let [found, again] = [solved.totals, again].map(|totals| totals.marginal_error);
            close("error", found, again, 1e-9 * again);
        }
    }
}

const FORBIDDEN: [[f64; 7]; 8] = {
    const X: f64 = f64::INFINITY;
    [
        [0.512703373535651, 0.666692539449789, 0.08729999113181972, 0.15782773588361262, X, X, X],
        [0.5381535854328483, 0.013163552996156083, 0.7940117450717488, 1.0982430488632038, X, X, X],
        [0.16319718446365855, 0.498022402357129, 0.3714536370420869, 0.14343735149885095, X, X, X],
        [0.13853873259662305, 0.55893848099485, 0.4335908497942467, 0.12606601950717616, X, X, X],
        [
            0.3639726880147127,
            0.4854151515921888,
            0.1643562837987742,
            0.1900974449323509,
            0.09281145449646071,
            0.3500699610275644,
            0.06919035286968568,
        ],
        [
            X,
            X,
            0.9608651245148148,
            0.4472771123947615,
            0.7555829130083787,
            0.011633300671551109,
            0.7033866406731077,
        ],
        [
            0.4057456646545672,
            0.9183918458219739,
            0.256518768341317,
            0.01920805666009964,
            0.26016860337107217,
            0.33739205562370805,
            0.1836759870700059,
        ],
        [
            0.020981901193485537,
            0.3491822678600215,
            0.7694317660849601,
            X,
            0.5767744579315033,
            0.035267231172829275,
            0.5372899945767546,
        ],
    ]
};
const FORBIDDEN_A: [f64; 8] = [0.1, 0.1, 0.1, 0.1, 0.15, 0.15, 0.15, 0.15];
const FORBIDDEN_B: [f64; 7] = [0.2, 0.15, 0.15, 0.1, 0.15, 0.15, 0.1];

/// ott-jax/ott#165.
#[test]
fn forbidden_pairs() {
    let (a, b) = (FORBIDDEN_A, FORBIDDEN_B);
    let cost = FORBIDDEN.as_flattened();
    let problem = || Problem::balanced(CostMatrix::new(cost, 7), &a, &b, 0.05);
    for solved in solve_in(problem, &Settings { tolerance: 1e-12, ..SETTINGS }) {
        all_finite(&solved, [&a, &b]);
        close("transport", solved.totals.transport_cost, 0.1092776500068646, 1e-10);
        close("regularized", solved.totals.regularized_cost, 0.1732357647381538, 1e-10);
        close("entropy", solved.totals.entropy_cost, -0.025763366269161397, 1e-10);
        let plan = plan_of(&CostMatrix::new(cost, 7), &solved, 0.05);
        assert!(plan.iter().zip(cost).all(|(p, c)| c.is_finite() || *p == 0.0));
    }
}

/// A row and a column without a pair that is allowed: a hard problem has no plan, others have none there.
#[test]
fn bins_all_of_whose_pairs_are_forbidden() {
    let mut cost = FORBIDDEN;
    cost[2] = [f64::INFINITY; 7];
    cost.iter_mut().for_each(|row| row[5] = f64::INFINITY);
    let cost = cost.as_flattened();
    let (a, b) = (FORBIDDEN_A, FORBIDDEN_B);
    for epsilon in [0.01, 0.05, 1e3] {
        for (marginals, fits) in [
            (Marginals::BALANCED, false),
            (marginals([soft(0.5); 2]), true),
            (marginals([Damping::Bounded; 2]), true),
            (partial(0.5), true),
        ] {
            let problem = || Problem {
                marginals,
                ..Problem::balanced(CostMatrix::new(cost, 7), &a, &b, epsilon)
            };
            for solved in solve_in(problem, &Settings { tolerance: 1e-9, max_iterations: 3000 }) {
                all_finite(&solved, [&a, &b]);
                let error = solved.totals.marginal_error;
                assert_eq!(error <= 1e-9, fits, "{marginals:?} ε {epsilon}: {solved:?}");
            }
        }
    }
}

/// Against the ordinary form where both hold, and far beyond, for weights of any mass.
#[test]
fn large_epsilon_of_every_marginal() {
    let cost = FORBIDDEN.map(|row| row.map(|c| if c.is_finite() { c } else { 0.3 }));
    let cost = cost.as_flattened();
    let (a, b) = (FORBIDDEN_A.map(|w| 1.5 * w), FORBIDDEN_B.map(|w| 0.7 * w));
    for marginals in [
        marginals([soft(0.9), soft(0.2)]),
        marginals([Damping::Hard, soft(0.2)]),
        marginals([soft(1e4); 2]),
        partial(0.6),
    ] {
        for epsilon in [300.0, 1e4, 1e12] {
            let problem = |spread: f64| Problem {
                marginals,
                spread,
                ..Problem::balanced(CostMatrix::new(cost, 7), &a, &b, epsilon)
            };
            let spread = spread(&CostMatrix::new(cost, 7));
            let large = resident(problem(spread), &SETTINGS);
            // A spread that keeps it out of the form.
            let ordinary = resident(problem(epsilon), &SETTINGS);
            assert!(large.plain.is_some() && ordinary.plain.is_none());
            assert!(large.totals.marginal_error <= 1e-13 * spread / epsilon, "{large:?}");
            let what = format!("{marginals:?} ε {epsilon}");
            let [l, o] = [large.totals, ordinary.totals];
            let bound = 1e-12 + 1e-13 * epsilon;
            close(&what, l.transport_cost, o.transport_cost, bound.min(1e-2));
            close(&what, l.mass, o.mass, 1e-12);
            close(&what, l.regularized_cost, o.regularized_cost, bound);
            close(&what, l.entropy_cost, o.entropy_cost, 10.0 * bound);
        }
    }
}

/// Small ε, where potentials move by far more than the range of a scaling.
#[test]
fn scaling_and_the_log_domain_agree() {
    let n = 60;
    let cost: Vec<f64> = (0..n * n).map(value).collect();
    let weights = |shift: usize| -> Vec<f64> {
        (0..n).map(|k| if k % 7 == 3 { 0.0 } else { value(31 * k + shift) + 1e-3 }).collect()
    };
    let (a, b) = (weights(1), weights(500));
    let [m_a, m_b]: [f64; 2] = [&a, &b].map(|w| w.iter().sum());
    let b: Vec<f64> = b.iter().map(|w| w * m_a / m_b).collect();
    for marginals in [
        Marginals::BALANCED,
        marginals([soft(0.1); 2]),
        marginals([soft(1e-3), Damping::Hard]),
        partial(0.4 * m_a),
    ] {
        for epsilon in [1e-5, 1e-3, 0.1] {
            let problem = || Problem {
                marginals,
                ..Problem::balanced(CostMatrix::new(&cost, n), &a, &b, epsilon)
            };
            let settings = Settings { tolerance: 0.0, max_iterations: 60 };
            let [scaled, logs] = solve_in(problem, &settings);
            let what = format!("{marginals:?} ε {epsilon}");
            for (f, exact) in scaled.f.iter().chain(&scaled.g).zip(logs.f.iter().chain(&logs.g)) {
                if exact.is_finite() {
                    close(&what, *f, *exact, 1e-10);
                }
            }
            let [s, l] = [scaled.totals, logs.totals];
            close(&what, s.transport_cost, l.transport_cost, 1e-9 * m_a);
            close(&what, s.regularized_cost, l.regularized_cost, 1e-9 * m_a);
        }
    }
}
