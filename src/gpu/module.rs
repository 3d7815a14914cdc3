//! Shader modules as the API makes them run fastest that is still safe.

/// Whether a module counts the iterations of its loops, as naga does by default so that none can run for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Loops {
    /// They run as they are written. A counter costs a kernel bound by arithmetic 3 to 23 times its time on hardware:
    /// compilers no longer unroll, and arrays leave the registers.
    AsWritten,
    /// Every iteration is counted, in 64 bits.
    #[cfg_attr(target_arch = "wasm32", allow(dead_code, reason = "browsers count as they like"))]
    Counted,
}

/// The module of `source`, a kernel of this library: with every check that wgpu has but, for [`Loops::AsWritten`], the
/// counters of iterations. Browsers have checks of their own, which nobody can turn off.
pub(crate) fn create(
    device: &wgpu::Device,
    label: &'static str,
    source: wgpu::ShaderSource<'_>,
    loops: Loops,
) -> wgpu::ShaderModule {
    let descriptor = wgpu::ShaderModuleDescriptor { label: Some(label), source };
    let checks = wgpu::ShaderRuntimeChecks {
        force_loop_bounding: loops == Loops::Counted,
        ..wgpu::ShaderRuntimeChecks::checked()
    };
    // SAFETY: bounds of memory and divisors stay checked. What is promised instead of a counter is that no loop runs
    // for ever, whatever the data. The text is always a file of `shaders/` with what it includes. `tests/loops` walks
    // every loop of every kernel in every variant and shows that it has a variable which each iteration moves towards
    // a bound, and that this bound is a constant or comes from what our dispatcher writes. The only text of others is a
    // `Generator`'s: an expression, since it has no `;`, brace, comment or attribute and its brackets match; it can
    // loop as little as it can recurse, which WGSL forbids, and it calls no function of ours that has a loop
    // (`divergence/generator.rs` refuses it, with tests). Hostile modules are these modules, with other arithmetic.
    #[allow(unsafe_code, reason = "wgpu leaves it to us to show that loops end, and we do")]
    unsafe {
        device.create_shader_module_trusted(descriptor, checks)
    }
}
