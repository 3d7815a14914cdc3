//! `--adapter`: which device a command runs on.

use crate::failure::Outcome;
use kantor::Context;
use kantor::wgpu::Backends;
use std::path::PathBuf;

/// Where to run, if not on the best adapter found.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct AdapterChoice {
    /// cpu, vulkan, gl, metal, dx12, or part of an adapter's name [default: the best GPU, else cpu; an adapter that runs
    /// shaders on the CPU only where it is asked for]
    #[arg(long = "adapter", value_name = "ADAPTER")]
    name: Option<String>,
    /// Keep compiled pipelines in this file, for the next run [default: where the driver keeps them, if it does]
    #[arg(long, value_name = "FILE")]
    pipeline_cache: Option<PathBuf>,
    /// Arithmetic as bad as hardware's instead of the adapter's own: fused, unfused or reciprocal
    #[cfg(feature = "hostile")]
    #[arg(long, hide = true, value_parser = hostility)]
    hostile: Option<kantor::gpu::Hostility>,
}

#[cfg(feature = "hostile")]
fn hostility(word: &str) -> Result<kantor::gpu::Hostility, String> {
    match word {
        "fused" => Ok(kantor::gpu::Hostility::Fused),
        "unfused" => Ok(kantor::gpu::Hostility::Unfused),
        "reciprocal" => Ok(kantor::gpu::Hostility::Reciprocal),
        _ => Err("fused, unfused or reciprocal".into()),
    }
}

impl AdapterChoice {
    pub(crate) fn is_given(&self) -> bool {
        self.name.is_some()
    }

    /// Opens the adapter; an adapter that was asked for is opened or an error.
    pub(crate) fn open(&self) -> Outcome<Context> {
        let context = self.open_as_is()?;
        #[cfg(feature = "hostile")]
        if let Some(hostility) = self.hostile {
            return Ok(context.hostile_blocking(hostility)?);
        }
        Ok(context)
    }

    fn open_as_is(&self) -> Outcome<Context> {
        let builder = match &self.pipeline_cache {
            Some(path) => Context::builder().pipeline_cache(path),
            None => Context::builder(),
        };
        let Some(name) = self.name.as_deref() else {
            let kept = self.pipeline_cache.as_ref().and_then(|_| builder.build_blocking().ok());
            // Takes the twin where there is no adapter.
            return Ok(kept.map_or_else(Context::new_blocking, Ok)?);
        };
        let backends = match name.to_lowercase().as_str() {
            "cpu" => return Ok(Context::cpu()),
            "vulkan" => Some(Backends::VULKAN),
            "gl" => Some(Backends::GL),
            "metal" => Some(Backends::METAL),
            "dx12" => Some(Backends::DX12),
            _ => None,
        };
        let builder = match backends {
            Some(backends) => builder.backends(backends).software(true),
            None => builder.adapter_name(name),
        };
        Ok(builder.build_blocking()?)
    }
}
