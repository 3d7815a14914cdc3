//! The kernels of `shaders/vmf`, each against its twin in `reference::vmf`.

use super::Row;
use super::dispatch::{Resource, dispatch};
use super::judge::{Worst, units};
use super::random::Random;
use super::tolerances::row;
use crate::error::Result;
use crate::gpu::shader::{Constant, Constants};
use crate::gpu::{Gpu, Kernel};
use crate::number::words as pair;
use crate::reference::vmf as twin;
use crate::vmf::kernels::{
    BLOCK_SUMS, DIRECTION_NORMS, LOG_DENSITY, NO_REPORT, Params, RESPONSIBILITY, RESULTANT,
    RESULTANT_ROWS, RESULTANT_UNITS, UNIT_LENGTHS,
};

pub(super) const KERNELS: &[&str] = &[
    "direction_norms",
    "resultant",
    "resultant_rows",
    "resultant_units",
    "unit_lengths",
    "block_sums",
    "log_density",
    "responsibility",
];

/// Rows and dimensions: rows of whole quads, others, and one that is longer than a
/// workgroup. The last are rows of any size.
const SIZES: [(usize, usize); 6] = [(1, 2), (37, 3), (65, 8), (40, 130), (20, 784), (9, 1029)];
const SUMS: usize = 3;

/// How rows are given, and what a kernel makes of them.
#[derive(Debug, Clone, Copy)]
struct Form {
    double: bool,
    /// Rows of double-floats, high and low words.
    low: bool,
    /// Rows of lengths whose squares leave the range of f32; multiplied by powers of two first.
    scaled: bool,
}

const FORMS: [Form; 6] = [
    Form { double: false, low: false, scaled: false },
    Form { double: false, low: false, scaled: true },
    Form { double: true, low: false, scaled: false },
    Form { double: true, low: false, scaled: true },
    Form { double: true, low: true, scaled: false },
    Form { double: true, low: true, scaled: true },
];

/// Rows as a kernel is given them, and in f64.
struct Data {
    n: usize,
    p: usize,
    words: Vec<f32>,
    values: Vec<f64>,
    /// 1/‖x‖, as far as the words of `norms` hold it.
    inverse: Vec<f64>,
    norms: Vec<[f32; 4]>,
    form: Form,
    double: bool,
}

/// The power of two that `direction_norms` multiplies a row by.
fn power(row: &[f64]) -> f64 {
    let most = row.iter().fold(0.0f64, |most, x| most.max(x.abs())) as f32;
    let exponent = (most.to_bits() >> 23) as i32 - 127;
    f64::from((-exponent).clamp(-126, 127)).exp2()
}

/// High words of all values, then low words.
fn planes(values: &[f64]) -> Vec<f32> {
    let high = values.iter().map(|x| pair(*x)[0]);
    high.chain(values.iter().map(|x| pair(*x)[1])).collect()
}

/// f32 values, or with a low word.
fn number(random: &mut Random, double: bool) -> f64 {
    let x = random.within(-1.0, 1.0);
    if double { x } else { f64::from(x as f32) }
}

impl Data {
    fn new(random: &mut Random, (n, p): (usize, usize), form: Form) -> Data {
        // Subnormal f32 and next to the largest; rows with low words come in moderate lengths.
        let most = match form {
            Form { scaled: false, .. } => 10.0,
            Form { low: true, .. } => 30.0,
            _ => 127.0,
        };
        let rows = (0..n).map(|k| {
            // Every kind of length is there, however few rows there are.
            let at =
                if form.scaled && k < 3 { [-1.0, 1.0, 0.0][k] } else { random.within(-1.0, 1.0) };
            let size = if at < -0.99 && !form.low { -140.0 } else { at * most };
            let entries: Vec<f64> =
                (0..p).map(|_| size.exp2() * random.within(-1.0, 1.0)).collect();
            entries
        });
        let kept = |x: f64| {
            if form.low { pair(x).map(f64::from).iter().sum() } else { f64::from(x as f32) }
        };
        let rows: Vec<Vec<f64>> = rows.map(|row| row.into_iter().map(kept).collect()).collect();
        let values = rows.concat();
        let words = if form.low {
            let stride = 4 * p.div_ceil(4);
            let padded = |row: &Vec<f64>| {
                let mut row = row.clone();
                row.resize(stride, 0.0);
                row
            };
            planes(&rows.iter().flat_map(padded).collect::<Vec<f64>>())
        } else {
            values.iter().map(|x| *x as f32).collect()
        };
        let powers: Vec<f64> =
            rows.iter().map(|row| if form.scaled { power(row) } else { 1.0 }).collect();
        let norm = |(x, power): (f64, &f64)| {
            let [high, low] = pair(x / power);
            [high, if form.double { low } else { 0.0 }, *power as f32, 0.0]
        };
        let inverse = twin::direction_norms(&values, p);
        let norms: Vec<[f32; 4]> = inverse.into_iter().zip(&powers).map(norm).collect();
        // The twin multiplies by what the kernel is given.
        let given = |x: &[f32; 4]| (f64::from(x[0]) + f64::from(x[1])) * f64::from(x[2]);
        let inverse = norms.iter().map(given).collect();
        Data { n, p, words, values, inverse, norms, form, double: form.double }
    }

