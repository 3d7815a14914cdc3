//! Devices, limits, buffers: the dispatcher without the mathematics. On wgpu's no-op
//! backend, which computes nothing and is never evidence for a number; and, where
//! results matter, on the adapter under test.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::buffers::{SHAREABLE, buffer, tensor};
use common::{Case, block_on, context, device_context, distance, wgpu_adapter};
use kantor::wgpu;
use kantor::{
    Backend, Bessel, BesselFunction, Context, Error, Geometry, Precision, Problem, Result,
    Sinkhorn, Tensor, Variant,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A context on the no-op backend whose device was created with `limits`.
fn noop(limits: wgpu::Limits) -> Result<Context> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::NOOP,
        backend_options: wgpu::BackendOptions {
            noop: wgpu::NoopBackendOptions::enabled(),
            ..Default::default()
        },
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let adapter =
        block_on(instance.request_adapter(&Default::default())).expect("the no-op adapter");
    let descriptor = wgpu::DeviceDescriptor { required_limits: limits, ..Default::default() };
    let (device, queue) = block_on(adapter.request_device(&descriptor)).expect("a no-op device");
    block_on(Context::from_device(&adapter, device, queue))
}

// --- limits ---------------------------------------------------------------------

#[test]
fn webgpus_core_limits_are_enough() {
    let context = noop(wgpu::Limits::default()).expect("core limits");
    assert_eq!(context.adapter().backend, Backend::Noop);
    assert_eq!(context.submissions(), 0, "no probes run where nothing is computed");
    assert_eq!(context.memory().in_use, 0);
}

#[test]
fn a_device_below_core_limits_is_refused_with_the_limit() {
    let core = wgpu::Limits::default();
    let cases = [
        (
            "storage buffers",
            4,
            8,
            wgpu::Limits { max_storage_buffers_per_shader_stage: 4, ..core.clone() },
        ),
        (
            "invocations",
            128,
            256,
            wgpu::Limits {
                max_compute_invocations_per_workgroup: 128,
                max_compute_workgroup_size_x: 128,
                max_compute_workgroup_size_y: 128,
                ..core.clone()
            },
        ),
        (
            "workgroup memory",
            8192,
            16_352,
            wgpu::Limits { max_compute_workgroup_storage_size: 8192, ..core.clone() },
        ),
        (
            "workgroups",
            1000,
            65_535,
            wgpu::Limits { max_compute_workgroups_per_dimension: 1000, ..core.clone() },
        ),
    ];
    for (words, has, wants, limits) in cases {
        match noop(limits) {
            Err(Error::LimitExceeded { what, needed, available }) => {
                assert!(what.contains(words), "{what}");
                assert_eq!((needed, available), (wants, has), "{what}");
            }
            other => panic!("{words}: {other:?}"),
        }
    }
}

/// Core limits but bindings of 64 KiB.
fn small_bindings() -> wgpu::Limits {
    wgpu::Limits {
        max_storage_buffer_binding_size: 1 << 16,
        max_buffer_size: 1 << 16,
        max_uniform_buffer_binding_size: 1 << 16,
        ..wgpu::Limits::default()
    }
}

