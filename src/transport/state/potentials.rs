//! Potentials between the device and the host.

use super::batch::State;
use super::layout::{LN_ZERO, Side};
use super::side::starting;
use super::slots::Slot;
use crate::error::Result;
use crate::gpu::recorder::Recorder;
use crate::transport::Problem;

impl State {
    fn planes(&self) -> usize {
        self.precision.words()
    }

    /// Weighted potentials of one problem in the caller's units, for costs less the offset,
    /// one per bin, −∞ where the weight is zero. Reads from the device.
    pub(crate) async fn read_potentials(
        &self,
        problem: usize,
        epsilon: f64,
    ) -> Result<(Vec<f64>, Vec<f64>)> {
        let mut recorder = self.gpu.recorder();
        for side in [&self.source, &self.target] {
            let range = side.range(problem);
            for plane in 0..self.planes() {
                let at = 4 * (plane * side.entries() + range.start) as u64;
                recorder.stage(&side.potentials, at, 4 * range.len() as u64);
            }
        }
        let read = recorder.read("potentials").await?;
        let mut words = read.iter().map(|bytes| bytemuck::pod_collect_to_vec::<_, f32>(bytes));
        // The source's logarithms are of masses over a power of two.
        let more = [epsilon * self.masses[problem].exponent * std::f64::consts::LN_2, 0.0];
        let mut sides = [(&self.source, more[0]), (&self.target, more[1])].map(|(side, more)| {
            let high = words.next().unwrap_or_default();
            let low = if self.planes() == 2 { words.next() } else { None };
            let mut full = vec![f64::NEG_INFINITY; side.bins];
            for (k, &h) in high.iter().enumerate() {
                if let Some(bin) = side.bin(problem, k).filter(|_| h > 0.5 * LN_ZERO) {
                    let l = low.as_ref().map_or(0.0, |low| f64::from(low[k]));
                    full[bin] = (f64::from(h) + l) / self.scale + more;
                }
            }
            full
        });
        Ok((std::mem::take(&mut sides[0]), std::mem::take(&mut sides[1])))
    }

    /// Records that the source has the target's potentials, of a symmetric problem.
    pub(crate) fn record_one_potential(&self, recorder: &mut Recorder<'_>) {
        let bytes = 4 * (self.planes() * self.target.entries()) as u64;
        recorder.copy(&self.target.potentials, &self.source.potentials, bytes);
    }

    /// Writes the starting potentials of the given problems again (dense layout).
    pub(crate) async fn restart(&self, problem: &Problem, slots: &[Slot]) -> Result<()> {
        let restart = || slots.iter().try_for_each(|slot| self.restart_one(problem, slot));
        self.gpu.guarded(restart).await
    }

    fn restart_one(&self, problem: &Problem, slot: &Slot) -> Result<()> {
        let row = self.range.start + slot.problem as usize;
        let starts = [(&problem.source, None), (&problem.target, problem.start.as_deref())];
        for (side, (weights, start)) in Side::BOTH.into_iter().zip(starts) {
            let data = self.side(side);
            let exponent = self.masses[slot.problem as usize].exponent;
            let unit = if side == Side::Source { (-exponent).exp2() } else { 1.0 };
            let mut words = vec![LN_ZERO; data.padded];
            let row_of_weights = weights.row(row);
            for (entry, word) in words.iter_mut().enumerate() {
                let Some(bin) = data.bin(0, entry) else { continue };
                let weight = row_of_weights[bin];
                let g = start.map_or(0.0, |g| g[row * weights.bins + bin]);
                *word = starting(g, weight * unit, self.schedule[0], self.scale) as f32;
            }
            let at = 4 * data.range(slot.problem as usize).start as u64;
            self.gpu.write(&data.potentials, at, &words)?;
        }
        Ok(())
    }
}