    fn quads(&self) -> usize {
        self.p.div_ceil(4)
    }

    fn params(&self) -> Params {
        Params {
            dimension: self.p as u32,
            quads: self.quads() as u32,
            plane: if self.form.low { (self.n * self.quads()) as u32 } else { 0 },
            until: self.n as u32,
            span: self.n as u32,
            block: self.n as u32,
            blocks: 1,
            tiles: 1,
            sums: 1,
            ..Params::default()
        }
    }

    fn constants(&self, workgroup: u32, own: &[(&'static str, Constant)]) -> Constants {
        let mut constants: Constants = vec![
            ("ALIGNED", Constant::Bool(self.form.low || self.p.is_multiple_of(4))),
            ("LOW", Constant::Bool(self.form.low)),
            ("DOUBLE", Constant::Bool(self.double)),
            ("WORKGROUP", Constant::U32(workgroup)),
        ];
        constants.extend_from_slice(own);
        constants
    }

    /// Runs a kernel over the rows; what it writes to resource `read` after the rows.
    async fn run(
        &self,
        gpu: &Gpu,
        (kernel, constants): (&'static Kernel, Constants),
        params: Params,
        own: &[Resource<'_>],
        groups: usize,
        (read, bytes): (usize, usize),
    ) -> Result<Vec<f32>> {
        // Both views of the rows; a quad more, so that short ones are one quad at least.
        let mut padded = self.words.clone();
        padded.resize(padded.len() + 4, 0.0);
        let mut resources = vec![Resource::Data(bytemuck::cast_slice(&padded)); 2];
        resources.extend_from_slice(own);
        let kernel = (kernel, constants);
        let found = dispatch(gpu, kernel, params, &resources, groups, (2 + read, bytes)).await?;
        Ok(bytemuck::pod_collect_to_vec(&found))
    }

    /// High and low words `plane` apart, or high words alone.
    fn join(&self, words: &[f32], plane: usize, at: usize) -> f64 {
        let low = if self.double { f64::from(words[plane + at]) } else { 0.0 };
        f64::from(words[at]) + low
    }
}

/// The quantity of a kernel in either precision.
type Quantities = [&'static str; 2];

pub(super) async fn rows(gpu: &Gpu) -> Result<Vec<Row>> {
    let exact = gpu.capabilities.probes.twofloat_exact();
    let mut found = Vec::new();
    for double in [false, true] {
        // Where double-float arithmetic is not exact it is refused, not wrong.
        if double && !exact {
            continue;
        }
        let mut worst = [Worst::default(); 8];
        let mut random = Random::new(21);
        for form in FORMS.into_iter().filter(|form| form.double == double) {
            for size in SIZES {
                let data = Data::new(&mut random, size, form);
                norms(gpu, &data, &mut worst[0]).await?;
                resultants(gpu, &data, &mut random, &mut worst[1]).await?;
                if !double && !form.scaled {
                    fused(gpu, &data, &mut worst[2]).await?;
                    units_and_lengths(gpu, &data, &mut worst[3..5]).await?;
                }
                densities(gpu, &data, &mut random, &mut worst[6]).await?;
                if !form.low && !form.scaled {
                    shares(gpu, &data, &mut random, &mut worst[7]).await?;
                }
            }
        }
        blocks(gpu, &mut random, double, &mut worst[5]).await?;
        for (kernel, worst) in KERNELS.iter().zip(worst) {
            if worst.cases > 0 {
                found.push(row(kernel, SINGLE_DOUBLE[usize::from(double)], worst));
            }
        }
    }
    Ok(found)
}

/// What the rows are called.
const SINGLE_DOUBLE: Quantities = ["single", "double-float"];

/// Threads that share a row: both ways are tried on every device.
const LANES: [u32; 2] = [1, 8];

async fn norms(gpu: &Gpu, data: &Data, worst: &mut Worst) -> Result<()> {
    for (lanes, scaled) in [(LANES[0], false), (LANES[1], false), (1, true)] {
        if data.form.scaled && !scaled {
            continue;
        }
        let constants = [("LANES", Constant::U32(lanes)), ("SCALED", Constant::Bool(scaled))];
        let kernel = (&DIRECTION_NORMS, data.constants(32, &constants));
        let own = [Resource::Space(16 * data.n), Resource::Data(bytemuck::cast_slice(&NO_REPORT))];
        let groups = data.n.div_ceil((32 / lanes) as usize);
        let size = (0, 16 * data.n);
        let words = data.run(gpu, kernel, data.params(), &own, groups, size).await?;
        let exact = twin::direction_norms(&data.values, data.p);
        for (norm, exact) in words.chunks_exact(4).zip(exact) {
            let found = (f64::from(norm[0]) + f64::from(norm[1])) * f64::from(norm[2]);
            worst.add(units(found, exact, exact));
        }
    }
    Ok(())
}

/// Every component beside the sum of sizes that was added up in it.
fn judge_sum(found: impl Fn(usize) -> f64, exact: &[f64], sizes: &[f64], worst: &mut Worst) {
    for (k, (exact, size)) in exact.iter().zip(sizes).enumerate() {
        worst.add(units(found(k), *exact, *size));
    }
}

async fn resultants(gpu: &Gpu, data: &Data, random: &mut Random, worst: &mut Worst) -> Result<()> {
    let sizes: Vec<f64> = data.values.iter().map(|x| x.abs()).collect();
    let entry = |_| number(random, data.double).abs();
    let weights: Vec<f64> = (0..SUMS * data.n).map(entry).collect();
    let length = data.quads() + 1;
    let plane = SUMS * length;
    let low = if data.double { SUMS * data.n } else { 0 };
    let params =
        Params { sums: SUMS as u32, low: plane as u32, input_low: low as u32, ..data.params() };
    let tiles = length.div_ceil(16);
    let params = Params { tiles: tiles as u32, ..params };
    let list: Vec<u32> = [0, data.n as u32].into_iter().chain((0..data.n as u32).rev()).collect();
    let words = planes(&weights);
    let own = [
        Resource::Data(bytemuck::cast_slice(&data.norms)),
        Resource::Data(bytemuck::cast_slice(&words)),
        Resource::Data(bytemuck::cast_slice(&list)),
        Resource::Space(32 * plane),
    ];
    let mut judge = |words: &[f32], k: usize, weights: &[f64]| {
        let exact = twin::resultant(&data.values, data.p, &data.inverse, weights);
        let size = twin::resultant(&sizes, data.p, &data.inverse, weights);
        let at = |c: usize| {
            let place = if c == data.p { 4 * data.quads() } else { c };
            data.join(words, 4 * plane, 4 * k * length + place)
        };
        judge_sum(at, &exact, &size, worst);
    };
    let components = if data.double { 1 } else { SUMS };
    let scaled = ("SCALED", Constant::Bool(data.form.scaled));
    let own_constants = [("COMPONENTS", Constant::U32(components as u32)), scaled.clone()];
    let kernel = (&RESULTANT, data.constants(16, &own_constants));
    let groups = tiles * SUMS.div_ceil(components);
    let found = data.run(gpu, kernel, params, &own, groups, (3, 32 * plane)).await?;
    for (k, weights) in weights.chunks_exact(data.n).enumerate() {
        judge(&found, k, weights);
    }
    for variant in ["EQUAL", "GATHER"] {
        let kernel =
            (&RESULTANT, data.constants(16, &[(variant, Constant::Bool(true)), scaled.clone()]));
        let params = Params { sums: 1, order: 2, ..params };
        let found = data.run(gpu, kernel, params, &own, tiles, (3, 32 * plane)).await?;
        judge(&found, 0, &vec![1.0; data.n]);
    }
    Ok(())
}

async fn fused(gpu: &Gpu, data: &Data, worst: &mut Worst) -> Result<()> {
    let exact = twin::resultant_rows(&data.values, data.p);
    let sizes: Vec<f64> = data.values.iter().map(|x| x.abs()).collect();
    let sizes = twin::resultant_rows(&sizes, data.p);
    for (lanes, serial) in [(8, true), (64, false)] {
        let mats = data.quads().div_ceil(4 * lanes as usize);
        if mats > 8 {
            continue;
        }
        let constants =
            [("MATS", Constant::U32(mats as u32)), ("SERIAL_SUM", Constant::Bool(serial))];
        let kernel = (&RESULTANT_ROWS, data.constants(lanes, &constants));
        let bytes = 16 * data.quads();
        let own = [Resource::Space(bytes), Resource::Data(bytemuck::cast_slice(&NO_REPORT))];
        let words = data.run(gpu, kernel, data.params(), &own, 1, (0, bytes)).await?;
        judge_sum(|k| f64::from(words[k]), &exact, &sizes, worst);
    }
    Ok(())
}

/// Sums and squares, and sums again with the inverse lengths made of them.
async fn units_and_lengths(gpu: &Gpu, data: &Data, worst: &mut [Worst]) -> Result<()> {
    const HELD: usize = 2;
    let tiles = data.quads().div_ceil(8 * HELD);
    if (HELD - 1) * 8 * tiles > data.quads() {
        return Ok(());
    }
    let (lanes, bytes) = (8 * tiles, 16 * data.quads());
    let span = data.n.next_multiple_of(4);
    let params =
        Params { tiles: tiles as u32, sums: lanes as u32, span: span as u32, ..data.params() };
    let sizes: Vec<f64> = data.values.iter().map(|x| x.abs()).collect();
    let inverse: Vec<f32> = data.inverse.iter().map(|x| *x as f32).collect();
    for factor in [false, true] {
        let constants = [("HELD", Constant::U32(HELD as u32)), ("FACTOR", Constant::Bool(factor))];
        let squares = Resource::Space(4 * lanes * span);
        let factors = Resource::Data(bytemuck::cast_slice(&inverse));
        let own = [Resource::Space(bytes), squares, factors];
        let kernel = (&RESULTANT_UNITS, data.constants(8, &constants));
        let words = data.run(gpu, kernel, params, &own, tiles, (0, bytes)).await?;
        let factors = if factor { data.inverse.clone() } else { vec![1.0; data.n] };
        let (exact, squares) = twin::resultant_units(&data.values, data.p, &factors);
        let (sizes, _) = twin::resultant_units(&sizes, data.p, &factors);
        judge_sum(|k| f64::from(words[k]), &exact, &sizes, &mut worst[0]);
        if factor {
            continue;
        }
        let kernel = (&RESULTANT_UNITS, data.constants(8, &constants));
        let size = (1, 4 * lanes * span);
        let words = data.run(gpu, kernel, params, &own, tiles, size).await?;
        let own = [
            Resource::Data(bytemuck::cast_slice(&words)),
            Resource::Data(bytemuck::cast_slice(&NO_REPORT)),
            Resource::Space(4 * span),
        ];
        let kernel = (&UNIT_LENGTHS, vec![("WORKGROUP", Constant::U32(32))]);
        let groups = span.div_ceil(128);
        let found = dispatch(gpu, kernel, params, &own, groups, (2, 4 * data.n)).await?;
        let found: Vec<f32> = bytemuck::pod_collect_to_vec(&found);
        for (found, exact) in found.iter().zip(twin::unit_lengths(&squares)) {
            worst[1].add(units(f64::from(*found), exact, exact));
        }
    }
    Ok(())
}

async fn densities(gpu: &Gpu, data: &Data, random: &mut Random, worst: &mut Worst) -> Result<()> {
    let mut means = Vec::new();
    let mut parts = Vec::new();
    for k in 0..SUMS {
        let vector: Vec<f64> = (0..data.p).map(|_| random.within(-1.0, 1.0)).collect();
        let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        means.extend(vector.iter().map(|x| x / length));
        means.resize((k + 1) * 4 * data.quads(), 0.0);
        parts.push([random.within(0.0, 12.0).exp2(), 50.0 * number(random, data.double)]);
    }
    if !data.double {
        means.iter_mut().for_each(|x| *x = f64::from(*x as f32));
        parts.iter_mut().flatten().for_each(|x| *x = f64::from(*x as f32));
    }
    let pairs: Vec<[f32; 4]> =
        parts.iter().map(|[a, b]| [pair(*a)[0], pair(*a)[1], pair(*b)[0], pair(*b)[1]]).collect();
    let labels: Vec<u32> = (0..data.n).map(|_| random.below(SUMS as u32)).collect();
    let words = planes(&means);
    let entries = SUMS * data.n;
    let own = [
        Resource::Data(bytemuck::cast_slice(&data.norms)),
        Resource::Data(bytemuck::cast_slice(&words)),
        Resource::Data(bytemuck::cast_slice(&pairs)),
        Resource::Data(bytemuck::cast_slice(&labels)),
        Resource::Space(8 * entries),
    ];
    let exact: Vec<Vec<f64>> = (0..SUMS)
        .map(|k| {
            let mean = &means[k * 4 * data.quads()..][..data.p];
            twin::log_density(&data.values, &data.inverse, mean, parts[k][0], parts[k][1])
        })
        .collect();
    for (lanes, pick) in [(LANES[0], false), (LANES[1], false), (LANES[0], true)] {
        let components = if data.double || pick { 1 } else { SUMS };
        let constants = [
            ("LANES", Constant::U32(lanes)),
            ("COMPONENTS", Constant::U32(components as u32)),
            ("PICK", Constant::Bool(pick)),
            ("SCALED", Constant::Bool(data.form.scaled)),
        ];
        let sums = if pick { 1 } else { SUMS };
        let blocks = data.n.div_ceil((32 / lanes) as usize);
        let low = sums * data.n;
        let params = Params {
            blocks: blocks as u32,
            sums: sums as u32,
            low: low as u32,
            input_low: (SUMS * data.quads()) as u32,
            ..data.params()
        };
        let kernel = (&LOG_DENSITY, data.constants(32, &constants));
        let groups = blocks * sums.div_ceil(components);
        let words = data.run(gpu, kernel, params, &own, groups, (4, 8 * entries)).await?;
        for i in 0..data.n {
            for k in 0..sums {
                let part = if pick { labels[i] as usize } else { k };
                let (exact, [_, bias]) = (exact[part][i], parts[part]);
                let size = bias.abs() + (bias - exact).abs();
                worst.add(units(data.join(&words, low, k * data.n + i), exact, size));
            }
        }
    }
    Ok(())
}

async fn shares(gpu: &Gpu, data: &Data, random: &mut Random, worst: &mut Worst) -> Result<()> {
    let entries = SUMS * data.n;
    let logs: Vec<f64> = (0..entries).map(|_| 30.0 * number(random, data.double)).collect();
    let logs: Vec<f64> =
        if data.double { logs } else { logs.iter().map(|x| f64::from(*x as f32)).collect() };
    let groups = data.n.div_ceil(32);
    for hard in [false, true] {
        let constants = vec![
            ("WORKGROUP", Constant::U32(32)),
            ("DOUBLE", Constant::Bool(data.double)),
            ("HARD", Constant::Bool(hard)),
        ];
        let params = Params {
            blocks: groups as u32,
            sums: SUMS as u32,
            low: entries as u32,
            ..data.params()
        };
        let words = planes(&logs);
        let resources =
            [Resource::Data(bytemuck::cast_slice(&words)), Resource::Space(32 * groups)];
        let mut sum = 0.0;
        let kernel = || (&RESPONSIBILITY, constants.clone());
        let size = (0, 8 * entries);
        let found = dispatch(gpu, kernel(), params, &resources, groups, size).await?;
        let found: Vec<f32> = bytemuck::pod_collect_to_vec(&found);
        for i in 0..data.n {
            let row: Vec<f64> = (0..SUMS).map(|k| logs[k * data.n + i]).collect();
            let (log, exact) = twin::responsibility(&row, hard);
            sum += log;
            for (k, exact) in exact.into_iter().enumerate() {
                let share = data.join(&found, entries, k * data.n + i);
                worst.add(units(share, exact, 1.0));
            }
        }
        let size = (1, 32 * groups);
        let found = dispatch(gpu, kernel(), params, &resources, groups, size).await?;
        let found: Vec<f32> = bytemuck::pod_collect_to_vec(&found);
        let likelihood: f64 =
            (0..groups).map(|g| f64::from(found[4 * g]) + f64::from(found[4 * (groups + g)])).sum();
        worst.add(units(likelihood, sum, 30.0 * data.n as f64));
    }
    Ok(())
}

/// Two sums of vectors of five quads, of seven and of two blocks.
async fn blocks(gpu: &Gpu, random: &mut Random, double: bool, worst: &mut Worst) -> Result<()> {
    const LENGTH: usize = 5;
    let ranges: [[u32; 4]; 2] = [[0, 7, 1, 0], [7, 2, 2, 0]];
    let vectors: Vec<Vec<f64>> =
        (0..10).map(|_| (0..4 * LENGTH).map(|_| number(random, double)).collect()).collect();
    let words = planes(&vectors.concat());
    let params = [0, 2, LENGTH as u32, (10 * LENGTH) as u32];
    let constants = vec![("WORKGROUP", Constant::U32(16)), ("DOUBLE", Constant::Bool(double))];
    let resources = [
        Resource::Data(bytemuck::cast_slice(&words)),
        Resource::Data(bytemuck::cast_slice(&ranges)),
        Resource::Space(64 * LENGTH),
    ];
    let size = (2, 64 * LENGTH);
    let found = dispatch(gpu, (&BLOCK_SUMS, constants), params, &resources, 1, size).await?;
    let found: Vec<f32> = bytemuck::pod_collect_to_vec(&found);
    for (k, [first, count, step, _]) in ranges.into_iter().enumerate() {
        let chosen: Vec<Vec<f64>> =
            (0..count).map(|j| vectors[(first + j * step) as usize].clone()).collect();
        let exact = twin::block_sums(&chosen);
        for (c, exact) in exact.into_iter().enumerate() {
            let at = 4 * LENGTH * k + c;
            let value = f64::from(found[at]) + f64::from(found[8 * LENGTH + at]);
            worst.add(units(value, exact, f64::from(count)));
        }
    }
    Ok(())
}

/// What the twins are tried with: (3, 4), (0, 2) and (5, 12) in the plane.
const PLANE: [f64; 6] = [3.0, 4.0, 0.0, 2.0, 5.0, 12.0];
const INVERSE: [f64; 3] = [0.2, 0.5, 1.0 / 13.0];

fn compare(values: &[f64], exact: &[f64]) -> Worst {
    let mut worst = Worst::default();
    if values.len() != exact.len() {
        worst.add(f64::NAN);
    }
    for (value, exact) in values.iter().zip(exact) {
        worst.add(units(*value, *exact, exact.abs().max(1.0)));
    }
    worst
}

/// The twin of a kernel against an answer that is known without it.
pub(super) fn known(kernel: &str) -> Worst {
    match kernel {
        "direction_norms" => compare(&twin::direction_norms(&PLANE, 2), &INVERSE),
        "resultant" => {
            let found = twin::resultant(&PLANE, 2, &INVERSE, &[1.0, 0.5, 2.6]);
            compare(&found, &[0.6 + 1.0, 0.8 + 0.5 + 2.4, 4.1])
        }
        "resultant_rows" => {
            let exact = [0.6 + 5.0 / 13.0, 1.8 + 12.0 / 13.0];
            compare(&twin::resultant_rows(&PLANE, 2), &exact)
        }
        "resultant_units" => {
            let (mut found, squares) = twin::resultant_units(&PLANE, 2, &[1.0, 0.5, 2.0]);
            found.extend(squares);
            compare(&found, &[13.0, 29.0, 25.0, 4.0, 169.0])
        }
        "unit_lengths" => compare(&twin::unit_lengths(&[25.0, 4.0, 169.0]), &INVERSE),
        "block_sums" => {
            let blocks = [vec![1.0, 2.0], vec![3.0, 4.0], vec![5.0, 7.0]];
            compare(&twin::block_sums(&blocks), &[9.0, 13.0])
        }
        "log_density" => {
            // 1 − cosine with the first axis: 0.4, 1, 8/13.
            let found = twin::log_density(&PLANE, &INVERSE, &[1.0, 0.0], 10.0, 1.0);
            compare(&found, &[-3.0, -9.0, 1.0 - 80.0 / 13.0])
        }
        "responsibility" => {
            let (sum, mut shares) = twin::responsibility(&[0.0, 3f64.ln()], false);
            let (most, hard) = twin::responsibility(&[2.0, 5.0, 5.0], true);
            shares.extend(hard);
            shares.extend([sum, most]);
            compare(&shares, &[0.25, 0.75, 0.0, 1.0, 0.0, 4f64.ln(), 5.0])
        }
        _ => Worst::default(),
    }
}
