//! Where the library runs: an adapter of the machine, a host's device, or the
//! f64 twin on the CPU.

use super::Gpu;
use super::adapter::{AdapterKind, AdapterReport, Backend};
use super::buffer::{Memory, Traffic};
use super::capabilities::{Capabilities, SHARED_MEMORY};
use super::lock::lock;
use super::pipeline_cache::PipelineCache;
use super::{loss, refusal};
use crate::error::{Error, Result, one_line};
use crate::wait::blocking;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Where work runs. Cheap to clone; clones share pipelines and memory.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// let context = kantor::Context::new_blocking()?;
/// println!("running on {}", context.adapter());
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Context {
    pub(super) adapter: Arc<AdapterReport>,
    pub(super) gpu: Option<Arc<Gpu>>,
}

impl Context {
    /// The best GPU of this machine, discrete before integrated, or, where there is none that computes right, the f64
    /// CPU twin: it is faster than a driver that runs shaders on the CPU, most of all at transport.
    /// [`Context::adapter`] says which it is.
    ///
    /// Honours `WGPU_BACKEND`, and `WGPU_ADAPTER_NAME`, which names an adapter that may also be such a driver; so does
    /// [`ContextBuilder::software`]. Takes tenths of a second on first use: the start-up probes are compiled and run.
    ///
    /// # Errors
    /// None today; adapters that fail are logged and passed over.
    pub async fn new() -> Result<Context> {
        let builder = match std::env::var("WGPU_ADAPTER_NAME") {
            Ok(name) if !name.is_empty() => Context::builder().adapter_name(name),
            _ => Context::builder(),
        };
        match builder.build().await {
            Ok(context) => Ok(context),
            Err(error) => {
                log::warn!("no GPU adapter can be used ({error}); using the f64 CPU twin");
                Ok(Context::cpu())
            }
        }
    }

    /// The f64 CPU twin of every kernel.
    pub fn cpu() -> Context {
        Context { adapter: Arc::new(AdapterReport::cpu_twin()), gpu: None }
    }

    /// Asks for a particular adapter; see [`ContextBuilder`].
    pub fn builder() -> ContextBuilder {
        ContextBuilder::default()
    }

    /// Runs on a host application's own device, and leaves its callbacks and
    /// error scopes as they are. Buffers are created with the device's limits.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`] if the device was created with less than WebGPU's
    /// core limits for compute; [`Error::NoAdapter`] if it fails the start-up probes.
    pub async fn from_device(
        adapter: &wgpu::Adapter,
        device: wgpu::Device,
        queue: wgpu::Queue,
    ) -> Result<Context> {
        let report = AdapterReport::new(adapter);
        Context::from_parts(report, device, queue, Arc::new(Mutex::new(None)), None).await
    }

    /// Every adapter of the machine, opened, or the reason why it was refused.
    pub async fn all() -> Vec<(AdapterReport, Result<Context>)> {
        let mut result = Vec::new();
        for adapter in enumerate(wgpu::Backends::all()).await.unwrap_or_default() {
            let report = AdapterReport::new(&adapter);
            let opened =
                open(&adapter, None).await.map_err(|error| refusal::refused(&report, error));
            result.push((report, opened));
        }
        result
    }

    async fn from_parts(
        report: AdapterReport,
        device: wgpu::Device,
        queue: wgpu::Queue,
        lost: Arc<Mutex<Option<String>>>,
        cache: Option<Arc<PipelineCache>>,
    ) -> Result<Context> {
        loss::refuse_fork()?;
        let limits = device.limits();
        require_core_limits(&limits)?;
        let mut gpu = Gpu {
            capabilities: Capabilities::new(limits, device.features(), report.kind),
            device,
            queue,
            pipelines: Mutex::default(),
            cache,
            pool: Arc::default(),
            lost,
            submissions: AtomicU64::new(0),
            exclusive: (report.backend == Backend::Gl).then(Arc::default),
            #[cfg(feature = "hostile")]
            hostility: None,
        };
        // The no-op backend computes nothing; it exists for plumbing tests.
        if report.backend != Backend::Noop {
            gpu.capabilities.probes = gpu.probe().await?;
            if !gpu.capabilities.probes.loops_complete() {
                let reached = gpu.capabilities.probes.loop_reached;
                let message = format!("its loops stop after {reached} iterations");
                return Err(refusal::refused(&report, Error::Device { message }));
            }
        }
        Ok(Context { adapter: Arc::new(report), gpu: Some(Arc::new(gpu)) })
    }

    /// Writes the file of [`ContextBuilder::pipeline_cache`] now, if pipelines have been built that it does not have.
    ///
    /// # Errors
    /// What the file system has against it.
    pub fn save_pipeline_cache(&self) -> std::io::Result<()> {
        let cache = self.gpu.as_deref().and_then(|gpu| gpu.cache.as_deref());
        cache.map_or(Ok(()), PipelineCache::save)
    }

    /// The adapter's own words.
    pub fn adapter(&self) -> &AdapterReport {
        &self.adapter
    }

    /// Limits and probe results; `None` for the CPU twin.
    pub fn capabilities(&self) -> Option<&Capabilities> {
        self.gpu.as_deref().map(|gpu| &gpu.capabilities)
    }

