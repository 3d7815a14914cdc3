//! The kernels of `shaders/information`, each against its twin in `reference::information`.

use super::Row;
use super::dispatch::{Resource, dispatch};
use super::judge::{Worst, units};
use super::random::Random;
use super::tolerances::row;
use crate::error::Result;
use crate::gpu::shader::{Constant, Constants};
use crate::gpu::{Gpu, Kernel};
use crate::information::kernels::{
    BIN_COUNTS, CountParams, JOINT_TABLE, JOINT_TOTALS, LOG_WEIGHT_SUMS, LogParams, MARGINALS,
    MERGED_MARGINALS, NO_REPORT, NORMALIZED_WEIGHTS, TableParams,
};
use crate::number::joined;
use crate::number::words as pair;
use crate::reference::information::{self as twin, Edges, KeptSum};

pub(super) const KERNELS: &[&str] = &[
    "marginals",
    "merged_marginals",
    "joint_table",
    "joint_totals",
    "log_weight_sums",
    "normalized_weights",
    "bin_counts",
];

/// Tables in a buffer, of these rows and columns; blocks of this length.
const TABLES: usize = 2;
const SHAPES: [[usize; 2]; 3] = [[3, 5], [17, 40], [1, 130]];
const BLOCK: usize = 16;

/// Threads that share a line: both ways are tried on every device.
const LANES: [u32; 2] = [1, 8];
const WORKGROUP: usize = 32;

pub(super) async fn rows(gpu: &Gpu) -> Result<Vec<Row>> {
    let exact = gpu.capabilities.probes.twofloat_exact();
    let mut found = Vec::new();
    if exact {
        // Where double-float arithmetic is not exact the twin answers, or the precision is refused.
        for (double, quantity) in [(false, "single"), (true, "double-float")] {
            let mut worst = [Worst::default(); 6];
            let mut random = Random::new(31);
            for shape in SHAPES {
                for near in [false, true] {
                    let data = Data::new(&mut random, shape, near, double);
                    data.marginals(gpu, &mut worst[0]).await?;
                    data.merged(gpu, &mut worst[1]).await?;
                    data.terms(gpu, &mut worst[2]).await?;
                    data.totals(gpu, &mut worst[3]).await?;
                }
            }
            log_weights(gpu, &mut random, double, &mut worst[4..6]).await?;
            found.extend(
                KERNELS.iter().zip(worst).map(|(kernel, worst)| row(kernel, quantity, worst)),
            );
        }
    }
    found.push(row("bin_counts", "counts wrong", counts(gpu).await?));
    Ok(found)
}

/// Tables as a kernel is given them, and their marginals.
struct Data {
    shape: [usize; 2],
    words: Vec<f32>,
    tables: Vec<Vec<f64>>,
    double: bool,
}

fn quads(sums: &[KeptSum]) -> Vec<[f32; 4]> {
    let quad = |sum: &KeptSum| {
        let ([a, b], [c, d]) = (pair(sum.largest), pair(sum.total() - sum.largest));
        [a, b, c, d]
    };
    sums.iter().map(quad).collect()
}

impl Data {
    /// Random counts with empty cells, or cells next to a product.
    fn new(random: &mut Random, shape: [usize; 2], near: bool, double: bool) -> Data {
        let [rows, columns] = shape;
        let mut words = Vec::new();
        for _ in 0..TABLES {
            let r: Vec<f64> = (0..rows).map(|_| random.within(0.5, 2.0)).collect();
            let c: Vec<f64> = (0..columns).map(|_| random.within(0.5, 2.0)).collect();
            words.extend((0..rows * columns).map(|k| match near {
                true => (r[k / columns] * c[k % columns] * (1.0 + 1e-3 * random.unit())) as f32,
                false => f64::from(random.below(40)).max(20.0) as f32 - 20.0,
            }));
            // No table without mass.
            let last = words.len() - 1;
            words[last] += 1.0;
        }
        let tables = words.chunks_exact(rows * columns);
        let tables = tables.map(|table| table.iter().map(|w| f64::from(*w)).collect()).collect();
        Data { shape, words, tables, double }
    }

    fn params(&self, length: usize, items: usize) -> TableParams {
        TableParams {
            rows: self.shape[0] as u32,
            columns: self.shape[1] as u32,
            until: items as u32,
            block: BLOCK as u32,
            blocks: length.div_ceil(BLOCK) as u32,
            ..TableParams::default()
        }
    }

