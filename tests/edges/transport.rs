use crate::table::{Case, case, check};
use kantor::{Annealing, Context, Geometry, Precision, Problem, Result, Sinkhorn, Solution};
use pollster::block_on;

/// Costs of 0 and 1, the assignment on the diagonal.
const CROSSED: [f64; 4] = [0.0, 1.0, 1.0, 0.0];
const HALVES: [f64; 2] = [0.5, 0.5];

fn problem(cost: &[f64], a: &[f64], b: &[f64]) -> Result<Problem> {
    Ok(Problem::new(Geometry::cost_matrix(cost, a.len(), b.len())?, a, b)?.normalized())
}

fn solver(precision: Precision, epsilon: f64) -> Sinkhorn {
    let tolerance = if precision == Precision::Double { 1e-12 } else { 1e-6 };
    Sinkhorn::new(epsilon).precision(precision).tolerance(tolerance)
}

fn solve(c: &Context, p: Precision, epsilon: f64, problem: &Problem) -> Result<Solution> {
    solver(p, epsilon).solve_blocking(c, problem)?.require_converged()
}

/// The costs of two by two bins of equal weights.
fn halves(c: &Context, p: Precision, epsilon: f64, cost: [f64; 4]) -> Result<Solution> {
    solve(c, p, epsilon, &problem(&cost, &HALVES, &HALVES)?)
}

fn settings(c: &Context, change: impl Fn(Sinkhorn) -> Sinkhorn) -> Result<f64> {
    let problem = problem(&CROSSED, &HALVES, &HALVES)?;
    Ok(change(Sinkhorn::new(0.1)).solve_blocking(c, &problem)?.transport_cost()[0])
}

fn plan(c: &Context, p: Precision, source: [f64; 2], at: usize) -> Result<f64> {
    let solution = solve(c, p, 1.0, &problem(&CROSSED, &source, &HALVES)?)?;
    Ok(block_on(solution.plan(0))?[at])
}

fn apply(c: &Context, p: Precision, x: [f64; 2]) -> Result<f64> {
    Ok(block_on(halves(c, p, 0.5, CROSSED)?.apply(0, &x))?[0])
}

fn cost_of(entry: f64) -> Result<f64> {
    Ok(Geometry::cost_matrix(&[0.0, entry], 1, 2)?.magnitude())
}

fn grid(height: usize, width: usize) -> Result<f64> {
    Ok(Geometry::squared_euclidean_grid(height, width)?.magnitude())
}

fn weights(source: [f64; 2], target: [f64; 2]) -> Result<f64> {
    Ok(problem(&CROSSED, &source, &target)?.len() as f64)
}

fn inputs() -> Vec<Case> {
    let matrix = "Geometry::cost_matrix";
    let image = "Geometry::squared_euclidean_grid";
    let (new, start) = ("Problem::new", "Problem::starting_from");
    vec![
        case(matrix, "no bins", |_, _| Ok(Geometry::cost_matrix::<f64>(&[], 0, 0)?.magnitude())),
        case(matrix, "an entry that is ∞: the largest of the others", |_, _| {
            cost_of(f64::INFINITY)
        }),
        case(matrix, "an entry that is −∞", |_, _| cost_of(f64::NEG_INFINITY)),
        case(matrix, "an entry that is NaN", |_, _| cost_of(f64::NAN)),
        case(matrix, "an entry above the largest f32", |_, _| cost_of(3.5e38)),
        case(image, "no pixels", |_, _| grid(0, 5)),
        case(image, "one row, the most pixels: 2²⁴", |_, _| grid(1, 1 << 24)),
        case(image, "one row, 2²⁴ + 1 pixels", |_, _| grid(1, (1 << 24) + 1)),
        case(new, "a row of zeros", |_, _| weights([0.0, 0.0], HALVES)),
        case(new, "a negative weight", |_, _| weights(HALVES, [1.0, -1.0])),
        case(new, "a weight that is NaN", |_, _| weights(HALVES, [1.0, f64::NAN])),
        case(new, "a sum above the largest f64", |_, _| weights([1e308, 1e308], HALVES)),
        case(start, "∞", |_, _| {
            let problem = problem(&CROSSED, &HALVES, &HALVES)?;
            Ok(problem.starting_from(&[0.0, f64::INFINITY])?.len() as f64)
        }),
    ]
}

fn settings_of_a_solver() -> Vec<Case> {
    let solve = "Sinkhorn::solve";
    vec![
        case(solve, "ε = 0", |c, _| settings(c, |_| Sinkhorn::new(0.0))),
        case(solve, "ε = ∞", |c, _| settings(c, |_| Sinkhorn::new(f64::INFINITY))),
        case(solve, "ε below 1e-20", |c, _| settings(c, |_| Sinkhorn::new(9e-21))),
        case(solve, "ε above 1e20", |c, _| settings(c, |_| Sinkhorn::new(1.1e20))),
        case(
            solve,
            "ε = the largest cost / 1e10, digits resolve it: the transport cost",
            |c, p| settings(c, |_| Sinkhorn::new(1e-10).precision(p)),
        ),
        case(solve, "ε = the largest cost / 1e18, no digits resolve it", |c, p| {
            let cost = [0.0, 0.7, 0.3, 0.9, 0.0, 0.1, 0.2, 0.6, 0.0];
            let problem = problem(&cost, &[0.3, 0.3, 0.4], &[0.5, 0.1, 0.4])?;
            let solution = Sinkhorn::new(1e-18).precision(p).solve_blocking(c, &problem)?;
            Ok(solution.marginal_error()[0])
        }),
        case(solve, "ε = the largest cost / 1e6, tolerance 1e-6: problems converged", |c, p| {
            let problem = problem(&[1.0, 2.0, 2.0, 1.0], &HALVES, &HALVES)?;
            let solver = solver(p, 2e-6).tolerance(1e-6);
            let solution = solver.solve_blocking(c, &problem)?;
            Ok(solution.converged().iter().filter(|c| **c).count() as f64)
        }),
        case(solve, "tolerance NaN", |c, _| settings(c, |s| s.tolerance(f64::NAN))),
        case(solve, "tolerance below what precision reaches", |c, p| {
            let least = match (c.device(), p) {
                (None, _) => 9e-16,
                (_, Precision::Double) => 9e-13,
                _ => 4e-7,
            };
            settings(c, |s| s.precision(p).tolerance(least))
        }),
        case(solve, "no iterations", |c, _| settings(c, |s| s.max_iterations(0))),
        case(solve, "annealing that does not end", |c, _| {
            let annealing = Annealing::new(1.0, 1.0 - f64::EPSILON);
            settings(c, |s| s.annealing(annealing).max_iterations(u32::MAX))
        }),
        case(solve, "annealing by a factor of 1", |c, _| {
            settings(c, |s| s.annealing(Annealing::new(1.0, 1.0)))
        }),
    ]
}

