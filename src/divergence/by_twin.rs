//! What a device leaves: rows that are refused are found out about, and rows that f32 does not hold are answered by the
//! f64 twin.

use super::distributions::{Data, Distributions, Numbers};
use super::finish::Mismatch;
use super::kernels::{BAD_P, BAD_Q};
use super::kind::{Divergence, Input};
use super::passes::{Outcome, Passes, Scalars};
use crate::clock::Breather;
use crate::error::Result;
use crate::number::Element;
use crate::parallel::map_rows_gently;
use crate::reference::divergence as twin;

impl Passes<'_> {
    /// Finds what a kernel refused. A weight of −0 is none.
    pub(super) async fn diagnose(&self, number: usize, flags: u32) -> Result<()> {
        let (p, q) = self.pairs[number];
        if flags & BAD_P != 0 {
            self.p.screened("p", p, &self.p.read_row(p).await?)?;
        }
        if flags & BAD_Q != 0 {
            self.q.screened("q", q, &self.q.read_row(q).await?)?;
        }
        Ok(())
    }

    /// Rows of the host that are well apart, by plain sums: enough digits for single precision.
    pub(super) async fn quick(&mut self) {
        let (Data::Host(of_p), Data::Host(of_q)) = (&self.p.data, &self.q.data) else { return };
        self.outcomes = match (&**of_p, &**of_q) {
            (Numbers::Singles(p), Numbers::Singles(q)) => self.plain(p, q).await,
            (Numbers::Doubles(p), Numbers::Doubles(q)) => self.plain(p, q).await,
            _ => return,
        };
    }

    async fn plain<T: Element>(&self, of_p: &[T], of_q: &[T]) -> Vec<Option<Outcome>> {
        let bins = self.p.bins;
        let mut breather = Breather::new();
        map_rows_gently(&mut breather, self.pairs.len(), |number| {
            let (row_p, row_q) = self.pairs[number];
            let p = (&of_p[row_p * bins..(row_p + 1) * bins], self.p.input);
            let q = (&of_q[row_q * bins..(row_q + 1) * bins], self.q.input);
            let found = twin::compare_values(self.divergence, p, q)?;
            let (sums, (p_without_q, q_without_p)) = (found.sums, found.mismatch);
            // What is refused is looked at again, in the order of the rows.
            self.p.check_sum("p", row_p, sums[0]).ok()?;
            self.q.check_sum("q", row_q, sums[1]).ok()?;
            let of = |sum: f64, of: &Distributions| match of.input {
                Input::Logits { .. } => sum.exp(),
                _ => sum,
            };
            Some(Outcome {
                value: found.value,
                mismatch: Mismatch { p_without_q, q_without_p },
                sums: [of(sums[0], self.p), of(sums[1], self.q)],
                scalars: Scalars::Twin,
            })
        })
        .await
    }

    /// What is still open, in f64.
    pub(super) async fn twin(&mut self) -> Result<()> {
        let open: Vec<usize> =
            (0..self.pairs.len()).filter(|number| self.outcomes[*number].is_none()).collect();
        if let (false, Divergence::Generator(generator)) = (open.is_empty(), self.divergence) {
            generator.require_reference()?;
        }
        let mut breather = Breather::new();
        for numbers in open.chunks(self.p.together()) {
            let rows_of = |side: fn(&(usize, usize)) -> usize| -> Vec<usize> {
                numbers.iter().map(|number| side(&self.pairs[*number])).collect()
            };
            let rows_p = self.p.read_rows(&rows_of(|pair| pair.0)).await?;
            let rows_q = self.q.read_rows(&rows_of(|pair| pair.1)).await?;
            let this = &*self;
            let answer = |place: usize| {
                let (row_p, row_q) = this.pairs[numbers[place]];
                let p = this.p.screened("p", row_p, &rows_p[place])?;
                let q = this.q.screened("q", row_q, &rows_q[place])?;
                let (p_without_q, q_without_p) = twin::mismatch(&p, &q);
                let sum = |row: &twin::Row, of: &Distributions| match of.input {
                    Input::Logits { .. } => row.sum().exp(),
                    _ => row.sum(),
                };
                Ok(Outcome {
                    value: twin::compare(this.divergence, &p, &q),
                    mismatch: Mismatch { p_without_q, q_without_p },
                    sums: [sum(&p, this.p), sum(&q, this.q)],
                    scalars: Scalars::Twin,
                })
            };
            let answers = map_rows_gently(&mut breather, numbers.len(), answer).await;
            for (number, answer) in numbers.iter().zip(answers) {
                self.outcomes[*number] = Some(answer?);
            }
        }
        Ok(())
    }
}