    fn constants(&self, lanes: u32, own: &[(&'static str, bool)]) -> Constants {
        let mut constants = vec![
            ("WORKGROUP", Constant::U32(WORKGROUP as u32)),
            ("LANES", Constant::U32(lanes)),
            ("DOUBLE", Constant::Bool(self.double)),
        ];
        constants.extend(own.iter().map(|(name, is)| (*name, Constant::Bool(*is))));
        constants
    }

    /// The sums of all rows of all tables, and of all columns.
    fn sums(&self) -> [Vec<KeptSum>; 2] {
        let mut sums = [Vec::new(), Vec::new()];
        for table in &self.tables {
            let (rows, columns) = twin::marginals(table, self.shape[1]);
            sums[0].extend(rows);
            sums[1].extend(columns);
        }
        sums
    }

    /// A kernel over so many items; the first `numbers` f32 of its resource `read`.
    async fn run(
        &self,
        gpu: &Gpu,
        (kernel, constants): (&'static Kernel, Constants),
        params: TableParams,
        resources: &[Resource<'_>],
        (read, numbers): (usize, usize),
    ) -> Result<Vec<f32>> {
        let lanes = constants.iter().find_map(|(name, constant)| match (*name, constant) {
            ("LANES", Constant::U32(lanes)) => Some(*lanes as usize),
            _ => None,
        });
        let groups = (params.until as usize).div_ceil(WORKGROUP / lanes.unwrap_or(1));
        let kernel = (kernel, constants);
        let bytes = dispatch(gpu, kernel, params, resources, groups, (read, 4 * numbers)).await?;
        Ok(bytemuck::pod_collect_to_vec(&bytes))
    }

    async fn marginals(&self, gpu: &Gpu, worst: &mut Worst) -> Result<()> {
        let exact = self.sums();
        for (of_columns, lanes) in [(false, LANES[0]), (false, LANES[1]), (true, 1)] {
            let along = usize::from(of_columns);
            let length = self.shape[1 - along];
            let blocks = length.div_ceil(BLOCK);
            let items = TABLES * self.shape[along] * blocks;
            let resources = [
                Resource::Data(bytemuck::cast_slice(&self.words)),
                Resource::Space(16 * items),
                Resource::Data(bytemuck::cast_slice(&NO_REPORT)),
            ];
            let kernel = (&MARGINALS, self.constants(lanes, &[("COLUMNS", of_columns)]));
            let params = self.params(length, items);
            let words = self.run(gpu, kernel, params, &resources, (1, 4 * items)).await?;
            for (parts, exact) in words.chunks_exact(4 * blocks).zip(&exact[along]) {
                let total: f64 = parts.iter().map(|x| f64::from(*x)).sum();
                let largest =
                    parts.chunks_exact(4).map(|x| joined([x[0], x[1]])).fold(0.0f64, f64::max);
                worst.add(units(total, exact.total(), exact.total()));
                worst.add(units(largest, exact.largest, exact.largest));
            }
        }
        Ok(())
    }

    async fn merged(&self, gpu: &Gpu, worst: &mut Worst) -> Result<()> {
        let rows = &self.sums()[0];
        let parts = quads(rows);
        for (totals, lanes) in [(false, LANES[0]), (true, LANES[0]), (true, LANES[1])] {
            let resources =
                [Resource::Data(bytemuck::cast_slice(&parts)), Resource::Space(16 * TABLES)];
            let kernel = (&MERGED_MARGINALS, self.constants(lanes, &[("TOTALS", totals)]));
            let params = TableParams { block: self.shape[0] as u32, ..self.params(1, TABLES) };
            let words = self.run(gpu, kernel, params, &resources, (1, 4 * TABLES)).await?;
            for (x, parts) in words.chunks_exact(4).zip(rows.chunks_exact(self.shape[0])) {
                let exact = match totals {
                    true => parts.iter().map(KeptSum::total).collect(),
                    false => twin::merged_marginals(parts),
                };
                worst.add(units(joined([x[0], x[1]]), exact.largest, exact.largest));
                let total = joined([x[0], x[1]]) + joined([x[2], x[3]]);
                worst.add(units(total, exact.total(), exact.total()));
            }
        }
        Ok(())
    }

    /// The totals of tables, from the sums of lines.
    fn of_tables(&self, sums: &[KeptSum]) -> Vec<KeptSum> {
        let lines = sums.chunks_exact(sums.len() / TABLES);
        lines.map(|lines| lines.iter().map(KeptSum::total).collect()).collect()
    }

    fn row_terms(&self) -> Vec<twin::RowTerms> {
        let of = |table: &Vec<f64>| {
            let (rows, columns) = twin::marginals(table, self.shape[1]);
            twin::joint_table(table, &rows, &columns)
        };
        self.tables.iter().flat_map(of).collect()
    }

    async fn terms(&self, gpu: &Gpu, worst: &mut Worst) -> Result<()> {
        let [rows, columns] = self.sums();
        let (row_sums, column_sums) = (quads(&rows), quads(&columns));
        let totals = quads(&self.of_tables(&rows));
        let blocks = self.shape[1].div_ceil(BLOCK);
        let items = TABLES * self.shape[0] * blocks;
        let exact = self.row_terms();
        for lanes in LANES {
            let resources = [
                Resource::Data(bytemuck::cast_slice(&self.words)),
                Resource::Data(bytemuck::cast_slice(&row_sums)),
                Resource::Data(bytemuck::cast_slice(&column_sums)),
                Resource::Data(bytemuck::cast_slice(&totals)),
                Resource::Space(32 * items),
            ];
            let kernel = (&JOINT_TABLE, self.constants(lanes, &[]));
            let params = self.params(self.shape[1], items);
            let words = self.run(gpu, kernel, params, &resources, (4, 8 * items)).await?;
            for (blocks, exact) in words.chunks_exact(8 * blocks).zip(&exact) {
                let of = |k: usize| {
                    blocks.chunks_exact(8).map(|x| joined([x[k], x[4 + k]])).sum::<f64>()
                };
                for (k, exact) in
                    [exact.information, exact.given_column, exact.given_row].into_iter().enumerate()
                {
                    worst.add(units(of(k), exact, exact));
                }
            }
        }
        Ok(())
    }

    async fn totals(&self, gpu: &Gpu, worst: &mut Worst) -> Result<()> {
        let [rows, columns] = self.sums();
        let terms = self.row_terms();
        let words: Vec<[f32; 8]> = terms
            .iter()
            .map(|x| {
                let [a, b, c] = [x.information, x.given_column, x.given_row].map(pair);
                [a[0], b[0], c[0], 0.0, a[1], b[1], c[1], 0.0]
            })
            .collect();
        let (row_totals, column_totals) = (self.of_tables(&rows), self.of_tables(&columns));
        let sums = [&rows, &columns, &row_totals, &column_totals].map(|sums| quads(sums));
        let resources = [
            Resource::Data(bytemuck::cast_slice(&words)),
            Resource::Data(bytemuck::cast_slice(&sums[0])),
            Resource::Data(bytemuck::cast_slice(&sums[1])),
            Resource::Data(bytemuck::cast_slice(&sums[2])),
            Resource::Data(bytemuck::cast_slice(&sums[3])),
            Resource::Space(48 * TABLES),
        ];
        for lanes in LANES {
            let kernel = (&JOINT_TOTALS, self.constants(lanes, &[]));
            let params = self.params(1, TABLES);
            let found = self.run(gpu, kernel, params, &resources, (5, 12 * TABLES)).await?;
            for (k, x) in found.chunks_exact(12).enumerate() {
                let part = |sums: &[KeptSum]| {
                    let n = sums.len() / TABLES;
                    sums[k * n..(k + 1) * n].to_vec()
                };
                let (rows, columns) = (part(&rows), part(&columns));
                let n = self.shape[0];
                let exact = twin::joint_totals(&terms[k * n..(k + 1) * n], &rows, &columns);
                let measures = [0, 1, 2, 3].map(|m| joined([x[m], x[4 + m]]));
                for (found, exact) in measures.into_iter().chain([joined([x[8], x[9]])]).zip(exact)
                {
                    worst.add(units(found, exact, exact));
                }
            }
        }
        Ok(())
    }
}

/// Rows of 200 log-weights, some of them none.
async fn log_weights(
    gpu: &Gpu,
    random: &mut Random,
    double: bool,
    worst: &mut [Worst],
) -> Result<()> {
    const ROWS: usize = 5;
    const COLUMNS: usize = 200;
    let logs: Vec<f32> = (0..ROWS * COLUMNS)
        .map(|_| match random.below(9) {
            0 => f32::NEG_INFINITY,
            _ => random.within(-60.0, 20.0) as f32,
        })
        .collect();
    let wide: Vec<f64> = logs.iter().map(|l| f64::from(*l)).collect();
    let sums: Vec<_> = wide.chunks_exact(COLUMNS).map(twin::log_weight_sums).collect();
    let constants = |lanes: Option<u32>| -> Constants {
        let mut constants = vec![
            ("WORKGROUP", Constant::U32(WORKGROUP as u32)),
            ("DOUBLE", Constant::Bool(double)),
        ];
        constants.extend(lanes.map(|lanes| ("LANES", Constant::U32(lanes))));
        constants
    };
    let params = LogParams {
        columns: COLUMNS as u32,
        block: COLUMNS as u32,
        blocks: 1,
        ..LogParams::default()
    };
    for lanes in LANES {
        let resources = [
            Resource::Data(bytemuck::cast_slice(&logs)),
            Resource::Space(32 * ROWS),
            Resource::Data(bytemuck::cast_slice(&NO_REPORT)),
        ];
        let params = LogParams { until: ROWS as u32, ..params };
        let groups = ROWS.div_ceil(WORKGROUP / lanes as usize);
        let kernel = (&LOG_WEIGHT_SUMS, constants(Some(lanes)));
        let found = dispatch(gpu, kernel, params, &resources, groups, (1, 32 * ROWS)).await?;
        let found: Vec<f32> = bytemuck::pod_collect_to_vec(&found);
        for (x, exact) in found.chunks_exact(8).zip(&sums) {
            let exact = [exact.most, exact.weights, exact.squares, exact.products];
            for (k, exact) in exact.into_iter().enumerate() {
                worst[0].add(units(joined([x[2 * k], x[2 * k + 1]]), exact, exact.abs()));
            }
        }
    }
    let normalizers: Vec<[f32; 4]> = sums
        .iter()
        .map(|sums| {
            let ([a, b], [c, d]) = (pair(sums.most), pair(1.0 / sums.weights));
            [a, b, c, d]
        })
        .collect();
    let numbers = ROWS * COLUMNS;
    let resources = [
        Resource::Data(bytemuck::cast_slice(&logs)),
        Resource::Data(bytemuck::cast_slice(&normalizers)),
        Resource::Space(8 * numbers),
    ];
    let params = LogParams { until: numbers as u32, low_out: numbers as u32, ..params };
    let kernel = (&NORMALIZED_WEIGHTS, constants(None));
    let groups = numbers.div_ceil(WORKGROUP);
    let found = dispatch(gpu, kernel, params, &resources, groups, (2, 8 * numbers)).await?;
    let found: Vec<f32> = bytemuck::pod_collect_to_vec(&found);
    let exact = wide.chunks_exact(COLUMNS).zip(&sums);
    let exact =
        exact.flat_map(|(row, sums)| twin::normalized_weights(row, sums.most, 1.0 / sums.weights));
    for (k, exact) in exact.enumerate() {
        let low = if double { found[numbers + k] } else { 0.0 };
        // Where subnormals are flushed, low words of weights below 2⁻⁷⁸ are, too.
        worst[1].add(units(joined([found[k], low]), exact, exact.max((-78f64).exp2())));
    }
    Ok(())
}

/// Two pairs of series, in workgroup memory and without.
async fn counts(gpu: &Gpu) -> Result<Worst> {
    const LENGTH: usize = 1000;
    const SERIES: usize = 2;
    let mut random = Random::new(32);
    let mut series = || -> Vec<f32> {
        (0..SERIES * LENGTH)
            .map(|_| (random.within(-5.0, 6.0) * 4.0).round() as f32 / 4.0)
            .collect()
    };
    let (x, y) = (series(), series());
    let edges_x: Vec<f32> = (0..=10).map(|k| k as f32 - 5.0).collect();
    let edges_y = [-4.0f32, -0.25, 0.0, 0.0, 3.5];
    let keys = |edges: &[f32]| -> Vec<u32> {
        let key = |x: &f32| {
            if x.is_sign_negative() && *x != 0.0 { !x.to_bits() } else { x.to_bits() | 1 << 31 }
        };
        edges.iter().map(key).collect()
    };
    let wide = |values: &[f32]| -> Vec<f64> { values.iter().map(|x| f64::from(*x)).collect() };
    let mut worst = Worst::default();
    for (pairs, local) in [(false, false), (false, true), (true, false), (true, true)] {
        let bins_y = if pairs { edges_y.len() - 1 } else { 1 };
        let cells = (edges_x.len() - 1) * bins_y + 1;
        let zeros = vec![0u32; SERIES * cells];
        let (keys_x, keys_y) = (keys(&edges_x), keys(&edges_y));
        let resources = [
            Resource::Data(bytemuck::cast_slice(&x)),
            Resource::Data(bytemuck::cast_slice(&y)),
            Resource::Data(bytemuck::cast_slice(&keys_x)),
            Resource::Data(bytemuck::cast_slice(&keys_y)),
            Resource::Data(bytemuck::cast_slice(&zeros)),
            Resource::Data(bytemuck::cast_slice(&[u32::MAX; 4])),
        ];
        let blocks = LENGTH.div_ceil(128);
        let params = CountParams {
            length: LENGTH as u32,
            until: (SERIES * blocks) as u32,
            block: 128,
            blocks: blocks as u32,
            bins: edges_x.len() as u32 - 1,
            bins_y: bins_y as u32,
            ..CountParams::default()
        };
        let constants = vec![
            ("WORKGROUP", Constant::U32(WORKGROUP as u32)),
            ("PAIRS", Constant::Bool(pairs)),
            ("LOCAL", Constant::Bool(local)),
        ];
        let size = (4, 4 * SERIES * cells);
        let found =
            dispatch(gpu, (&BIN_COUNTS, constants), params, &resources, SERIES * blocks, size)
                .await?;
        let found: Vec<u32> = bytemuck::pod_collect_to_vec(&found);
        let (edges_x, edges_y) = (wide(&edges_x), wide(&edges_y));
        for k in 0..SERIES {
            let part = |values: &[f32]| wide(&values[k * LENGTH..(k + 1) * LENGTH]);
            let (x, y) = (part(&x), part(&y));
            let second = pairs.then_some((&y[..], Edges(&edges_y)));
            let exact = twin::bin_counts(&x, Edges(&edges_x), second);
            for (found, exact) in found[k * cells..(k + 1) * cells].iter().zip(exact) {
                worst.count(u64::from(*found) == exact);
            }
        }
    }
    Ok(worst)
}

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
    // X is Y with probability 3/4.
    let table = [3.0, 1.0, 1.0, 3.0];
    let (rows, columns) = twin::marginals(&table, 2);
    let terms = twin::joint_table(&table, &rows, &columns);
    let (ln_2, ln_4_3) = (2f64.ln(), (4.0f64 / 3.0).ln());
    let given = 0.75 * ln_4_3 + 0.25 * 4f64.ln();
    let logs = [0.0, 3f64.ln(), f64::NEG_INFINITY];
    match kernel {
        "marginals" => {
            let all: Vec<f64> = rows.iter().chain(&columns).map(KeptSum::total).collect();
            let largest: Vec<f64> = rows.iter().chain(&columns).map(|sum| sum.largest).collect();
            let mut worst = compare(&all, &[4.0; 4]);
            worst.error = worst.error.max(compare(&largest, &[3.0; 4]).error);
            worst
        }
        "merged_marginals" => {
            let merged = twin::merged_marginals(&rows);
            let share = merged.log_share(3.0);
            compare(
                &[merged.largest, merged.rest, merged.total(), share],
                &[3.0, 5.0, 8.0, -0.375f64.ln()],
            )
        }
        "joint_table" => {
            let found: Vec<f64> =
                terms.iter().flat_map(|x| [x.information, x.given_column, x.given_row]).collect();
            let row = [32.0 * (ln_2 - given), 4.0 * given, 4.0 * given];
            compare(&found, &[row, row].concat())
        }
        "joint_totals" => {
            let found = twin::joint_totals(&terms, &rows, &columns);
            compare(&found, &[ln_2 - given, given, given, ln_2, ln_2])
        }
        "log_weight_sums" => {
            let found = twin::log_weight_sums(&logs);
            let third = 1.0 / 3.0;
            compare(
                &[found.most, found.weights, found.squares, found.products],
                &[3f64.ln(), 1.0 + third, 1.0 + third * third, -third * 3f64.ln()],
            )
        }
        "normalized_weights" => {
            compare(&twin::normalized_weights(&logs, 3f64.ln(), 0.75), &[0.25, 0.75, 0.0])
        }
        "bin_counts" => {
            let edges = Edges(&[0.0, 1.0, 2.0]);
            let found = twin::bin_counts(&[0.0, 1.0, 2.0, 2.5], edges, None);
            let pairs = twin::bin_counts(&[0.5, 1.5], edges, Some((&[1.0, 0.0], edges)));
            let found: Vec<f64> =
                found.into_iter().chain(pairs).map(|count| count as f64).collect();
            compare(&found, &[1.0, 2.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0])
        }
        _ => Worst::default(),
    }
}
