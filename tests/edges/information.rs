use crate::table::{Case, case, check};
use kantor::information::{
    Bins, Coupling, ImportanceWeights, JointInformation, Normalization,
    binned_mutual_information_blocking, chi2_contraction, count_blocking, count_pairs_blocking,
    count_pairs_tensor_blocking, count_tensor_blocking, dobrushin_coefficient, equal_mass_bins,
    equal_width_bins, joint_information_blocking, joint_information_tensor_blocking,
    minimum_entropy_coupling, systematic_resample,
};
use kantor::{Context, Precision, Result, Tensor, Unit};
use pollster::block_on;

const NONE: f64 = f64::NEG_INFINITY;
const DIAGONAL: [f64; 4] = [1.0, 0.0, 0.0, 1.0];

fn joint(c: &Context, p: Precision, table: &[f64], shape: [usize; 2]) -> Result<JointInformation> {
    Ok(joint_information_blocking(c, table, shape, p, Unit::Nats)?[0])
}

fn tables() -> Vec<Case> {
    let of = |at, table: &'static [f64], shape| {
        case("joint_information", at, move |c, p| Ok(joint(c, p, table, shape)?.mutual_information))
    };
    let tensor = |at, table: &'static [f32], shape: &'static [usize]| {
        case("joint_information_tensor", at, move |c, p| {
            let table = block_on(Tensor::from_slice(c, table, shape))?;
            let found = joint_information_tensor_blocking(&table, p, Unit::Nats)?;
            Ok(found[0].mutual_information)
        })
    };
    vec![
        of("no rows", &DIAGONAL, [0, 2]),
        of("more cells than a usize", &DIAGONAL, [usize::MAX, 2]),
        of("no tables", &[], [2, 2]),
        of("a table that is incomplete", &[1.0; 3], [2, 2]),
        of("all 0", &[0.0; 4], [2, 2]),
        of("a cell below 0", &[1.0, -5e-324, 0.0, 1.0], [2, 2]),
        of("a cell that is ∞", &[1.0, 0.0, f64::INFINITY, 1.0], [2, 2]),
        of("a cell that is NaN", &[1.0, f64::NAN, 0.0, 1.0], [2, 2]),
        of("one cell", &[3.0], [1, 1]),
        of("one row", &[1.0, 2.0], [1, 2]),
        of("one cell that is not 0", &[0.0, 0.0, 0.0, 7.0], [2, 2]),
        of("X is Y: ln 2", &DIAGONAL, [2, 2]),
        of("independent", &[1.0, 2.0, 2.0, 4.0], [2, 2]),
        of("the largest f64 four times", &[f64::MAX; 4], [2, 2]),
        of("X is Y, the largest f64: ln 2", &[f64::MAX, 0.0, 0.0, f64::MAX], [2, 2]),
        of("X is Y, the smallest f64: ln 2", &[5e-324, 0.0, 0.0, 5e-324], [2, 2]),
        of("cells 1, 1e-30, 1e-30, 1e-30", &[1.0, 1e-30, 1e-30, 1e-30], [2, 2]),
        of("the smallest and the largest f64", &[5e-324, 0.0, 0.0, f64::MAX], [2, 2]),
        tensor("a tensor of one dimension", &[1.0; 4], &[4]),
        tensor("a cell that is NaN", &[1.0, f32::NAN, 0.0, 1.0], &[2, 2]),
        tensor("all 0", &[0.0; 4], &[1, 2, 2]),
        tensor("X is Y, the largest f32: ln 2", &[f32::MAX, 0.0, 0.0, f32::MAX], &[2, 2]),
        tensor("X is Y, the smallest f32: ln 2", &[1e-45, 0.0, 0.0, 1e-45], &[2, 2]),
    ]
}

