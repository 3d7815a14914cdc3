//! Clouds of points on the device.

use super::layout::Side;
use super::side::SideData;
use crate::error::Result;
use crate::gpu::Gpu;
use crate::gpu::buffer::Buffer;
use crate::number::{Precision, words};
use crate::transport::geometry::{Cloud, Points};
use std::ops::Range;

/// One side's points: by fours, component after component, as in `transport/cost/points.wgsl`.
#[derive(Debug)]
pub(crate) struct CloudData {
    pub(crate) coordinates: Buffer,
    /// From the high words to the low ones; 0 where there are none.
    pub(crate) plane: usize,
}

#[derive(Debug)]
pub(crate) struct Clouds {
    source: CloudData,
    target: CloudData,
    pub(crate) dimensions: usize,
    /// p of the cost |x − y|^p between the points on the device.
    pub(crate) exponent: f64,
    /// Whether every problem has clouds of its own.
    pub(crate) own_clouds: bool,
}

impl Clouds {
    /// Those of problems `range`, or the one pair of all; times what brings their costs to the device's units.
    pub(super) fn upload(
        gpu: &Gpu,
        points: &Points,
        (own_clouds, range): (bool, Range<usize>),
        sides: [&SideData; 2],
        (precision, scale): (Precision, f64),
    ) -> Result<Clouds> {
        let exponent = points.ground.exponent();
        let unit = (points.ground.factor() * scale).powf(exponent.recip());
        let upload = |cloud: &Cloud, side: &SideData| {
            let clouds = if own_clouds { range.clone() } else { 0..1 };
            upload_side(gpu, cloud, clouds, (points.dimensions, unit), side.padded, precision)
        };
        Ok(Clouds {
            source: upload(&points.source, sides[0])?,
            target: upload(&points.target, sides[1])?,
            dimensions: points.dimensions,
            exponent,
            own_clouds,
        })
    }

    pub(crate) fn side(&self, side: Side) -> &CloudData {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }
}

/// `clouds` of one side, each of `padded` points in memory, times `unit`.
fn upload_side(
    gpu: &Gpu,
    cloud: &Cloud,
    clouds: Range<usize>,
    (dimensions, unit): (usize, f64),
    padded: usize,
    precision: Precision,
) -> Result<CloudData> {
    let count = clouds.len() * padded * dimensions;
    let planes = precision.words();
    let upload = gpu.upload_to("points", 4 * (planes * count) as u64)?;
    for word in 0..planes {
        upload.write_with(4 * (word * count) as u64, count, |first, place| {
            for (k, number) in place.iter_mut().enumerate() {
                let at = first + k;
                let (quad, component, lane) = (at / (4 * dimensions), at / 4 % dimensions, at % 4);
                let point = 4 * quad + lane;
                let points = cloud.range(clouds.start + point / padded);
                let point = points.start + point % padded;
                *number = if point < points.end {
                    words(cloud.values[point * dimensions + component] * unit)[word]
                } else {
                    0.0
                };
            }
        })?;
    }
    let plane = if planes == 2 { count } else { 0 };
    Ok(CloudData { coordinates: upload.finish(), plane })
}
