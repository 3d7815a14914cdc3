//! `signal` and `onProgress` of work that takes long.

use crate::arguments::Options;
use crate::failure::Failure;
use crate::values::property;
use js_sys::Function;
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// Arguments of long work that the library calls otherwise.
const RENAMED: [(&str, &str); 2] = [("max_iterations", "maxIterations"), ("geometry", "cost")];

/// What the page asked to be told, and by what it can stop. Clones share what was thrown.
#[derive(Debug, Clone)]
pub(crate) struct Cancellation {
    signal: Option<JsValue>,
    on_progress: Option<Function>,
    thrown: Rc<RefCell<Option<JsValue>>>,
}

impl Cancellation {
    pub(crate) fn read(options: &Options) -> Result<Cancellation, Failure> {
        let signal = options.get("signal")?.filter(|signal| !signal.is_null());
        if let Some(signal) = &signal
            && property(signal, "aborted").as_bool().is_none()
        {
            return Err(Failure::argument("signal", "is not an AbortSignal"));
        }
        let on_progress = options.function("onProgress")?;
        Ok(Cancellation { signal, on_progress, thrown: Rc::default() })
    }

    fn is_aborted(&self) -> bool {
        self.signal.as_ref().is_some_and(|signal| property(signal, "aborted").is_truthy())
    }

    /// An error if the signal is aborted already.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.is_aborted() { Err(self.aborted(0)) } else { Ok(()) }
    }

    fn aborted(&self, iterations: u32) -> Failure {
        let reason = self.signal.as_ref().map_or(JsValue::UNDEFINED, |s| property(s, "reason"));
        Failure::Aborted { reason, iterations }
    }

    /// Tells the page, and hears whether to stop: the signal is aborted, or the page's callback throws.
    pub(crate) fn report(&self, progress: impl FnOnce() -> JsValue) -> ControlFlow<()> {
        if let Some(on_progress) = self.on_progress.as_ref().filter(|_| !self.is_aborted())
            && let Err(thrown) = on_progress.call1(&JsValue::UNDEFINED, &progress())
        {
            *self.thrown.borrow_mut() = Some(thrown);
            return ControlFlow::Break(());
        }
        if self.is_aborted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Why the library's work ended as it did.
    pub(crate) fn explain(&self, error: kantor::Error) -> Failure {
        match (error, self.thrown.borrow_mut().take()) {
            (kantor::Error::Cancelled { .. }, Some(thrown)) => Failure::Thrown(thrown),
            (kantor::Error::Cancelled { iterations }, None) => self.aborted(iterations),
            (error, _) => Failure::renamed(error, &RENAMED),
        }
    }
}
