use super::rows::divergence;
use crate::oracle::{Bound, Contexts, Told, Verdict, agree, show};
use crate::source::{Look, Source};
use crate::{both_or_end, with};
use kantor::Context;

pub fn run(contexts: &Contexts, source: &mut Source<'_>) -> Verdict {
    let member = divergence(source);
    let count = source.bins() * source.rows();
    let look = source.look(&[Look::Signed, Look::Logits, Look::Masked, Look::Signed]);
    let logs = source.numbers(count, look);
    show(|| format!("{member:?} {logs:?}"));
    let run = |context: &Context| with!(&logs, |v| member.ratio_weights_of_blocking(context, v));
    let (one, other) = both_or_end!("ratio weights", run(&contexts.tested), run(&contexts.twin));
    // Within 10⁻⁶; those below 2⁻⁷⁸ may be 10⁻⁵ off, those below 10⁻³⁷ be 0.
    agree("ratio weights", &one, &other, Bound { relative: 1e-5, absolute: 1e-37 })?;
    Ok(Told::Answered)
}