fn measures() -> Vec<Case> {
    let of = |name, at, table: &'static [f64], measure: fn(&JointInformation) -> f64| {
        case(name, at, move |c, p| Ok(measure(&joint(c, p, table, [2, table.len() / 2])?)))
    };
    let by = |at, table: &'static [f64], by| {
        case("JointInformation::normalized", at, move |c, p| {
            Ok(joint(c, p, table, [2, table.len() / 2])?.normalized(by))
        })
    };
    const POINT: &[f64] = &[0.0, 0.0, 0.0, 7.0];
    const COLUMN: &[f64] = &[1.0, 1.0];
    let variation = "JointInformation::variation_of_information";
    vec![
        of("JointInformation::joint_entropy", "one cell that is not 0", POINT, |x| x.joint_entropy),
        of("JointInformation::joint_entropy", "four equal cells: ln 4", &[1.0; 4], |x| {
            x.joint_entropy
        }),
        of("JointInformation::row_entropy", "one column: ln 2", COLUMN, |x| x.row_entropy),
        of("JointInformation::column_entropy", "one column", COLUMN, |x| x.column_entropy),
        of("JointInformation::row_given_column", "X is Y", &DIAGONAL, |x| x.row_given_column),
        of("JointInformation::row_given_column", "four equal cells: ln 2", &[1.0; 4], |x| {
            x.row_given_column
        }),
        of("JointInformation::column_given_row", "X is Y", &DIAGONAL, |x| x.column_given_row),
        of(variation, "X is Y", &DIAGONAL, JointInformation::variation_of_information),
        of(variation, "four equal cells: ln 4", &[1.0; 4], |x| x.variation_of_information()),
        by("X is Y, by the smaller entropy", &DIAGONAL, Normalization::Min),
        by("both constant, by the smaller entropy", POINT, Normalization::Min),
        by("Y constant, by the smaller entropy", COLUMN, Normalization::Min),
        by("Y constant, by the larger", COLUMN, Normalization::Max),
        by("Y constant, by the geometric mean", COLUMN, Normalization::Geometric),
        by("both constant, by the joint entropy", POINT, Normalization::Joint),
        case("Unit::Bits", "X is Y", |c, p| {
            let found = joint_information_blocking(c, &DIAGONAL, [2, 2], p, Unit::Bits)?;
            Ok(found[0].mutual_information)
        }),
    ]
}

fn channels() -> Vec<Case> {
    let tv = |at, channel: &'static [f64], inputs, outputs| {
        case("dobrushin_coefficient", at, move |_, _| {
            Ok(dobrushin_coefficient(channel, inputs, outputs)?[0])
        })
    };
    let chi2 = |at, channel: &'static [f64], p: &'static [f64]| {
        case("chi2_contraction", at, move |_, _| Ok(chi2_contraction(channel, 2, 2, p)?[0]))
    };
    vec![
        tv("no inputs", &DIAGONAL, 0, 2),
        tv("a channel that is incomplete", &[1.0, 0.0, 1.0], 2, 2),
        tv("a row of zeros", &[1.0, 0.0, 0.0, 0.0], 2, 2),
        tv("a row that sums to 1.0011", &[1.0011, 0.0, 0.0, 1.0], 2, 2),
        tv("a row that sums to 1.0009", &[1.0009, 0.0, 0.0, 1.0], 2, 2),
        tv("an entry below 0", &[1.5, -0.5, 0.0, 1.0], 2, 2),
        tv("an entry that is NaN", &[1.0, f64::NAN, 0.0, 1.0], 2, 2),
        tv("an entry that is ∞", &[1.0, f64::INFINITY, 0.0, 1.0], 2, 2),
        tv("one input", &[0.5, 0.5], 1, 2),
        tv("one output", &[1.0, 1.0], 2, 1),
        tv("equal rows", &[0.25, 0.75, 0.25, 0.75], 2, 2),
        tv("rows that share nothing", &DIAGONAL, 2, 2),
        chi2("the identity, equal inputs", &DIAGONAL, &[1.0, 1.0]),
        chi2("equal rows", &[0.25, 0.75, 0.25, 0.75], &[1.0, 1.0]),
        chi2("an input of weight 0", &DIAGONAL, &[1.0, 0.0]),
        chi2("inputs of the largest f64", &DIAGONAL, &[f64::MAX, f64::MAX]),
        chi2("inputs of the smallest f64", &DIAGONAL, &[5e-324, 5e-324]),
        chi2("inputs of weight 0", &DIAGONAL, &[0.0, 0.0]),
        chi2("an input of weight NaN", &DIAGONAL, &[1.0, f64::NAN]),
        chi2("one weight for two inputs", &DIAGONAL, &[1.0]),
        chi2("two distributions for one channel", &DIAGONAL, &[1.0; 4]),
    ]
}

