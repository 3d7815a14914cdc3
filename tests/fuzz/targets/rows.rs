use crate::oracle::{
    Bound, Contexts, Told, Verdict, agree, agree_by_row, both, digits, largest, must, show, up_to,
};
use crate::source::{Numbers, Source};
use crate::{both_or_end, with};
use kantor::{
    Comparison, Context, Distributions, Divergence, Input, Precision, Reduction, Result, Side,
    Tensor,
};
use pollster::block_on;

/// Every member, with a parameter that may be outside its range.
pub fn divergence(source: &mut Source<'_>) -> Divergence {
    let parameter = |source: &mut Source<'_>, usual: f64, most: f64| match source.below(8) {
        0..3 => usual,
        3 => source.wild(),
        4 => source.pick(&[0.0, 1.0, 0.5, 2.0, -1.0, f64::INFINITY, 1e6, 1e-9, 1.0 + 1e-9, 30.0]),
        _ => most * source.uniform(),
    };
    match Divergence::ALL[source.below(Divergence::ALL.len())].clone() {
        Divergence::JensenShannon { .. } => {
            Divergence::JensenShannon { beta: parameter(source, 0.5, 1.0) }
        }
        Divergence::SkewKl { .. } => Divergence::SkewKl { alpha: parameter(source, 0.5, 1.0) },
        Divergence::Renyi { .. } => Divergence::Renyi { alpha: parameter(source, 2.0, 4.0) },
        Divergence::Tsallis { .. } => Divergence::Tsallis { alpha: parameter(source, 2.0, 4.0) },
        Divergence::Amari { .. } => Divergence::Amari { alpha: parameter(source, 0.0, 4.0) },
        other => other,
    }
}

/// What makes a [`Distributions`] on any context.
#[derive(Debug, Clone)]
pub struct Rows {
    pub numbers: Numbers,
    pub bins: usize,
    pub input: Input,
    normalized: bool,
    tensor: bool,
}

impl Rows {
    pub fn draw(source: &mut Source<'_>, rows: usize, bins: usize) -> Rows {
        let (numbers, bins, input) = source.distributions(rows, bins);
        Rows::of(source, numbers, bins, input)
    }

    pub fn of(source: &mut Source<'_>, numbers: Numbers, bins: usize, input: Input) -> Rows {
        let normalized = source.one_in(6);
        let tensor = source.one_in(4) && bins > 0 && bins <= numbers.len();
        Rows { numbers, bins, input, normalized, tensor }
    }

    /// In single precision numbers count as f32 holds them.
    pub fn of_precision(mut self, precision: Precision) -> Rows {
        if precision == Precision::Single {
            self.numbers = self.numbers.rounded();
        }
        self
    }

    pub fn count(&self) -> usize {
        self.numbers.len() / self.bins.max(1)
    }

    /// By how much a gradient is larger for the temperature, or smaller where a loss is multiplied with its square.
    pub fn sharpness(&self) -> f64 {
        match self.input {
            Input::Logits { temperature } => temperature.max(1.0 / temperature).max(1.0),
            _ => 1.0,
        }
    }

    pub fn on(&self, context: &Context) -> Result<Distributions> {
        let made = if self.tensor {
            let singles = self.numbers.singles();
            let shape = [singles.len() / self.bins, self.bins];
            let tensor = block_on(Tensor::from_slice(context, &singles, &shape))?;
            Distributions::from_tensor_blocking(&tensor, self.input)?
        } else {
            with!(&self.numbers, |v| Distributions::new_blocking(
                context, v, self.bins, self.input
            ))?
        };
        Ok(if self.normalized { made.normalized() } else { made })
    }
}

#[derive(Debug)]
struct Case {
    comparison: Comparison,
    precision: Precision,
    p: Rows,
    q: Rows,
    upstream: Option<Vec<f64>>,
    /// By how much a gradient may be larger than a probability.
    sharpness: f64,
}

impl Case {
    fn draw(source: &mut Source<'_>, weighting: bool) -> Case {
        let (rows, bins) = (source.rows(), source.bins());
        let precision = source.precision();
        let mut sharpness = 1.0;
        let mut comparison =
            Comparison::new(divergence(source)).precision(precision).unit(source.unit());
        if weighting {
            comparison = comparison.reduction(source.reduction());
            if let Some(weights) = source.row_weights(rows) {
                sharpness = largest(Some(&weights));
                comparison = comparison.row_weights(weights);
            }
            if let Some(mask) = source.mask(rows) {
                comparison = comparison.mask(mask);
            }
        }
        let rows_of_q = if source.one_in(6) { 1 } else { source.size(rows).min(64) };
        let p = Rows::draw(source, rows, bins).of_precision(precision);
        let mut q = Rows::draw(source, rows_of_q, bins).of_precision(precision);
        // Often of one kind, and sometimes the same rows.
        if source.one_in(8) {
            q = p.clone();
        }
        let upstream = source.upstream(rows);
        let sharpness = sharpness * p.sharpness().max(q.sharpness());
        let case = Case { comparison, precision, p, q, upstream, sharpness };
        show(|| format!("{case:?}"));
        case
    }

