use crate::oracle::{Contexts, Told, Verdict, agree, both, digits, finite, must, show};
use crate::source::{Look, Source};
use crate::{both_or_end, with};
use kantor::information::{
    Bins, Normalization, chi2_contraction, count_blocking, count_pairs_blocking,
    dobrushin_coefficient, equal_mass_bins, equal_width_bins, joint_information_blocking,
    minimum_entropy_coupling,
};
use kantor::{Context, JointInformation, Result};

const NORMALIZATIONS: [Normalization; 7] = [
    Normalization::Min,
    Normalization::Max,
    Normalization::Arithmetic,
    Normalization::Geometric,
    Normalization::Joint,
    Normalization::Rows,
    Normalization::Columns,
];

fn measures(found: &[JointInformation]) -> [Vec<f64>; 6] {
    let all = |f: fn(&JointInformation) -> f64| found.iter().map(f).collect();
    [
        all(|x| x.mutual_information),
        all(|x| x.joint_entropy),
        all(|x| x.row_entropy),
        all(|x| x.column_entropy),
        all(|x| x.row_given_column),
        all(|x| x.column_given_row),
    ]
}

pub fn tables(contexts: &Contexts, source: &mut Source<'_>) -> Verdict {
    if source.one_in(3) {
        return channels(source);
    }
    let (rows, columns, count) = (source.bins().min(40), source.bins().min(40), source.rows());
    let look = source.look(&[Look::Plain, Look::Sparse, Look::Near, Look::Wide]);
    let length = source.size(rows * columns * count).min(1 << 16);
    let numbers = source.numbers(length, look);
    let shape = [source.size(rows), source.size(columns)];
    let (precision, unit) = (source.precision(), source.unit());
    show(|| format!("{shape:?} {precision:?} {unit:?} {numbers:?}"));
    let run = |context: &Context| {
        with!(&numbers, |v| joint_information_blocking(context, v, shape, precision, unit))
    };
    let (one, other) = both_or_end!("tables", run(&contexts.tested), run(&contexts.twin));
    for (k, (tested, twin)) in measures(&one).iter().zip(measures(&other)).enumerate() {
        finite("a measure", tested)?;
        // I is uncertain by what two words do not hold of a table, and so is what is left of an entropy beside it.
        let uncertain = twin.iter().zip(&other).map(|(_, x)| x.mutual_information.abs().sqrt());
        let slack = 4.0 * (-45f64).exp2() * (1.0 + uncertain.fold(0.0, f64::max));
        agree(
            ["I", "H(X,Y)", "H(X)", "H(Y)", "H(X|Y)", "H(Y|X)"][k],
            tested,
            &twin,
            digits(precision).and(slack),
        )?;
    }
    for by in NORMALIZATIONS {
        let normalized: Vec<f64> = one.iter().map(|x| x.normalized(by)).collect();
        finite("normalised", &normalized)?;
        if normalized.iter().any(|x| !(-1e-5..=1.0 + 1e-5).contains(x)) {
            return Err(format!("normalised by {by:?}: {normalized:?}"));
        }
    }
    Ok(Told::Answered)
}