fn couple(marginals: &[&[f64]]) -> Result<Coupling> {
    let mut found = minimum_entropy_coupling(&[marginals.to_vec()], Unit::Nats)?;
    Ok(found.remove(0))
}

fn couplings() -> Vec<Case> {
    let entropy = |at, marginals: &'static [&'static [f64]]| {
        case("minimum_entropy_coupling", at, move |_, _| Ok(couple(marginals)?.entropy))
    };
    vec![
        case("minimum_entropy_coupling", "no problem", |_, _| {
            Ok(minimum_entropy_coupling::<f64>(&[], Unit::Nats)?.len() as f64)
        }),
        entropy("one marginal", &[&[1.0]]),
        entropy("a marginal without bins", &[&[1.0], &[]]),
        entropy("a marginal of zeros", &[&[1.0], &[0.0, 0.0]]),
        entropy("a weight below 0", &[&[1.0], &[1.0, -1.0]]),
        entropy("a weight that is NaN", &[&[1.0], &[1.0, f64::NAN]]),
        entropy("point masses", &[&[0.0, 1.0], &[3.0]]),
        entropy("equal marginals (½, ½): ln 2", &[&[1.0, 1.0], &[2.0, 2.0]]),
        entropy("the largest f64 twice: ln 2", &[&[f64::MAX, f64::MAX], &[1.0, 1.0]]),
        entropy("the smallest f64 twice: ln 2", &[&[5e-324, 5e-324], &[1.0, 1.0]]),
        case("Coupling::lower_bound", "equal marginals (½, ½): ln 2", |_, _| {
            Ok(couple(&[&[1.0, 1.0], &[2.0, 2.0]])?.lower_bound)
        }),
        case("Coupling::atoms", "a bin of weight 0: how many", |_, _| {
            Ok(couple(&[&[1.0, 0.0], &[1.0, 1.0]])?.atoms.len() as f64)
        }),
    ]
}

fn edge(bins: Result<Bins>, at: usize) -> Result<f64> {
    Ok(bins?.edges(0)[at])
}

fn bins() -> Vec<Case> {
    let new = |at, edges: &'static [f64]| {
        case("Bins::new", at, move |_, _| Ok(Bins::new(edges)?.len() as f64))
    };
    let width = |at, low, high, bins| {
        case("Bins::equal_width", at, move |_, _| edge(Bins::equal_width(low, high, bins), 1))
    };
    let of_width = |at, samples: &'static [f64], length, bins| {
        case("equal_width_bins", at, move |_, _| edge(equal_width_bins(samples, length, bins), 0))
    };
    let of_mass = |at, samples: &'static [f64], length, bins| {
        case("equal_mass_bins", at, move |_, _| edge(equal_mass_bins(samples, length, bins), 1))
    };
    vec![
        new("one edge", &[1.0]),
        new("an edge that is NaN", &[0.0, f64::NAN]),
        new("an edge that is ∞", &[0.0, f64::INFINITY]),
        new("edges that descend", &[1.0, 0.0]),
        new("edges that are all equal", &[1.0, 1.0]),
        new("two edges that are equal: bins", &[0.0, 1.0, 1.0]),
        width("no bins", 0.0, 1.0, 0),
        width("2²⁴ + 1 bins", 0.0, 1.0, (1 << 24) + 1),
        width("the low end ∞", f64::NEG_INFINITY, 1.0, 2),
        width("the high end NaN", 0.0, f64::NAN, 2),
        width("equal ends", 1.0, 1.0, 2),
        width("from the lowest f64 to the largest", f64::MIN, f64::MAX, 2),
        width("from 0 to the largest f64: half of it", 0.0, f64::MAX, 2),
        case("Bins::edges", "a series that does not exist: how many", |_, _| {
            let bins = equal_width_bins(&[0.0, 1.0, 0.0, 2.0], 2, 1)?;
            Ok(bins.edges(2).len() as f64)
        }),
        of_width("no samples", &[], 1, 2),
        of_width("no length", &[1.0], 0, 2),
        of_width("a series that is incomplete", &[1.0; 3], 2, 2),
        of_width("a sample that is NaN", &[1.0, f64::NAN], 2, 2),
        of_width("no bins", &[1.0, 2.0], 2, 0),
        of_width("equal samples of 3: the lowest edge", &[3.0; 2], 2, 2),
        of_width("samples that are the largest f64: the lowest edge", &[f64::MAX; 2], 2, 2),
        of_width("the lowest and the largest f64", &[f64::MIN, f64::MAX], 2, 2),
        of_mass("no samples", &[], 1, 2),
        of_mass("a sample that is ∞", &[1.0, f64::INFINITY], 2, 2),
        of_mass("no bins", &[1.0, 2.0], 2, 0),
        of_mass("equal samples of 3: the middle edge", &[3.0; 2], 2, 2),
        of_mass("the lowest and the largest f64: the middle edge", &[f64::MIN, f64::MAX], 2, 2),
        of_mass("one sample of 1e300: the edge in the middle of it", &[1e300], 1, 2),
    ]
}

