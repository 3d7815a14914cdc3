//! Where work runs.

use crate::arguments::Options;
use crate::failure::Failure;
use crate::values::{object, promise, property};
use js_sys::Promise;
use kantor::{Backend, Error};
use wasm_bindgen::prelude::*;

/// Where work runs: WebGPU, or the f64 twin of every kernel on the CPU.
///
/// A context is made once and used for everything; kernels are compiled on first use and kept, memory is pooled.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Context {
    pub(crate) inner: kantor::Context,
    pub(crate) adapter: String,
    fallback_reason: Option<String>,
}

#[wasm_bindgen]
impl Context {
    /// Opens WebGPU where a GPU does it and computes right (start-up probes tell), else the CPU twin, which is faster
    /// than an adapter that runs shaders on the CPU: `backend` and `fallbackReason` say so. With `{ backend: 'webgpu' }`
    /// any adapter will do, and there is no fallback but an error; `{ backend: 'cpu' }` asks for the twin.
    ///
    /// A `GPUDevice` of the page's own cannot be taken: wgpu, which the library stands on, makes its devices itself on
    /// the web. The other way round works: `context.device` is kantor's, for the page to share.
    ///
    /// Rejects with kind `invalid-input` for an option that does not exist, and, only if `backend` is `'webgpu'`, with
    /// `no-adapter`, `limit-exceeded` or `device`.
    #[wasm_bindgen(unchecked_return_type = "Promise<Context>")]
    pub fn create(
        #[wasm_bindgen(unchecked_optional_param_type = "ContextOptions")] options: JsValue,
    ) -> Promise {
        let read = || {
            let options = Options::read("options", &options, &["backend"])?;
            options.word("backend", &[("webgpu", Backend::WebGpu), ("cpu", Backend::Cpu)])
        };
        promise(read, |wanted| async move {
            if wanted == Some(Backend::Cpu) {
                return Ok(Context::of(kantor::Context::cpu(), None));
            }
            let failure = match open(wanted.is_some()).await {
                Ok(inner) => return Ok(Context::of(inner, None)),
                Err(failure) => failure,
            };
            if wanted.is_some() {
                return Err(failure);
            }
            let reason = failure.to_string();
            web_sys::console::warn_1(&format!("kantor runs on the CPU: {reason}").into());
            Ok(Context::of(kantor::Context::cpu(), Some(reason)))
        })
    }

    /// `'webgpu'`, or `'cpu'` for the f64 twin.
    #[wasm_bindgen(getter, unchecked_return_type = "Backend")]
    pub fn backend(&self) -> String {
        self.inner.adapter().backend.name().into()
    }

    /// The adapter in its own words, for people to read. Browsers tell little: some the vendor and the architecture,
    /// some only that it is software.
    #[wasm_bindgen(getter)]
    pub fn adapter(&self) -> String {
        self.adapter.clone()
    }

    /// Why WebGPU was not taken, where it was not though nobody asked for the twin.
    #[wasm_bindgen(getter, js_name = fallbackReason)]
    pub fn fallback_reason(&self) -> Option<String> {
        self.fallback_reason.clone()
    }

    /// The highest precision that this context computes in: `'single'` only where the driver breaks the roundings that
    /// double-float arithmetic stands on.
    #[wasm_bindgen(getter, unchecked_return_type = "Precision")]
    pub fn precision(&self) -> String {
        let exact = |c: &kantor::gpu::Capabilities| c.probes.twofloat_exact();
        let double = self.inner.capabilities().is_none_or(exact);
        if double { "double" } else { "single" }.into()
    }

    /// Bytes of device memory: in use, idle in the pool, and the most that was in use; and of the module's own memory,
    /// which never shrinks.
    #[wasm_bindgen(getter, unchecked_return_type = "Memory")]
    pub fn memory(&self) -> JsValue {
        let memory = self.inner.memory();
        object([
            ("inUse", (memory.in_use as f64).into()),
            ("idle", (memory.idle as f64).into()),
            ("peak", (memory.peak as f64).into()),
            ("module", module_bytes().into()),
        ])
    }

