use super::rows::Rows;
use crate::both_or_end;
use crate::oracle::{Contexts, Told, Verdict, agree, agree_by_row, digits, show};
use crate::source::Source;
use kantor::{Distributions, Entropies, Entropy};

fn entropy(source: &mut Source<'_>) -> Entropy {
    let alpha = match source.below(6) {
        0 => source.wild(),
        1 => source.pick(&[0.0, 1.0, 0.5, 2.0, f64::INFINITY, 1e6, 1.0 + 1e-9, 1e-6, 100.0]),
        _ => 4.0 * source.uniform(),
    };
    match source.below(3) {
        0 => Entropy::Shannon,
        1 => Entropy::Renyi { alpha },
        _ => Entropy::Tsallis { alpha },
    }
}

pub fn run(contexts: &Contexts, source: &mut Source<'_>) -> Verdict {
    let (count, bins) = (source.rows(), source.bins());
    let precision = source.precision();
    let entropies = Entropies::new(entropy(source)).precision(precision).unit(source.unit());
    let upstream = source.upstream(count);
    let rows = Rows::draw(source, count, bins).of_precision(precision);
    show(|| format!("{entropies:?} {upstream:?} {rows:?}"));
    let (tested, twin) = both_or_end!("rows", rows.on(&contexts.tested), rows.on(&contexts.twin));
    let bound = digits(precision);
    let values = |p: &Distributions| entropies.rows_blocking(p);
    let (one, other) = both_or_end!("entropies", values(&tested), values(&twin));
    agree("entropies", &one, &other, bound)?;
    let perplexity = |p: &Distributions| entropies.perplexity_blocking(p);
    let (one, other) = both_or_end!("perplexities", perplexity(&tested), perplexity(&twin));
    agree("perplexities", &one, &other, bound.times(30.0))?;
    let gradient =
        |p: &Distributions| entropies.value_and_gradient_on_host_blocking(p, upstream.as_deref());
    let (one, other) = both_or_end!("gradients", gradient(&tested), gradient(&twin));
    agree("values", &one.0, &other.0, bound)?;
    agree_by_row("gradient", &one.1, &other.1, rows.bins, 2e-4)?;
    Ok(Told::Answered)
}
