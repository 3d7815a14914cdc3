//! Gradients by the twin: where there is no device, and of the rows that a device leaves.

use super::super::distributions::{Data, Numbers};
use super::super::kind::Divergence;
use super::super::row_gradient::single;
use super::{Factor, Work, is_by_twin};
use crate::clock::Breather;
use crate::error::Result;
use crate::gpu::Tensor;
use crate::number::{Element, Precision};
use crate::parallel::{for_each_gently, map_rows_gently};
use crate::reference::divergence as twin;

/// A pair of rows, and what its gradient is multiplied with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    pair: (usize, usize),
    factor: f64,
    /// As [`Outcome::sums`](super::Outcome).
    sums: [f64; 2],
}

/// The gradient of a row of the result.
struct Place<'a> {
    open: Open,
    numbers: &'a mut [f32],
    done: bool,
}

impl Work<'_> {
    /// The pairs that only the twin can do.
    pub(super) fn open(&self, factor: Factor<'_>) -> Vec<Open> {
        let mut open = Vec::new();
        for (row, outcome) in self.matched.rows.iter().zip(self.outcomes) {
            if is_by_twin(outcome, factor(*row)) && outcome.value.is_finite() {
                let (pair, sums) = (self.matched.pair(*row), outcome.sums);
                open.push(Open { pair, factor: factor(*row), sums });
            }
        }
        open
    }

    /// Where there is no device.
    pub(super) async fn on_host(&self, of_q: bool, factor: Factor<'_>) -> Result<Tensor> {
        let own = self.of(of_q);
        let open = self.open(factor);
        let result = if own.rows == 1 && self.matched.count > 1 {
            let mut sums = vec![0.0f64; own.bins];
            for (_, values) in self.by_twin(of_q, &open).await? {
                sums.iter_mut().zip(&values).for_each(|(sum, x)| *sum += x);
            }
            sums.into_iter().map(single).collect()
        } else {
            self.row_by_row(of_q, open).await?
        };
        Ok(Tensor::hosted(&own.context, result, &[own.rows, own.bins]))
    }

    /// Every row the gradient of its own pair.
    async fn row_by_row(&self, of_q: bool, open: Vec<Open>) -> Result<Vec<f32>> {
        let own = self.of(of_q);
        let mut result = vec![0.0f32; own.rows * own.bins];
        let mut open = open.into_iter().peekable();
        let mut places = Vec::new();
        for (row, numbers) in result.chunks_mut(own.bins).enumerate() {
            let number = |open: &Open| if of_q { open.pair.1 } else { open.pair.0 };
            if let Some(open) = open.next_if(|open| number(open) == row) {
                places.push(Place { open, numbers, done: false });
            }
        }
        if self.comparison.precision == Precision::Single {
            self.quick(of_q, &mut places).await;
        }
        places.retain(|place| !place.done);
        let open: Vec<Open> = places.iter().map(|place| place.open).collect();
        for (place, (_, values)) in places.iter_mut().zip(self.by_twin(of_q, &open).await?) {
            place.numbers.iter_mut().zip(values).for_each(|(x, value)| *x = single(value));
        }
        Ok(result)
    }

    /// Of rows that are well apart, by plain products.
    async fn quick(&self, of_q: bool, places: &mut [Place<'_>]) {
        let (Data::Host(p), Data::Host(q)) = (&self.p.data, &self.q.data) else { return };
        match (&**p, &**q) {
            (Numbers::Singles(p), Numbers::Singles(q)) => self.plain(of_q, (p, q), places).await,
            (Numbers::Doubles(p), Numbers::Doubles(q)) => self.plain(of_q, (p, q), places).await,
            _ => {}
        }
    }

    async fn plain<T: Element>(&self, of_q: bool, (p, q): (&[T], &[T]), places: &mut [Place<'_>]) {
        let bins = self.p.bins;
        let divergence = &self.comparison.divergence;
        let write = |place: &mut Place<'_>| {
            let (row_p, row_q) = place.open.pair;
            let [sum_p, sum_q] = place.open.sums;
            let p = &p[row_p * bins..(row_p + 1) * bins];
            let q = &q[row_q * bins..(row_q + 1) * bins];
            let p = twin::Plain::with_total(p, self.p.input, sum_p)?;
            let q = twin::Plain::with_total(q, self.q.input, sum_q)?;
            twin::gradient_plain(divergence, [&p, &q], of_q, place.open.factor, place.numbers)
        };
        for_each_gently(&mut Breather::new(), places, |place| {
            place.done = write(place).is_some();
        })
        .await;
    }

    /// By the forms that keep all digits: gradients with their row of the result.
    pub(super) async fn by_twin(
        &self,
        of_q: bool,
        open: &[Open],
    ) -> Result<Vec<(usize, Vec<f64>)>> {
        let divergence = &self.comparison.divergence;
        if let (false, Divergence::Generator(generator)) = (open.is_empty(), divergence) {
            generator.require_reference()?;
        }
        let mut rows = Vec::with_capacity(open.len());
        let mut breather = Breather::new();
        for open in open.chunks(self.p.together()) {
            let (numbers_p, numbers_q): (Vec<usize>, Vec<usize>) =
                open.iter().map(|open| open.pair).unzip();
            let rows_p = self.p.read_rows(&numbers_p).await?;
            let rows_q = self.q.read_rows(&numbers_q).await?;
            let gradient = |place: usize| {
                let Open { pair: (row_p, row_q), factor, .. } = open[place];
                let p = twin::Row::new(&rows_p[place], self.p.input);
                let q = twin::Row::new(&rows_q[place], self.q.input);
                let (of_p, gradient_q) = twin::gradient(divergence, &p, &q, factor);
                let (row, mut gradient) = if of_q { (row_q, gradient_q) } else { (row_p, of_p) };
                // Beyond f32 in any case; sums over a million rows stay numbers.
                let most = f64::MAX / f64::from(1u32 << 20);
                gradient.iter_mut().for_each(|x| *x = x.clamp(-most, most));
                (row, gradient)
            };
            rows.extend(map_rows_gently(&mut breather, open.len(), gradient).await);
        }
        Ok(rows)
    }
}