const SMALL: [f64; 4] = [0.0, 1e-30, 1e-30, 0.0];
const CONSTANT: [f64; 4] = [7.25e5; 4];

fn one_bin(c: &Context, p: Precision) -> Result<Solution> {
    solve(c, p, 0.5, &problem(&[3.0], &[2.0], &[1.0])?)
}

fn costs() -> Vec<Case> {
    let transport = "Solution::transport_cost";
    let regularized = "Solution::regularized_cost";
    let entropy = "Solution::entropy_cost";
    vec![
        case(transport, "ε = 1e20, costs of 0 and 1, equal weights: that of a⊗b", |c, p| {
            Ok(halves(c, p, 1e20, CROSSED)?.transport_cost()[0])
        }),
        case(
            regularized,
            "the same",
            |c, p| Ok(halves(c, p, 1e20, CROSSED)?.regularized_cost()[0]),
        ),
        case(transport, "costs 1e30 times smaller than ε", |c, p| {
            Ok(halves(c, p, 1.0, SMALL)?.transport_cost()[0])
        }),
        case(regularized, "costs 1e30 times smaller than ε", |c, p| {
            Ok(halves(c, p, 1.0, SMALL)?.regularized_cost()[0])
        }),
        case(transport, "costs of 1e-300", |c, p| {
            Ok(halves(c, p, 1.0, [0.0, 1e-300, 1e-300, 0.0])?.transport_cost()[0])
        }),
        case(regularized, "all costs 725,000, ε = 0.01", |c, p| {
            Ok(halves(c, p, 0.01, CONSTANT)?.regularized_cost()[0])
        }),
        case(entropy, "all costs 725,000, ε = 0.01, two equal weights each", |c, p| {
            Ok(halves(c, p, 0.01, CONSTANT)?.entropy_cost()[0])
        }),
        case(transport, "all costs 0", |c, p| Ok(halves(c, p, 0.1, [0.0; 4])?.transport_cost()[0])),
        case(regularized, "all costs 0", |c, p| {
            Ok(halves(c, p, 0.1, [0.0; 4])?.regularized_cost()[0])
        }),
        case(regularized, "one bin each, cost 3", |c, p| Ok(one_bin(c, p)?.regularized_cost()[0])),
        case("Solution::marginal_error", "one bin each, cost 3", |c, p| {
            Ok(one_bin(c, p)?.marginal_error()[0])
        }),
        case(transport, "subnormal weights in ratio 1 to 3", |c, p| {
            let problem = problem(&[0.0, 1.0], &[1.0], &[15e-324, 5e-324])?;
            Ok(solve(c, p, 1.0, &problem)?.transport_cost()[0])
        }),
    ]
}

fn plans_and_potentials() -> Vec<Case> {
    let (of_plan, of_potentials) = ("Solution::plan", "Solution::potentials");
    let of_apply = "Solution::apply";
    vec![
        case(of_plan, "where a weight is zero", |c, p| plan(c, p, [1.0, 0.0], 2)),
        case(of_plan, "where a share is below 2⁻¹⁰⁰", |c, p| {
            plan(c, p, [1.0, 0.9 * (-100f64).exp2()], 2)
        }),
        case(of_plan, "where a share is 2⁻⁹⁹: whether it is above zero", |c, p| {
            let entry = plan(c, p, [1.0, (-99f64).exp2()], 2)?;
            Ok(f64::from(u8::from(entry > 0.0)))
        }),
        case(
            of_potentials,
            "f where a weight is zero, above f where it is not: the c-transform",
            |c, p| {
                let solution = solve(c, p, 0.5, &problem(&[0.0, 1.0], &[1.0, 0.0], &[1.0])?)?;
                let f = block_on(solution.potentials(0))?.f;
                Ok(f[1] - f[0])
            },
        ),
        case(of_potentials, "a problem that does not exist", |c, p| {
            Ok(block_on(halves(c, p, 1.0, CROSSED)?.potentials(1))?.f[0])
        }),
        case(of_apply, "zeros", |c, p| apply(c, p, [0.0, 0.0])),
        case(of_apply, "a component that is NaN", |c, p| apply(c, p, [1.0, f64::NAN])),
        case(of_apply, "1e-300 everywhere, half of the mass", |c, p| apply(c, p, [1e-300; 2])),
    ]
}

#[test]
fn transport() {
    let mut cases = inputs();
    cases.extend(settings_of_a_solver());
    cases.extend(costs());
    cases.extend(plans_and_potentials());
    check("transport", &cases);
}
