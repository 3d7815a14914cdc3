//! What every error may be, and why: the one table of it.
//!
//! Keyed by kernel and quantity. Where a bound depends on the device it depends on
//! a property that was measured on it ([`Range::of`]: does it keep denormals?), never on
//! a name.
//!
//! Units. "2^-24 S" is the rounding of an exponent in single precision: the kernels
//! form (f + g − C)/ε from f32 of those sizes, so that no potential, and no plan
//! entry relative to itself, can be better known than 2⁻²⁴ (|f| + |g| + max|C|)/ε.
//! S adds 8 for what does not depend on ε: exp2 (2 ulp), logarithm (1.5 ulp of a
//! value of a few units), quotient, weight and sum. "2^-47 S" is the same of
//! double-floats, where S adds 16 (its exponential is good to 2⁻⁴³).
//!
//! "allowed" is the error that `bessel/criterion.rs` allows a log-Bessel function at a
//! point, in the precision of the row.

use super::Row;
use super::judge::Worst;
use crate::error::Error;

pub(crate) const COUNT: &str = "count";
pub(crate) const ULP: &str = "ulp";
pub(crate) const ULP_F64: &str = "ulp f64";
pub(crate) const PAIR: &str = "2^-48";
pub(crate) const SINGLE: &str = "2^-24 S";
pub(crate) const DOUBLE: &str = "2^-47 S";
pub(crate) const RELATIVE: &str = "relative";
pub(crate) const ALLOWED: &str = "allowed";

/// The row that only informs.
const INFORM: f64 = f64::INFINITY;

/// One entry of the table.
#[derive(Debug)]
pub(crate) struct Tolerance {
    pub(crate) kernel: &'static str,
    quantity: &'static str,
    bound: f64,
    unit: &'static str,
    reason: &'static str,
}

const fn entry(
    kernel: &'static str,
    quantity: &'static str,
    bound: f64,
    unit: &'static str,
    reason: &'static str,
) -> Tolerance {
    Tolerance { kernel, quantity, bound, unit, reason }
}

/// The row every kernel has: its f64 twin, or the f64 functions that are the truth,
/// against known answers.
pub(crate) const TWIN: &str = "twin: known answers";

const TWIN_FUNCTIONS: &str = "the f64 functions of the platform are the truth below; 2 ulp of f64 \
    are 2^-28 ulp of f32 and 2^-4 of a double-float's";
const TWIN_REASON: &str = "f64 rounding of a few dozen operations";
const EXACT: &str = "error-free by construction; one wrong low word is a compiler that rewrites it";
const FIT: &str = "measured 0.76 to 0.98 ulp over all f32; half an ulp to spare";
const INFORMED: &str = "not relied upon";
const SWEEP: &str = "a half iteration from the twin's f64: measured 0.8 with the own exp2, \
    and one unit for a built-in one";
const RUN: &str = "at most the sum of the errors of all half iterations, of which it is a mean";
const MEASURED: &str = "sums over the plan, whose entries are a few roundings of the exponent off: \
    measured 0.2, and one unit for a built-in exp2";

const BESSEL_TWIN: &str = "the twin is documented to 1e-14 of what the kernels have 4e-14 of";
const BESSEL_SINGLE: &str = "the criterion; double-floats rounded once, half an ulp";
const BESSEL_DOUBLE: &str = "the criterion, and on top what the twin is documented to";
const BESSEL_KNOWN: &str = "the criterion, in either precision";
const NOT_FINITE: &str = "every value of the domain but those at x = 0 is finite";
const LIMIT: &str = "written, not computed";

/// Rows that the twin answered in a kernel's stead.
pub(crate) const LEFT: &str = "rows left to the twin";
const LEFT_REASON: &str = "these rows are within the range of f32: the kernels must answer them";
const LEFT_PAIRS: &str = "a fiftieth: rows whose scales f32 does not balance as well as members next to their limits \
    ask, and bins of one row alone at which a generator is beyond f32";
const SIX_DIGITS: &str = "the documented six digits of every value, of sums of non-negative terms of f32: \
    measured 5e-7";
const SLOPES: &str =
    "of the row's largest, as documented: terms of f32 and two sums that are subtracted";

