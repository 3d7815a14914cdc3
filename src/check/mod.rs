//! Does the library hold on this adapter? Every kernel against its f64 twin, the
//! shared arithmetic against f64 and multiprecision values, and what the driver
//! does to rounding, denormals and long loops.
//!
//! ```no_run
//! # fn main() -> kantor::Result<()> {
//! let context = kantor::Context::new_blocking()?;
//! for row in kantor::check::run_blocking(&context, None)? {
//!     println!("{row}");
//! }
//! # Ok(()) }
//! ```
//!
//! What a row may show and why stands in one table, `tolerances.rs`; it knows
//! properties of a device (does it keep denormals?), never names. On
//! [`Context::cpu`] the twins themselves are held against known answers, which is
//! done on every other adapter as well: an oracle must be checked too.

mod bessel;
mod dispatch;
mod divergence;
mod elementary;
mod environment;
mod information;
mod judge;
mod known_answers;
mod random;
mod tolerances;
mod transport;
mod twofloat;
mod vmf;

use crate::error::{Error, Result};
use crate::gpu::shader::SOURCES;
use crate::gpu::{Context, Gpu};
use crate::wait::blocking;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

/// One quantity of one kernel: its largest error beside what is allowed.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Row {
    /// The kernel: one of [`kernels`].
    pub kernel: &'static str,
    /// What of it was compared.
    pub quantity: &'static str,
    /// The largest error seen; infinite where a result was not a number.
    pub error: f64,
    /// The largest error allowed; infinite where the row only informs.
    pub tolerance: f64,
    /// Unit of both. "count": wrong results. "ulp": of f32, at the exact value.
    /// "2^-48": relative, 48 bits being what a double-float holds. "2^-24 S",
    /// "2^-47 S": the rounding of an exponent, S = (|f| + |g| + |C|)/ε plus a
    /// constant for exponential, logarithm and sum. "allowed": of what a log-Bessel
    /// function may be off by at that point.
    pub unit: &'static str,
    /// How many results were compared.
    pub cases: usize,
    /// Whether the error is within the tolerance, and there was anything to compare.
    pub passed: bool,
    /// Why the tolerance is what it is.
    pub reason: &'static str,
    /// Where the kernel could not be run at all: why.
    pub failure: Option<String>,
}

impl Row {
    /// Whether the row only informs: there is no tolerance to breach.
    pub fn is_informative(&self) -> bool {
        self.tolerance == f64::INFINITY && self.failure.is_none()
    }
}

/// A line of a table: verdict, kernel, quantity, error, tolerance, unit, cases.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match (self.is_informative(), self.passed) {
            (true, _) => "info",
            (false, true) => "ok",
            (false, false) => "FAIL",
        };
        write!(f, "{verdict:4}  {:17}  {:34}", self.kernel, self.quantity)?;
        if let Some(failure) = &self.failure {
            return write!(f, "  {failure}");
        }
        let number = |x: f64| match x {
            x if x == x.round() && x < 1e7 => format!("{x:.0}"),
            x if (1e-3..1e5).contains(&x) => format!("{x:.3}"),
            x => format!("{x:.2e}"),
        };
        write!(f, "  {:>10}", number(self.error))?;
        if self.is_informative() {
            write!(f, "          ")?;
        } else {
            write!(f, " of {:<6}", number(self.tolerance))?;
        }
        write!(f, " {:8}  {:>9} cases", self.unit, self.cases)
    }
}

/// What can be asked for: the kernels of every room below `shaders/`, the shared arithmetic (`elementary`, `exp_sum`, `twofloat`), and `environment`, the driver itself.
pub fn kernels() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    for entry in tolerances::TABLE {
        if !names.contains(&entry.kernel) {
            names.push(entry.kernel);
        }
    }
    names
}

/// Runs the checks of one kernel (`filter`: its name, a part of several names, or the
/// room below `shaders/` that several are in, such as `bessel`), or of all. Takes half a
/// minute on drivers that run on the CPU, most of it their compiler's.
///
/// A breach is a row that has not [`passed`](Row::passed), also where a kernel
/// could not be built or run; the rows of the others come all the same.
///
/// # Errors
/// [`Error::InvalidInput`] if no kernel is called `filter`, [`Error::DeviceLost`].
pub async fn run(context: &Context, filter: Option<&str>) -> Result<Vec<Row>> {
    run_reporting(context, filter, |_| ControlFlow::Continue(())).await
}

/// [`run`], which hands the rows that it has so far, unsorted, to `report` after every group of kernels.
/// `ControlFlow::Break` ends it there.
///
/// # Errors
/// As [`run`], and [`Error::Cancelled`].
pub async fn run_reporting(
    context: &Context,
    filter: Option<&str>,
    mut report: impl FnMut(&[Row]) -> ControlFlow<()>,
) -> Result<Vec<Row>> {
    let selected = select(filter)?;
    let wanted = |kernel: &str| selected.contains(&kernel);
    let mut rows = known_answers::rows(&wanted);
    if let Some(gpu) = context.gpu() {
        for group in groups() {
            let kernels = group.kernels();
            if !kernels.iter().any(|kernel| wanted(kernel)) {
                continue;
            }
            if report(&rows).is_break() {
                return Err(Error::Cancelled { iterations: 0 });
            }
            take(&mut rows, kernels, group.rows(context, gpu).await)?;
            rows.retain(|row| wanted(row.kernel));
        }
    }
    rows.sort_by_key(|row| tolerances::position(row.kernel, row.quantity));
    Ok(rows)
}

