use crate::oracle::{Bound, Contexts, Told, Verdict, agree, both, finite, must, show};
use crate::source::{Look, Numbers, Source};
use crate::{both_or_end, with};
use kantor::vmf::{
    Assignment, Concentrations, concentration, concentration_from_complement, mean_resultant_length,
};
use kantor::{
    Context, Directions, Precision, Result, Tensor, VonMisesFisher, VonMisesFisherFit,
    VonMisesFisherMixture,
};

#[derive(Debug)]
struct Rows {
    numbers: Numbers,
    dimension: usize,
    tensor: bool,
}

impl Rows {
    fn draw(source: &mut Source<'_>, rows: usize, dimension: usize) -> Rows {
        let told = source.size(dimension);
        let numbers = if source.one_in(3) {
            let look = source.look(&[Look::Signed, Look::Near, Look::Sparse, Look::Wide]);
            source.numbers(rows * dimension, look)
        } else {
            // Around one direction, of mixed lengths.
            let mean = source.numbers(dimension, Look::Signed).wide();
            let spread = source.setting(1e-6, 2.0);
            let mut values = Vec::with_capacity(rows * dimension);
            for _ in 0..rows {
                let length =
                    if source.one_in(3) { 10f64.powf(16.0 * source.uniform() - 8.0) } else { 1.0 };
                values.extend(
                    mean.iter().map(|m| length * (m + spread * source.number(Look::Signed))),
                );
            }
            if source.one_in(2) {
                Numbers::Double(values)
            } else {
                Numbers::Single(values.iter().map(|x| *x as f32).collect())
            }
        };
        Rows {
            tensor: source.one_in(4) && told > 0 && told <= numbers.len(),
            numbers,
            dimension: told,
        }
    }

    fn on(&self, context: &Context) -> Result<Directions> {
        if self.tensor {
            let singles = self.numbers.singles();
            let shape = [singles.len() / self.dimension, self.dimension];
            let tensor = pollster::block_on(Tensor::from_slice(context, &singles, &shape))?;
            return Directions::from_tensor_blocking(&tensor);
        }
        with!(&self.numbers, |v| Directions::new_blocking(context, v, self.dimension))
    }

    /// A call on rows, which are looked at when they are made or when they are used.
    fn ask<T>(&self, context: &Context, call: impl Fn(&Directions) -> Result<T>) -> Result<T> {
        call(&self.on(context)?)
    }
}

/// R̄ and μ to the noise of the arithmetic, κ as far as they determine it.
fn judge(
    what: &str,
    one: &VonMisesFisherFit,
    other: &VonMisesFisherFit,
    precision: Precision,
) -> std::result::Result<(), String> {
    let noise: f64 = match precision {
        Precision::Single => (-19f64).exp2(),
        _ => (-38f64).exp2(),
    };
    let bound = |absolute| Bound { relative: 0.0, absolute };
    let quantities =
        [one.mean_resultant_length(), one.complement(), one.log_likelihood(), one.weight()];
    if quantities.iter().any(|x| x.is_nan())
        || one.distribution().mean().iter().any(|x| !x.is_finite())
    {
        return Err(format!("{what}: {one:?}"));
    }
    agree(&format!("{what}: R̄"), &quantities[..1], &[other.mean_resultant_length()], bound(noise))?;
    agree(
        &format!("{what}: weight"),
        &[one.weight()],
        &[other.weight()],
        Bound { relative: 1e-9, absolute: 0.0 },
    )?;
    // Without a direction, or with but one, the rest is rounding's.
    let loose =
        other.mean_resultant_length() < 64.0 * noise || other.complement() < 64.0 * noise * noise;
    if loose || one.is_point_mass() || one.is_uniform() {
        return Ok(());
    }
    let direction = noise / other.mean_resultant_length();
    agree(
        &format!("{what}: μ"),
        one.distribution().mean(),
        other.distribution().mean(),
        bound(direction),
    )?;
    // What rounding of the rows to two words makes of it, as the documentation says.
    let rounding = (-46f64).exp2() / other.complement().sqrt();
    let relative = 8.0 * noise / other.mean_resultant_length()
        + 8.0 * noise * noise / other.complement()
        + rounding
        + noise;
    let (kappa, exact) = (one.distribution().concentration(), other.distribution().concentration());
    agree(
        &format!("{what}: κ"),
        &[kappa],
        &[exact],
        Bound { relative: 8.0 * relative, absolute: 0.0 },
    )
}