    fn on(&self, context: &Context) -> Result<[Distributions; 2]> {
        Ok([self.p.on(context)?, self.q.on(context)?])
    }

    /// Logits and logarithms of f64 are two words on a device, 2^-48 of them, and one number's rounding is as much of
    /// every probability.
    fn bound(&self) -> Bound {
        digits(self.precision)
    }
}

pub fn rows(contexts: &Contexts, source: &mut Source<'_>) -> Verdict {
    let case = Case::draw(source, true);
    let (tested, twin) = both_or_end!("rows", case.on(&contexts.tested), case.on(&contexts.twin));
    let run = |[p, q]: &[Distributions; 2]| case.comparison.rows_blocking(p, q);
    let (tested, twin) = both_or_end!("rows", run(&tested), run(&twin));
    agree("values", tested.values(), twin.values(), case.bound())?;
    match (tested.reduced(), twin.reduced()) {
        (Some(one), Some(other)) => agree("reduced", &[one], &[other], case.bound().times(4.0))?,
        (None, None) => {}
        other => return Err(format!("reduced: {other:?}")),
    }
    if tested.mismatches() != twin.mismatches() {
        return Err(format!("mismatches: {:?}, {:?}", tested.mismatches(), twin.mismatches()));
    }
    Ok(Told::Answered)
}

pub fn gradients(contexts: &Contexts, source: &mut Source<'_>) -> Verdict {
    let case = Case::draw(source, true);
    let side = source.pick(&[Side::P, Side::Q, Side::Both]);
    let (tested, twin) = both_or_end!("rows", case.on(&contexts.tested), case.on(&contexts.twin));
    let run = |[p, q]: &[Distributions; 2]| {
        case.comparison.value_and_gradient_blocking(p, q, side, case.upstream.as_deref())
    };
    let (tested, twin) = both_or_end!("gradients", run(&tested), run(&twin));
    agree("values", tested.0.values(), twin.0.values(), case.bound())?;
    for (what, one, other, bins) in [
        ("gradient of p", &tested.1.p, &twin.1.p, case.p.bins),
        ("gradient of q", &tested.1.q, &twin.1.q, case.q.bins),
    ] {
        match (one, other) {
            (Some(one), Some(other)) => {
                let read = |tensor: &Tensor| must(what, block_on(tensor.read()));
                let (one, other) = (read(one)?, read(other)?);
                let factor = case.sharpness * largest(case.upstream.as_deref());
                agree_by_row(what, &up_to(factor, one, &other), &other, bins, 2e-4)?;
            }
            (None, None) => {}
            _ => return Err(format!("{what}: one has it, the other not")),
        }
    }
    Ok(Told::Answered)
}

pub fn pairs(contexts: &Contexts, source: &mut Source<'_>) -> Verdict {
    let mut case = Case::draw(source, false);
    if source.one_in(20) {
        case.comparison = case.comparison.reduction(Reduction::Mean);
    }
    let k = 1 + source.below(4);
    // A hundred million pairs in f64 are work, not a hang.
    if case.p.count().max(case.q.count()).saturating_mul(case.p.count()) > 1 << 20 {
        return Ok(Told::NotHere);
    }
    let (tested, twin) = both_or_end!("rows", case.on(&contexts.tested), case.on(&contexts.twin));
    let all = |[p, q]: &[Distributions; 2]| case.comparison.pairwise_blocking(p, q);
    let (all_tested, all_twin) = both_or_end!("pairs", all(&tested), all(&twin));
    agree("pairs", all_tested.values(), all_twin.values(), case.bound())?;
    let nearest = |[p, q]: &[Distributions; 2]| case.comparison.nearest_blocking(p, q, k);
    let (near_tested, near_twin) = both_or_end!("nearest", nearest(&tested), nearest(&twin));
    for row in 0..near_twin.rows() {
        // Which of two that are equal to the last digit comes first is not said.
        agree("nearest", near_tested.values(row), near_twin.values(row), case.bound())?;
    }
    let others = |[p, _]: &[Distributions; 2]| case.comparison.nearest_others_blocking(p, k);
    if let Ok((one, other)) = both("others", others(&tested), others(&twin))? {
        for row in 0..other.rows() {
            agree("nearest others", one.values(row), other.values(row), case.bound())?;
        }
    }
    Ok(Told::Answered)
}
