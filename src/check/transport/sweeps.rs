//! Half iterations: a solve of k iterations gives f, and g from it; one of k − 1
//! iterations gives the g that f came from. So each sweep is compared alone, at
//! any depth of the loop, through the solver as a user calls it.

use super::case::{Case, Data, largest, rounding};
use crate::check::Row;
use crate::check::judge::{Worst, units};
use crate::check::tolerances::row;
use crate::error::Result;
use crate::gpu::{Capabilities, Context};
use crate::number::Precision;
use crate::reference::{self, CostMatrix, Marginals, Settings, Sweep};
use crate::transport::resident::fits;
use crate::transport::{Annealing, Sinkhorn, Solution, Variant};

/// A family of sweeps: which kernels run in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::check) enum Form {
    Dense,
    Support,
    Double,
    Resident,
    Scaling,
}

/// Of every form: sizes from one bin on, on and off the edges of vec4f, workgroups
/// and tiles; ε where exponents are a few units and where they are a thousand.
const DENSE: [Case; 7] = [
    Case::new(1, 1, 1, 0.1),
    Case::new(3, 2, 3, 1.0),
    Case::new(7, 9, 3, 0.1).own_costs(),
    Case::new(33, 31, 3, 0.01).start(),
    Case::new(100, 130, 2, 1e-3),
    Case::new(100, 130, 2, 0.05).empty(0.12).start(),
    Case::new(5, 300, 2, 0.3),
];

const SUPPORT: [Case; 5] = [
    Case::new(3, 5, 2, 1.0).empty(0.7),
    Case::new(9, 7, 3, 0.1).empty(0.5).own_costs(),
    Case::new(33, 31, 3, 0.01).empty(0.5).start(),
    Case::new(100, 130, 3, 1e-3).empty(0.6),
    Case::new(100, 130, 3, 0.2).empty(0.9).start(),
];

const DOUBLE: [Case; 6] = [
    Case::new(1, 1, 1, 0.1),
    Case::new(7, 9, 3, 0.1).own_costs(),
    Case::new(33, 31, 2, 0.01).start(),
    Case::new(100, 130, 2, 1e-3),
    Case::new(33, 31, 3, 0.01).empty(0.5).start(),
    Case::new(100, 130, 2, 0.2).empty(0.6).own_costs(),
];

const RESIDENT: [Case; 7] = [
    Case::new(1, 1, 1, 0.1),
    Case::new(3, 2, 3, 1.0),
    Case::new(7, 9, 70, 0.1).own_costs(),
    Case::new(33, 31, 3, 0.01).start(),
    Case::new(33, 31, 3, 1e-3),
    Case::new(31, 33, 3, 0.05),
    Case::new(40, 50, 3, 0.05).empty(0.6).start(),
];

const SCALING: [Case; 5] = [
    Case::new(1, 1, 1, 0.1),
    Case::new(3, 2, 5, 1.0),
    Case::new(33, 31, 70, 0.1).empty(0.1),
    Case::new(65, 64, 64, 0.05).start(),
    Case::new(100, 130, 3, 0.02),
];

/// Iterations of a run as a whole.
const WHOLE: u32 = 25;
/// Costs within [0, 1] over this ε move a scaling by 2⁴⁰ at most in an iteration: the
/// iterates of `resident` are those of the log domain, not only its fixed point.
const LEAST_UNSCALED: f64 = 1.0 / 27.0;
const FALLING: Annealing = Annealing::new(1.0, 0.5);

