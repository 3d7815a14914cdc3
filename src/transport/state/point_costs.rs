//! The costs between points as a matrix on the device.

use super::batch::{Ground, State};
use super::clouds::Clouds;
use super::layout::Side;
use super::matrix::Matrix;
use super::sweep::Step;
use crate::error::Result;
use crate::gpu::Kernel;
use crate::gpu::buffer::STORAGE;
use crate::gpu::shader::Constant;
use crate::number::Precision;
use crate::transport::softmin::ground;

pub(crate) static POINT_COSTS: Kernel = Kernel::new("transport/point_costs.wgsl");

pub(crate) static POINT_COSTS_DOUBLE: Kernel = Kernel::new("transport/point_costs_double.wgsl");

const WORKGROUP: u32 = 64;

impl State {
    /// Makes all costs once, where they are kept: points become a matrix.
    pub(crate) async fn keep_costs(&mut self) -> Result<()> {
        let Ground::Points(clouds) = &self.ground else { return Ok(()) };
        let matrix = self.matrix_of(clouds).await?;
        self.ground = Ground::Matrix(matrix);
        Ok(())
    }

    async fn matrix_of(&self, clouds: &Clouds) -> Result<Matrix> {
        let gpu = &self.gpu;
        let double = self.precision == Precision::Double;
        let (n, columns) = (self.source.bins, self.target.padded);
        let matrices = if clouds.own_clouds { self.len() } else { 1 };
        let cells = matrices * n * columns;
        let (kernel, file) = match double {
            false => (&POINT_COSTS, ground(clouds.exponent)[0]),
            true => (&POINT_COSTS_DOUBLE, ground(clouds.exponent)[1]),
        };
        let constants = vec![
            ("WORKGROUP", Constant::U32(WORKGROUP)),
            ("DIM", Constant::U32(clouds.dimensions as u32)),
            ("GROUND", Constant::File(file)),
        ];
        let pipeline = gpu.pipeline(kernel, constants).await?;
        let (threads, each) = match double {
            false => (matrices * n.div_ceil(8) * columns / 4, 8.0 * clouds.dimensions as f64),
            true => (cells, 16.0 * clouds.dimensions as f64),
        };
        let groups = threads.div_ceil(WORKGROUP as usize) as u64;
        let share = gpu.capabilities.elements_per_submission() / (f64::from(WORKGROUP) * each);
        let share = (share as u64).max(1);
        let words = if double { 2 } else { 1 };
        let cost =
            gpu.guarded(|| gpu.allocate("costs", 4 * (words * cells) as u64, STORAGE)).await?;
        let mut first = 0;
        while first < groups {
            let until = groups.min(first + share);
            let mut recorder = gpu.recorder();
            let record = || {
                let mut sweep = self.sweep(Side::Source, self.precision, Step::at(1.0, matrices));
                sweep.first_group = first as u32;
                sweep.cost_plane = cells as u32;
                let parts = vec![
                    clouds.side(Side::Source).coordinates.whole(),
                    clouds.side(Side::Target).coordinates.whole(),
                    cost.whole(),
                ];
                let ready = gpu.bind(&pipeline, gpu.uniform(&sweep)?, parts);
                recorder.dispatch(&ready, until - first)
            };
            gpu.guarded(record).await?;
            recorder.submit().await?;
            first = until;
        }
        Ok(Matrix {
            cost: cost.into(),
            row_stride: columns,
            problem_stride: if clouds.own_clouds { n * columns } else { 0 },
            plane: if double { cells } else { 0 },
        })
    }
}
