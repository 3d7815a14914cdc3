use crate::divergence::{LOGITS, most, one};
use crate::table::{Case, case, check};
use kantor::{Context, Entropies, Entropy, Input, Precision, Result, Unit};
use pollster::block_on;

const NONE: f64 = f64::NEG_INFINITY;
const POINT: &[f64] = &[3.0, 0.0];
const EVEN: &[f64] = &[1.0; 4];
/// One of two bins, and one that is empty.
const HALVES: &[f64] = &[1.0, 1.0, 0.0];
const UNEVEN: &[f64] = &[1.0, 3.0];

fn renyi(alpha: f64) -> Entropy {
    Entropy::Renyi { alpha }
}

fn tsallis(alpha: f64) -> Entropy {
    Entropy::Tsallis { alpha }
}

fn entropy(c: &Context, p: Precision, e: Entropy, row: &[f64], input: Input) -> Result<f64> {
    Ok(Entropies::new(e).precision(p).rows_blocking(&one(c, row, input)?)?[0])
}

fn name(e: Entropy) -> &'static str {
    match e {
        Entropy::Renyi { .. } => "Entropy::Renyi",
        Entropy::Tsallis { .. } => "Entropy::Tsallis",
        _ => "Entropy::Shannon",
    }
}

fn of(e: Entropy, at: &'static str, row: &'static [f64]) -> Case {
    case(name(e), at, move |c, p| entropy(c, p, e, row, Input::Weights))
}

fn of_logits(at: &'static str, temperature: f64, row: &'static [f64]) -> Case {
    let input = Input::Logits { temperature };
    case("Entropy::Shannon", at, move |c, p| entropy(c, p, Entropy::Shannon, row, input))
}

fn orders() -> Vec<Case> {
    vec![
        of(Entropy::Shannon, "all in one bin", POINT),
        of(Entropy::Shannon, "one bin", &[3.0]),
        of(Entropy::Shannon, "four equal bins: ln 4", EVEN),
        of(Entropy::Shannon, "two equal bins and an empty one: ln 2", HALVES),
        of(renyi(0.0), "order 0, all in one bin", POINT),
        of(renyi(0.0), "order 0: the logarithm of the bins in use", HALVES),
        of(renyi(1e-300), "order 1e-300, four equal bins", EVEN),
        of(renyi(1e-300), "order 1e-300", UNEVEN),
        of(renyi(0.5), "order ½, all in one bin", POINT),
        of(renyi(1.0), "order 1: Shannon's", UNEVEN),
        of(renyi(1e6), "order 1e6, four equal bins", EVEN),
        of(renyi(1e6), "order 1e6", UNEVEN),
        of(renyi(f64::INFINITY), "order ∞, all in one bin", POINT),
        of(renyi(f64::INFINITY), "order ∞: −ln of the largest", UNEVEN),
        of(renyi(1_000_001.0), "order above 1e6", UNEVEN),
        of(renyi(-1e-300), "order below 0", UNEVEN),
        of(renyi(f64::NAN), "order NaN", UNEVEN),
        of(tsallis(0.0), "order 0: one less than the bins in use", HALVES),
        of(tsallis(1e-300), "order 1e-300", UNEVEN),
        of(tsallis(1.0), "order 1: Shannon's", UNEVEN),
        of(tsallis(1e6), "order 1e6", UNEVEN),
        of(tsallis(2.0), "order 2, all in one bin", POINT),
        of(tsallis(1_000_001.0), "order above 1e6", UNEVEN),
        of(tsallis(-1e-300), "order below 0", UNEVEN),
        of(tsallis(f64::INFINITY), "order ∞", UNEVEN),
        of(tsallis(f64::NAN), "order NaN", UNEVEN),
    ]
}