impl Form {
    pub(super) fn kernels(self) -> &'static [&'static str] {
        match self {
            Form::Dense => &["softmin_rows", "softmin_columns"],
            Form::Support => &["softmin_support"],
            Form::Double => &["softmin_double"],
            Form::Resident => &["resident"],
            Form::Scaling => &["scaling_product"],
        }
    }

    fn cases(self) -> &'static [Case] {
        match self {
            Form::Dense => &DENSE,
            Form::Support => &SUPPORT,
            Form::Double => &DOUBLE,
            Form::Resident => &RESIDENT,
            Form::Scaling => &SCALING,
        }
    }

    fn is_double(self) -> bool {
        self == Form::Double
    }

    fn solver(self, epsilon: f64, iterations: u32) -> Sinkhorn {
        let variant = match self {
            Form::Resident => Variant::Resident,
            Form::Scaling => Variant::Scaling,
            _ => Variant::Streaming,
        };
        let precision = if self.is_double() { Precision::Double } else { Precision::Single };
        Sinkhorn::new(epsilon)
            .tolerance(0.0)
            .max_iterations(iterations)
            .variant(variant)
            .precision(precision)
    }

    /// The kernel's own twin of a half iteration: `own` of the source side or of
    /// the target side, from weighted potentials of the other.
    fn twin(self, data: &Data, problem: usize, source: bool, other: &[f64]) -> Vec<f64> {
        let (cost, epsilon) = (data.cost(problem), data.case.epsilon);
        let (weights, own_stride, other_stride) = if source {
            (data.a(problem), data.case.columns, 1)
        } else {
            (data.b(problem), 1, data.case.columns)
        };
        let sweep = Sweep { cost, own_stride, other_stride, weights, other, epsilon };
        let costs = &CostMatrix::new(cost, data.case.columns);
        match self {
            Form::Dense | Form::Resident if source => {
                reference::softmin_rows(costs, weights, other, epsilon)
            }
            Form::Dense | Form::Resident => {
                reference::softmin_columns(costs, weights, other, epsilon)
            }
            Form::Double => reference::softmin_double(&sweep),
            Form::Support => {
                let (bins, own_bins) = (weights.len(), positive(weights));
                let others = if source { data.b(problem) } else { data.a(problem) };
                let other_bins = positive(others);
                let compact = |values: &[f64], bins: &[u32]| -> Vec<f64> {
                    bins.iter().map(|&bin| values[bin as usize]).collect()
                };
                let (weights, other) = (compact(weights, &own_bins), compact(other, &other_bins));
                let sweep = Sweep { weights: &weights, other: &other, ..sweep };
                let found = reference::softmin_support(&sweep, &own_bins, &other_bins);
                let mut full = vec![f64::NEG_INFINITY; bins];
                for (bin, value) in own_bins.iter().zip(found) {
                    full[*bin as usize] = value;
                }
                full
            }
            Form::Scaling => {
                let v: Vec<f64> = other.iter().map(|g| (g / epsilon).exp()).collect();
                let u = reference::scaling_product(
                    cost,
                    own_stride,
                    other_stride,
                    weights,
                    &v,
                    epsilon,
                );
                u.iter().map(|u| epsilon * u.ln()).collect()
            }
        }
    }
}

fn positive(weights: &[f64]) -> Vec<u32> {
    (0..weights.len() as u32).filter(|&bin| weights[bin as usize] > 0.0).collect()
}

/// What was seen of a form.
#[derive(Debug, Default)]
struct Seen {
    rows: Worst,
    columns: Worst,
    transport: Worst,
    costs: Worst,
}

impl Seen {
    /// Costs and marginal error against the twin's sums over the same potentials.
    fn measure(
        &mut self,
        data: &Data,
        problem: usize,
        solution: &Solution,
        [f, g]: [&[f64]; 2],
        double: bool,
    ) {
        let epsilon = data.case.epsilon;
        let exact = totals(data, problem, [f, g], epsilon);
        let size = data.size(problem, f, g);
        let unit = rounding(size, epsilon, double);
        let transport = exact.transport_cost.abs();
        self.transport.add(units(
            solution.transport_cost()[problem],
            exact.transport_cost,
            transport * unit,
        ));
        for (value, exact, size) in [
            (solution.marginal_error()[problem], exact.marginal_error, 2.0),
            (solution.entropy_cost()[problem], exact.entropy_cost, largest(f) + largest(g)),
            (solution.regularized_cost()[problem], exact.regularized_cost, size + epsilon),
        ] {
            self.costs.add(units(value, exact, size * unit));
        }
    }
}

/// The twin's sums over the plan of weighted potentials.
fn totals(data: &Data, problem: usize, potentials: [&[f64]; 2], epsilon: f64) -> reference::Totals {
    let cost = CostMatrix::new(data.cost(problem), data.case.columns);
    let weights = [data.a(problem), data.b(problem)];
    reference::totals(&cost, weights, potentials, 0.0, epsilon, &Marginals::BALANCED)
}

/// Compares one side's potentials, in units of ε and of the rounding of an exponent.
fn compare(worst: &mut Worst, found: &[f64], exact: &[f64], epsilon: f64, unit: f64) {
    if found.len() != exact.len() {
        worst.add(f64::NAN);
    }
    for (found, exact) in found.iter().zip(exact) {
        if *exact != f64::NEG_INFINITY {
            worst.add(units(*found, *exact, epsilon * unit));
        }
    }
}

/// Compares both sweeps of iteration `k`, and what is measured after it.
async fn iteration(
    context: &Context,
    form: Form,
    data: &Data,
    k: u32,
    seen: &mut Seen,
) -> Result<()> {
    let epsilon = data.case.epsilon;
    let before = match k {
        1 => None,
        _ => Some(form.solver(epsilon, k - 1).solve(context, &data.problem).await?),
    };
    let after = form.solver(epsilon, k).solve(context, &data.problem).await?;
    for problem in data.case.sample() {
        let from = match &before {
            Some(before) => {
                let [_, g] = data.weighted(problem, &before.potentials(problem).await?);
                g
            }
            None => data.started(problem, epsilon),
        };
        let [f, g] = data.weighted(problem, &after.potentials(problem).await?);
        let unit = |g: &[f64]| rounding(data.size(problem, &f, g), epsilon, form.is_double());
        let exact = form.twin(data, problem, true, &from);
        compare(&mut seen.rows, &f, &exact, epsilon, unit(&from));
        let exact = form.twin(data, problem, false, &f);
        compare(&mut seen.columns, &g, &exact, epsilon, unit(&g));
        seen.measure(data, problem, &after, [&f, &g], form.is_double());
    }
    Ok(())
}

