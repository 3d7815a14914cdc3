//! Tensors in memory: a host's buffers with offsets, slices, what a host is shown, large reads; and how little a small
//! batch asks of the device.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod common;

use common::buffers::{SHAREABLE, buffer, tensor};
use common::{Case, block_on, device_context, open};
use kantor::{
    Context, Distributions, Entropies, Entropy, Error, Input, Result, Sinkhorn, Tensor, Variant,
};

#[test]
fn offsets_and_dead_buffers_are_refused_by_name() {
    let Some(context) = device_context() else { return };
    let alignment =
        context.device().expect("a device").limits().min_storage_buffer_offset_alignment;
    let (step, bytes) = (u64::from(alignment), 4 * u64::from(alignment));
    let at = |offset, shape: &[usize]| {
        Tensor::from_buffer_at(context, buffer(context, bytes, SHAREABLE), offset, shape)
    };
    assert_eq!(at(step, &[8]).expect("aligned").offset(), step);
    let refused = |result: Result<Tensor>, argument: &str| match result {
        Err(Error::InvalidInput { argument: named, .. }) => assert_eq!(named, argument),
        other => panic!("{other:?}"),
    };
    refused(at(step + 4, &[1]), "offset");
    refused(at(1, &[1]), "offset");
    refused(at(bytes, &[1]), "shape");
    refused(at(bytes + step, &[1]), "shape");
    refused(at(u64::MAX / step * step, &[1]), "shape");
    refused(at(3 * step, &[step as usize]), "shape");
    let dead = buffer(context, bytes, SHAREABLE);
    dead.destroy();
    refused(Tensor::from_buffer(context, dead, &[8]), "buffer");
}

#[test]
fn a_slice_is_the_same_memory() {
    // Contexts of its own, whose traffic is all of this test.
    for context in [Context::cpu(), open()] {
        let data: Vec<f32> = (0..64 * 200).map(|k| k as f32).collect();
        let whole = tensor(&context, &data, &[200, 64]).expect("a tensor");
        let before = context.traffic();
        let part = whole.slice(8..190).and_then(|part| part.slice(4..100)).expect("aligned rows");
        assert_eq!((part.shape(), part.len()), (&[96, 64][..], 96 * 64));
        assert_eq!(context.traffic(), before, "a slice copies nothing");
        assert_eq!(block_on(part.read()).expect("its elements"), data[12 * 64..108 * 64]);
        // What a kernel makes of it is what it makes of a copy.
        let copy = tensor(&context, &data[12 * 64..108 * 64], &[96, 64]).expect("a tensor");
        let [one, other] = [&part, &copy].map(|rows| {
            let rows = Distributions::from_tensor_blocking(rows, Input::Weights).expect("rows");
            Entropies::new(Entropy::Shannon).rows_blocking(&rows).expect("entropies")
        });
        assert_eq!(one, other);
        for range in [0..0, 5..201, 200..201] {
            assert!(whole.slice(range).is_err());
        }
    }
}

/// Whoever was shown a buffer keeps it: later calls do not write there, and nothing of earlier ones is behind the elements.
#[test]
fn a_buffer_that_was_shown_stays_as_it_is() {
    let Some(context) = device_context() else { return };
    drop(tensor(context, &[7.0; 1024], &[1024]).expect("a tensor"));
    let made = tensor(context, &[3.0; 1000], &[1000]).expect("a tensor");
    let kept = made.buffer().expect("a buffer").clone();
    drop(made);
    for _ in 0..3 {
        drop(tensor(context, &[9.0; 1000], &[1000]).expect("a tensor"));
    }
    let count = kept.size() as usize / 4;
    let again = Tensor::from_buffer(context, kept, &[count]).expect("a tensor");
    let read = block_on(again.read()).expect("its elements");
    assert!(read[..1000].iter().all(|x| *x == 3.0), "{:?}", &read[..4]);
    assert!(read[1000..].iter().all(|x| *x == 0.0), "{:?}", &read[1000..]);
}

/// The buffer of a slice is that of the whole, and shows it as it is.
#[test]
fn to_show_a_slice_leaves_the_rest() {
    let Some(context) = device_context() else { return };
    let data: Vec<f32> = (0..64 * 50).map(|k| k as f32).collect();
    let whole = tensor(context, &data, &[50, 64]).expect("a tensor");
    let part = whole.slice(4..20).expect("aligned rows");
    assert_eq!(part.buffer(), whole.buffer());
    assert_eq!(part.offset(), 4 * 4 * 64);
    assert_eq!(block_on(whole.read()).expect("its elements"), data);
}

/// Reads above 16 MiB come in windows; what does not fill one comes too.
#[test]
fn much_is_read_as_it_was_written() {
    let Some(context) = device_context() else { return };
    let count = (21 << 20) / 4 + 13;
    let data: Vec<f32> = (0..count).map(|k| (k % 8_388_593) as f32).collect();
    let large = tensor(context, &data, &[count]).expect("a tensor");
    assert!(block_on(large.read()).expect("its elements") == data);
}

#[test]
fn a_small_batch_is_one_submission() {
    if device_context().is_none() {
        return;
    }
    // Of its own, whose submissions are all of this test.
    let context = &open();
    let case = Case::random(3, 1, 64, 64);
    let solver = Sinkhorn::new(0.1);
    let solve = || solver.solve_blocking(context, &case.problem()).expect("a solve");
    // The first compiles, and tells how fast the device is.
    let variant = solve().variant();
    let before = context.submissions();
    assert!(solve().converged()[0]);
    let submissions = context.submissions() - before;
    println!("{variant}: {submissions} submissions");
    assert!(variant != Variant::Resident || submissions == 1, "{submissions} submissions");
}