/// On the host whatever the context.
fn channels(source: &mut Source<'_>) -> Verdict {
    let (inputs, outputs) = (1 + source.below(7), 1 + source.below(7));
    let look = source.look(&[Look::Plain, Look::Sparse]);
    let mut values = source.numbers(inputs * outputs, look).wide();
    if source.one_in(8) || look == Look::Wild {
        // As they are: mostly refused.
    } else {
        for row in values.chunks_mut(outputs) {
            let total: f64 = row.iter().sum();
            row.iter_mut().for_each(|x| *x /= total);
        }
    }
    let look = source.look(&[Look::Plain, Look::Sparse]);
    let p = source.numbers(inputs, look).wide();
    let told = source.size(inputs);
    show(|| format!("{told} {outputs} {values:?} {p:?}"));
    let mut answered = Told::Refused;
    for found in [
        dobrushin_coefficient(&values, told, outputs),
        chi2_contraction(&values, told, outputs, &p),
    ] {
        let Ok(found) = found else { continue };
        answered = Told::Answered;
        if found.iter().any(|x| !(0.0..=1.0).contains(x)) {
            return Err(format!("a coefficient of {found:?}"));
        }
    }
    let marginals: Vec<&[f64]> = values.chunks(outputs).collect();
    if let Ok(found) = minimum_entropy_coupling(&[marginals], source.unit()) {
        answered = Told::Answered;
        for coupling in &found {
            let mass: f64 = coupling.atoms.iter().map(|(_, mass)| mass).sum();
            finite("a coupling", &[coupling.entropy, coupling.lower_bound, mass])?;
            if (mass - 1.0).abs() > 1e-9 || coupling.entropy < coupling.lower_bound - 1e-9 {
                return Err(format!(
                    "a coupling of mass {mass}, {} below {}",
                    coupling.entropy, coupling.lower_bound
                ));
            }
        }
    }
    Ok(answered)
}

pub fn samples(contexts: &Contexts, source: &mut Source<'_>) -> Verdict {
    let length = source.bins();
    let series = 1 + source.below(3);
    let look = source.look(&[Look::Plain, Look::Signed, Look::Near, Look::Wide]);
    let (x, y) = (source.numbers(series * length, look), source.numbers(series * length, look));
    let bins = |source: &mut Source<'_>, values: &crate::source::Numbers| -> Result<Bins> {
        let asked = 1 + source.below(12);
        let count = source.size(asked);
        match source.below(4) {
            0 => with!(values, |v| equal_width_bins(v, length, count)),
            1 => with!(values, |v| equal_mass_bins(v, length, count)),
            2 => {
                let (low, high) = (source.wild(), source.wild());
                Bins::equal_width(low, high, count.min(1 << 20))
            }
            _ => {
                let mut edges = source.numbers(count.min(100) + 1, look).wide();
                edges.sort_by(f64::total_cmp);
                Bins::new(&edges)
            }
        }
    };
    let (Ok(of_x), Ok(of_y)) = (bins(source, &x), bins(source, &y)) else {
        return Ok(Told::Refused);
    };
    for k in 0..of_x.series() {
        finite("edges", of_x.edges(k))?;
        if !of_x.edges(k).is_sorted() {
            return Err(format!("edges {:?}", of_x.edges(k)));
        }
    }
    let told = source.size(length);
    show(|| format!("{told} {of_x:?} {of_y:?} {x:?} {y:?}"));
    let one = |context: &Context| with!(&x, |v| count_blocking(context, v, told, &of_x));
    if let Ok((tested, twin)) = both("counts", one(&contexts.tested), one(&contexts.twin))?
        && tested != twin
    {
        return Err(format!("counts: {tested:?}, {twin:?}"));
    }
    let pairs = |context: &Context| {
        let (x, y) = (x.wide(), y.wide());
        count_pairs_blocking(context, &x, &y, told, [&of_x, &of_y])
    };
    let (tested, twin) = both_or_end!("pairs", pairs(&contexts.tested), pairs(&contexts.twin));
    let total: u64 = tested.counts.iter().chain(&tested.outside).sum();
    if tested != twin || total != (series * length) as u64 {
        return Err(format!("pairs: {total} samples of {}", series * length));
    }
    let weights = tested.weights();
    if weights.iter().any(|w| *w > 0.0) {
        let found = joint_information_blocking(
            &contexts.tested,
            &weights,
            tested.bins,
            source.precision(),
            source.unit(),
        );
        // A series outside its bins has no mass.
        if let Ok(found) = found {
            measures(&found).iter().try_for_each(|values| finite("of counts", values))?;
        }
    }
    must("twice", pairs(&contexts.tested)).map(|_| Told::Answered)
}
