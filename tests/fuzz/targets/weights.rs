use crate::oracle::{Contexts, Told, Verdict, agree, digits, finite, show};
use crate::source::{Look, Source};
use crate::{both_or_end, with};
use kantor::information::systematic_resample;
use kantor::{Context, ImportanceWeights};

pub fn run(contexts: &Contexts, source: &mut Source<'_>) -> Verdict {
    let (rows, columns) = (source.rows(), source.bins());
    let look = source.look(&[Look::Signed, Look::Logits, Look::Masked, Look::Near]);
    let logs = source.numbers(rows * columns, look);
    let told = source.size(columns);
    let precision = source.precision();
    let made = |context: &Context| {
        with!(&logs, |v| ImportanceWeights::new_blocking(context, v, told, precision))
    };
    let (one, other) = both_or_end!("log-weights", made(&contexts.tested), made(&contexts.twin));
    show(|| format!("{precision:?} {told} {logs:?}"));
    let bound = digits(precision);
    type Of = fn(&kantor::information::WeightSummary) -> f64;
    let quantities: [(&str, Of, f64); 4] = [
        ("log-mean-exp", |x| x.log_mean_exp, 1.0),
        ("effective sample size", |x| x.effective_sample_size, 0.0),
        ("effective fraction", |x| x.effective_fraction, 0.0),
        ("perplexity", |x| x.perplexity, 0.0),
    ];
    for (what, of, size) in quantities {
        let values =
            |weights: &ImportanceWeights| weights.summaries().iter().map(of).collect::<Vec<_>>();
        agree(what, &values(&one), &values(&other), bound.and(size * bound.relative))?;
        finite(what, &values(&one))?;
    }
    let (tested, twin) =
        both_or_end!("weights", one.normalized_blocking(), other.normalized_blocking());
    // Weights below f32 may be 0.
    agree("weights", &tested, &twin, bound.and(1e-37))?;
    let count = source.size(rows).min(64);
    let uniforms: Vec<f64> = (0..count)
        .map(|_| if source.one_in(20) { source.wild() } else { source.uniform() })
        .collect();
    let draws = source.size(columns).min(1 << 12);
    if let Ok(drawn) = systematic_resample(&tested, told, &uniforms, draws) {
        if drawn.len() != draws * count || drawn.iter().any(|k| *k as usize >= told) {
            return Err(format!("{} ancestors of {draws} × {count}", drawn.len()));
        }
        let empty = drawn
            .chunks(draws.max(1))
            .zip(tested.chunks(told))
            .any(|(row, weights)| row.iter().any(|k| weights[*k as usize] == 0.0));
        if empty {
            return Err("an ancestor without weight".into());
        }
    }
    Ok(Told::Answered)
}
