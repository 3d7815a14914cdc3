//! The Sinkhorn divergence.

use crate::failure::Failure;
use crate::solution::{About, Solution};
use crate::values::array;
use std::rc::Rc;
use std::sync::Arc;
use wasm_bindgen::prelude::*;

/// Sinkhorn divergences, one entry a problem: entropic transport without its bias. See Feydy et al. (2019), and for
/// masses that differ Séjourné et al. (2019).
#[wasm_bindgen]
#[derive(Debug)]
pub struct SinkhornDivergence {
    inner: Arc<kantor::SinkhornDivergence>,
    about: Rc<About>,
}

#[wasm_bindgen]
impl SinkhornDivergence {
    /// Number of problems.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> usize {
        self.inner.values().len()
    }

    /// S of every problem. It is not clamped: rounding may leave it a little below zero.
    #[wasm_bindgen(getter)]
    pub fn values(&self) -> Vec<f64> {
        self.inner.values().to_vec()
    }

    /// Whether all three transports of a problem have converged.
    #[wasm_bindgen(getter, unchecked_return_type = "boolean[]")]
    pub fn converged(&self) -> JsValue {
        array(self.inner.converged().into_iter())
    }

    /// Throws with kind `not-converged` unless every transport has converged.
    #[wasm_bindgen(js_name = requireConverged)]
    pub fn require_converged(&self) -> Result<(), JsValue> {
        Ok(self.inner.check_converged().map_err(Failure::from)?)
    }

    /// The transport between source and target of every problem; an object of its own, to be freed like any other.
    pub fn cross(&self) -> Solution {
        Solution::within(self.inner.clone(), self.about.clone())
    }
}

impl SinkhornDivergence {
    pub(crate) fn new(divergence: kantor::SinkhornDivergence, about: About) -> SinkhornDivergence {
        SinkhornDivergence { inner: Arc::new(divergence), about: Rc::new(about) }
    }
}