#[test]
fn a_cost_above_the_binding_limit_is_refused_with_both_sizes() {
    let context = noop(small_bindings()).expect("core limits for compute");
    // 128 × 128 × 4 bytes fit, 129 rows do not.
    let fits = Case::random(1, 1, 128, 128).problem();
    let solver = Sinkhorn::new(0.1).variant(Variant::Streaming).max_iterations(1);
    let _ = solver.solve_blocking(&context, &fits).expect("64 KiB fit in 64 KiB");
    let large = Case::random(1, 1, 129, 128).problem();
    match solver.solve_blocking(&context, &large) {
        Err(Error::LimitExceeded { what, needed, available }) => {
            assert!(what.contains("129×128"), "{what}");
            assert_eq!((needed, available), (129 * 128 * 4, 1 << 16));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_tensor_above_the_limit_is_refused_with_both_sizes() {
    let context = noop(small_bindings()).expect("core limits for compute");
    tensor(&context, &vec![0.0; 1 << 14], &[1 << 14]).expect("64 KiB fit in 64 KiB");
    match tensor(&context, &vec![0.0; (1 << 14) + 1], &[(1 << 14) + 1]) {
        Err(Error::LimitExceeded { needed, available, .. }) => {
            assert_eq!((needed, available), ((1 << 16) + 4, 1 << 16));
        }
        other => panic!("{other:?}"),
    }
}

/// Twenty costs of 96 × 96 are 720 KiB; a binding of 320 KiB holds eight of them.
#[test]
fn a_batch_above_one_binding_is_split_and_gives_the_same_answers() {
    let bindings = |kibibytes: u64| wgpu::Limits {
        max_storage_buffer_binding_size: kibibytes << 10,
        max_buffer_size: kibibytes << 10,
        ..wgpu::Limits::default()
    };
    let case = Case::random(2, 20, 96, 96).with_own_costs();
    let solver = Sinkhorn::new(0.1).tolerance(0.0).max_iterations(5).variant(Variant::Streaming);
    let solve =
        |context: &Context| solver.solve_blocking(context, &case.problem()).expect("a split batch");
    // Plumbing first: it runs, and in more submissions.
    let [wide, narrow] =
        [1024, 320].map(|size| noop(bindings(size)).expect("core limits for compute"));
    assert_eq!(solve(&wide).len(), solve(&narrow).len());
    let (once, thrice) = (wide.submissions(), narrow.submissions());
    assert_eq!(thrice, 3 * once, "three bindings' worth of problems, one after the other");

    let Some(whole) = device_context() else { return };
    let split = own_device(bindings(320));
    let (one, other) = (solve(whole), solve(&split));
    for (x, y) in [
        (one.transport_cost(), other.transport_cost()),
        (one.regularized_cost(), other.regularized_cost()),
        (one.marginal_error(), other.marginal_error()),
    ] {
        assert!(distance(x, y) < 1e-6, "{x:?} against {y:?}");
    }
    for k in 0..case.batch {
        let off = distance(&common::plan(&one, k), &common::plan(&other, k));
        assert!(off < 1e-7, "problem {k}: the plans differ by {off:e}");
    }
}

// --- broken arithmetic ----------------------------------------------------------

/// The no-op device computes nothing, so its double-float arithmetic counts as broken.
#[test]
fn bessel_functions_fall_back_to_the_twin_where_double_floats_are_broken() {
    let context = noop(wgpu::Limits::default()).expect("core limits");
    let log_i = Bessel::new(BesselFunction::LogI);
    assert_eq!(log_i.adapter(&context).expect("the twin").backend, Backend::Cpu);
    let values = log_i.evaluate_blocking(&context, &[1023.0], &[850.0]).expect("a value");
    assert_eq!(values, [f64::from(283.883_12_f32)]);
    let double = log_i.precision(Precision::Double);
    for error in [
        double.adapter(&context).expect_err("no double-float arithmetic"),
        double.evaluate_blocking(&context, &[1.0], &[1.0]).expect_err("no arithmetic"),
    ] {
        assert_eq!(error.kind(), "precision-unavailable");
    }
}

// --- tensors --------------------------------------------------------------------

#[test]
fn a_tensor_has_the_length_of_its_shape() {
    let context = noop(wgpu::Limits::default()).expect("core limits");
    let made = tensor(&context, &[1.0; 6], &[2, 3]).expect("2 × 3");
    assert_eq!((made.shape(), made.len(), made.is_empty()), (&[2, 3][..], 6, false));
    assert!(made.buffer().is_some_and(|buffer| buffer.size() >= 24));
    // A number is a tensor without axes.
    assert_eq!(tensor(&context, &[1.0], &[]).expect("a number").len(), 1);
    for (length, shape) in [(6, &[2, 2][..]), (6, &[7]), (0, &[1]), (1, &[usize::MAX, 3])] {
        match tensor(&context, &vec![1.0; length], shape) {
            Err(Error::InvalidInput { argument: "data", .. }) => {}
            other => panic!("{length} elements as {shape:?}: {other:?}"),
        }
    }
    match tensor(&context, &[], &[3, 0]) {
        Err(Error::InvalidInput { argument: "shape", .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_tensor_comes_back_as_it_went() {
    for context in [Context::cpu(), context().clone()] {
        let data: Vec<f32> = (0..1001).map(|k| k as f32 / 7.0 - 50.0).collect();
        let tensor = tensor(&context, &data, &[7, 11, 13]).expect("a tensor");
        assert_eq!(block_on(tensor.read()).expect("its elements"), data);
    }
}

#[test]
fn a_hosts_buffer_is_checked_before_it_is_wrapped() {
    let context = noop(wgpu::Limits::default()).expect("core limits");
    let wrap = |context: &Context, size, usage, shape: &[usize]| {
        Tensor::from_buffer(context, buffer(context, size, usage), shape)
    };
    assert_eq!(wrap(&context, 24, SHAREABLE, &[2, 3]).expect("24 bytes").len(), 6);
    let refused = |result: Result<Tensor>, argument: &str| match result {
        Err(Error::InvalidInput { argument: named, .. }) => assert_eq!(named, argument),
        other => panic!("{other:?}"),
    };
    refused(wrap(&context, 20, SHAREABLE, &[2, 3]), "shape");
    refused(wrap(&context, 24, SHAREABLE, &[0, 3]), "shape");
    refused(wrap(&context, 24, SHAREABLE, &[usize::MAX, 2]), "shape");
    refused(wrap(&context, 24, SHAREABLE, &[1 << 62]), "shape");
    refused(wrap(&context, 24, wgpu::BufferUsages::STORAGE, &[2, 3]), "buffer");
    refused(wrap(&context, 24, wgpu::BufferUsages::COPY_SRC, &[2, 3]), "buffer");
    let foreign = buffer(&context, 24, SHAREABLE);
    refused(Tensor::from_buffer(&Context::cpu(), foreign, &[2, 3]), "buffer");
}

#[test]
fn memory_that_is_let_go_serves_the_next() {
    let context = noop(wgpu::Limits::default()).expect("core limits");
    let one = tensor(&context, &[0.0; 1000], &[1000]).expect("a tensor");
    let held = context.memory();
    assert!(held.in_use >= 4000 && held.idle == 0, "{held:?}");
    drop(one);
    let free = context.memory();
    assert_eq!((free.in_use, free.idle), (0, held.in_use));
    let two = tensor(&context, &[0.0; 990], &[990]).expect("a tensor");
    assert_eq!(context.memory(), held, "a buffer of about the same size is reused");
    drop(two);
}

// --- a host's own device --------------------------------------------------------

/// A device that a host application made on the adapter under test.
fn host_device(limits: wgpu::Limits) -> (wgpu::Adapter, wgpu::Device, wgpu::Queue) {
    let adapter = wgpu_adapter().expect("an adapter");
    let descriptor = wgpu::DeviceDescriptor { required_limits: limits, ..Default::default() };
    let (device, queue) = block_on(adapter.request_device(&descriptor)).expect("a device");
    (adapter, device, queue)
}

fn own_device(limits: wgpu::Limits) -> Context {
    let (adapter, device, queue) = host_device(limits);
    block_on(Context::from_device(&adapter, device, queue)).expect("a context on the host's device")
}

fn two_by_two() -> Problem {
    let geometry = Geometry::cost_matrix(&[0.0f32, 1.0, 1.0, 0.0], 2, 2).expect("a geometry");
    Problem::new(geometry, &[0.5f32, 0.5], &[0.5f32, 0.5]).expect("a problem").normalized()
}

#[track_caller]
fn assert_solves(context: &Context) {
    let solution = Sinkhorn::new(1.0).solve_blocking(context, &two_by_two()).expect("a solution");
    let expected = 1.0 - 1.0 / (1.0 + (-1.0f64).exp());
    common::assert_close("a 2×2 problem", solution.transport_cost()[0], expected, 1e-6);
}

#[test]
fn a_hosts_device_is_used_and_its_callbacks_stay() {
    if device_context().is_none() {
        return;
    }
    let (adapter, device, queue) = host_device(wgpu::Limits::default());
    let errors = Arc::new(AtomicUsize::new(0));
    let counter = errors.clone();
    device.on_uncaptured_error(Arc::new(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
    }));
    let lost = Arc::new(AtomicBool::new(false));
    let flag = lost.clone();
    device.set_device_lost_callback(move |_, _| flag.store(true, Ordering::SeqCst));

    let context =
        block_on(Context::from_device(&adapter, device.clone(), queue)).expect("a context");
    assert_eq!(context.device(), Some(&device), "the host's device, not another");
    assert_solves(&context);
    assert_eq!(errors.load(Ordering::SeqCst), 0, "the library left no error behind");

    // A mistake of the host's still reaches the host's handler.
    let unmappable =
        wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::STORAGE;
    let _ = device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: 64,
        usage: unmappable,
        mapped_at_creation: false,
    });
    assert_eq!(errors.load(Ordering::SeqCst), 1, "the host's error handler was replaced");
    device.destroy();
    let _ = device.poll(wgpu::PollType::wait_indefinitely());
    assert!(lost.load(Ordering::SeqCst), "the host's device-lost callback was replaced");
}

/// A cost that the host has on the device is used where it lies.
#[test]
fn a_hosts_buffer_is_a_cost_matrix() {
    let Some(context) = device_context() else { return };
    for (n, m) in [(5, 8), (6, 7)] {
        let case = Case::random(3, 2, n, m);
        let cost: Vec<f32> = case.cost.iter().map(|c| *c as f32).collect();
        let shared = buffer(context, 4 * cost.len() as u64, SHAREABLE);
        context.queue().expect("a queue").write_buffer(&shared, 0, bytemuck::cast_slice(&cost));
        let tensor = Tensor::from_buffer(context, shared, &[n, m]).expect("a tensor");
        let geometry = block_on(Geometry::cost_tensor(&tensor)).expect("a geometry");
        let borrowed =
            Problem::new(geometry, &case.source, &case.target).expect("a problem").normalized();
        let solver = Sinkhorn::new(0.1).tolerance(0.0).max_iterations(20);
        let one = solver.solve_blocking(context, &borrowed).expect("a solution");
        let other = solver.solve_blocking(context, &case.problem()).expect("a solution");
        for k in 0..2 {
            common::assert_close("cost", one.transport_cost()[k], other.transport_cost()[k], 1e-6);
            let off = distance(&common::plan(&one, k), &common::plan(&other, k));
            assert!(off < 1e-6, "{n}×{m}, problem {k}: the plans differ by {off:e}");
        }
        // Another context's device cannot reach it.
        let stranger = noop(wgpu::Limits::default()).expect("core limits");
        match solver.solve_blocking(&stranger, &borrowed) {
            Err(Error::InvalidInput { argument: "cost", .. }) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Numbers are all that wgpu compares of buffers, and every instance counts from zero: a stranger's buffer would be
/// another one of ours.
#[test]
fn a_buffer_of_another_device_or_instance_is_refused() {
    let Some(context) = device_context() else { return };
    let contexts = [context.clone(), own_device(wgpu::Limits::default())];
    // Enough for its numbers to be in use here as well.
    let kept: Vec<Tensor> =
        (0..40).map(|_| tensor(context, &[1.0; 64], &[64]).expect("a tensor")).collect();
    let strangers = [
        noop(wgpu::Limits::default()).expect("core limits"),
        common::open(),
        own_device(wgpu::Limits::default()),
    ];
    let heard = Arc::new(AtomicUsize::new(0));
    for stranger in strangers {
        let counter = heard.clone();
        let device = stranger.device().expect("a device");
        device.on_uncaptured_error(Arc::new(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
        }));
        for size in [256, 4096] {
            let theirs: Vec<_> = (0..20).map(|_| buffer(&stranger, size, SHAREABLE)).collect();
            for context in &contexts {
                for buffer in &theirs {
                    match Tensor::from_buffer(context, buffer.clone(), &[64]) {
                        Err(Error::InvalidInput { argument: "buffer", .. }) => {}
                        other => panic!("{other:?}"),
                    }
                }
            }
            for buffer in theirs {
                Tensor::from_buffer(&stranger, buffer, &[64]).expect("their own");
            }
        }
    }
    assert_eq!(heard.load(Ordering::SeqCst), 3 * 2 * 2 * 20, "the strangers hear of it");
    assert!(kept.iter().all(|tensor| block_on(tensor.read()).is_ok_and(|x| x == [1.0; 64])));
}

/// Nobody listens on this stranger's device, so that wgpu panics; that is caught.
#[test]
fn a_buffer_of_a_device_without_a_handler_is_refused() {
    let Some(context) = device_context() else { return };
    let stranger = own_device(wgpu::Limits::default());
    let theirs = buffer(&stranger, 256, SHAREABLE);
    assert!(Tensor::from_buffer(context, theirs.clone(), &[64]).is_err());
    Tensor::from_buffer(&stranger, theirs, &[64]).expect("their own");
}

#[test]
fn a_buffer_that_is_mapped_is_refused_and_stays_as_it_is() {
    let Some(context) = device_context() else { return };
    let mapped = context.device().expect("a device").create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: 256,
        usage: SHAREABLE,
        mapped_at_creation: true,
    });
    let wrap = || Tensor::from_buffer(context, mapped.clone(), &[64]);
    assert!(wrap().is_err(), "mapped");
    let mut view = mapped.slice(..).get_mapped_range_mut().expect("still mapped");
    assert!(wrap().is_err(), "mapped, with a view");
    view.copy_from_slice(bytemuck::cast_slice(&[7.0f32; 64]));
    drop(view);
    mapped.unmap();
    let tensor = wrap().expect("unmapped");
    assert_eq!(block_on(tensor.read()).expect("its numbers"), [7.0; 64]);
}

/// What was uploaded is there for what the host submits.
#[test]
fn a_host_reads_what_was_uploaded() {
    let Some(context) = device_context() else { return };
    let made = tensor(context, &[3.5; 1000], &[1000]).expect("a tensor");
    let (device, queue) = (context.device().expect("a device"), context.queue().expect("a queue"));
    let copy = buffer(context, 4000, SHAREABLE);
    let mut encoder = device.create_command_encoder(&Default::default());
    encoder.copy_buffer_to_buffer(made.buffer().expect("a buffer"), 0, &copy, 0, 4000);
    queue.submit([encoder.finish()]);
    let copied = Tensor::from_buffer(context, copy, &[1000]).expect("a tensor");
    assert_eq!(block_on(copied.read()).expect("its numbers"), [3.5; 1000]);
}

// --- losing the device ----------------------------------------------------------

/// After `Device::destroy` every call ends with `DeviceLost`, and a new context works.
#[test]
fn a_lost_device_is_an_error_for_every_call_and_a_new_context_works() {
    if device_context().is_none() {
        return;
    }
    let context = common::open();
    let solution = Sinkhorn::new(1.0).solve_blocking(&context, &two_by_two()).expect("a solution");
    let kept = tensor(&context, &[1.0, 2.0], &[2]).expect("a tensor");
    context.device().expect("a device").destroy();

    #[track_caller]
    fn assert_lost<T: std::fmt::Debug>(what: &str, result: Result<T>) {
        match result {
            Err(Error::DeviceLost { .. }) => {}
            other => panic!("{what}: {other:?}"),
        }
    }
    for _ in 0..2 {
        assert_lost("solve", Sinkhorn::new(1.0).solve_blocking(&context, &two_by_two()));
        assert_lost(
            "a new pipeline",
            Sinkhorn::new(1.0).variant(Variant::Scaling).solve_blocking(&context, &two_by_two()),
        );
        assert_lost("potentials", block_on(solution.potentials(0)));
        assert_lost("plan", block_on(solution.plan(0)));
        assert_lost("apply", block_on(solution.apply(0, &[1.0, 1.0])));
        assert_lost("upload", tensor(&context, &[1.0], &[1]));
        assert_lost("read", block_on(kept.read()));
    }
    // What was read before stays.
    assert!(solution.converged()[0]);
    assert_solves(&common::open());
}

/// The same on a host's device, where the library has no callback of its own.
#[test]
fn a_hosts_lost_device_is_an_error_too() {
    if device_context().is_none() {
        return;
    }
    let context = own_device(wgpu::Limits::default());
    assert_solves(&context);
    context.device().expect("a device").destroy();
    for _ in 0..2 {
        let result = Sinkhorn::new(1.0).solve_blocking(&context, &two_by_two());
        assert!(matches!(result, Err(Error::DeviceLost { .. })), "{result:?}");
    }
}
