//! Compute pipelines: built on first use, kept by kernel and constants.

use super::Gpu;
use super::loss::Scopes;
use super::shader::{self, Constants};
use crate::error::{Error, Result};
use std::sync::Arc;

/// How a kernel sees one of its bindings. Binding numbers are positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// `var<uniform>`
    Uniform,
    /// `var<storage, read>`
    Read,
    /// `var<storage, read_write>`
    ReadWrite,
}

/// A WGSL kernel: its file and what it binds, in order.
#[derive(Debug)]
pub struct Kernel {
    /// Path under `shaders/`.
    pub path: &'static str,
    /// Bindings of group 0, in order.
    pub bindings: &'static [Binding],
}

/// A compiled variant of a kernel.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) kernel: &'static Kernel,
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
        let built = Arc::new(self.build(kernel, &key.1).await?);
        lock(&self.pipelines).insert(key, built.clone());
        Ok(built)
    }

    async fn build(&self, kernel: &'static Kernel, constants: &Constants) -> Result<Pipeline> {
        self.check_lost()?;
        let text = shader::source_with(kernel.path, constants, &self.capabilities.constants())?;
        let source = self.compilable(kernel, text)?;
        let (pipeline, failure) = {
            let _exclusive = self.exclusive();
            self.compile(kernel, source)
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
        source: wgpu::ShaderSource<'_>,
    ) -> (Pipeline, impl Future<Output = Option<wgpu::Error>> + use<>) {
        let device = &self.device;
        log::trace!("pipeline {}", kernel.path);
        let scope = Scopes::push(device);
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(kernel.path),
            source,
        });
        let entries: Vec<_> = kernel
            .bindings
            .iter()
            .zip(0..)
            .map(|(binding, number)| wgpu::BindGroupLayoutEntry {
                binding: number,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: wgpu::BindingType::Buffer {
                    ty: match binding {
                        Binding::Uniform => wgpu::BufferBindingType::Uniform,
                        Binding::Read => wgpu::BufferBindingType::Storage { read_only: true },
                        Binding::ReadWrite => wgpu::BufferBindingType::Storage { read_only: false },
                    },
                    has_dynamic_offset: false,
                    min_binding_size: None,
                },
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
            cache: None,
        });
        (Pipeline { kernel, compute, layout }, scope.pop())
    }
}

/// Locks a mutex; a panic elsewhere cannot have left our maps half-written.
pub(crate) fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
