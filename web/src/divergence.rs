//! Divergences between rows of histograms.

use crate::arguments::{Options, count, named, number, text};
use crate::context::Context;
use crate::failure::Failure;
use crate::numbers::{Numbers, check_result, doubles, singles, with_slice};
use crate::values::{array, object, promise, set};
use js_sys::Promise;
use kantor::{Comparison, Input, Reduction, Side, Unit};
use wasm_bindgen::prelude::*;

/// Rows of histograms on a context, uploaded once and compared as often as wanted.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Distributions {
    inner: kantor::Distributions,
}

#[wasm_bindgen]
impl Distributions {
    /// Copies `values`, rows of `bins` numbers, to the context: weights (normalised by their sum) unless `input` says
    /// `'log-probabilities'` (which must sum to 1 within 1e-3 unless `normalize` is set) or `'logits'` (softmax over
    /// `temperature`, 1 unless given).
    ///
    /// Rejects with kind `invalid-input`, `limit-exceeded`, `out-of-memory` or `device-lost`. Numbers that are none are
    /// found where the rows are compared, with row and index.
    #[wasm_bindgen(unchecked_return_type = "Promise<Distributions>")]
    pub fn create(
        context: &Context,
        #[wasm_bindgen(unchecked_param_type = "Numbers")] values: JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] bins: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "DistributionsOptions")] options: JsValue,
    ) -> Promise {
        let context = context.inner.clone();
        let read = || {
            let names = ["input", "temperature", "normalize"];
            let options = Options::read("options", &options, &names)?;
            let temperature = options.number("temperature")?;
            let logits = Input::Logits { temperature: temperature.unwrap_or(1.0) };
            let words = [
                ("weights", Input::Weights),
                ("log-probabilities", Input::LogProbabilities),
                ("logits", logits),
            ];
            let input = options.word("input", &words)?.unwrap_or(Input::Weights);
            if temperature.is_some() && input != logits {
                return Err(Failure::argument("temperature", "is of logits only"));
            }
            let normalize = options.boolean("normalize")?.unwrap_or(false);
            let bins = count("bins", number("bins", &bins)?)? as usize;
            Ok((Numbers::read("values", &values)?, bins, input, normalize))
        };
        promise(read, |(values, bins, input, normalize)| async move {
            let rows = with_slice!(values, values => {
                kantor::Distributions::new(&context, values, bins, input).await
            })?;
            Ok(Distributions { inner: if normalize { rows.normalized() } else { rows } })
        })
    }

    /// Number of rows.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> usize {
        self.inner.len()
    }

    /// Number of bins.
    #[wasm_bindgen(getter)]
    pub fn bins(&self) -> usize {
        self.inner.bins()
    }
}

/// A divergence between rows of two `Distributions`. Natural logarithms unless the unit is bits.
///
/// `kl` Σ p ln(p/q) · `reverse-kl` · `jeffreys` · `js` and `skew-kl` (parameter: the weight of p in the mixture, ½) ·
/// `softened-reverse-kl` · `squared-hellinger` ½ Σ (√p − √q)² · `bhattacharyya` · `total-variation` ½ Σ |p − q| ·
/// `pearson-chi2` Σ (p−q)²/q · `neyman-chi2` · `chi2-mixture` · `renyi`, `tsallis` (order, 2) · `amari` (0) ·
/// `cauchy-schwarz` · `triangular` · `cross-entropy`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Divergence {
    divergence: kantor::Divergence,
    inner: Comparison,
}

