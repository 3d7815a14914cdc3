//! The f64 twins against answers that are known without them: an oracle must be
//! checked too, and on the CPU it is all there is.

use super::judge::{Worst, units};
use super::tolerances::{TWIN, row};
use super::{
    Row, bessel, divergence, elementary, environment, information, random::Random, twofloat, vmf,
};
use crate::reference::{self, CostMatrix, Marginals, Rescale, Settings, Sweep};

/// Two bins a side, uniform, cost 1 off the diagonal, ε = 1: the plan is
/// ½/(1 + 1/e) on the diagonal (`transport` has the definitions).
const COST: [f64; 4] = [0.0, 1.0, 1.0, 0.0];
const HALF: [f64; 2] = [0.5; 2];

fn diagonal() -> f64 {
    0.5 / (1.0 + (-1f64).exp())
}

/// The weighted potential of both sides there: P₁₁ = exp(2f).
fn potential() -> f64 {
    0.5 * diagonal().ln()
}

/// A kernel, and how its twin is tried.
type Answer = (&'static str, fn() -> Worst);

pub(super) fn rows(wanted: &dyn Fn(&str) -> bool) -> Vec<Row> {
    let answers: &[Answer] = &[
        ("environment", environment::twin),
        ("elementary", elementary::twin),
        ("exp_sum", elementary::exp2_twin),
        ("twofloat", twofloat::twin),
        ("softmin_rows", softmin_rows),
        ("softmin_columns", softmin_columns),
        ("softmin_support", softmin_support),
        ("softmin_double", softmin_double),
        ("softmin_line", softmin_line),
        ("softmin_axis", || along_axis(reference::softmin_axis)),
        ("softmin_axis_double", || along_axis(reference::softmin_axis_double)),
        ("convergence", convergence),
        ("totals", totals),
        ("resident", resident),
        ("scaling_product", scaling_product),
        ("rescale", rescale),
        ("multiplier", multiplier),
        ("plan", plan),
        ("apply", apply),
        ("log_bessel_i", || bessel::twin("log_bessel_i")),
        ("log_bessel_k", || bessel::twin("log_bessel_k")),
        ("bessel_ratio_i", || bessel::twin("bessel_ratio_i")),
        ("bessel_ratio_k", || bessel::twin("bessel_ratio_k")),
        ("d_log_bessel_i_dv", || bessel::twin("d_log_bessel_i_dv")),
        ("d_log_bessel_k_dv", || bessel::twin("d_log_bessel_k_dv")),
        ("log_gamma", || bessel::twin("log_gamma")),
    ];
    let chosen = answers.iter().filter(|(kernel, _)| wanted(kernel));
    let information = information::KERNELS.iter().filter(|kernel| wanted(kernel));
    let divergence = divergence::SECTIONS
        .iter()
        .flat_map(|section| section.kernels())
        .filter(|kernel| wanted(kernel));
    let vmf = vmf::KERNELS.iter().filter(|kernel| wanted(kernel));
    chosen
        .map(|(kernel, answer)| row(kernel, TWIN, answer()))
        .chain(information.map(|kernel| row(kernel, TWIN, information::known(kernel))))
        .chain(divergence.map(|kernel| row(kernel, TWIN, divergence::known(kernel))))
        .chain(vmf.map(|kernel| row(kernel, TWIN, vmf::known(kernel))))
        .collect()
}

fn compare(values: &[f64], exact: &[f64]) -> Worst {
    let mut worst = Worst::default();
    if values.len() != exact.len() {
        worst.add(f64::NAN);
    }
    for (value, exact) in values.iter().zip(exact) {
        worst.add(units(*value, *exact, exact.abs().max(1.0)));
    }
    worst
}

/// Softmin over one entry is C − g, and over equal exponents −ε ln n more.
fn softmins(sweep: impl Fn(&Sweep<'_>) -> Vec<f64>) -> Worst {
    let mut random = Random::new(6);
    let mut worst = Worst::default();
    for n in [1usize, 2, 7, 31] {
        for epsilon in [1e-3, 0.1, 1.0] {
            let g: Vec<f64> = (0..n).map(|_| random.within(-1.0, 1.0)).collect();
            let shift = random.within(-1.0, 1.0);
            // Three own entries with C_ij = g_j + shift i: every exponent is the same.
            let along = |i: usize| g.iter().map(move |g| g + shift * i as f64);
            let cost: Vec<f64> = (0..3).flat_map(along).collect();
            let weights = [0.25, 0.0, 0.75];
            let found = sweep(&Sweep {
                cost: &cost,
                own_stride: n,
                other_stride: 1,
                weights: &weights,
                other: &g,
                epsilon,
            });
            for (i, (weight, value)) in weights.iter().zip(&found).enumerate() {
                if *weight > 0.0 {
                    let exact = epsilon * (weight / n as f64).ln() + shift * i as f64;
                    worst.add(units(*value, exact, exact.abs().max(1.0)));
                } else {
                    worst.add(if *value == f64::NEG_INFINITY { 0.0 } else { f64::NAN });
                }
            }
        }
    }
    worst
}

fn softmin_rows() -> Worst {
    softmins(|s| {
        let cost = CostMatrix::new(s.cost, s.other.len());
        reference::softmin_rows(&cost, s.weights, s.other, s.epsilon)
    })
}

fn softmin_columns() -> Worst {
    softmins(|s| {
        let n = s.other.len();
        let transposed: Vec<f64> = (0..n * s.weights.len())
            .map(|at| s.cost[at % s.weights.len() * n + at / s.weights.len()])
            .collect();
        let transposed = CostMatrix::new(&transposed, s.weights.len());
        reference::softmin_columns(&transposed, s.weights, s.other, s.epsilon)
    })
}

/// The bins of positive weight only; the empty one comes back as the twin of the
/// dense sweep has it.
fn softmin_support() -> Worst {
    softmins(|s| {
        let others: Vec<u32> = (0..s.other.len() as u32).collect();
        let compact = Sweep { weights: &[s.weights[0], s.weights[2]], ..*s };
        let found = reference::softmin_support(&compact, &[0, 2], &others);
        vec![found[0], f64::NEG_INFINITY, found[1]]
    })
}

fn softmin_double() -> Worst {
    softmins(reference::softmin_double)
}

/// Lines of n pixels, and for each what input_j − c(j) is: pixel 0 has equal exponents.
fn lines(mut check: impl FnMut(&[f64], &[f64], f64, &[f64; 3])) {
    let mut random = Random::new(9);
    for n in [1usize, 2, 7, 31] {
        for epsilon in [1e-3, 0.1, 1.0] {
            let along: Vec<f64> = (0..n).map(|k| (k as f64).sqrt()).collect();
            let shifts = [0.0; 3].map(|_| random.within(-1.0, 1.0));
            // Element (j, line) of an axis whose pixels are three elements apart.
            let input: Vec<f64> =
                along.iter().flat_map(|c| shifts.map(|shift| c + shift)).collect();
            check(&input, &along, epsilon, &shifts);
        }
    }
}

type AlongAxis = fn(&[f64], &[f64], usize, f64) -> Vec<f64>;

fn along_axis(softmin: AlongAxis) -> Worst {
    let mut worst = Worst::default();
    lines(|input, along, epsilon, shifts| {
        let found = softmin(input, along, 3, epsilon);
        for (found, shift) in found.iter().zip(shifts) {
            let exact = shift + epsilon * (along.len() as f64).ln();
            worst.add(units(*found, exact, exact.abs().max(1.0)));
        }
    });
    worst
}

fn softmin_line() -> Worst {
    let mut worst = Worst::default();
    lines(|input, along, epsilon, shifts| {
        for (line, shift) in shifts.iter().enumerate() {
            let input: Vec<f64> = input.iter().skip(line).step_by(3).copied().collect();
            let weights = vec![0.25; along.len()];
            let found = reference::softmin_line(&input, along, &weights, epsilon);
            let exact = epsilon * (0.25 / along.len() as f64).ln() - shift;
            worst.add(units(found[0], exact, exact.abs().max(1.0)));
        }
    });
    worst
}

fn convergence() -> Worst {
    compare(&[reference::convergence(&[0.5, 0.25, 0.25], &[0.25, 0.5, 0.25])], &[0.5])
}

fn all_of(totals: &reference::Totals) -> [f64; 4] {
    [totals.marginal_error, totals.transport_cost, totals.regularized_cost, totals.entropy_cost]
}

/// ⟨P,C⟩ = 1 − 2d, ⟨a,f⟩ + ⟨b,g⟩ = ln d + 2 ln 2, and less ln 4 for the entropy.
fn two_bins() -> [f64; 4] {
    let d = diagonal();
    [0.0, 1.0 - 2.0 * d, d.ln() + 4f64.ln(), d.ln()]
}

fn totals() -> Worst {
    let f = [potential(); 2];
    let (cost, marginals) = (CostMatrix::new(&COST, 2), Marginals::BALANCED);
    let found = reference::totals(&cost, [&HALF; 2], [&f; 2], 0.0, 1.0, &marginals);
    compare(&all_of(&found), &two_bins())
}

fn resident() -> Worst {
    let problem = reference::Problem::balanced(CostMatrix::new(&COST, 2), &HALF, &HALF, 1.0);
    let settings = Settings { tolerance: 0.0, max_iterations: 100 };
    let solved = reference::resident(problem, &settings);
    let mut found = all_of(&solved.totals).to_vec();
    found.push(solved.f[0] + solved.g[0]);
    let mut exact = two_bins().to_vec();
    exact.push(2.0 * potential());
    compare(&found, &exact)
}

fn scaling_product() -> Worst {
    let v = [diagonal().sqrt(); 2];
    compare(&reference::scaling_product(&COST, 2, 1, &HALF, &v, 1.0), &v)
}

fn rescale() -> Worst {
    let e = std::f64::consts::E;
    let values = [
        reference::rescale(Rescale::Weight, 1.0, e, 2.0),
        reference::rescale(Rescale::Exponential, 0.5, 1.0, 2.0),
        reference::rescale(Rescale::Exponential, 0.5, 0.0, 2.0),
        reference::rescale(Rescale::Logarithm, e, 1.0, 3.0),
        reference::rescale(Rescale::Zero, 5.0, 1.0, 1.0),
    ];
    compare(&values, &[3.0, e, 0.0, 3.0, 0.0])
}

/// Two bins, both not full: s + ln(m / Σw); of two far apart one full and one not.
fn multiplier() -> Worst {
    let mut worst = Worst::default();
    for (softmins, mass, exact) in
        [([0.3, 0.3], 0.25, 0.3 + 0.25f64.ln()), ([0.0, 10.0], 0.75, 10.0 + 0.5f64.ln())]
    {
        let found = reference::multiplier(&softmins, &HALF, mass, 1.0);
        worst.add(units(found, exact, exact.abs()));
    }
    worst
}

fn plan() -> Worst {
    let f = [potential(); 2];
    let (d, o) = (diagonal(), 0.5 - diagonal());
    compare(&reference::plan(&CostMatrix::new(&COST, 2), &f, &f, 1.0), &[d, o, o, d])
}

fn apply() -> Worst {
    let f = [potential(); 2];
    let d = diagonal();
    let exact = [d + 2.0 * (0.5 - d), (0.5 - d) + 2.0 * d];
    let cost = CostMatrix::new(&COST, 2);
    let mut worst = compare(&reference::apply(&cost, &f, &f, 1.0, &[1.0, 2.0], false), &exact);
    let transposed = compare(&reference::apply(&cost, &f, &f, 1.0, &[1.0, 2.0], true), &exact);
    worst.cases += transposed.cases;
    worst.error = worst.error.max(transposed.error);
    worst
}