/// Samples in the first of two bins from 0 to 1 and 2, and outside.
fn counted(c: &Context, samples: &[f64], outside: bool) -> Result<f64> {
    let bins = Bins::new(&[0.0, 1.0, 2.0])?;
    let found = count_blocking(c, samples, samples.len(), &bins)?;
    Ok(if outside { found.outside[0] } else { found.counts[1] } as f64)
}

fn counts() -> Vec<Case> {
    let of = "count";
    let tensor = |at, samples: &'static [f32], shape: &'static [usize]| {
        case("count_tensor", at, move |c, _| {
            let samples = block_on(Tensor::from_slice(c, samples, shape))?;
            let found = count_tensor_blocking(&samples, &Bins::new(&[0.0, 1.0, 2.0])?)?;
            Ok(found.counts[1] as f64)
        })
    };
    vec![
        case(of, "no samples", |c, _| counted(c, &[], false)),
        case(of, "a sample that is NaN", |c, _| counted(c, &[0.5, f64::NAN], false)),
        case(of, "a sample that is ∞", |c, _| counted(c, &[0.5, f64::INFINITY], false)),
        case(of, "a sample on an inner edge: it is above", |c, _| counted(c, &[1.0], false)),
        case(of, "a sample on the last edge: it is inside", |c, _| counted(c, &[2.0], false)),
        case(of, "a sample above the last edge", |c, _| counted(c, &[2.0f64.next_up()], true)),
        case(of, "a sample of −0 on an edge of 0", |c, _| counted(c, &[-0.0], true)),
        case(of, "a sample below 0", |c, _| counted(c, &[-5e-324], true)),
        case(of, "edges of two series, one series", |c, _| {
            let bins = equal_width_bins(&[0.0, 1.0, 0.0, 2.0], 2, 1)?;
            Ok(count_blocking(c, &[0.0], 1, &bins)?.counts[0] as f64)
        }),
        case("count_pairs", "x and y of different lengths", |c, _| {
            let bins = Bins::new(&[0.0, 1.0])?;
            let found = count_pairs_blocking(c, &[0.5, 0.5], &[0.5], 2, [&bins; 2])?;
            Ok(found.counts[0] as f64)
        }),
        case("count_pairs", "y outside of its bins: inside", |c, _| {
            let bins = Bins::new(&[0.0, 1.0])?;
            Ok(count_pairs_blocking(c, &[0.5], &[2.0], 1, [&bins; 2])?.counts[0] as f64)
        }),
        case("count_pairs", "y that is NaN", |c, _| {
            let bins = Bins::new(&[0.0, 1.0])?;
            Ok(count_pairs_blocking(c, &[0.5], &[f64::NAN], 1, [&bins; 2])?.counts[0] as f64)
        }),
        case("count_pairs_tensor", "tensors of different shapes", |c, _| {
            let bins = Bins::new(&[0.0, 1.0])?;
            let x = block_on(Tensor::from_slice(c, &[0.5; 4], &[4]))?;
            let y = block_on(Tensor::from_slice(c, &[0.5; 4], &[2, 2]))?;
            Ok(count_pairs_tensor_blocking(&x, &y, [&bins; 2])?.counts[0] as f64)
        }),
        case("count_pairs_tensor", "the last edge of both: inside", |c, _| {
            let bins = Bins::new(&[0.0, 1.0])?;
            let x = block_on(Tensor::from_slice(c, &[1.0], &[1]))?;
            Ok(count_pairs_tensor_blocking(&x, &x, [&bins; 2])?.counts[0] as f64)
        }),
        tensor("a sample on an inner edge: it is above", &[1.0, 0.999_999_94], &[2]),
        tensor("a sample that is NaN", &[1.0, f32::NAN], &[2]),
        tensor("a tensor of three dimensions", &[1.0], &[1, 1, 1]),
        case("binned_mutual_information", "all samples outside", |c, p| {
            let bins = Bins::new(&[0.0, 1.0])?;
            let both = [&bins; 2];
            let found =
                binned_mutual_information_blocking(c, &[5.0], &[5.0], 1, both, p, Unit::Nats)?;
            Ok(found[0].mutual_information)
        }),
        case("binned_mutual_information", "x is y, two bins: ln 2", |c, p| {
            let (bins, x) = (Bins::new(&[0.0, 1.0, 2.0])?, [0.5, 1.5]);
            let found =
                binned_mutual_information_blocking(c, &x, &x, 2, [&bins; 2], p, Unit::Nats)?;
            Ok(found[0].mutual_information)
        }),
    ]
}