pub fn fit(contexts: &Contexts, source: &mut Source<'_>) -> Verdict {
    let (rows, dimension) = (source.rows() * (1 + source.below(8)), 2 + source.bins().min(200));
    let precision = source.precision();
    let drawn = Rows::draw(source, rows, dimension);
    let [tested, twin] = [&contexts.tested, &contexts.twin];
    show(|| format!("{precision:?} {drawn:?}"));
    match source.below(3) {
        0 => {
            let run = |d: &Directions| VonMisesFisher::fit_blocking(d, precision);
            let (one, other) = both_or_end!("fit", drawn.ask(tested, run), drawn.ask(twin, run));
            judge("fit", &one, &other, precision)?;
        }
        1 => {
            let asked = 1 + source.below(4);
            let clusters = source.size(asked);
            let count = source.size(rows * asked).min(1 << 14);
            let look = source.look(&[Look::Plain, Look::Sparse, Look::Wide]);
            let weights = source.numbers(count, look);
            let run = |d: &Directions| {
                with!(&weights, |w| VonMisesFisher::fit_clusters_blocking(
                    d, w, clusters, precision
                ))
            };
            let (one, other) =
                both_or_end!("clusters", drawn.ask(tested, run), drawn.ask(twin, run));
            judge_all(&one, &other, precision)?;
        }
        _ => {
            let asked = 1 + source.below(6);
            let count = source.size(rows).min(1 << 14);
            let labels: Vec<u32> = (0..count).map(|_| source.below(asked) as u32).collect();
            // Millions of clusters without a row are allowed, and gigabytes.
            let clusters = Some(source.size(asked)).filter(|n| *n <= 1 << 16).unwrap_or(asked);
            let run = |d: &Directions| {
                VonMisesFisher::fit_labels_blocking(d, &labels, clusters, precision)
            };
            let (one, other) = both_or_end!("labels", drawn.ask(tested, run), drawn.ask(twin, run));
            judge_all(&one, &other, precision)?;
        }
    }
    Ok(Told::Answered)
}

fn judge_all(
    one: &[Option<VonMisesFisherFit>],
    other: &[Option<VonMisesFisherFit>],
    precision: Precision,
) -> std::result::Result<(), String> {
    for (k, pair) in one.iter().zip(other).enumerate() {
        match pair {
            (Some(one), Some(other)) => judge(&format!("cluster {k}"), one, other, precision)?,
            (None, None) => {}
            (one, _) => {
                return Err(format!("cluster {k} is there for one alone: {}", one.is_some()));
            }
        }
    }
    Ok(())
}

