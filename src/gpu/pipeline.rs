//! Compute pipelines: built on first use, kept by kernel and constants.

use super::Gpu;
use super::binding::{Binding, bindings};
use super::lock::lock;
use super::loss::Scopes;
use super::module::{self, Loops};
use super::pipeline_cache::PipelineCache;
use super::shader::{self, Constants};
use crate::error::{Error, Result};
use std::sync::Arc;

/// A WGSL kernel. What it binds is read from its text.
#[derive(Debug)]
pub(crate) struct Kernel {
    /// Path under `shaders/`.
    pub(crate) path: &'static str,
}

impl Kernel {
    /// Of a path under `shaders/`.
    pub(crate) const fn new(path: &'static str) -> Kernel {
        Kernel { path }
    }
}

/// A compiled variant of a kernel.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) kernel: &'static Kernel,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) compute: wgpu::ComputePipeline,
    pub(crate) layout: wgpu::BindGroupLayout,
}

impl Gpu {
    /// The pipeline of `kernel` with `constants`, from the cache or built now.
    ///
    /// # Errors
    /// [`Error::Shader`] with the compiler's words.
    pub(crate) async fn pipeline(
        &self,
        kernel: &'static Kernel,
        constants: Constants,
    ) -> Result<Arc<Pipeline>> {
        let key = (kernel.path, constants);
        if let Some(found) = lock(&self.pipelines).get(&key) {
            return Ok(found.clone());
        }
        let built = Arc::new(self.build(kernel, &key.1, Loops::AsWritten).await?);
        lock(&self.pipelines).insert(key, built.clone());
        Ok(built)
    }

    /// The pipeline of `kernel` with `constants`, built now.
    ///
    /// # Errors
    /// As [`Gpu::pipeline`].
    pub(crate) async fn build(
        &self,
        kernel: &'static Kernel,
        constants: &Constants,
        loops: Loops,
    ) -> Result<Pipeline> {
        self.check_lost()?;
        let text = shader::source_with(kernel.path, constants, &self.capabilities.constants())?;
        let bindings = bindings(&text)
            .map_err(|message| Error::Shader { kernel: kernel.path.into(), message })?;
        let source = self.compilable(kernel, text)?;
        let (pipeline, failure) = {
            let _exclusive = self.exclusive();
            self.compile(kernel, bindings, source, loops)
        };
        match failure.await {
            None => Ok(pipeline),
            Some(error) => {
                let message = error.to_string();
                Err(self.explain(Error::Shader { kernel: kernel.path.into(), message }).await)
            }
        }
    }

    /// The text, or what a hostile context makes of it.
    fn compilable(
        &self,
        _kernel: &'static Kernel,
        text: String,
    ) -> Result<wgpu::ShaderSource<'static>> {
        #[cfg(feature = "hostile")]
        if let Some(hostility) = self.hostility {
            let module = super::hostile::rewrite(_kernel.path, &text, hostility)?;
            return Ok(wgpu::ShaderSource::Naga(std::borrow::Cow::Owned(module)));
        }
        Ok(wgpu::ShaderSource::Wgsl(text.into()))
    }

    /// Starts the compilation; the future tells what was wrong with it.
    fn compile(
        &self,
        kernel: &'static Kernel,
        bindings: Vec<Binding>,
        source: wgpu::ShaderSource<'_>,
        loops: Loops,
    ) -> (Pipeline, impl Future<Output = Option<wgpu::Error>> + use<>) {
        let device = &self.device;
        log::trace!("pipeline {}", kernel.path);
        let scope = Scopes::push(device);
        let module = module::create(device, kernel.path, source, loops);
        let entries: Vec<_> = (0..)
            .zip(&bindings)
            .map(|(number, binding)| wgpu::BindGroupLayoutEntry {
                binding: number,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: binding.layout(),
                count: None,
            })
            .collect();
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some(kernel.path),
            entries: &entries,
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(kernel.path),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let compute = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(kernel.path),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants: &[],
                // Every kernel writes its workgroup memory before reading it.
                zero_initialize_workgroup_memory: false,
            },
            cache: self.cache.as_deref().map(PipelineCache::for_a_pipeline),
        });
        (Pipeline { kernel, bindings, compute, layout }, scope.pop())
    }
}
