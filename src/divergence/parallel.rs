//! Gradients of Cauchy-Schwarz: of each side about the multiple of the other row that is nearest to it.

use super::kernels::Member;
use super::kind::Side;
use super::passes::{Outcome, Passes, Scalars, both};
use super::scales::Scales;
use super::sums::{Job, Pairing};
use crate::error::Result;
use crate::gpu::shader::Constant;

impl Passes<'_> {
    /// The flows of Cauchy-Schwarz are 0 where the references are right: what they are tells by how much they are not. What
    /// is left of them then is the rounding of the largest bin, and is taken off with the mean.
    pub(super) async fn center_parallel(
        &mut self,
        pairing: &Pairing<'_>,
        member: &Member,
        wanted: Side,
    ) -> Result<()> {
        let member = Member {
            splices: [member.splices.clone(), vec![("GRADIENT", Constant::Bool(true))]].concat(),
            ..*member
        };
        let left_out = [Side::Q, Side::P];
        for (side, refined) in [(0, false), (0, true), (1, false), (1, true)] {
            if wanted == left_out[side] {
                continue;
            }
            let (mut numbers, mut jobs) = (Vec::new(), Vec::new());
            for (number, outcome) in self.outcomes.iter().enumerate() {
                if let Some(Outcome { scalars: Scalars::Parallel { references, .. }, .. }) = outcome
                {
                    let (p, q) = self.pairs[number];
                    numbers.push(number);
                    jobs.push(Job { p, q, reference: references[side], centers: [0.0; 2] });
                }
            }
            let sums = self.compare(pairing, &member, &jobs, true, true).await?;
            for (number, sums) in numbers.iter().zip(&sums) {
                let Some(Outcome { scalars, .. }) = &mut self.outcomes[*number] else { continue };
                let Scalars::Parallel { references, squares, flows, .. } = scalars else {
                    continue;
                };
                if refined {
                    flows[side] = [sums.flow_p / sums.p, sums.flow_q / sums.value][side];
                    continue;
                }
                let step = [sums.flow_p, -sums.flow_q][side] / squares[side];
                let [a, b, c, d] = references[side].map(f64::from);
                references[side] = if self.p.is_logarithmic() {
                    both([a + b, c + d - step.ln_1p()])
                } else {
                    Scales { t: a + b, p: c, q: d }.times(1.0 + step).reference()
                };
            }
        }
        Ok(())
    }
}
