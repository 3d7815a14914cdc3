use crate::oracle::{Bound, Contexts, Told, Verdict, agree, digits, finite, must, show};
use crate::source::{Look, Numbers, Source};
use crate::{both_or_end, with};
use kantor::{
    Annealing, Context, Error, Geometry, Grid, Precision, Problem, Result, Sinkhorn, Solution,
    Variant,
};
use pollster::block_on;

#[derive(Debug)]
struct Case {
    cost: Numbers,
    shape: [usize; 2],
    batch: Option<usize>,
    /// Spacing and exponent of a grid.
    grid: Option<(Option<f64>, f64)>,
    source: Numbers,
    target: Numbers,
    start: Option<Vec<f64>>,
}

fn spacing(source: &mut Source<'_>) -> Option<f64> {
    let wild = source.one_in(8);
    source.one_in(2).then(|| if wild { source.wild() } else { 0.1 + 2.0 * source.uniform() })
}

fn exponent(source: &mut Source<'_>) -> f64 {
    if source.one_in(10) { source.wild() } else { source.pick(&[1.0, 1.5, 2.0, 2.0, 3.0]) }
}

impl Case {
    fn draw(source: &mut Source<'_>) -> Case {
        let batch = if source.one_in(3) { 2 + source.below(5) } else { 1 };
        let (mut n, mut m) = (source.bins().min(90), source.bins().min(90));
        let grid = source.one_in(10).then(|| (spacing(source), exponent(source)));
        if grid.is_some() {
            (n, m) = (1 + source.below(6), 1 + source.below(6));
        }
        let bins = if grid.is_some() { [n * m, n * m] } else { [n, m] };
        let own = grid.is_none() && source.one_in(6);
        let look = source.look(&[Look::Plain, Look::Plain, Look::Signed, Look::Near, Look::Sparse]);
        let costs = if grid.is_some() { 0 } else { n * m * if own { batch } else { 1 } };
        let look_of_weights = source.look(&[Look::Plain, Look::Sparse, Look::Near, Look::Wide]);
        let shape = [source.size(n), source.size(m)];
        let batch_told = source.size(batch);
        let count = source.size(costs).min(1 << 16);
        Case {
            cost: source.numbers(count, look),
            shape,
            batch: own.then_some(batch_told),
            grid,
            source: source.numbers(batch * bins[0], look_of_weights),
            target: source.numbers(batch * bins[1], look_of_weights),
            start: source.one_in(8).then(|| {
                let look = source.look(&[Look::Signed]);
                source.numbers(batch * bins[1], look).wide()
            }),
        }
    }

    fn problem(&self) -> Result<Problem> {
        let [n, m] = self.shape;
        let geometry = if let Some((spacing, exponent)) = self.grid {
            // A grid's cost is dense: sizes that hold it, or that nothing holds.
            let side = |n: usize| if n > 1 << 40 { n } else { n.min(48) };
            let grid = Grid::new(&[side(n), side(m)]).exponent(exponent);
            Geometry::grid(&spacing.iter().fold(grid, |grid, step| grid.spacing(&[*step])))
        } else if let Some(batch) = self.batch {
            with!(&self.cost, |v| Geometry::cost_matrices(v, batch, n, m))
        } else {
            with!(&self.cost, |v| Geometry::cost_matrix(v, n, m))
        }?;
        let (source, target) = (self.source.wide(), self.target.wide());
        let problem = Problem::new(geometry, &source, &target)?.normalized();
        match &self.start {
            Some(g) => problem.starting_from(g),
            None => Ok(problem),
        }
    }
}

fn solver(source: &mut Source<'_>) -> (Sinkhorn, Precision, Variant) {
    let precision = source.precision();
    let variant = source.pick(&[
        Variant::Auto,
        Variant::Auto,
        Variant::Streaming,
        Variant::Resident,
        Variant::Scaling,
        Variant::Reference,
    ]);
    let iterations = source.pick(&[0, 1, 2, 10, 100, 500]);
    let mut solver = Sinkhorn::new(source.setting(1e-2, 1e2))
        .precision(precision)
        .variant(variant)
        .max_iterations(iterations);
    solver = match source.below(4) {
        0 => solver.tolerance(0.0),
        1 => solver.tolerance(source.setting(1e-6, 1e-1)),
        _ => solver,
    };
    if source.one_in(6) {
        let (from, factor) = (source.setting(1e-1, 1e3), source.setting(0.1, 0.99));
        solver = solver.annealing(Annealing::new(from, factor));
    }
    (solver, precision, variant)
}

fn costs(solution: &Solution) -> [(&'static str, &[f64]); 4] {
    [
        ("transport cost", solution.transport_cost()),
        ("regularized cost", solution.regularized_cost()),
        ("entropy cost", solution.entropy_cost()),
        ("marginal error", solution.marginal_error()),
    ]
}

pub fn run(contexts: &Contexts, source: &mut Source<'_>) -> Verdict {
    let case = Case::draw(source);
    let (solver, precision, variant) = solver(source);
    show(|| format!("{solver:?} {case:?}"));
    let (problem, _) = both_or_end!("problem", case.problem(), case.problem());
    let on = |context: &Context, variant: Variant| {
        solver.clone().variant(variant).solve_blocking(context, &problem)
    };
    let tested = match on(&contexts.tested, variant) {
        // A form that this problem does not fit is only the device's to refuse.
        Err(Error::InvalidInput { argument: "variant", .. }) => return Ok(Told::Refused),
        other => other,
    };
    // In Double ε may be smaller; what the twin takes is what the device is to take in its precision.
    let twin =
        on(&contexts.twin, if variant == Variant::Reference { variant } else { Variant::Auto });
    let (one, other) = both_or_end!("solve", tested, twin);
    for (what, values) in costs(&one).into_iter().chain(costs(&other)) {
        finite(what, values)?;
    }
    let spread = spread(&problem, &case);
    for k in 0..one.len() {
        // After as many iterations the two are the same up to rounding; with a tolerance either stops where it stops.
        if !(one.converged()[k] && other.converged()[k]) {
            continue;
        }
        let off = one.marginal_error()[k].max(other.marginal_error()[k]);
        let digits = digits(precision);
        let slack = (off * 4.0 + digits.relative * 10.0) * spread;
        let bound = Bound { relative: digits.relative * 10.0, absolute: slack };
        let pair = (&one.regularized_cost()[k..=k], &other.regularized_cost()[k..=k]);
        agree("regularized cost", pair.0, pair.1, bound)?;
    }
    let k = source.below(one.len());
    let potentials = must("potentials", block_on(one.potentials(k)))?;
    finite("f", &potentials.f)?;
    finite("g", &potentials.g)?;
    let plan = must("plan", block_on(one.plan(k)))?;
    finite("plan", &plan)?;
    if plan.iter().any(|p| *p < 0.0) {
        return Err("a negative entry of a plan".into());
    }
    let x = source.numbers(potentials.g.len(), Look::Signed).wide();
    match block_on(one.apply(k, &x)) {
        Ok(y) => finite("P x", &y)?,
        Err(Error::InvalidInput { argument: "x", .. }) => {}
        Err(error) => return Err(format!("apply: {error}")),
    }
    Ok(Told::Answered)
}

/// The largest cost apart from a constant, and ε, roughly: what a marginal error costs.
fn spread(problem: &Problem, case: &Case) -> f64 {
    let costs = case.cost.wide();
    let (least, most) =
        costs.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(*x), b.max(*x)));
    let range = if costs.is_empty() { problem.geometry().magnitude() } else { most - least };
    range + 1e-6 * problem.geometry().magnitude() + 100.0
}