/// The potentials of a run as a whole, against the twin's loop; errors of all half
/// iterations add up at most, because none of them enlarges a difference.
async fn whole(
    context: &Context,
    form: Form,
    data: &Data,
    annealing: Option<Annealing>,
    worst: &mut Worst,
) -> Result<()> {
    let epsilon = data.case.epsilon;
    let mut solver = form.solver(epsilon, WHOLE);
    if let Some(annealing) = annealing {
        solver = solver.annealing(annealing);
    }
    let solution = solver.solve(context, &data.problem).await?;
    for problem in data.case.sample() {
        let start = data.problem.start.as_ref().map(|g| {
            let m = data.case.columns;
            &g[problem * m..(problem + 1) * m]
        });
        let cost = CostMatrix::new(data.cost(problem), data.case.columns);
        let (a, b) = (data.a(problem), data.b(problem));
        let twin = reference::Problem {
            start,
            schedule: solver.schedule(data.problem.geometry.spread, epsilon).into(),
            ..reference::Problem::balanced(cost, a, b, epsilon)
        };
        let settings = Settings { tolerance: 0.0, max_iterations: WHOLE };
        let solved = reference::resident(twin, &settings);
        let [f, g] = data.weighted(problem, &solution.potentials(problem).await?);
        // With a falling ε, logarithms are in units of the larger ones before.
        let most = annealing.map_or(epsilon, |annealing| annealing.from.max(epsilon));
        let size = data.size(problem, &f, &g) + 8.0 * (most - epsilon);
        let unit = 2.0 * f64::from(WHOLE) * rounding(size, epsilon, form.is_double());
        compare(worst, &f, &solved.f, epsilon, unit);
        compare(worst, &g, &solved.g, epsilon, unit);
    }
    Ok(())
}

/// Whether the kernels of this form run for such problems on this device.
fn runs(context: &Context, form: Form, case: Case) -> bool {
    let fits = |c: &Capabilities| fits(c, case.rows, case.columns);
    form != Form::Resident || context.capabilities().is_some_and(fits)
}

pub(super) async fn rows(context: &Context, form: Form) -> Result<Vec<Row>> {
    let mut seen = Seen::default();
    let (mut long, mut falling) = (Worst::default(), Worst::default());
    let mut early = Worst::default();
    for case in form.cases() {
        let data = case.build(form.is_double())?;
        if !runs(context, form, *case) {
            continue;
        }
        // Beyond it, the resident kernel may hold a scaling at the end of its range.
        let plain = form != Form::Resident || case.epsilon > LEAST_UNSCALED;
        for k in if plain { [1, 4] } else { [1, 2] } {
            iteration(context, form, &data, k, &mut seen).await?;
        }
        if matches!(form, Form::Dense | Form::Resident) {
            whole(context, form, &data, Some(FALLING), &mut falling).await?;
        }
        if form == Form::Resident {
            if plain {
                whole(context, form, &data, None, &mut long).await?;
            }
            left_early(context, form, &data, &mut early).await?;
        }
    }
    let both = |a: Worst, b: Worst| Worst { error: a.error.max(b.error), cases: a.cases + b.cases };
    Ok(match form {
        Form::Dense => vec![
            row("softmin_rows", "potentials", seen.rows),
            row("softmin_rows", "measured transport cost", seen.transport),
            row("softmin_columns", "potentials", seen.columns),
            row("softmin_columns", "potentials, falling epsilon", falling),
            row("softmin_columns", "measured costs", seen.costs),
        ],
        Form::Support | Form::Double => {
            let kernel = form.kernels()[0];
            vec![
                row(kernel, "potentials", both(seen.rows, seen.columns)),
                row(kernel, "measured costs", both(seen.transport, seen.costs)),
            ]
        }
        Form::Resident => vec![
            row("resident", "potentials", both(seen.rows, seen.columns)),
            row("resident", "potentials, whole run", long),
            row("resident", "potentials, falling epsilon", falling),
            row("resident", "problems left too early", early),
        ],
        Form::Scaling => {
            vec![row("scaling_product", "potentials", both(seen.rows, seen.columns))]
        }
    })
}

/// Solves to a tolerance, and lets the twin say whether the problems that left the
/// loop before its end have reached it.
pub(super) async fn left_early(
    context: &Context,
    form: Form,
    data: &Data,
    worst: &mut Worst,
) -> Result<()> {
    const TOLERANCE: f64 = 1e-3;
    const MOST: u32 = 200;
    let epsilon = data.case.epsilon;
    let solver = form.solver(epsilon, MOST).tolerance(TOLERANCE);
    let solution = solver.solve(context, &data.problem).await?;
    for problem in data.case.sample() {
        let [f, g] = data.weighted(problem, &solution.potentials(problem).await?);
        let error = totals(data, problem, [&f, &g], epsilon).marginal_error;
        let floor = 4.0 * rounding(data.size(problem, &f, &g), epsilon, false);
        let left = solution.iterations()[problem] < MOST;
        worst.count(!left || error <= TOLERANCE + floor);
    }
    Ok(())
}
