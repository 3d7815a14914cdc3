//! The table of WGSL sources, and how one text becomes a variant.
//!
//! Three mechanisms, all textual and together under a hundred lines:
//!
//! * `//!include shared/x.wgsl` pulls in a file of `shaders/`, once.
//! * `//!splice NAME shared/x.wgsl` pulls in whatever a variant gives under that name, a
//!   file or text made at run time, and the file named here where it gives nothing.
//! * `override NAME: T = default;` names a constant of the kernel. The loader
//!   turns every one into `const NAME: T = value;`, so that array sizes and
//!   branches fold before any driver sees them, and naga never meets an
//!   override-sized workgroup array (which it cannot translate beside a const
//!   array). Each file stays valid WGSL on its own, with its defaults.
//!
//! Why not `wesl`: it would bring real imports and `@if`, and some twenty crates
//! and a parser into the wasm build for what are five shared files and boolean
//! constants; `if (FLAG)` on a constant already folds in every driver.
//!
//! Hidden from the documentation: public for this crate's own tests only.

pub use super::binding::{Binding, bindings};
use crate::error::{Error, Result};
use std::collections::HashSet;
use std::fmt::Write;
use std::sync::Arc;

macro_rules! sources {
    ($($path:literal),* $(,)?) => {
        /// Every WGSL file of the library: path under `shaders/`, text.
        pub const SOURCES: &[(&str, &str)] = &[
            $(($path, include_str!(concat!("../../shaders/", $path)))),*
        ];
    };
}

sources![
    "shared/division.wgsl",
    "shared/elementary.wgsl",
    "shared/float64.wgsl",
    "shared/grid.wgsl",
    "shared/exp_sum.wgsl",
    "shared/sum.wgsl",
    "shared/sum_double.wgsl",
    "shared/twofloat.wgsl",
    "probe/arithmetic.wgsl",
    "probe/loop_length.wgsl",
    "check/elementary.wgsl",
    "check/twofloat.wgsl",
    "bench/copy.wgsl",
    "bench/exp_sum.wgsl",
    "bench/points.wgsl",
    "bessel/bessel_ratio_i.wgsl",
    "bessel/bessel_ratio_k.wgsl",
    "bessel/d_log_bessel_i_dv.wgsl",
    "bessel/d_log_bessel_k_dv.wgsl",
    "bessel/debye.wgsl",
    "bessel/debye_argument.wgsl",
    "bessel/debye_dv.wgsl",
    "bessel/debye_order.wgsl",
    "bessel/debye_ratio.wgsl",
    "bessel/debye_value.wgsl",
    "bessel/elementwise.wgsl",
    "bessel/gamma.wgsl",
    "bessel/integral_k.wgsl",
    "bessel/log_bessel_i.wgsl",
    "bessel/log_bessel_k.wgsl",
    "bessel/log_gamma.wgsl",
    "bessel/series.wgsl",
    "bessel/stirling.wgsl",
    "bessel/temme.wgsl",
    "divergence/cauchy_schwarz.wgsl",
    "divergence/compare.wgsl",
    "divergence/entropy.wgsl",
    "divergence/entropy_gradient.wgsl",
    "divergence/generator.wgsl",
    "divergence/generator_example.wgsl",
    "divergence/gradient.wgsl",
    "divergence/jeffreys.wgsl",
    "divergence/jensen_shannon.wgsl",
    "divergence/kl.wgsl",
    "divergence/logit_entropy.wgsl",
    "divergence/logit_sums.wgsl",
    "divergence/normalized_rows.wgsl",
    "divergence/pair.wgsl",
    "divergence/pairs.wgsl",
    "divergence/pairwise.wgsl",
    "divergence/pearson_chi2.wgsl",
    "divergence/power.wgsl",
    "divergence/quad.wgsl",
    "divergence/ratio_weights.wgsl",
    "divergence/row_sums.wgsl",
    "divergence/rows.wgsl",
    "divergence/segment.wgsl",
    "divergence/skew_kl.wgsl",
    "divergence/softened_reverse_kl.wgsl",
    "divergence/squared_hellinger.wgsl",
    "divergence/total_variation.wgsl",
    "divergence/triangular.wgsl",
    "losses/logit_gradient.wgsl",
    "losses/mean_prediction.wgsl",
    "losses/mean_slope.wgsl",
    "losses/prior_gradient.wgsl",
    "information/bin_counts.wgsl",
    "information/cells.wgsl",
    "information/joint_table.wgsl",
    "information/joint_totals.wgsl",
    "information/kept_sum.wgsl",
    "information/log_rows.wgsl",
    "information/log_weight_sums.wgsl",
    "information/marginals.wgsl",
    "information/merged_marginals.wgsl",
    "information/normalized_weights.wgsl",
    "information/table.wgsl",
    "transport/apply.wgsl",
    "transport/cost/axis.wgsl",
    "transport/cost/distance.wgsl",
    "transport/cost/distance_double.wgsl",
    "transport/cost/matrix.wgsl",
    "transport/cost/matrix_double.wgsl",
    "transport/cost/points.wgsl",
    "transport/cost/points_double.wgsl",
    "transport/cost/power.wgsl",
    "transport/cost/power_double.wgsl",
    "transport/cost/squared.wgsl",
    "transport/cost/squared_double.wgsl",
    "transport/convergence.wgsl",
    "transport/multiplier.wgsl",
    "transport/partials_double.wgsl",
    "transport/plan.wgsl",
    "transport/point_costs.wgsl",
    "transport/point_costs_double.wgsl",
    "transport/problem.wgsl",
    "transport/rescale.wgsl",
    "transport/resident.wgsl",
    "transport/scaling_product.wgsl",
    "transport/softmin_axis.wgsl",
    "transport/softmin_axis_double.wgsl",
    "transport/softmin_columns.wgsl",
    "transport/softmin_double.wgsl",
    "transport/softmin_line.wgsl",
    "transport/softmin_rows.wgsl",
    "transport/softmin_support.wgsl",
    "transport/totals.wgsl",
    "transport/update.wgsl",
    "transport/update_double.wgsl",
    "vmf/block_sums.wgsl",
    "vmf/direction_norms.wgsl",
    "vmf/log_density.wgsl",
    "vmf/params.wgsl",
    "vmf/responsibility.wgsl",
    "vmf/resultant.wgsl",
    "vmf/resultant_rows.wgsl",
    "vmf/resultant_units.wgsl",
    "vmf/rows.wgsl",
    "vmf/unit_lengths.wgsl",
];