    /// kantor's own device, for the page to share or to watch (`context.device.lost`); undefined on the CPU. It is
    /// destroyed with the last object that stands on it.
    #[wasm_bindgen(getter, unchecked_return_type = "GPUDevice | undefined")]
    pub fn device(&self) -> JsValue {
        device(&self.inner)
    }
}

impl Context {
    fn of(inner: kantor::Context, fallback_reason: Option<String>) -> Context {
        let adapter = describe(&inner);
        Context { inner, adapter, fallback_reason }
    }
}

fn device(context: &kantor::Context) -> JsValue {
    #[cfg(target_arch = "wasm32")]
    if let Some(device) = context.device().and_then(|device| device.as_webgpu()) {
        return device.into();
    }
    #[cfg(not(target_arch = "wasm32"))]
    let _ = context;
    JsValue::UNDEFINED
}

/// What the browser says of the adapter. wgpu passes on only the description, which browsers leave empty.
fn describe(context: &kantor::Context) -> String {
    let report = context.adapter();
    if report.backend != Backend::WebGpu {
        return report.to_string();
    }
    let info = property(&device(context), "adapterInfo");
    let mut words: Vec<String> = ["vendor", "architecture", "device", "description"]
        .iter()
        .filter_map(|name| property(&info, name).as_string())
        // Deno gives the numbers of the PCI registry.
        .filter(|word| word.chars().any(|letter| !letter.is_ascii_digit()))
        .collect();
    words.dedup();
    let name = if words.is_empty() { "an adapter without a name".into() } else { words.join(" ") };
    let software = report.kind == kantor::gpu::AdapterKind::Software;
    format!("{name} ({}webgpu)", if software { "software, " } else { "" })
}

/// WebGPU in the browser, `software` also where shaders run on the CPU, or why not.
async fn open(software: bool) -> Result<kantor::Context, Failure> {
    let global = JsValue::from(js_sys::global());
    // wgpu would take a page without WebGPU for one without adapters.
    if property(&property(&global, "navigator"), "gpu").is_falsy() {
        let secure = property(&global, "isSecureContext").as_bool() != Some(false);
        return Err(Failure::NoAdapter(if secure {
            "this browser offers no WebGPU".into()
        } else {
            "this page comes neither over HTTPS nor from localhost, and browsers offer WebGPU to no other".into()
        }));
    }
    match kantor::Context::builder().software(software).build().await {
        Ok(context) => Ok(context),
        Err(Error::NoAdapter { found, .. }) if found.is_empty() => {
            Err(Failure::NoAdapter("this browser has WebGPU but offers no adapter".into()))
        }
        Err(Error::NoAdapter { .. }) if !software => Err(Failure::NoAdapter(
            "this browser's adapter runs shaders on the CPU, where the twin is faster".into(),
        )),
        Err(Error::Device { message }) => {
            Err(Error::Device { message: words_of_browser(&message) }.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// What the browser says, which comes wrapped, with a stack behind it.
fn words_of_browser(message: &str) -> String {
    let of_stack = |part: &&str| {
        part.contains('@') || part.starts_with("at ") || part.starts_with("undefined")
    };
    let parts = message.trim_start_matches("JsValue(").split(": ");
    let told: Vec<&str> = parts.take_while(|part| !of_stack(part)).collect();
    told.join(": ").trim_end_matches(')').to_owned()
}

/// Bytes of the module's linear memory.
fn module_bytes() -> f64 {
    #[cfg(target_arch = "wasm32")]
    let pages = core::arch::wasm32::memory_size(0);
    #[cfg(not(target_arch = "wasm32"))]
    let pages = 0;
    pages as f64 * 65_536.0
}
