use crate::oracle::{Contexts, Told, Verdict, must};
use crate::source::{Look, Source};
use kantor::{Error, Tensor};
use pollster::block_on;

/// What goes in comes out, bit by bit; a shape that does not fit is refused.
pub fn run(contexts: &Contexts, source: &mut Source<'_>) -> Verdict {
    let axes = source.below(4);
    let shape: Vec<usize> = (0..axes)
        .map(|_| {
            let bins = source.bins().min(40);
            source.size(bins)
        })
        .collect();
    let right = shape.iter().try_fold(1usize, |product, n| product.checked_mul(*n));
    let length = source.size(right.unwrap_or(7)).min(1 << 16);
    let data = source.numbers(length, Look::Wild).singles();
    match block_on(Tensor::from_slice(&contexts.tested, &data, &shape)) {
        Ok(tensor) => {
            if right != Some(length) || length == 0 {
                return Err(format!("{length} elements as {shape:?} were accepted"));
            }
            let read = must("reading", block_on(tensor.read()))?;
            let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            if bits(&read) != bits(&data) || tensor.shape() != shape || tensor.len() != length {
                return Err(format!("{shape:?} came back as {:?}", tensor.shape()));
            }
            Ok(Told::Answered)
        }
        Err(Error::InvalidInput { .. }) if right != Some(length) || length == 0 => {
            Ok(Told::Refused)
        }
        Err(Error::LimitExceeded { .. }) => Ok(Told::NotHere),
        Err(error) => Err(format!("{length} elements as {shape:?}: {error}")),
    }
}