    /// Device memory held by this context; zero for the CPU twin.
    pub fn memory(&self) -> Memory {
        self.gpu.as_deref().map(Gpu::memory).unwrap_or_default()
    }

    /// Data copied between host and device so far; zero for the CPU twin. What is on the device already, in tensors, is
    /// not copied by who uses it.
    pub fn traffic(&self) -> Traffic {
        self.gpu.as_deref().map(Gpu::traffic).unwrap_or_default()
    }

    /// Submissions made so far; zero for the CPU twin.
    pub fn submissions(&self) -> u64 {
        self.gpu.as_deref().map_or(0, |gpu| gpu.submissions.load(Ordering::Relaxed))
    }

    /// The device, for hosts that share it; `None` for the CPU twin.
    pub fn device(&self) -> Option<&wgpu::Device> {
        self.gpu.as_deref().map(|gpu| &gpu.device)
    }

    /// The queue, for hosts that share it; `None` for the CPU twin.
    pub fn queue(&self) -> Option<&wgpu::Queue> {
        self.gpu.as_deref().map(|gpu| &gpu.queue)
    }

    /// Whether buffers of the other context can be used here.
    pub(crate) fn shares_device(&self, other: &Context) -> bool {
        match (&self.gpu, &other.gpu) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        }
    }

    /// The same device and memory, with work shared out as on hardware where it is a CPU driver's, and the other way
    /// round: the check tries both on every device.
    pub(crate) fn shared_out_otherwise(&self) -> Context {
        let Some(gpu) = &self.gpu else { return self.clone() };
        let software = !gpu.capabilities.software;
        let gpu = Gpu {
            capabilities: Capabilities { software, ..gpu.capabilities.clone() },
            device: gpu.device.clone(),
            queue: gpu.queue.clone(),
            pipelines: Mutex::default(),
            cache: gpu.cache.clone(),
            pool: gpu.pool.clone(),
            lost: gpu.lost.clone(),
            submissions: AtomicU64::new(0),
            exclusive: gpu.exclusive.clone(),
            #[cfg(feature = "hostile")]
            hostility: gpu.hostility,
        };
        Context { adapter: self.adapter.clone(), gpu: Some(Arc::new(gpu)) }
    }

    pub(crate) fn gpu(&self) -> Option<&Arc<Gpu>> {
        self.gpu.as_ref()
    }
}

/// Requirements on the adapter. Whatever is required is met or an error; there
/// is no silent fallback from here.
///
/// ```no_run
/// # async fn f() -> kantor::Result<()> {
/// let context = kantor::Context::builder().backends(wgpu::Backends::VULKAN).software(true).build().await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
pub struct ContextBuilder {
    backends: Option<wgpu::Backends>,
    name: Option<String>,
    software: bool,
    cache: Option<PathBuf>,
}

impl ContextBuilder {
    /// Only these backends.
    #[must_use]
    pub fn backends(mut self, backends: wgpu::Backends) -> Self {
        self.backends = Some(backends);
        self
    }

    /// Only adapters whose name contains this, in any case.
    #[must_use]
    pub fn adapter_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Also adapters whose driver runs shaders on the CPU (lavapipe, SwiftShader, WARP; what browsers call a fallback
    /// adapter), after all others. Otherwise only one that is named is opened: [`Context::cpu`] is faster, 2 to 20 times
    /// at transport, and has more digits.
    #[must_use]
    pub fn software(mut self, allowed: bool) -> Self {
        self.software = allowed;
        self
    }

    /// Compiled pipelines are kept in this file, from which the next process takes them: whoever has a driver that keeps
    /// none itself then waits for its compiler once. Of one adapter and driver; a file of others, or one that is
    /// damaged, is passed over and replaced. Written when the last clone of the context is dropped, and by
    /// [`Context::save_pipeline_cache`]. Without effect where the adapter gives out no pipelines: on all but Vulkan,
    /// and in browsers, which have caches of their own.
    ///
    /// ```no_run
    /// # async fn f() -> kantor::Result<()> {
    /// let context = kantor::Context::builder().pipeline_cache("kantor.pipelines").build().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn pipeline_cache(mut self, path: impl Into<PathBuf>) -> Self {
        self.cache = Some(path.into());
        self
    }

    fn request(&self) -> String {
        let any = self.software || self.name.is_some();
        let mut words = vec![if any { "any adapter" } else { "a hardware GPU" }.to_owned()];
        if let Some(backends) = self.backends {
            words.push(format!("on {backends:?}"));
        }
        if let Some(name) = &self.name {
            words.push(format!("named {name:?}"));
        }
        let narrowed = refusal::narrowed();
        if !narrowed.is_empty() {
            words.push(format!("({})", narrowed.join(", ")));
        }
        words.join(" ")
    }

    fn fits(&self, report: &AdapterReport) -> bool {
        match &self.name {
            Some(name) => report.name.to_lowercase().contains(&name.to_lowercase()),
            None => self.software || report.kind != AdapterKind::Software,
        }
    }