fn inputs() -> Vec<Case> {
    let shannon = Entropy::Shannon;
    let cold = f64::from(f32::MIN_POSITIVE);
    vec![
        of(shannon, "a row of zeros", &[0.0, 0.0]),
        of(shannon, "a weight below 0", &[1.0, -1.0]),
        of(shannon, "a weight that is ∞", &[1.0, f64::INFINITY]),
        of(shannon, "a weight that is NaN", &[1.0, f64::NAN]),
        of(shannon, "the largest f64 twice: ln 2", &[f64::MAX, f64::MAX]),
        of(shannon, "the smallest f64 twice: ln 2", &[5e-324, 5e-324]),
        of(shannon, "the smallest f64, and the largest", &[5e-324, f64::MAX]),
        of(shannon, "a share of 1e-30", &[1.0, 1e-30]),
        of(renyi(0.0), "order 0, the smallest f64, and the largest: ln 2", &[5e-324, f64::MAX]),
        of(renyi(0.5), "order ½, a share of 1e-40", &[1.0, 1e-40]),
        of_logits("a row of −∞", 1.0, &[NONE, NONE]),
        of_logits("a logit that is ∞", 1.0, &[0.0, f64::INFINITY]),
        of_logits("a logit that is NaN", 1.0, &[0.0, f64::NAN]),
        of_logits("logits 0 and −∞", 1.0, &[0.0, NONE]),
        of_logits("one logit", 1.0, &[-700.0]),
        of_logits("logits 0 and −700", 1.0, &[0.0, -700.0]),
        of_logits("logits 1e308 and −1e308", 1.0, &[1e308, -1e308]),
        of_logits("the largest f64 twice, as logits: ln 2", 1.0, &[f64::MAX; 2]),
        of_logits("logits 2²³, and 2²³ − 1 twice", 1.0, &[8_388_608.0, 8_388_607.0, 8_388_607.0]),
        of_logits("T = 2⁻¹²⁶, logits 1 and 0", cold, &[1.0, 0.0]),
        of_logits("T = 2⁻¹²⁶, equal logits: ln 2", cold, &[1.0, 1.0]),
        of_logits("T the largest f64, logits 1e9 and 0: ln 2", f64::MAX, &[1e9, 0.0]),
        of_logits("T the largest f64, logits T and −T", f64::MAX, &[f64::MAX, f64::MIN]),
        case("Entropy::Renyi", "order ∞, logits 0 and −∞", |c, p| {
            entropy(c, p, renyi(f64::INFINITY), &[0.0, NONE], LOGITS)
        }),
        case("Entropy::Renyi", "order 2, logits 1e308 and −1e308", |c, p| {
            entropy(c, p, renyi(2.0), &[1e308, -1e308], LOGITS)
        }),
        case("Entropy::Shannon", "log-probabilities that sum to 1.0011", |c, p| {
            let row = [-0.692_047_785_554_563_4; 2];
            entropy(c, p, Entropy::Shannon, &row, Input::LogProbabilities)
        }),
    ]
}

fn bits(c: &Context, p: Precision, e: Entropy) -> Result<f64> {
    let row = one(c, EVEN, Input::Weights)?;
    Ok(Entropies::new(e).unit(Unit::Bits).precision(p).rows_blocking(&row)?[0])
}

fn perplexity(c: &Context, p: Precision, e: Entropy, row: &[f64]) -> Result<f64> {
    let entropies = Entropies::new(e).unit(Unit::Bits).precision(p);
    Ok(entropies.perplexity_blocking(&one(c, row, Input::Weights)?)?[0])
}

fn units() -> Vec<Case> {
    let of = "Entropies::perplexity";
    vec![
        case("Entropies::unit", "Shannon's in bits, four equal bins", |c, p| {
            bits(c, p, Entropy::Shannon)
        }),
        case("Entropies::unit", "Tsallis' of order 2 in bits: as it is", |c, p| {
            bits(c, p, tsallis(2.0))
        }),
        case(of, "all in one bin", |c, p| perplexity(c, p, Entropy::Shannon, POINT)),
        case(of, "four equal bins, whatever the unit", |c, p| {
            perplexity(c, p, Entropy::Shannon, EVEN)
        }),
        case(of, "order 0: the bins in use", |c, p| perplexity(c, p, renyi(0.0), HALVES)),
        case(of, "Tsallis' of order 2: that of Rényi's", |c, p| {
            perplexity(c, p, tsallis(2.0), UNEVEN)
        }),
        case(of, "order ∞: 1 over the largest", |c, p| {
            perplexity(c, p, renyi(f64::INFINITY), UNEVEN)
        }),
        case(of, "Tsallis' of order ∞", |c, p| perplexity(c, p, tsallis(f64::INFINITY), UNEVEN)),
    ]
}