pub fn densities(contexts: &Contexts, source: &mut Source<'_>) -> Verdict {
    let dimension = 2 + source.bins().min(200);
    let look = source.look(&[Look::Signed, Look::Signed, Look::Sparse, Look::Wide]);
    let mean = source.numbers(dimension, look);
    let kappa = source.setting(1e-3, 1e9);
    let made = |()| with!(&mean, |m| VonMisesFisher::new(m, kappa));
    let (p, q) = both_or_end!("distribution", made(()), made(()));
    for (what, value) in [
        ("entropy", p.entropy()),
        ("log normalizer", p.log_normalizer()),
        ("log peak", p.log_peak()),
        ("A", p.mean_resultant_length()),
        ("KL to itself", must("KL", p.kl_divergence(&q))?),
    ] {
        finite(what, &[value])?;
    }
    let length = p.mean_resultant_length();
    if let (Ok(back), Ok((a, complement))) =
        (concentration(dimension, length), mean_resultant_length(dimension, kappa))
    {
        let conditioned = 1e-13 + 4e-16 / complement.max(1e-16);
        if a > 1e-290 && complement > 1e-12 {
            agree(
                "κ there and back",
                &[back],
                &[kappa],
                Bound { relative: 16.0 * conditioned, absolute: 1e-290 },
            )?;
        }
        let back = must("κ from 1 − R̄", concentration_from_complement(dimension, complement))?;
        if complement < 0.5 && complement > 0.0 && back.is_finite() {
            agree("κ from 1 − R̄", &[back], &[kappa], Bound { relative: 1e-11, absolute: 0.0 })?;
        }
    }
    let rows = if source.one_in(2) {
        let drawn = must("samples", p.sample(source.rows(), source.long()))?;
        finite("samples", &drawn)?;
        Rows { numbers: Numbers::Double(drawn), dimension, tensor: false }
    } else {
        let rows = source.rows();
        Rows::draw(source, rows, dimension)
    };
    let precision = source.precision();
    let [tested, twin] = [&contexts.tested, &contexts.twin];
    show(|| format!("{precision:?} {p:?} {rows:?}"));
    let run = |d: &Directions| p.log_density_blocking(d, precision);
    let (one, other) = both_or_end!("densities", rows.ask(tested, run), rows.ask(twin, run));
    let share = match precision {
        Precision::Single => (-21f64).exp2(),
        _ => (-40f64).exp2(),
    };
    // Of κ ½‖x − μ‖², and of what rounding moves x by.
    for (one, other) in one.iter().zip(&other) {
        let away = (p.log_peak() - other).abs();
        let moved = (kappa * away).sqrt() * share;
        let absolute =
            share * away + moved + share * share * kappa + 1e-12 * p.log_peak().abs() + 1e-12;
        agree("densities", &[*one], &[*other], Bound { relative: 0.0, absolute })?;
        finite("densities", &[*one])?;
    }
    Ok(Told::Answered)
}

pub fn mixture(contexts: &Contexts, source: &mut Source<'_>) -> Verdict {
    let (rows, dimension) = (4 + source.below(60), 2 + source.below(12));
    let asked = 1 + source.below(4);
    let mut mixture = VonMisesFisherMixture::new(source.size(asked))
        .assignment(source.pick(&[Assignment::Soft, Assignment::Hard]))
        .equal_weights(source.one_in(2))
        .max_iterations(source.pick(&[0, 1, 5, 50]))
        .tolerance(source.setting(1e-9, 1e-1))
        .precision(source.precision())
        .seed(source.long());
    if source.one_in(4) {
        mixture = mixture.concentrations(Concentrations::Fixed(source.setting(1e-2, 1e4)));
    }
    if source.one_in(4) {
        mixture = mixture.max_concentration(source.setting(1.0, 1e9));
    }
    let drawn = Rows::draw(source, rows, dimension);
    let [tested, twin] = [&contexts.tested, &contexts.twin];
    show(|| format!("{mixture:?} {drawn:?}"));
    // Rounding may lead to another of several maxima: each is judged by itself.
    let run = |d: &Directions| mixture.fit_blocking(d);
    let fits = both("mixture", drawn.ask(tested, run), drawn.ask(twin, run))?;
    let Ok((one, _)) = fits else { return Ok(Told::Refused) };
    finite("log-likelihood", &[one.log_likelihood()])?;
    finite("weights", one.weights())?;
    let total: f64 = one.weights().iter().sum();
    if (total - 1.0).abs() > 1e-4 {
        return Err(format!("weights sum to {total}"));
    }
    for component in one.components() {
        finite("μ", component.mean())?;
        finite("κ", &[component.concentration()])?;
    }
    let parts = must("responsibilities", drawn.ask(tested, |d| one.responsibilities_blocking(d)))?;
    finite("responsibilities", &parts)?;
    let labels = must("labels", drawn.ask(tested, |d| one.labels_blocking(d)))?;
    if labels.iter().any(|label| *label as usize >= one.components().len()) {
        return Err(format!("labels {labels:?}"));
    }
    Ok(Told::Answered)
}