    /// Opens the best adapter that fits: discrete, integrated, then software where that is allowed.
    ///
    /// # Errors
    /// [`Error::NoAdapter`] with the adapters found and, of those that fit, why
    /// they were refused and what to do instead. In a browser, which has one
    /// adapter, the reason itself.
    pub async fn build(self) -> Result<Context> {
        let backends = self
            .backends
            .unwrap_or_else(|| wgpu::Backends::from_env().unwrap_or_else(wgpu::Backends::all));
        let mut found = Vec::new();
        // GL's drivers are opened, which takes a twentieth of a second, only where no other will do.
        for backends in [backends - wgpu::Backends::GL, backends & wgpu::Backends::GL] {
            if backends.is_empty() {
                continue;
            }
            let mut adapters = enumerate(backends).await?;
            adapters.sort_by_key(|adapter| rank(&AdapterReport::new(adapter)));
            for adapter in &adapters {
                let report = AdapterReport::new(adapter);
                if !self.fits(&report) {
                    found.push(match (report.kind, &self.name) {
                        (AdapterKind::Software, None) => refusal::software(&report),
                        _ => report.to_string(),
                    });
                    continue;
                }
                match open(adapter, self.cache.as_deref()).await {
                    Ok(context) => return Ok(context),
                    Err(error) if report.backend == Backend::WebGpu => return Err(error),
                    Err(error) => {
                        let told = refusal::describe(&report, &error);
                        log::warn!("passing over {told}");
                        found.push(told);
                    }
                }
            }
        }
        Err(Error::NoAdapter { requested: self.request(), found })
    }
}

blocking! {
    impl Context {
        new => new_blocking() -> Result<Context>;
        from_device => from_device_blocking(
            adapter: &wgpu::Adapter, device: wgpu::Device, queue: wgpu::Queue
        ) -> Result<Context>;
        all => all_blocking() -> Vec<(AdapterReport, Result<Context>)>;
    }
}

blocking! {
    impl ContextBuilder {
        build => build_blocking(self) -> Result<Context>;
    }
}

/// Discrete before integrated before software.
fn rank(report: &AdapterReport) -> u8 {
    match report.kind {
        AdapterKind::Discrete => 0,
        AdapterKind::Integrated => 1,
        AdapterKind::Virtual => 2,
        AdapterKind::Unknown => 3,
        AdapterKind::Software => 4,
    }
}

/// # Errors
/// [`Error::NoAdapter`] in a fork.
async fn enumerate(backends: wgpu::Backends) -> Result<Vec<wgpu::Adapter>> {
    loss::refuse_fork()?;
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle_from_env();
    descriptor.backends = backends;
    let instance = wgpu::Instance::new(descriptor);
    #[cfg(not(target_arch = "wasm32"))]
    {
        Ok(instance.enumerate_adapters(backends).await)
    }
    #[cfg(target_arch = "wasm32")]
    {
        // A browser offers one adapter, on request.
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        Ok(instance.request_adapter(&options).await.ok().into_iter().collect())
    }
}

async fn open(adapter: &wgpu::Adapter, cache: Option<&Path>) -> Result<Context> {
    let report = AdapterReport::new(adapter);
    let (device, queue) = adapter
        .request_device(&wgpu::DeviceDescriptor {
            label: Some("kantor"),
            required_limits: adapter.limits(),
            required_features: (adapter.features() & SHARED_MEMORY)
                | PipelineCache::features(adapter, cache)
                | hostile_features(adapter),
            ..Default::default()
        })
        .await
        .map_err(|error| Error::Device { message: one_line(error) })?;
    let lost = Arc::new(Mutex::new(None));
    let reason = lost.clone();
    device.set_device_lost_callback(move |kind, message| {
        lock(&reason).get_or_insert(one_line(format!("{kind:?}: {message}")));
    });
    // Errors outside our scopes are bugs of ours or of the driver; wgpu's default
    // handler would panic.
    device.on_uncaptured_error(Arc::new(|error: wgpu::Error| log::error!("{error}")));
    let cache = PipelineCache::open(adapter, &device, cache);
    Context::from_parts(report, device, queue, lost, cache).await
}

/// A hostile context computes a fused fma in f64.
fn hostile_features(adapter: &wgpu::Adapter) -> wgpu::Features {
    let wanted = wgpu::Features::SHADER_F64;
    if cfg!(feature = "hostile") { adapter.features() & wanted } else { wgpu::Features::empty() }
}

/// WebGPU's core limits, as far as compute needs them.
fn require_core_limits(limits: &wgpu::Limits) -> Result<()> {
    let rows: [(&str, u64, u64); 4] = [
        ("storage buffers a stage", 8, limits.max_storage_buffers_per_shader_stage.into()),
        ("invocations a workgroup", 256, limits.max_compute_invocations_per_workgroup.into()),
        ("workgroup memory (bytes)", 16_352, limits.max_compute_workgroup_storage_size.into()),
        ("workgroups a dimension", 65_535, limits.max_compute_workgroups_per_dimension.into()),
    ];
    for (what, needed, available) in rows {
        if available < needed {
            return Err(Error::LimitExceeded { what: what.into(), needed, available });
        }
    }
    Ok(())
}