fn slopes(
    c: &Context,
    p: Precision,
    e: Entropy,
    (row, input): (&[f64], Input),
    upstream: Option<&[f64]>,
) -> Result<Vec<f32>> {
    let row = one(c, row, input)?;
    let (_, found) = Entropies::new(e).precision(p).value_and_gradient_blocking(&row, upstream)?;
    block_on(found.read())
}

fn gradients() -> Vec<Case> {
    let at = |at, e: Entropy, row: &'static [f64], input: Input, bin: usize| {
        case("Entropies::value_and_gradient", at, move |c, p| {
            Ok(f64::from(slopes(c, p, e, (row, input), None)?[bin]))
        })
    };
    let largest = |at, e: Entropy, row: &'static [f64], input: Input| {
        case("Entropies::value_and_gradient", at, move |c, p| {
            Ok(most(&slopes(c, p, e, (row, input), None)?))
        })
    };
    let upstream = |at, upstream: &'static [f64]| {
        case("Entropies::value_and_gradient", at, move |c, p| {
            let row = (UNEVEN, Input::Weights);
            Ok(f64::from(slopes(c, p, Entropy::Shannon, row, Some(upstream))?[0]))
        })
    };
    let shannon = Entropy::Shannon;
    vec![
        largest("Shannon's, equal weights", shannon, EVEN, Input::Weights),
        largest("Shannon's, equal logits", shannon, &[2.0, 2.0], LOGITS),
        largest("Shannon's, one bin", shannon, &[3.0], Input::Weights),
        largest("Shannon's, logits 0 and −∞", shannon, &[0.0, NONE], LOGITS),
        at("Shannon's at the full bin of (3, 0)", shannon, POINT, Input::Weights, 0),
        at("Shannon's at the empty bin of (3, 0)", shannon, POINT, Input::Weights, 1),
        at("Rényi's of order ½ there", renyi(0.5), POINT, Input::Weights, 1),
        at("Rényi's of order 2 there", renyi(2.0), POINT, Input::Weights, 1),
        largest("Rényi's of order 0", renyi(0.0), POINT, Input::Weights),
        at(
            "Rényi's of order ∞, (1, 3), at the larger",
            renyi(f64::INFINITY),
            UNEVEN,
            Input::Weights,
            1,
        ),
        largest("Rényi's of order ∞, equal weights", renyi(f64::INFINITY), EVEN, Input::Weights),
        at("Shannon's at a logit 1e308 below another", shannon, &[1e308, 0.0], LOGITS, 1),
        upstream("an upstream of 0", &[0.0]),
        upstream("an upstream of 1e300, weights (1, 3): the largest f32", &[1e300]),
        upstream("an upstream that is NaN", &[f64::NAN]),
        upstream("an upstream of two rows", &[1.0; 2]),
        case("Entropies::value_and_gradient_on_host", "order NaN", |c, p| {
            let row = one(c, UNEVEN, Input::Weights)?;
            let entropies = Entropies::new(renyi(f64::NAN)).precision(p);
            Ok(entropies.value_and_gradient_on_host_blocking(&row, None)?.0[0])
        }),
        case("Entropies::value_and_gradient_on_host", "equal weights: the largest", move |c, p| {
            let entropies = Entropies::new(shannon).precision(p);
            let row = one(c, EVEN, Input::Weights)?;
            Ok(most(&entropies.value_and_gradient_on_host_blocking(&row, None)?.1))
        }),
    ]
}

#[test]
fn entropies() {
    let mut cases = orders();
    cases.extend(inputs());
    cases.extend(units());
    cases.extend(gradients());
    check("entropies", &cases);
}