/// 2^(`half_bits`/2), in units of 2⁻⁴⁸.
const fn pair_units(half_bits: i32) -> f64 {
    let doublings = half_bits.div_euclid(2) + 48;
    let mut units = if half_bits.rem_euclid(2) == 1 { std::f64::consts::SQRT_2 } else { 1.0 };
    let mut k = 0;
    while k < doublings {
        units *= 2.0;
        k += 1;
    }
    units
}

/// Bounds of `shared/twofloat.wgsl`: 2^-46, 2^-45.5, 2^-45, 2^-43.
const ADD: f64 = pair_units(-92);
const MUL: f64 = pair_units(-91);
const LOG: f64 = pair_units(-90);
const EXP: f64 = pair_units(-86);

pub(crate) const TABLE: &[Tolerance] = &[
    entry("environment", TWIN, 0.0, COUNT, "TwoSum of f64 on the host is exact by IEEE 754"),
    entry(
        "environment",
        "guarded arithmetic wrong",
        0.0,
        COUNT,
        "one pair that is not exact means that a compiler sees through the guard",
    ),
    entry(
        "environment",
        "loop of 100,000: iterations missing",
        0.0,
        COUNT,
        "Mesa before 24 stops after 65,535 without a word; every long sum would be wrong",
    ),
    entry(
        "environment",
        "plain TwoSum wrong",
        INFORM,
        COUNT,
        "compilers may fold it; the library guards its own",
    ),
    entry(
        "environment",
        "fma rounds twice",
        INFORM,
        COUNT,
        "allowed by WGSL; chooses how products are made",
    ),
    entry(
        "environment",
        "quotients",
        4.0,
        ULP,
        "WGSL allows 2.5 ulp; the digits of `df_div` make up for 4",
    ),
    entry(
        "environment",
        "divisors that give no quotient, from 2^",
        INFORM,
        COUNT,
        "WGSL promises quotients up to 2^126; 128 where all hold; shared/division.wgsl scales",
    ),
    entry("environment", "denormals flushed", INFORM, COUNT, "allowed by WGSL; see `Range`"),
    entry("environment", "built-in exp, |x| <= 87", INFORM, ULP, INFORMED),
    entry(
        "environment",
        "built-in exp2, |x| <= 126",
        INFORM,
        ULP,
        "used for sums where it is good",
    ),
    entry("environment", "built-in log, next to 1", INFORM, ULP, INFORMED),
    entry("environment", "built-in log, elsewhere", INFORM, ULP, INFORMED),
    entry("environment", "built-in sqrt", INFORM, ULP, "a third digit makes up for it"),
    entry("environment", "built-in division", INFORM, ULP, "a third digit makes up for it"),
    //
    entry("elementary", TWIN, 2.0, ULP_F64, TWIN_FUNCTIONS),
    entry("elementary", "exp_f32", 1.5, ULP, FIT),
    entry("elementary", "exp_f32, subnormal", 1.5, ULP, "made as bits: nothing to flush"),
    entry("elementary", "exp_f32, multiprecision", 1.5, ULP, FIT),
    entry("elementary", "expm1_f32", 1.5, ULP, FIT),
    entry("elementary", "expm1_f32, subnormal", 1.5, ULP, "passed through as bits"),
    entry("elementary", "expm1_f32, multiprecision", 1.5, ULP, FIT),
    entry("elementary", "log_f32", 1.5, ULP, FIT),
    entry("elementary", "log_f32, subnormal", 1.5, ULP, "read as bits: nothing to flush"),
    entry("elementary", "log_f32, multiprecision", 1.5, ULP, FIT),
    entry("elementary", "log1p_f32", 1.5, ULP, FIT),
    entry("elementary", "log1p_f32, subnormal", 1.5, ULP, "passed through as bits"),
    entry("elementary", "log1p_f32, multiprecision", 1.5, ULP, FIT),
    entry("elementary", "ends", 0.0, COUNT, "documented finite values beyond the range"),
    //
    entry("exp_sum", TWIN, 2.0, ULP_F64, TWIN_FUNCTIONS),
    entry("exp_sum", "exp2_sum", 2.0, ULP, "a polynomial of degree 6 in f32, unguarded"),
    entry("exp_sum", "exp2_sum_scalar", 2.0, ULP, "a polynomial of degree 6 in f32, unguarded"),
    entry(
        "exp_sum",
        "exp2_sum, built-in",
        8.0,
        ULP,
        "chosen where the probe saw 8 * 2^-24 at most",
    ),
    //
    entry("twofloat", TWIN, 4.0, ULP_F64, "a sixteenth of the tightest bound below"),
    entry("twofloat", "two_sum not exact", 0.0, COUNT, EXACT),
    entry("twofloat", "two_prod not exact", 0.0, COUNT, EXACT),
    entry("twofloat", "df_add", ADD, PAIR, "2^-46 of |a| + |b|: measured 2^-47.0"),
    entry("twofloat", "df_sub", ADD, PAIR, "2^-46 of |a| + |b|: measured 2^-47.0"),
    entry("twofloat", "df_add_f32", ADD, PAIR, "2^-46 of |a| + |b|: measured 2^-48.0"),
    entry("twofloat", "df_mul", MUL, PAIR, "2^-45.5: measured 2^-45.9"),
    entry("twofloat", "df_mul_f32", MUL, PAIR, "2^-45.5: measured 2^-46.6"),
    entry("twofloat", "df_div", ADD, PAIR, "2^-46: measured 2^-47.5"),
    entry("twofloat", "df_sqrt", ADD, PAIR, "2^-46: measured 2^-46.6"),
    entry("twofloat", "df_exp", EXP, PAIR, "2^-43: |x| <= 60, measured 2^-43.2"),
    entry("twofloat", "df_expm1", EXP, PAIR, "2^-43: -54 to 60, measured 2^-44.3"),
    entry("twofloat", "df_log", LOG, PAIR, "2^-45: measured 2^-45.8, next to 1 too"),
    entry("twofloat", "df_log1p", LOG, PAIR, "2^-45: measured 2^-45.4, next to 0 too"),
    entry("twofloat", "df_add_f32, constant", ADD, PAIR, "as df_add_f32, of |c| + |b|"),
    entry(
        "twofloat",
        "df_mul_add, constant",
        MUL,
        PAIR,
        "2^-45.5 of |a b| + |c|: measured 2^-45.6",
    ),
    entry("twofloat", "df_reciprocal", LOG, PAIR, "2^-45: one Newton step, measured 2^-45.8"),
    entry("twofloat", "multiprecision: sums", ADD, PAIR, "as df_add"),
    entry("twofloat", "multiprecision: products", MUL, PAIR, "as df_mul"),
    entry("twofloat", "multiprecision: div, sqrt", ADD, PAIR, "as df_div"),
    entry("twofloat", "multiprecision: exp, expm1", EXP, PAIR, "as df_exp"),
    entry("twofloat", "multiprecision: log, log1p", LOG, PAIR, "as df_log"),
    entry("twofloat", "ends", 0.0, COUNT, "documented finite values beyond the range"),
    //
    entry("softmin_rows", TWIN, 1e-13, RELATIVE, TWIN_REASON),
    entry("softmin_rows", "potentials", 3.0, SINGLE, SWEEP),
    entry("softmin_rows", "measured transport cost", 2.0, SINGLE, MEASURED),
    entry("softmin_columns", TWIN, 1e-13, RELATIVE, TWIN_REASON),
    entry("softmin_columns", "potentials", 3.0, SINGLE, SWEEP),
    entry("softmin_columns", "potentials, falling epsilon", 1.0, SINGLE, RUN),
    entry("softmin_columns", "measured costs", 2.0, SINGLE, MEASURED),
    entry("softmin_support", TWIN, 1e-13, RELATIVE, TWIN_REASON),
    entry("softmin_support", "potentials", 3.0, SINGLE, SWEEP),
    entry("softmin_support", "measured costs", 2.0, SINGLE, MEASURED),
    entry("softmin_double", TWIN, 1e-13, RELATIVE, TWIN_REASON),
    entry("softmin_double", "potentials", 1.0, DOUBLE, "measured 0.2"),
    entry("softmin_double", "measured costs", 1.0, DOUBLE, "measured 0.1"),
    entry("softmin_line", TWIN, 1e-13, RELATIVE, TWIN_REASON),
    entry("softmin_line", "potentials", 3.0, SINGLE, SWEEP),
    entry("softmin_line", "measured costs", 2.0, SINGLE, MEASURED),
    entry("softmin_axis", TWIN, 1e-13, RELATIVE, TWIN_REASON),
    entry("softmin_axis", "potentials", 3.0, SINGLE, SWEEP),
    entry("softmin_axis", "measured costs", 2.0, SINGLE, MEASURED),
    entry("softmin_axis_double", TWIN, 1e-13, RELATIVE, TWIN_REASON),
    entry("softmin_axis_double", "potentials", 1.0, DOUBLE, SWEEP),
    entry("softmin_axis_double", "measured costs", 1.0, DOUBLE, SWEEP),
    entry("convergence", TWIN, 1e-15, RELATIVE, TWIN_REASON),
    entry("convergence", "marginal error", 1.0, SINGLE, "a sum of n positive f32 in order, S = n"),
    entry("convergence", "verdicts wrong", 0.0, COUNT, "a comparison of two f32"),
    entry(
        "convergence",
        "problems left too early",
        0.0,
        COUNT,
        "the error is measured again after",
    ),
    entry("totals", TWIN, 1e-13, RELATIVE, TWIN_REASON),
    entry("totals", "sums of f32", 4.0, PAIR, "a double-float sum: 2^-46 of the largest partial"),
    entry("totals", "sums of double-floats", 4.0, PAIR, "a double-float sum"),
    entry("resident", TWIN, 1e-13, RELATIVE, TWIN_REASON),
    entry("resident", "potentials", 3.0, SINGLE, SWEEP),
    entry("resident", "potentials, whole run", 1.0, SINGLE, RUN),
    entry("resident", "potentials, falling epsilon", 1.0, SINGLE, RUN),
    entry("resident", "problems left too early", 0.0, COUNT, "the error is measured again after"),
    entry("scaling_product", TWIN, 1e-13, RELATIVE, TWIN_REASON),
    entry("scaling_product", "potentials", 3.0, SINGLE, SWEEP),
    entry("rescale", TWIN, 1e-13, RELATIVE, TWIN_REASON),
    entry(
        "rescale",
        "weight",
        1.5,
        SINGLE,
        "product, logarithm and sum of f32; S = |x| + 4 |c ln w|",
    ),
    entry("rescale", "exponential", 1.5, SINGLE, "the rounding of the product; S = |x c| + 3"),
    entry("rescale", "logarithm", 3.0, ULP, "1.5 ulp of the logarithm, doubled by the product"),
    entry("rescale", "zeros and sentinels wrong", 0.0, COUNT, "written, not computed"),
    entry("softmin_rows", "potentials, points", 2.0, SINGLE, SWEEP),
    entry("softmin_double", "potentials, points", 1.0, DOUBLE, SWEEP),
    entry("point_costs", TWIN, 1e-13, RELATIVE, TWIN_REASON),
    entry("point_costs", "potentials, points", 2.0, SINGLE, SWEEP),
    entry("point_costs_double", TWIN, 1e-13, RELATIVE, TWIN_REASON),
    entry("point_costs_double", "potentials, points", 1.0, DOUBLE, SWEEP),
    entry("multiplier", TWIN, 1e-13, RELATIVE, TWIN_REASON),
    entry("multiplier", "potentials, single", 3.0, SINGLE, SWEEP),
    entry("multiplier", "potentials, double", 1.0, DOUBLE, SWEEP),
    entry("plan", TWIN, 1e-13, RELATIVE, TWIN_REASON),
    entry("plan", "entries", 3.0, SINGLE, "the rounding of the exponent"),
    entry("plan", "entries of empty bins not 0", 0.0, COUNT, "no mass goes where none is"),
    entry("apply", TWIN, 1e-13, RELATIVE, TWIN_REASON),
    entry("apply", "products", 3.0, SINGLE, "as the plan, and an f32 sum"),
    //
    entry("log_bessel_i", TWIN, 0.25, ALLOWED, BESSEL_TWIN),
    entry("log_bessel_i", "log I, single", 1.0, ALLOWED, BESSEL_SINGLE),
    entry("log_bessel_i", "log I, double", 1.25, ALLOWED, BESSEL_DOUBLE),
    entry("log_bessel_i", "log I, multiprecision", 1.0, ALLOWED, BESSEL_KNOWN),
    entry("log_bessel_i", "log I - x, single", 1.0, ALLOWED, BESSEL_SINGLE),
    entry("log_bessel_i", "log I - x, double", 1.25, ALLOWED, BESSEL_DOUBLE),
    entry("log_bessel_i", "log I - x, multiprecision", 1.0, ALLOWED, BESSEL_KNOWN),
    entry("log_bessel_i", "regularized, single", 1.0, ALLOWED, BESSEL_SINGLE),
    entry("log_bessel_i", "regularized, double", 1.25, ALLOWED, BESSEL_DOUBLE),
    entry("log_bessel_i", "regularized, multiprecision", 1.0, ALLOWED, BESSEL_KNOWN),
    entry("log_bessel_i", "not finite", 0.0, COUNT, NOT_FINITE),
    entry("log_bessel_i", "limits at x = 0 wrong", 0.0, COUNT, LIMIT),
    entry("log_bessel_k", TWIN, 0.25, ALLOWED, BESSEL_TWIN),
    entry("log_bessel_k", "log K, single", 1.0, ALLOWED, BESSEL_SINGLE),
    entry("log_bessel_k", "log K, double", 1.25, ALLOWED, BESSEL_DOUBLE),
    entry("log_bessel_k", "log K, multiprecision", 1.0, ALLOWED, BESSEL_KNOWN),
    entry("log_bessel_k", "log K + x, single", 1.0, ALLOWED, BESSEL_SINGLE),
    entry("log_bessel_k", "log K + x, double", 1.25, ALLOWED, BESSEL_DOUBLE),
    entry("log_bessel_k", "log K + x, multiprecision", 1.0, ALLOWED, BESSEL_KNOWN),
    entry("log_bessel_k", "regularized, single", 1.0, ALLOWED, BESSEL_SINGLE),
    entry("log_bessel_k", "regularized, double", 1.25, ALLOWED, BESSEL_DOUBLE),
    entry("log_bessel_k", "regularized, multiprecision", 1.0, ALLOWED, BESSEL_KNOWN),
    entry("log_bessel_k", "not finite", 0.0, COUNT, NOT_FINITE),
    entry("log_bessel_k", "limits at x = 0 wrong", 0.0, COUNT, LIMIT),
    entry("bessel_ratio_i", TWIN, 0.25, ALLOWED, BESSEL_TWIN),
    entry("bessel_ratio_i", "ratio, single", 1.0, ALLOWED, BESSEL_SINGLE),
    entry("bessel_ratio_i", "ratio, double", 1.1, ALLOWED, BESSEL_DOUBLE),
    entry("bessel_ratio_i", "ratio, multiprecision", 1.0, ALLOWED, BESSEL_KNOWN),
    entry("bessel_ratio_i", "d/dx log I, single", 1.0, ALLOWED, BESSEL_SINGLE),
    entry("bessel_ratio_i", "d/dx log I, double", 1.05, ALLOWED, BESSEL_DOUBLE),
    entry("bessel_ratio_i", "d/dx log I, multiprecision", 1.0, ALLOWED, BESSEL_KNOWN),
    entry("bessel_ratio_i", "not finite", 0.0, COUNT, NOT_FINITE),
    entry("bessel_ratio_i", "limits at x = 0 wrong", 0.0, COUNT, LIMIT),
    entry("bessel_ratio_k", TWIN, 0.25, ALLOWED, BESSEL_TWIN),
    entry("bessel_ratio_k", "ratio, single", 1.0, ALLOWED, BESSEL_SINGLE),
    entry("bessel_ratio_k", "ratio, double", 1.1, ALLOWED, BESSEL_DOUBLE),
    entry("bessel_ratio_k", "ratio, multiprecision", 1.0, ALLOWED, BESSEL_KNOWN),
    entry("bessel_ratio_k", "d/dx log K, single", 1.0, ALLOWED, BESSEL_SINGLE),
    entry("bessel_ratio_k", "d/dx log K, double", 1.05, ALLOWED, BESSEL_DOUBLE),
    entry("bessel_ratio_k", "d/dx log K, multiprecision", 1.0, ALLOWED, BESSEL_KNOWN),
    entry("bessel_ratio_k", "not finite", 0.0, COUNT, NOT_FINITE),
    entry("bessel_ratio_k", "limits at x = 0 wrong", 0.0, COUNT, LIMIT),
    entry("d_log_bessel_i_dv", TWIN, 0.25, ALLOWED, BESSEL_TWIN),
    entry("d_log_bessel_i_dv", "d/dv log I, single", 1.0, ALLOWED, BESSEL_SINGLE),
    entry("d_log_bessel_i_dv", "d/dv log I, double", 1.05, ALLOWED, BESSEL_DOUBLE),
    entry("d_log_bessel_i_dv", "d/dv log I, multiprecision", 1.0, ALLOWED, BESSEL_KNOWN),
    entry("d_log_bessel_i_dv", "not finite", 0.0, COUNT, NOT_FINITE),
    entry("d_log_bessel_i_dv", "limits at x = 0 wrong", 0.0, COUNT, LIMIT),
    entry("d_log_bessel_k_dv", TWIN, 0.25, ALLOWED, BESSEL_TWIN),
    entry("d_log_bessel_k_dv", "d/dv log K, single", 1.0, ALLOWED, BESSEL_SINGLE),
    entry("d_log_bessel_k_dv", "d/dv log K, double", 1.05, ALLOWED, BESSEL_DOUBLE),
    entry("d_log_bessel_k_dv", "d/dv log K, multiprecision", 1.0, ALLOWED, BESSEL_KNOWN),
    entry("d_log_bessel_k_dv", "not finite", 0.0, COUNT, NOT_FINITE),
    entry("d_log_bessel_k_dv", "limits at x = 0 wrong", 0.0, COUNT, LIMIT),
    entry("log_gamma", TWIN, 0.25, ALLOWED, BESSEL_TWIN),
    entry("log_gamma", "log gamma, single", 1.0, ALLOWED, BESSEL_SINGLE),
    entry("log_gamma", "log gamma, double", 1.05, ALLOWED, BESSEL_DOUBLE),
    entry("log_gamma", "log gamma, multiprecision", 1.0, ALLOWED, BESSEL_KNOWN),
    entry("log_gamma", "not finite", 0.0, COUNT, NOT_FINITE),
    entry("log_gamma", "limits at x = 0 wrong", 0.0, COUNT, LIMIT),
    //
    entry("compare", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("compare", "weights", 1e-6, RELATIVE, SIX_DIGITS),
    entry("compare", "nearly equal weights", 1e-6, RELATIVE, SIX_DIGITS),
    entry("compare", "logits", 1e-6, RELATIVE, SIX_DIGITS),
    entry("compare", "nearly equal logits", 1e-6, RELATIVE, SIX_DIGITS),
    entry("compare", LEFT, 8.0, COUNT, LEFT_PAIRS),
    entry("gradient", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("gradient", "weights", 1e-5, RELATIVE, SLOPES),
    entry("gradient", "logits", 1e-5, RELATIVE, SLOPES),
    entry("gradient", LEFT, 8.0, COUNT, LEFT_PAIRS),
    entry("logit_sums", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("logit_sums", "divergences", 1e-6, RELATIVE, SIX_DIGITS),
    entry("logit_sums", "normalisers", 1e-6, RELATIVE, "as divergences: 2^-23 of a sum"),
    entry("logit_sums", LEFT, 0.0, COUNT, LEFT_REASON),
    entry("entropy", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("entropy", "weights", 1e-6, RELATIVE, SIX_DIGITS),
    entry("entropy", "logits", 1e-6, RELATIVE, SIX_DIGITS),
    entry("entropy", LEFT, 0.0, COUNT, LEFT_REASON),
    entry("entropy_gradient", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("entropy_gradient", "weights", 1e-5, RELATIVE, SLOPES),
    entry("entropy_gradient", "logits", 1e-5, RELATIVE, SLOPES),
    entry("entropy_gradient", LEFT, 0.0, COUNT, LEFT_REASON),
    entry("logit_entropy", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("logit_entropy", "entropies", 1e-6, RELATIVE, SIX_DIGITS),
    entry("logit_entropy", "losses", 1e-6, RELATIVE, SIX_DIGITS),
    entry("logit_entropy", LEFT, 0.0, COUNT, LEFT_REASON),
    entry("logit_gradient", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("logit_gradient", "losses", 1e-5, RELATIVE, SLOPES),
    entry("logit_gradient", "entropies", 1e-5, RELATIVE, SLOPES),
    entry("logit_gradient", LEFT, 0.0, COUNT, LEFT_REASON),
    entry("row_sums", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("row_sums", "in nearly equal pairs", 1e-6, RELATIVE, SIX_DIGITS),
    entry("normalized_rows", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("normalized_rows", "in nearly equal pairs", 1e-6, RELATIVE, SIX_DIGITS),
    entry("pairwise", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("pairwise", "pairs", 1e-6, RELATIVE, SIX_DIGITS),
    entry("pairwise", LEFT, 0.0, COUNT, LEFT_REASON),
    entry("ratio_weights", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("ratio_weights", "weights", 1e-6, RELATIVE, SIX_DIGITS),
    entry("ratio_weights", LEFT, 0.0, COUNT, LEFT_REASON),
    entry("mean_prediction", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("mean_prediction", "predictions", 1e-6, RELATIVE, SIX_DIGITS),
    entry("mean_prediction", LEFT, 0.0, COUNT, LEFT_REASON),
    entry("mean_slope", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("mean_slope", "in gradients", 1e-5, RELATIVE, SLOPES),
    entry("prior_gradient", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("prior_gradient", "gradients", 1e-5, RELATIVE, SLOPES),
    entry("prior_gradient", LEFT, 0.0, COUNT, LEFT_REASON),
    //
    entry("marginals", TWIN, 1e-15, RELATIVE, TWIN_REASON),
    entry("marginals", "single", 1.5e-14, RELATIVE, "2^-46: double-float sums in either precision"),
    entry("marginals", "double-float", 1.5e-14, RELATIVE, "2^-46"),
    entry("merged_marginals", TWIN, 1e-15, RELATIVE, TWIN_REASON),
    entry("merged_marginals", "single", 1.5e-14, RELATIVE, "2^-46, as marginals"),
    entry("merged_marginals", "double-float", 1.5e-14, RELATIVE, "2^-46"),
    entry("joint_table", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("joint_table", "single", 9.6e-7, RELATIVE, "2^-20: quotient, logarithm, sums of sixteen"),
    entry(
        "joint_table",
        "double-float",
        2.3e-13,
        RELATIVE,
        "2^-42: logarithm, and what it cancels",
    ),
    entry("joint_totals", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("joint_totals", "single", 9.6e-7, RELATIVE, "2^-20, as joint_table"),
    entry("joint_totals", "double-float", 2.3e-13, RELATIVE, "2^-42, as joint_table"),
    entry("log_weight_sums", TWIN, 1e-15, RELATIVE, TWIN_REASON),
    entry("log_weight_sums", "single", 4.8e-7, RELATIVE, "2^-21: exponential, sums of sixteen"),
    entry("log_weight_sums", "double-float", 2.3e-13, RELATIVE, "2^-42: exponential"),
    entry("normalized_weights", TWIN, 1e-15, RELATIVE, TWIN_REASON),
    entry("normalized_weights", "single", 2.4e-7, RELATIVE, "2^-22: exponential, product"),
    entry("normalized_weights", "double-float", 2.3e-13, RELATIVE, "2^-42: exponential, product"),
    entry("bin_counts", TWIN, 0.0, RELATIVE, "integers"),
    entry("bin_counts", "counts wrong", 0.0, COUNT, "comparisons and sums of integers"),
    entry("direction_norms", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("direction_norms", "single", 2.4e-7, RELATIVE, "2^-22: sums of 16 quads, root, quotient"),
    entry("direction_norms", "double-float", 2.9e-14, RELATIVE, "2^-45"),
    entry("resultant", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("resultant", "single", 4e-6, RELATIVE, "2^-24 of the sum of sizes for each of 65 rows"),
    entry("resultant", "double-float", 2.9e-14, RELATIVE, "2^-45 of the sum of sizes"),
    entry("resultant_rows", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("resultant_rows", "single", 4e-6, RELATIVE, "as resultant, and the norm"),
    entry("resultant_units", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry(
        "resultant_units",
        "single",
        4e-6,
        RELATIVE,
        "2^-24 of the sum of sizes for each of 65 rows",
    ),
    entry("unit_lengths", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("unit_lengths", "single", 4.8e-7, RELATIVE, "2^-21: a sum of squares, root, quotient"),
    entry("block_sums", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("block_sums", "single", 1.5e-14, RELATIVE, "2^-46 of the sum of sizes, in double-float"),
    entry("block_sums", "double-float", 1.5e-14, RELATIVE, "2^-46 of the sum of sizes"),
    entry("log_density", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("log_density", "single", 4.8e-7, RELATIVE, "2^-21 of the distance and of the bias"),
    entry("log_density", "double-float", 5.7e-14, RELATIVE, "2^-44 of the distance and the bias"),
    entry("responsibility", TWIN, 1e-14, RELATIVE, TWIN_REASON),
    entry("responsibility", "single", 4e-7, RELATIVE, "of 1; exponential and quotient"),
    entry("responsibility", "double-float", 2.3e-13, RELATIVE, "2^-42 of 1; exponential"),
];

/// Where a row stands in the table.
pub(crate) fn position(kernel: &str, quantity: &str) -> usize {
    TABLE
        .iter()
        .position(|t| t.kernel == kernel && t.quantity == quantity)
        .or_else(|| TABLE.iter().rposition(|t| t.kernel == kernel))
        .unwrap_or(TABLE.len())
}

/// The verdict on what was seen of a quantity.
pub(crate) fn row(kernel: &'static str, quantity: &'static str, worst: Worst) -> Row {
    let Some(entry) = TABLE.iter().find(|t| t.kernel == kernel && t.quantity == quantity) else {
        let error = Error::invalid("quantity", format!("{quantity} has no tolerance"));
        return Row { quantity, ..failure(kernel, &error) };
    };
    Row {
        kernel,
        quantity,
        error: worst.error,
        tolerance: entry.bound,
        unit: entry.unit,
        cases: worst.cases,
        passed: worst.cases > 0 && worst.error <= entry.bound,
        reason: entry.reason,
        failure: None,
    }
}

/// The row of a kernel that could not be run.
pub(crate) fn failure(kernel: &'static str, error: &Error) -> Row {
    Row {
        kernel,
        quantity: "runs",
        error: f64::INFINITY,
        tolerance: 0.0,
        unit: COUNT,
        cases: 0,
        passed: false,
        reason: "every kernel must run",
        failure: Some(error.to_string()),
    }
}

/// Where the figures of `shared/twofloat.wgsl` hold. Outside it the low word of an
/// operand, of a product or of the result is subnormal: with denormals it has lost
/// some of its bits there, without them it is gone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    /// Operands, products and results of at least this size.
    pub(crate) smallest: f64,
    /// Results below this may be 0.
    pub(crate) flushed: f64,
    /// The arguments of exp and expm1.
    pub(crate) exp: (f64, f64),
}

impl Range {
    pub(crate) fn of(denormals: bool) -> Range {
        if denormals {
            // A product's error has its last bit at 2^-47 of the product: 2^-149.
            Range { smallest: (-102f64).exp2(), flushed: 0.0, exp: (-60.0, 60.0) }
        } else {
            // Flushed below 2^-126; 2^-78 = e^-54 leaves 48 bits above that.
            Range {
                smallest: (-78f64).exp2(),
                flushed: f64::from(f32::MIN_POSITIVE),
                exp: (-54.0, 60.0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_unique_and_reasoned() {
        for (k, entry) in TABLE.iter().enumerate() {
            assert_eq!(position(entry.kernel, entry.quantity), k, "{entry:?}");
            assert!(!entry.reason.is_empty() && entry.bound >= 0.0, "{entry:?}");
        }
    }

    #[test]
    fn pair_units_are_powers() {
        assert_eq!([ADD, LOG, EXP], [4.0, 8.0, 32.0]);
        assert!((MUL - 2.5f64.exp2()).abs() < 1e-14);
    }

    #[test]
    fn nothing_compared_is_not_passed() {
        let none = Worst::default();
        assert!(!row("plan", "entries", none).passed);
        assert!(!row("plan", "no such quantity", Worst { error: 0.0, cases: 1 }).passed);
        assert!(row("environment", "denormals flushed", Worst { error: 1.0, cases: 1 }).passed);
    }
}
