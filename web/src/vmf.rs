//! von Mises-Fisher distributions on spheres.

use crate::arguments::{Options, count, count_or, number};
use crate::context::Context;
use crate::failure::Failure;
use crate::numbers::{Numbers, check_result, doubles, with_slice};
use crate::values::{object, promise};
use js_sys::Promise;
use wasm_bindgen::prelude::*;

/// Rows of directions on a context: vectors of any length above 0.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Directions {
    inner: kantor::Directions,
}

#[wasm_bindgen]
impl Directions {
    /// Copies `values`, rows of `dimension` numbers, to the context.
    ///
    /// Rejects with kind `invalid-input` (with row and index), `limit-exceeded`, `out-of-memory` or `device-lost`.
    #[wasm_bindgen(unchecked_return_type = "Promise<Directions>")]
    pub fn create(
        context: &Context,
        #[wasm_bindgen(unchecked_param_type = "Numbers")] values: JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] dimension: JsValue,
    ) -> Promise {
        let context = context.inner.clone();
        let read = || {
            let dimension = count("dimension", number("dimension", &dimension)?)? as usize;
            Ok((Numbers::read("values", &values)?, dimension))
        };
        promise(read, |(values, dimension)| async move {
            let inner = with_slice!(values, values => {
                kantor::Directions::new(&context, values, dimension).await
            })?;
            Ok(Directions { inner })
        })
    }

    /// Number of rows.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> usize {
        self.inner.len()
    }

    /// Components of a row.
    #[wasm_bindgen(getter)]
    pub fn dimension(&self) -> usize {
        self.inner.dimension()
    }
}

/// The von Mises-Fisher distribution on the unit sphere of R^p: density C_p(κ) exp(κ⟨μ,x⟩), nats. See Mardia and Jupp,
/// *Directional Statistics* (2000).
#[wasm_bindgen]
#[derive(Debug)]
pub struct VonMisesFisher {
    inner: kantor::VonMisesFisher,
}

#[wasm_bindgen]
impl VonMisesFisher {
    /// Around the direction of `mean` (2 to 100,000 components) with concentration κ from 0 to 1e30.
    ///
    /// Throws with kind `invalid-input`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "Numbers")] mean: JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] concentration: JsValue,
    ) -> Result<VonMisesFisher, JsValue> {
        Ok(distribution(&mean, number("concentration", &concentration)?)?)
    }

    /// The maximum-likelihood fit to the rows, weighted if `weights` are given. κ is f64 in either precision; rows that
    /// cancel give κ = 0 (`isUniform`), rows of one direction κ = ∞ (`isPointMass`).
    ///
    /// Rejects with kind `invalid-input`, `precision-unavailable`, `out-of-memory` or `device-lost`.
    #[wasm_bindgen(unchecked_return_type = "Promise<VonMisesFisherFit>")]
    pub fn fit(
        directions: &Directions,
        #[wasm_bindgen(unchecked_optional_param_type = "FitOptions")] options: JsValue,
    ) -> Promise {
        let rows = directions.inner.clone();
        let read = || {
            let options = Options::read("options", &options, &["weights", "precision"])?;
            Ok((options.precision()?, options.numbers("weights")?))
        };
        promise(read, |(precision, weights)| async move {
            let fit = match weights {
                None => kantor::VonMisesFisher::fit(&rows, precision).await?,
                Some(weights) => with_slice!(weights, weights => {
                    kantor::VonMisesFisher::fit_weighted(&rows, weights, precision).await?
                }),
            };
            let distribution = VonMisesFisher { inner: fit.distribution().clone() };
            Ok(object([
                ("distribution", distribution.into()),
                ("meanResultantLength", fit.mean_resultant_length().into()),
                ("logLikelihood", fit.log_likelihood().into()),
                ("isUniform", fit.is_uniform().into()),
                ("isPointMass", fit.is_point_mass().into()),
            ]))
        })
    }

    /// The dimension p of the space around the sphere.
    #[wasm_bindgen(getter)]
    pub fn dimension(&self) -> usize {
        self.inner.dimension()
    }

    /// The mean direction μ, of length one.
    #[wasm_bindgen(getter)]
    pub fn mean(&self) -> Vec<f64> {
        self.inner.mean().to_vec()
    }

    /// The concentration κ.
    #[wasm_bindgen(getter)]
    pub fn concentration(&self) -> f64 {
        self.inner.concentration()
    }

    /// A_p(κ) = I_{p/2}(κ)/I_{p/2−1}(κ): the length of the distribution's mean.
    #[wasm_bindgen(getter, js_name = meanResultantLength)]
    pub fn mean_resultant_length(&self) -> f64 {
        self.inner.mean_resultant_length()
    }

    /// ln C_p(κ).
    #[wasm_bindgen(getter, js_name = logNormalizer)]
    pub fn log_normalizer(&self) -> f64 {
        self.inner.log_normalizer()
    }

    /// −∫ f ln f.
    #[wasm_bindgen(getter)]
    pub fn entropy(&self) -> f64 {
        self.inner.entropy()
    }

    /// KL(this ‖ other). Throws with kind `invalid-input` if the dimensions differ.
    #[wasm_bindgen(js_name = klDivergence)]
    pub fn kl_divergence(&self, other: &VonMisesFisher) -> Result<f64, JsValue> {
        Ok(self.inner.kl_divergence(&other.inner).map_err(Failure::from)?)
    }

    /// ln f(x) of every row.
    ///
    /// Rejects as `fit`.
    #[wasm_bindgen(js_name = logDensity, unchecked_return_type = "Promise<Float64Array>")]
    pub fn log_density(
        &self,
        directions: &Directions,
        #[wasm_bindgen(unchecked_optional_param_type = "PrecisionOptions")] options: JsValue,
    ) -> Promise {
        let (distribution, rows) = (self.inner.clone(), directions.inner.clone());
        let read = || Options::read("options", &options, &["precision"])?.precision();
        promise(read, |precision| async move {
            Ok(doubles(&distribution.log_density(&rows, precision).await?))
        })
    }

    /// `n` directions, row-major n×p, by Wood's rejection (1994). Row i depends on the seed (0 unless given) and on i
    /// alone, and is the same on every machine. Computed on the calling thread: some microseconds a row and more in
    /// high dimensions.
    ///
    /// Throws with kind `invalid-input`, and `limit-exceeded` above 67,108,864 components.
    pub fn sample(
        &self,
        #[wasm_bindgen(unchecked_param_type = "number")] n: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "number")] seed: JsValue,
    ) -> Result<Vec<f64>, JsValue> {
        let (n, seed) = (count("n", number("n", &n)?)?, count_or("seed", &seed, 0)?);
        check_result("n", u64::from(n).checked_mul(self.inner.dimension() as u64))?;
        Ok(self.inner.sample(n as usize, seed.into()).map_err(Failure::from)?)
    }
}

fn distribution(mean: &JsValue, concentration: f64) -> Result<VonMisesFisher, Failure> {
    let mean = Numbers::read("mean", mean)?;
    let inner = with_slice!(mean, mean => kantor::VonMisesFisher::new(mean, concentration))?;
    Ok(VonMisesFisher { inner })
}
