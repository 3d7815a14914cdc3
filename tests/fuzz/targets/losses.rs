use super::rows::Rows;
use crate::both_or_end;
use crate::oracle::{
    Contexts, Told, Verdict, agree, agree_by_row, digits, finite, largest, must, show, up_to,
};
use crate::source::{Look, Source};
use kantor::{
    AttentionPenalty, ClassPrior, Context, Distillation, DistillationLoss, Distributions, Input,
    Loss, Losses, Result, Tensor,
};
use pollster::block_on;

fn loss(source: &mut Source<'_>) -> Loss {
    let margin = if source.one_in(3) { source.wild() } else { 2.0 * source.uniform() };
    match source.below(5) {
        0 => Loss::CompSum {
            tau: if source.one_in(3) {
                source.wild()
            } else {
                source.pick(&[0.0, 0.5, 1.0, 1.5, 2.0, 3.0])
            },
        },
        1 => Loss::GeneralizedCrossEntropy { q: source.setting(1e-3, 1.0) },
        2 => Loss::CrossEntropy { smoothing: source.setting(1e-3, 1.0) },
        3 => Loss::Ldr { margin, lambda: source.setting(1e-2, 1e2) },
        _ => Loss::Aldr {
            margin,
            lambda: source.setting(1e-2, 1e2),
            alpha: source.setting(1.01, 1e3),
        },
    }
}

fn labels(source: &mut Source<'_>, rows: usize, bins: usize) -> Vec<u32> {
    (0..source.size(rows).min(4096))
        .map(|_| if source.one_in(60) { source.word() } else { source.below(bins) as u32 })
        .collect()
}

/// Rows of logits, mostly.
fn logits(source: &mut Source<'_>, rows: usize, bins: usize) -> Rows {
    if source.one_in(6) {
        return Rows::draw(source, rows, bins);
    }
    let look = source.look(&[Look::Signed, Look::Logits, Look::Masked, Look::Near, Look::Signed]);
    let temperature = source.temperature();
    let numbers = source.numbers(rows * bins, look);
    Rows::of(source, numbers, bins, Input::Logits { temperature })
}

fn read(tensor: &Tensor) -> std::result::Result<Vec<f32>, String> {
    must("a gradient", block_on(tensor.read()))
}

pub fn losses(contexts: &Contexts, source: &mut Source<'_>) -> Verdict {
    let (count, bins) = (source.rows(), source.bins());
    let precision = source.precision();
    let mut losses = Losses::new(loss(source)).precision(precision).reduction(source.reduction());
    if let Some(weights) = source.row_weights(count) {
        losses = losses.row_weights(weights);
    }
    if let Some(mask) = source.mask(count) {
        losses = losses.mask(mask);
    }
    let labels = labels(source, count, bins);
    let upstream = source.upstream(count);
    let rows = logits(source, count, bins).of_precision(precision);
    let (tested, twin) = both_or_end!("rows", rows.on(&contexts.tested), rows.on(&contexts.twin));
    show(|| format!("{losses:?} {labels:?} {upstream:?} {rows:?}"));
    let run =
        |p: &Distributions| losses.value_and_gradient_blocking(p, &labels, upstream.as_deref());
    let (one, other) = both_or_end!("losses", run(&tested), run(&twin));
    agree("losses", one.0.values(), other.0.values(), digits(precision))?;
    agree_by_row("gradient", &read(&one.1)?, &read(&other.1)?, rows.bins, 2e-4)?;
    let plain = must("losses alone", losses.rows_blocking(&tested, &labels))?;
    agree("losses alone", plain.values(), one.0.values(), digits(precision).times(0.1))?;
    Ok(Told::Answered)
}

pub fn distillation(contexts: &Contexts, source: &mut Source<'_>) -> Verdict {
    let (count, bins) = (source.rows(), source.bins());
    let precision = source.precision();
    let loss = match source.below(4) {
        0 => DistillationLoss::ForwardKl,
        1 => DistillationLoss::ReverseKl,
        2 => DistillationLoss::JensenShannon { beta: source.setting(1e-2, 1.0) },
        _ => DistillationLoss::EntropyWeighted,
    };
    let mut distillation =
        Distillation::new(loss).precision(precision).reduction(source.reduction());
    if source.one_in(2) {
        distillation = distillation.temperature_squared();
    }
    if source.one_in(3) {
        let labels = labels(source, count, bins);
        distillation = distillation.hard_labels(labels, source.setting(1e-2, 1.0));
    }
    let mut factor = 1.0;
    if let Some(weights) = source.row_weights(count) {
        factor = largest(Some(&weights));
        distillation = distillation.row_weights(weights);
    }
    if let Some(mask) = source.mask(count) {
        distillation = distillation.mask(mask);
    }
    let upstream = source.upstream(count);
    let rows_of_teacher = if source.one_in(6) { 1 } else { count };
    let teacher = if source.one_in(5) {
        Rows::draw(source, count, bins)
    } else {
        logits(source, rows_of_teacher, bins)
    };
    let student = logits(source, count, bins).of_precision(precision);
    let teacher = teacher.of_precision(precision);
    let on = |context: &Context| -> Result<[Distributions; 2]> {
        Ok([teacher.on(context)?, student.on(context)?])
    };
    let (tested, twin) = both_or_end!("rows", on(&contexts.tested), on(&contexts.twin));
    show(|| format!("{distillation:?} {upstream:?} {teacher:?} {student:?}"));
    let run = |[t, s]: &[Distributions; 2]| {
        distillation.value_and_gradient_blocking(t, s, upstream.as_deref())
    };
    let (one, other) = both_or_end!("distillation", run(&tested), run(&twin));
    agree("distillation", one.0.values(), other.0.values(), digits(precision))?;
    let factor = factor * student.sharpness() * largest(upstream.as_deref());
    let (one, other) = (read(&one.1)?, read(&other.1)?);
    agree_by_row("gradient", &up_to(factor, one, &other), &other, student.bins, 2e-4)?;
    Ok(Told::Answered)
}

