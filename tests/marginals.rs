//! Marginals that are balanced, penalised, bounded: known answers, on the CPU twin and on the adapter under test in both
//! precisions.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::{Random, Way, assert_close, distance, marginals, plan, ways};
use kantor::{Geometry, GroundCost, Marginals, Precision, Problem, Sinkhorn, Solution, Stop};

fn matrix(cost: &[f64], n: usize, m: usize) -> Geometry {
    Geometry::cost_matrix(cost, n, m).expect("a cost")
}

fn solve(way: &Way, epsilon: f64, problem: &Problem) -> Solution {
    let solution = way.solve(epsilon, problem);
    let (error, iterations) = (solution.marginal_error(), solution.iterations());
    assert_eq!(solution.stop()[0], Stop::Converged, "{}: {error:?}, {iterations:?}", way.name);
    solution
}

/// π = (αβ)^((ε+ρ)/(ε+2ρ)) e^(−C/(ε+2ρ)); see `facts` of Séjourné et al. 2019.
#[test]
fn one_bin_to_one_bin_has_a_closed_form() {
    let cases = [
        (Marginals::Unbalanced { source: 0.9, target: 0.9 }, 0.702526407915996, 0.819694543376408),
        (Marginals::Unbalanced { source: 0.9, target: 0.2 }, 0.7037930291433, 0.8196897591993),
        (Marginals::Unbalanced { source: f64::INFINITY, target: 0.2 }, 1.5, 1.294145740386),
    ];
    for way in ways() {
        for (asked, mass, value) in cases {
            let problem = Problem::new(matrix(&[0.8], 1, 1), &[1.5], &[0.7])
                .expect("a problem")
                .marginals(asked)
                .expect("reaches");
            let solution = solve(&way, 0.3, &problem);
            let what = format!("{}, {asked:?}", way.name);
            let bound = 2.0 * way.accuracy;
            assert_close(&what, solution.mass()[0], mass, bound);
            assert_close(&what, solution.transport_cost()[0], 0.8 * mass, bound);
            assert_close(&what, solution.regularized_cost()[0], value, bound);
        }
    }
}

/// PythonOT/POT#711: ε 0.01 beside a reach of 100.
#[test]
fn a_large_reach_beside_a_small_epsilon_settles() {
    for way in ways() {
        let problem = Problem::new(matrix(&[0.0, 1.0, 1.0, 0.0], 2, 2), &[0.3, 0.7], &[0.7, 0.3])
            .expect("a problem")
            .reach(100.0)
            .expect("a reach");
        let solution = solve(&way, 0.01, &problem);
        let expected =
            [0.30148960538721137, 3.1843583038509457e-88, 0.39502663330515403, 0.30148960538721475];
        let found = plan(&solution, 0);
        let bound = if way.accuracy < 1e-8 { 1e-8 } else { 2e-5 };
        assert!(distance(&found, &expected) < bound, "{}: {found:?}", way.name);
        assert_close(way.name, solution.mass()[0], 0.99800584407958, bound);
        assert_close(way.name, solution.transport_cost()[0], 0.39502663330515403, bound);
        assert_close(way.name, solution.regularized_cost()[0], 0.3988511256500864, 20.0 * bound);
    }
}

/// value = ε m_a m_b + ρ_a m_a + ρ_b m_b − (ε + ρ_a + ρ_b) mass(P), whatever the cost.
#[test]
fn the_objective_follows_from_the_mass() {
    let mut random = Random::new(5);
    let (n, m, epsilon, source, target) = (13, 9, 0.05, 0.4, 2.5);
    let cost: Vec<f64> = (0..n * m).map(|_| random.uniform()).collect();
    let a: Vec<f64> = (0..n).map(|_| 0.3 * random.uniform()).collect();
    let b: Vec<f64> = (0..m).map(|_| 0.2 * random.uniform()).collect();
    let masses = [a.iter().sum::<f64>(), b.iter().sum::<f64>()];
    for way in ways() {
        let problem = Problem::new(matrix(&cost, n, m), &a, &b)
            .expect("a problem")
            .marginals(Marginals::Unbalanced { source, target })
            .expect("reaches");
        let solution = solve(&way, epsilon, &problem);
        let mass = solution.mass()[0];
        let total: f64 = plan(&solution, 0).iter().sum();
        assert_close(way.name, mass, total, way.accuracy);
        let value = epsilon * masses[0] * masses[1] + source * masses[0] + target * masses[1]
            - (epsilon + source + target) * mass;
        assert_close(way.name, solution.regularized_cost()[0], value, 8.0 * way.accuracy);
        // Marginals are those of the potentials: a exp(−f/ρ).
        let (rows, columns) = marginals(&plan(&solution, 0), n, m);
        let potentials = common::potentials(&solution, 0);
        let wanted = |w: &[f64], p: &[f64], reach: f64| -> Vec<f64> {
            w.iter().zip(p).map(|(w, p)| w * (-p / reach).exp()).collect()
        };
        let off = distance(&rows, &wanted(&a, &potentials.f, source))
            + distance(&columns, &wanted(&b, &potentials.g, target));
        assert!(off < 10.0 * way.accuracy, "{}: {off:e}", way.name);
    }
}