#[wasm_bindgen]
impl Divergence {
    /// Throws with kind `invalid-input` for an unknown name or option, and a parameter that the divergence does not have
    /// or that is out of its range.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "DivergenceName")] name: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "DivergenceOptions")] options: JsValue,
    ) -> Result<Divergence, JsValue> {
        Ok(divergence(&name, &options)?)
    }

    /// The name of every divergence.
    #[wasm_bindgen(getter, unchecked_return_type = "DivergenceName[]")]
    pub fn names() -> Vec<String> {
        kantor::Divergence::ALL.iter().map(|divergence| divergence.name().into()).collect()
    }

    /// Its name.
    #[wasm_bindgen(getter, unchecked_return_type = "DivergenceName")]
    pub fn name(&self) -> String {
        self.divergence.name().into()
    }

    /// Its parameter, where it has one.
    #[wasm_bindgen(getter)]
    pub fn parameter(&self) -> Option<f64> {
        self.divergence.parameter()
    }

    /// D(p_i‖q_i) of every row i. Where one of the two has one row, it is compared with all of the other.
    ///
    /// Rejects with kind `invalid-input` (with argument, row and index), `precision-unavailable`, `out-of-memory` or
    /// `device-lost`.
    #[wasm_bindgen(unchecked_return_type = "Promise<DivergenceValues>")]
    pub fn rows(&self, p: &Distributions, q: &Distributions) -> Promise {
        let (comparison, p, q) = (self.inner.clone(), p.inner.clone(), q.inner.clone());
        promise(|| Ok(()), |()| async move { Ok(values(&comparison.rows(&p, &q).await?)) })
    }

    /// The values, and the gradient of the reduction (of Σ D without one) with respect to the numbers of p and of q as
    /// they were given, every row's times `upstream` where that is given. The gradient of a row whose divergence is
    /// infinite is 0.
    ///
    /// Rejects as `rows`, and with `limit-exceeded` where a gradient does not fit a binding of the adapter.
    #[wasm_bindgen(js_name = valueAndGradient, unchecked_return_type = "Promise<DivergenceGradients>")]
    pub fn value_and_gradient(
        &self,
        p: &Distributions,
        q: &Distributions,
        #[wasm_bindgen(unchecked_optional_param_type = "GradientOptions")] options: JsValue,
    ) -> Promise {
        let (comparison, p, q) = (self.inner.clone(), p.inner.clone(), q.inner.clone());
        let read = || {
            let options = Options::read("options", &options, &["side", "upstream"])?;
            let words = [("p", Side::P), ("q", Side::Q), ("both", Side::Both)];
            let side = options.word("side", &words)?.unwrap_or(Side::Both);
            Ok((side, options.numbers("upstream")?.map(Numbers::into_f64)))
        };
        promise(read, |(side, upstream)| async move {
            let (found, gradients) =
                comparison.value_and_gradient(&p, &q, side, upstream.as_deref()).await?;
            let result = values(&found);
            for (name, gradient) in [("gradientP", gradients.p), ("gradientQ", gradients.q)] {
                if let Some(gradient) = gradient {
                    set(&result, name, singles(&gradient.read().await?));
                }
            }
            Ok(result)
        })
    }

    /// D(p_i‖q_j) of every row i of p and j of q, row-major.
    ///
    /// Rejects as `rows`, and with `limit-exceeded` above 67,108,864 pairs.
    #[wasm_bindgen(unchecked_return_type = "Promise<Float64Array>")]
    pub fn pairwise(&self, p: &Distributions, q: &Distributions) -> Promise {
        let (comparison, p, q) = (self.inner.clone(), p.inner.clone(), q.inner.clone());
        let pairs = check_result("p", (p.len() as u64).checked_mul(q.len() as u64));
        promise(
            || pairs,
            |()| async move { Ok(doubles(comparison.pairwise(&p, &q).await?.values())) },
        )
    }
}

fn divergence(name: &JsValue, options: &JsValue) -> Result<Divergence, Failure> {
    let name = text("name", name)?;
    let names = ["parameter", "unit", "precision", "reduction", "rowWeights", "mask"];
    let options = Options::read("options", options, &names)?;
    let mut divergence: kantor::Divergence = named(&name)?;
    if let Some(parameter) = options.number("parameter")? {
        divergence = divergence.with_parameter(parameter)?;
    }
    let mut comparison = Comparison::new(divergence.clone()).precision(options.precision()?);
    if let Some(unit) = options.word("unit", &[("nats", Unit::Nats), ("bits", Unit::Bits)])? {
        comparison = comparison.unit(unit);
    }
    let reductions =
        [("none", Reduction::None), ("sum", Reduction::Sum), ("mean", Reduction::Mean)];
    if let Some(reduction) = options.word("reduction", &reductions)? {
        comparison = comparison.reduction(reduction);
    }
    if let Some(weights) = options.numbers("rowWeights")? {
        comparison = comparison.row_weights(weights.into_f64());
    }
    if let Some(mask) = options.booleans("mask")? {
        comparison = comparison.mask(mask);
    }
    Ok(Divergence { divergence, inner: comparison })
}

fn values(found: &kantor::divergence::Values) -> JsValue {
    let mismatches = found.mismatches().iter();
    object([
        ("values", doubles(found.values())),
        ("reduced", found.reduced().map_or(JsValue::UNDEFINED, JsValue::from)),
        ("pWithoutQ", array(mismatches.clone().map(|mismatch| mismatch.p_without_q))),
        ("qWithoutP", array(mismatches.map(|mismatch| mismatch.q_without_p))),
    ])
}
