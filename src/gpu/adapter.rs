//! What an adapter says about itself.

use crate::named::named;
use std::fmt;

/// Where a [`Context`](crate::Context) runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// The f64 twin on the CPU.
    Cpu,
    /// Vulkan.
    Vulkan,
    /// Metal.
    Metal,
    /// Direct3D 12.
    Dx12,
    /// OpenGL (ES).
    Gl,
    /// WebGPU in a browser or in Deno.
    WebGpu,
    /// wgpu's no-op backend, for plumbing tests.
    Noop,
}

impl Backend {
    pub(crate) fn from_wgpu(backend: wgpu::Backend) -> Self {
        match backend {
            wgpu::Backend::Vulkan => Backend::Vulkan,
            wgpu::Backend::Metal => Backend::Metal,
            wgpu::Backend::Dx12 => Backend::Dx12,
            wgpu::Backend::Gl => Backend::Gl,
            wgpu::Backend::BrowserWebGpu => Backend::WebGpu,
            wgpu::Backend::Noop => Backend::Noop,
        }
    }
}

named! {
    Backend, "backend":
    Cpu => "cpu",
    Vulkan => "vulkan",
    Metal => "metal",
    Dx12 => "dx12",
    Gl => "gl",
    WebGpu => "webgpu",
    Noop => "noop",
}

/// The kind of hardware behind an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AdapterKind {
    /// A GPU of its own.
    Discrete,
    /// A GPU that shares the processor's memory.
    Integrated,
    /// A GPU seen through virtualisation.
    Virtual,
    /// A driver that runs shaders on the CPU.
    Software,
    /// Not said; browsers do not.
    Unknown,
}

named! {
    AdapterKind, "kind":
    Discrete => "discrete",
    Integrated => "integrated",
    Virtual => "virtual",
    Software => "software",
    Unknown => "unknown",
}

/// An adapter's own words: report them, never branch on them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct AdapterReport {
    /// Name; empty in browsers.
    pub name: String,
    /// API that reaches it.
    pub backend: Backend,
    /// Kind of hardware.
    pub kind: AdapterKind,
    /// Driver name.
    pub driver: String,
    /// Driver version and details.
    pub driver_info: String,
    /// WebGPU and wgpu features the adapter offers, by name; none is needed.
    pub features: Vec<String>,
}

impl AdapterReport {
    pub(crate) fn new(adapter: &wgpu::Adapter) -> Self {
        let info = adapter.get_info();
        AdapterReport {
            name: info.name.clone(),
            backend: Backend::from_wgpu(info.backend),
            kind: match info.device_type {
                wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
                wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
                wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
                wgpu::DeviceType::Cpu => AdapterKind::Software,
                wgpu::DeviceType::Other => AdapterKind::Unknown,
            },
            driver: info.driver.clone(),
            driver_info: info.driver_info.clone(),
            features: adapter.features().iter_names().map(|(name, _)| name.to_owned()).collect(),
        }
    }

    pub(crate) fn cpu_twin() -> Self {
        AdapterReport {
            name: "f64 CPU twin".into(),
            backend: Backend::Cpu,
            kind: AdapterKind::Software,
            driver: "kantor::reference".into(),
            driver_info: env!("CARGO_PKG_VERSION").into(),
            features: Vec::new(),
        }
    }
}

impl fmt::Display for AdapterReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.is_empty() { "unnamed" } else { &self.name };
        write!(f, "{name} ({})", self.backend)?;
        if !self.driver_info.is_empty() {
            write!(f, ", {}", self.driver_info)?;
        }
        Ok(())
    }
}