fn weights_of(c: &Context, p: Precision, logs: &[f64]) -> Result<ImportanceWeights> {
    ImportanceWeights::new_blocking(c, logs, logs.len(), p)
}

fn importance() -> Vec<Case> {
    let made = "ImportanceWeights::new";
    let size = |at, logs: &'static [f64]| {
        case("WeightSummary::effective_sample_size", at, move |c, p| {
            Ok(weights_of(c, p, logs)?.summaries()[0].effective_sample_size)
        })
    };
    let mean = |at, logs: &'static [f64]| {
        case("WeightSummary::log_mean_exp", at, move |c, p| {
            Ok(weights_of(c, p, logs)?.summaries()[0].log_mean_exp)
        })
    };
    let new = |at, logs: &'static [f64]| {
        case("ImportanceWeights::new", at, move |c, p| Ok(weights_of(c, p, logs)?.rows() as f64))
    };
    let first = |at, logs: &'static [f64]| {
        case("ImportanceWeights::normalized", at, move |c, p| {
            Ok(weights_of(c, p, logs)?.normalized_blocking()?[0])
        })
    };
    let tensor = |at, logs: &'static [f32], shape: &'static [usize]| {
        case("ImportanceWeights::from_tensor", at, move |c, p| {
            let logs = block_on(Tensor::from_slice(c, logs, shape))?;
            let weights = ImportanceWeights::from_tensor_blocking(&logs, p)?;
            Ok(weights.summaries()[0].log_mean_exp)
        })
    };
    vec![
        new("no weights", &[]),
        case(made, "a row that is incomplete", |c, p| {
            Ok(ImportanceWeights::new_blocking(c, &[0.0; 3], 2, p)?.rows() as f64)
        }),
        new("a row of −∞", &[NONE, NONE]),
        new("∞", &[0.0, f64::INFINITY]),
        new("NaN", &[f64::NAN, 0.0]),
        size("one weight", &[-700.0]),
        size("equal weights of e^1000: 2", &[1000.0, 1000.0]),
        size("one of two is 0", &[0.0, NONE]),
        size("1e308 and −1e308", &[1e308, -1e308]),
        mean("one weight of e^−1e300", &[-1e300]),
        mean("the largest f64 twice", &[f64::MAX, f64::MAX]),
        mean("0 and −∞: −ln 2", &[0.0, NONE]),
        mean("1e308 and −1e308", &[1e308, -1e308]),
        case("WeightSummary::perplexity", "one of two is 0", |c, p| {
            Ok(weights_of(c, p, &[0.0, NONE])?.summaries()[0].perplexity)
        }),
        case("WeightSummary::perplexity", "equal weights: 2", |c, p| {
            Ok(weights_of(c, p, &[5.0, 5.0])?.summaries()[0].perplexity)
        }),
        case("WeightSummary::effective_fraction", "one of two is 0", |c, p| {
            Ok(weights_of(c, p, &[0.0, NONE])?.summaries()[0].effective_fraction)
        }),
        first("−∞ beside 0", &[NONE, 0.0]),
        first("1e308 and −1e308", &[1e308, -1e308]),
        first("0 and −ln 3: ¾", &[0.0, -1.098_612_288_668_109_8]),
        case("ImportanceWeights::normalized_tensor", "−∞ beside 0", |c, p| {
            let weights = weights_of(c, p, &[NONE, 0.0])?.normalized_tensor_blocking()?;
            Ok(f64::from(block_on(weights.read())?[0]))
        }),
        tensor("a tensor of three dimensions", &[0.0], &[1, 1, 1]),
        tensor("a row of −∞", &[f32::NEG_INFINITY; 2], &[2]),
        tensor("NaN", &[0.0, f32::NAN], &[1, 2]),
        tensor("∞", &[0.0, f32::INFINITY], &[1, 2]),
        tensor("the largest f32 twice", &[f32::MAX; 2], &[2]),
        tensor("the largest f32 and its negative", &[f32::MAX, -f32::MAX], &[2]),
    ]
}

