//! What a network is trained by: labels, or the logits of a teacher. Every gradient is the library's.

use crate::data::CLASSES;
use kantor::{
    Comparison, Context, Distributions, Divergence, Error, Input, Loss, Losses, Reduction, Side,
};

#[derive(Clone)]
pub enum Objective {
    /// A loss against the label of every image.
    Labels(Loss),
    /// A divergence of the softmax of the teacher's logits, p, from that of the student's, q, both over a temperature.
    Teacher { divergence: Divergence, temperature: f64 },
}

/// What is known of the images besides their ink, row by row.
pub struct Truth<'a> {
    pub labels: &'a [u32],
    /// The teacher's logits, n×10; not looked at where labels teach.
    pub teacher: &'a [f32],
}

impl Objective {
    /// The gradient of every image's loss with respect to its own logits: n×10 for n×10. Customary factors of T² are
    /// left out, as Adam does not see the scale of a loss.
    pub fn gradient(
        &self,
        context: &Context,
        logits: &[f32],
        truth: &Truth<'_>,
    ) -> Result<Vec<f32>, Error> {
        match self {
            Objective::Labels(loss) => {
                let rows = softmax(context, logits, 1.0)?;
                let losses = Losses::new(*loss);
                Ok(losses.value_and_gradient_on_host_blocking(&rows, truth.labels, None)?.1)
            }
            Objective::Teacher { divergence, temperature } => {
                let p = softmax(context, truth.teacher, *temperature)?;
                let q = softmax(context, logits, *temperature)?;
                let comparison = Comparison::new(divergence.clone());
                let (_, gradients) =
                    comparison.value_and_gradient_blocking(&p, &q, Side::Q, None)?;
                gradients.q.map_or(Ok(Vec::new()), |gradient| gradient.read_blocking())
            }
        }
    }
}

/// −ln q(label), the mean over images, in nats.
pub fn cross_entropy(context: &Context, logits: &[f32], labels: &[u32]) -> Result<f64, Error> {
    let losses = Losses::new(Loss::CompSum { tau: 1.0 }).reduction(Reduction::Mean);
    let values = losses.rows_blocking(&softmax(context, logits, 1.0)?, labels)?;
    Ok(values.reduced().unwrap_or(f64::NAN))
}

fn softmax(context: &Context, logits: &[f32], temperature: f64) -> Result<Distributions, Error> {
    Distributions::new_blocking(context, logits, CLASSES, Input::Logits { temperature })
}