blocking! {
    run => run_blocking(context: &Context, filter: Option<&str>) -> Result<Vec<Row>>;
    run_reporting => run_reporting_blocking(
        context: &Context,
        filter: Option<&str>,
        report: impl FnMut(&[Row]) -> ControlFlow<()> + Send,
    ) -> Result<Vec<Row>>;
}

/// Kernels that are checked together on a device.
#[derive(Debug, Clone, Copy)]
enum Group {
    Environment,
    Elementary,
    ExpSum,
    TwoFloat,
    Transport(transport::Section),
    Bessel(&'static &'static str),
    Divergence(divergence::Section),
    Information,
    Vmf,
}

fn groups() -> impl Iterator<Item = Group> {
    [Group::Environment, Group::Elementary, Group::ExpSum, Group::TwoFloat]
        .into_iter()
        .chain(transport::SECTIONS.map(Group::Transport))
        .chain(bessel::KERNELS.iter().map(Group::Bessel))
        .chain(divergence::SECTIONS.map(Group::Divergence))
        .chain([Group::Information, Group::Vmf])
}

impl Group {
    fn kernels(self) -> &'static [&'static str] {
        match self {
            Group::Environment => &["environment"],
            Group::Elementary => &["elementary"],
            Group::ExpSum => &["exp_sum"],
            Group::TwoFloat => &["twofloat"],
            Group::Transport(section) => section.kernels(),
            Group::Bessel(kernel) => std::slice::from_ref(kernel),
            Group::Divergence(section) => section.kernels(),
            Group::Information => information::KERNELS,
            Group::Vmf => vmf::KERNELS,
        }
    }

    async fn rows(self, context: &Context, gpu: &Arc<Gpu>) -> Result<Vec<Row>> {
        match self {
            Group::Environment => environment::rows(gpu).await,
            Group::Elementary => elementary::rows(gpu).await,
            Group::ExpSum => elementary::exp_sum_rows(gpu).await,
            Group::TwoFloat => twofloat::rows(gpu).await,
            Group::Transport(section) => section.rows(context, gpu).await,
            Group::Bessel(kernel) => bessel::rows(context, gpu, kernel).await,
            Group::Divergence(section) => section.rows(context).await,
            Group::Information => information::rows(gpu).await,
            Group::Vmf => vmf::rows(gpu).await,
        }
    }
}

fn select(filter: Option<&str>) -> Result<Vec<&'static str>> {
    let all = kernels();
    let Some(filter) = filter else { return Ok(all) };
    if let Some(&exact) = all.iter().find(|name| **name == filter) {
        return Ok(vec![exact]);
    }
    let in_room = |kernel: &str| {
        let path = format!("{filter}/{kernel}.wgsl");
        SOURCES.iter().any(|(source, _)| *source == path)
    };
    let fits = |kernel: &&str| kernel.contains(filter) || in_room(kernel);
    let found: Vec<&'static str> = all.iter().copied().filter(fits).collect();
    if found.is_empty() || filter.is_empty() {
        let reason = format!("no kernel is called {filter:?}; there are {}", all.join(", "));
        return Err(Error::invalid("filter", reason));
    }
    Ok(found)
}

/// Adds the rows of some kernels, or rows that say why there are none.
fn take(rows: &mut Vec<Row>, kernels: &[&'static str], found: Result<Vec<Row>>) -> Result<()> {
    match found {
        Ok(found) => rows.extend(found),
        Err(lost @ Error::DeviceLost { .. }) => return Err(lost),
        Err(error) => {
            rows.extend(kernels.iter().map(|kernel| tolerances::failure(kernel, &error)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_name_kernels() {
        assert_eq!(select(Some("plan")), Ok(vec!["plan"]));
        assert_eq!(select(Some("softmin")).map(|names| names.len()), Ok(7));
        assert_eq!(select(Some("bessel")), Ok(bessel::KERNELS.to_vec()));
        for (room, kernel) in [("divergence", "compare"), ("losses", "logit_gradient")] {
            assert!(select(Some(room)).is_ok_and(|names| names.contains(&kernel)), "{room}");
        }
        assert!(select(Some("transport")).is_ok_and(|names| names.contains(&"plan")));
        assert!(select(Some("no such kernel")).is_err());
        assert!(select(Some("")).is_err());
    }

    #[test]
    fn the_twin_is_checked_under_every_name() {
        let rows = known_answers::rows(&|_| true);
        for row in &rows {
            assert!(row.passed, "{row}");
        }
        for kernel in kernels() {
            assert!(rows.iter().any(|row| row.kernel == kernel), "{kernel} has no twin row");
        }
    }
}