fn resampled() -> Vec<Case> {
    let last = |at, weights: &'static [f64], u: f64, draws| {
        case("systematic_resample", at, move |_, _| {
            let found = systematic_resample(weights, weights.len(), &[u], draws)?;
            Ok(found.last().copied().map_or(f64::NAN, f64::from))
        })
    };
    let of = "systematic_resample";
    vec![
        last("no weights", &[], 0.5, 4),
        last("weights of 0", &[0.0, 0.0], 0.5, 4),
        last("a weight below 0", &[1.0, -1.0], 0.5, 4),
        last("a weight that is NaN", &[1.0, f64::NAN], 0.5, 4),
        last("a weight that is ∞", &[1.0, f64::INFINITY], 0.5, 4),
        last("u below 0", &[1.0, 1.0], -1e-300, 4),
        last("u = 1", &[1.0, 1.0], 1.0, 4),
        last("u that is NaN", &[1.0, 1.0], f64::NAN, 4),
        last("u = 0: the first of two that are equal, one draw", &[1.0, 1.0], 0.0, 1),
        last("u next to 1: the last of two that are equal", &[1.0, 1.0], 1.0f64.next_down(), 1),
        last(
            "u next to 1, the last of weight 0: the one before",
            &[1.0, 0.0],
            1.0f64.next_down(),
            1,
        ),
        last("weights of the largest f64", &[f64::MAX, f64::MAX], 0.5, 4),
        last("weights of the smallest f64", &[5e-324, 5e-324], 0.5, 4),
        last("2³¹ + 1 draws", &[1.0], 0.5, (1 << 31) + 1),
        case(of, "no draws: how many", |_, _| {
            Ok(systematic_resample(&[1.0, 1.0], 2, &[0.5], 0)?.len() as f64)
        }),
        case(of, "two numbers u for one row", |_, _| {
            Ok(systematic_resample(&[1.0, 1.0], 2, &[0.5, 0.5], 4)?.len() as f64)
        }),
        case("ImportanceWeights::resample", "u = 1", |c, p| {
            let weights = weights_of(c, p, &[0.0, NONE])?;
            Ok(f64::from(weights.resample_blocking(&[1.0], 4)?[0]))
        }),
        case("ImportanceWeights::resample", "−∞ beside 0: the last of four draws", |c, p| {
            let weights = weights_of(c, p, &[0.0, NONE])?;
            Ok(f64::from(weights.resample_blocking(&[0.9], 4)?[3]))
        }),
    ]
}

#[test]
fn information() {
    let mut cases = tables();
    cases.extend(measures());
    cases.extend(channels());
    cases.extend(couplings());
    cases.extend(bins());
    cases.extend(counts());
    cases.extend(importance());
    cases.extend(resampled());
    check("information", &cases);
}
