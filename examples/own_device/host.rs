//! The host application: a device of its own with two shaders, which knows nothing of kantor.

use crate::Outcome;
use kantor::Tensor;
use kantor::wgpu;

pub struct Host {
    pub adapter: wgpu::Adapter,
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
}

impl Host {
    /// Any adapter, with the limits that it offers; `None` where there is none.
    pub async fn open() -> Outcome<Option<Host>> {
        let instance =
            wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
        let Ok(adapter) = instance.request_adapter(&Default::default()).await else {
            return Ok(None);
        };
        let wanted =
            wgpu::DeviceDescriptor { required_limits: adapter.limits(), ..Default::default() };
        let (device, queue) = adapter.request_device(&wanted).await?;
        Ok(Some(Host { adapter, device, queue }))
    }

    fn buffer(&self, bytes: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: bytes,
            usage,
            mapped_at_creation: false,
        })
    }

    /// Runs a shader over `groups` workgroups. Its buffers, each from a byte on, are bindings 0, 1, …
    fn run(
        &self,
        source: &'static str,
        constants: &[(&str, f64)],
        buffers: &[(&wgpu::Buffer, u64)],
        groups: (u32, u32),
    ) {
        let module = self.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: None,
            source: wgpu::ShaderSource::Wgsl(source.into()),
        });
        let pipeline = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: None,
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants,
                ..Default::default()
            },
            cache: None,
        });
        let entries: Vec<_> = (0..)
            .zip(buffers)
            .map(|(binding, (buffer, offset))| wgpu::BindGroupEntry {
                binding,
                resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer,
                    offset: *offset,
                    size: None,
                }),
            })
            .collect();
        let group = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.dispatch_workgroups(groups.0, groups.1, 1);
        drop(pass);
        self.queue.submit([encoder.finish()]);
    }

    /// Histograms of all frames of the film, row by row.
    pub fn film(&self, frames: usize, bins: usize, scene: usize) -> wgpu::Buffer {
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
        let film = self.buffer((4 * frames * bins) as u64, usage);
        let constants = [("BINS", bins as f64), ("SCENE", scene as f64)];
        let groups = (bins.div_ceil(256) as u32, frames as u32);
        self.run(include_str!("frames.wgsl"), &constants, &[(&film, 0)], groups);
        film
    }

    /// The frames whose divergence from the one before is above the threshold, in any order; `most` of them.
    pub fn cuts(&self, divergences: &Tensor, threshold: f64, most: usize) -> Outcome<Vec<u32>> {
        let values = divergences.buffer().ok_or("the divergences are not on a device")?;
        let storage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
        let (count, cuts) = (self.buffer(4, storage), self.buffer(4 * most as u64, storage));
        let constants = [("FRAMES", divergences.len() as f64), ("THRESHOLD", threshold)];
        let buffers = [(values, divergences.offset()), (&count, 0), (&cuts, 0)];
        let groups = (divergences.len().div_ceil(256) as u32, 1);
        self.run(include_str!("cuts.wgsl"), &constants, &buffers, groups);

        let bytes = 4 + 4 * most as u64;
        let readable =
            self.buffer(bytes, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST);
        let mut encoder = self.device.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(&count, 0, &readable, 0, 4);
        encoder.copy_buffer_to_buffer(&cuts, 0, &readable, 4, bytes - 4);
        self.queue.submit([encoder.finish()]);
        readable.map_async(wgpu::MapMode::Read, .., |_| ());
        self.device.poll(wgpu::PollType::wait_indefinitely())?;
        let view = readable.slice(..).get_mapped_range()?;
        let words: Vec<u32> = bytemuck::pod_collect_to_vec(&view);
        Ok(words[1..].iter().copied().take(words[0] as usize).collect())
    }
}