pub fn class_prior(contexts: &Contexts, source: &mut Source<'_>) -> Verdict {
    let (count, bins) = (source.rows(), source.bins());
    let precision = source.precision();
    let look = source.look(&[Look::Plain, Look::Sparse, Look::Wide]);
    let classes = source.size(bins).min(4096);
    let prior = source.numbers(classes, look).wide();
    let made = |()| -> Result<ClassPrior> { ClassPrior::new(&prior) };
    let (prior, _) = both_or_end!("prior", made(()), made(()));
    let mut prior = prior.precision(precision);
    if let Some(weights) = source.row_weights(count) {
        prior = prior.row_weights(weights);
    }
    if let Some(mask) = source.mask(count) {
        prior = prior.mask(mask);
    }
    let upstream = source.number(Look::Signed);
    let rows = logits(source, count, bins).of_precision(precision);
    let (tested, twin) = both_or_end!("rows", rows.on(&contexts.tested), rows.on(&contexts.twin));
    show(|| format!("{prior:?} {upstream:?} {rows:?}"));
    let run = |p: &Distributions| prior.value_and_gradient_blocking(p, upstream);
    let (one, other) = both_or_end!("class prior", run(&tested), run(&twin));
    let bound = digits(precision);
    agree("prediction", &one.0.prediction, &other.0.prediction, bound)?;
    finite("prediction", &one.0.prediction)?;
    let kl = other.0.divergence;
    let slack = if kl.is_finite() { bound.relative * kl.abs().sqrt() } else { 0.0 };
    agree("divergence", &[one.0.divergence], &[kl], bound.and(slack + 1e-30))?;
    // Rows of p (ln m/π − Σ p ln m/π), in f32: where almost all is in one bin it cancels.
    let (one, other) = (read(&one.1)?, read(&other.1)?);
    let close = |(x, y): (&f32, &f32)| (x - y).abs() <= 1e-9 * upstream.abs() as f32;
    let bins = rows.bins.max(1);
    for (one, other) in one.chunks(bins).zip(other.chunks(bins)) {
        if !one.iter().zip(other).all(close) {
            agree_by_row("gradient", one, other, bins, 1e-3)?;
        }
    }
    Ok(Told::Answered)
}

pub fn attention(contexts: &Contexts, source: &mut Source<'_>) -> Verdict {
    let (count, bins) = (source.rows(), source.bins());
    let precision = source.precision();
    let (target, band) = (source.setting(1e-2, 1.0), source.setting(1e-3, 1.0));
    let made = |()| AttentionPenalty::new(target)?.band(band);
    let (penalty, _) = both_or_end!("penalty", made(()), made(()));
    let mut penalty = penalty.precision(precision).reduction(source.reduction());
    let weights = source.row_weights(count);
    if let Some(weights) = &weights {
        penalty = penalty.row_weights(weights.clone());
    }
    let rows = logits(source, count, bins).of_precision(precision);
    let (tested, twin) = both_or_end!("rows", rows.on(&contexts.tested), rows.on(&contexts.twin));
    show(|| format!("{penalty:?} {rows:?}"));
    let run = |p: &Distributions| penalty.value_and_gradient_blocking(p);
    let (one, other) = both_or_end!("attention", run(&tested), run(&twin));
    // (H − w ln T)² from H to six digits: of little of that little is left, and at the edge of the band either is right.
    let scale = (rows.bins.max(2) as f64).ln();
    let noise = digits(precision).relative * scale;
    let excess = |value: f64| value.abs().sqrt();
    let unsure = |value: f64| (excess(value) - band * scale).abs() < 4.0 * noise;
    let pairs = one.0.values().iter().zip(other.0.values());
    if pairs.clone().any(|(one, other)| unsure(*one) || unsure(*other)) {
        return Ok(Told::Answered);
    }
    for (one, other) in pairs {
        let bound = digits(precision).and(4.0 * noise * (excess(*other) + noise));
        agree("attention", &[*one], &[*other], bound)?;
    }
    let least =
        other.0.values().iter().filter(|x| **x > 0.0).map(|x| excess(*x)).fold(1.0, f64::min);
    let relative = 2e-4 + 8.0 * noise / least;
    // What f32 flushes on the way is no finding, whatever it is multiplied with afterwards.
    let heaviest = largest(weights.as_deref());
    let seen = |tensor: &Tensor| -> std::result::Result<Vec<f32>, String> {
        let flushed = |x: f32| if f64::from(x.abs()) < 1e-33 * heaviest { 0.0 } else { x };
        Ok(read(tensor)?.into_iter().map(flushed).collect())
    };
    agree_by_row("gradient", &seen(&one.1)?, &seen(&other.1)?, rows.bins, relative)?;
    Ok(Told::Answered)
}