/// The value of a kernel's constant, or what stands at one of its `splice` lines.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Constant {
    /// `u32`
    U32(u32),
    /// `bool`
    Bool(bool),
    /// A file of `shaders/`.
    File(&'static str),
    /// WGSL made at run time.
    Text(Arc<str>),
}

/// Constants of one variant, by name.
pub type Constants = Vec<(&'static str, Constant)>;

fn text(path: &str) -> Result<&'static str> {
    SOURCES
        .iter()
        .find(|(p, _)| *p == path)
        .map(|(_, t)| *t)
        .ok_or_else(|| Error::Shader { kernel: path.into(), message: "no such WGSL file".into() })
}

/// Text with its includes and splices, as far as they go.
struct Joined<'a> {
    constants: &'a [(&'static str, Constant)],
    seen: HashSet<String>,
    used: HashSet<&'static str>,
    text: String,
}

impl Joined<'_> {
    fn file(&mut self, path: &str) -> Result<()> {
        if !self.seen.insert(path.to_owned()) {
            return Ok(());
        }
        for line in text(path)?.lines() {
            if let Some(target) = line.strip_prefix("//!include ") {
                self.file(target.trim())?;
            } else if let Some(splice) = line.strip_prefix("//!splice ") {
                let (name, default) = splice.trim().split_once(' ').unwrap_or((splice.trim(), ""));
                let constants = self.constants;
                match constants.iter().find(|(given, _)| *given == name) {
                    Some((given, Constant::File(file))) => {
                        self.used.insert(given);
                        self.file(file)?;
                    }
                    Some((given, Constant::Text(text))) => {
                        self.used.insert(given);
                        self.line(text);
                    }
                    _ => self.file(default)?,
                }
            } else {
                self.line(line);
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// The complete WGSL of `path` with its includes and splices, every `override` fixed to the
/// value in `constants` or to its default.
///
/// # Errors
/// [`Error::Shader`] for an unknown file, an include that does not exist, or a
/// constant that the file does not declare.
pub fn source(path: &str, constants: &[(&'static str, Constant)]) -> Result<String> {
    source_with(path, constants, &[])
}

/// [`source`], where `defaults` stand in for the defaults of those constants that the file declares.
pub(crate) fn source_with(
    path: &str,
    constants: &[(&'static str, Constant)],
    defaults: &[(&'static str, Constant)],
) -> Result<String> {
    let mut joined =
        Joined { constants, seen: HashSet::new(), used: HashSet::new(), text: String::new() };
    joined.file(path)?;
    let Joined { mut used, text, .. } = joined;
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let Some(declaration) = line.strip_prefix("override ") else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        let name = declaration.split(':').next().unwrap_or_default().trim();
        let given = constants.iter().chain(defaults).find(|(n, _)| *n == name);
        let _ = match given {
            Some((n, Constant::U32(v))) => {
                used.insert(*n);
                writeln!(out, "const {name}: u32 = {v}u;")
            }
            Some((n, Constant::Bool(v))) => {
                used.insert(*n);
                writeln!(out, "const {name}: bool = {v};")
            }
            _ => writeln!(out, "const {declaration}"),
        };
    }
    match constants.iter().find(|(n, _)| !used.contains(n)) {
        Some((name, _)) => {
            Err(Error::Shader { kernel: path.into(), message: format!("has no constant {name}") })
        }
        None => Ok(out),
    }
}