/// Chizat's Gaussians: N(0,1) to N(1,2) of mass 1, ε = 2σ² = ½, ρ = 1; on points 1/20 apart.
#[test]
fn gaussians_of_unequal_mass_are_as_known() {
    let points: Vec<f64> = (0..321).map(|k| -8.0 + f64::from(k) * 0.05).collect();
    let gaussian = |mean: f64, variance: f64| -> Vec<f64> {
        let density = |x: &f64| (-(x - mean) * (x - mean) / (2.0 * variance)).exp();
        let weights: Vec<f64> = points.iter().map(density).collect();
        let mass: f64 = weights.iter().sum();
        weights.iter().map(|w| w / mass).collect()
    };
    for way in ways() {
        let geometry =
            Geometry::points(&points, &points, 1, GroundCost::SquaredEuclidean).expect("points");
        let problem = Problem::new(geometry, &gaussian(0.0, 1.0), &gaussian(1.0, 2.0))
            .expect("a problem")
            .reach(1.0)
            .expect("a reach");
        let solution = solve(&way, 0.5, &problem);
        let bound = 1e-5f64.max(way.accuracy);
        assert_close(way.name, solution.mass()[0], 0.691265199833727, bound);
        assert_close(way.name, solution.regularized_cost()[0], 0.771837000415683, bound);
    }
}

/// Partial transport: P1 ≤ a, Pᵀ1 ≤ b and the mass that is asked for.
#[test]
fn a_part_of_the_mass_is_moved_as_known() {
    for way in ways() {
        let problem = Problem::new(matrix(&[0.0, 1.0, 0.5, 0.2], 2, 2), &[0.7, 0.3], &[0.4, 0.8])
            .expect("a problem")
            .partial(0.6)
            .expect("a mass");
        let solution = solve(&way, 0.2, &problem);
        let expected = [0.3864064957133, 0.008196987660811, 0.01359350428667, 0.1918030123392];
        let found = plan(&solution, 0);
        assert!(distance(&found, &expected) < 4.0 * way.accuracy, "{}: {found:?}", way.name);
        assert_close(way.name, solution.mass()[0], 0.6, way.accuracy);
        assert_close(way.name, solution.regularized_cost()[0], 0.1768012225748, 4.0 * way.accuracy);
    }
}

/// The partial transport of a random matrix: all constraints hold, and complementary slackness.
#[test]
fn partial_transport_is_complementary() {
    let mut random = Random::new(11);
    let (n, m) = (37, 22);
    let cost: Vec<f64> = (0..n * m).map(|_| random.uniform()).collect();
    let a: Vec<f64> = (0..n).map(|_| random.uniform()).collect();
    let b: Vec<f64> = (0..m).map(|_| random.uniform()).collect();
    let less = a.iter().sum::<f64>().min(b.iter().sum());
    for way in ways() {
        for share in [0.1, 0.6, 0.95] {
            let problem = Problem::new(matrix(&cost, n, m), &a, &b)
                .expect("a problem")
                .partial(share * less)
                .expect("a mass");
            let solution = solve(&way, 0.05, &problem);
            let what = format!("{}, {share}", way.name);
            assert_close(&what, solution.mass()[0], share * less, less * way.accuracy);
            let (rows, columns) = marginals(&plan(&solution, 0), n, m);
            let potentials = common::potentials(&solution, 0);
            for (held, most, f) in rows
                .iter()
                .zip(&a)
                .zip(&potentials.f)
                .chain(columns.iter().zip(&b).zip(&potentials.g))
                .map(|((held, most), f)| (held, most, f))
            {
                assert!(*held <= most + less * way.accuracy, "{what}: {held} of {most}");
                assert!(*f <= 1e-6, "{what}: {f}");
                assert!(*f > -1e-4 || (held - most).abs() < 10.0 * less * way.accuracy, "{what}");
            }
        }
    }
}

/// Masses are kept: twice the weights make twice the plan.
#[test]
fn balanced_masses_are_kept() {
    let cost = [0.0, 1.0, 0.5, 0.2];
    for way in ways() {
        for mass in [1.0, 3.0, 1e-12, 1e9] {
            let scaled = |w: [f64; 2]| w.map(|w| w * mass);
            let (a, b) = (scaled([0.3, 0.7]), scaled([0.6, 0.4]));
            let problem = Problem::new(matrix(&cost, 2, 2), &a, &b).expect("a problem");
            let solution = solve(&way, 0.2, &problem);
            let what = format!("{}, mass {mass:e}", way.name);
            assert_close(&what, solution.mass()[0], mass, mass * way.accuracy);
            assert_close(
                &what,
                solution.transport_cost()[0],
                0.2307775131072 * mass,
                mass * way.accuracy,
            );
            // KL(P | a⊗b) of P = M P', a⊗b = M² a'⊗b'.
            let value =
                mass * 0.2688752533539 - 0.2 * mass * mass.ln() + 0.2 * (mass * mass - mass);
            let bound = way.accuracy * (mass + value.abs());
            assert_close(&what, solution.regularized_cost()[0], value, bound);
        }
    }
}

#[test]
fn masses_that_do_not_agree_are_refused() {
    let problem = Problem::new(matrix(&[0.8], 1, 1), &[1.5], &[0.7]).expect("a problem");
    for way in ways() {
        let error = Sinkhorn::new(0.3)
            .precision(Precision::Single)
            .solve_blocking(&way.context, &problem)
            .expect_err("masses");
        let text = error.to_string();
        assert!(text.contains("0.7") && text.contains("1.5"), "{text}");
    }
    assert!(problem.clone().reach(0.0).is_err() && problem.clone().reach(f64::NAN).is_err());
    assert!(problem.clone().partial(-1.0).is_err());
    let more = problem.partial(0.8).expect("a mass");
    for way in ways() {
        let error = Sinkhorn::new(0.3).solve_blocking(&way.context, &more).expect_err("a mass");
        assert!(error.to_string().contains("0.8"), "{error}");
    }
}
