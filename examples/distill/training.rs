//! Training of several networks at a time: one call of the library has the gradients of all.

use crate::data::{CLASSES, Images, PIXELS};
use crate::network::Network;
use crate::objective::{Objective, Truth, cross_entropy};
use crate::random::Random;
use kantor::{Context, Error};

/// Images of a step.
const BATCH: usize = 100;
/// Steps of a training.
pub const STEPS: usize = 300;
/// Steps from one examination to the next.
pub const EVERY: usize = 10;

/// A network, the images it may see, and its own chance.
pub struct Student {
    pub network: Network,
    seen: Vec<usize>,
    next: usize,
    random: Random,
}

/// How well a network does on the test images.
#[derive(Debug, Clone, Copy)]
pub struct Marks {
    /// Share of images that it is right about.
    pub accuracy: f64,
    /// Share of images where it says what the teacher says.
    pub agreement: f64,
    /// −ln of the probability it gives to the truth, in nats, on average.
    pub cross_entropy: f64,
}

impl Student {
    /// One that sees `each` images of every digit, or all.
    pub fn new(hidden: usize, images: &Images, each: Option<usize>, seed: u64) -> Student {
        let mut random = Random(seed);
        let network = Network::new(hidden, &mut random);
        let mut order: Vec<usize> = (0..images.labels.len()).collect();
        random.shuffle(&mut order);
        let mut left = [each.unwrap_or(usize::MAX); CLASSES];
        order.retain(|image| {
            let left = &mut left[images.labels[*image] as usize];
            let kept = *left > 0;
            *left -= usize::from(kept);
            kept
        });
        Student { network, seen: order, next: 0, random }
    }

    /// The images of the next step: all where they are few, else some, no one twice in a round.
    fn batch(&mut self) -> &[usize] {
        let size = BATCH.min(self.seen.len());
        if self.next + size > self.seen.len() {
            self.random.shuffle(&mut self.seen);
            self.next = 0;
        }
        self.next += size;
        &self.seen[self.next - size..self.next]
    }
}

/// Trains all students by one objective. `teacher` has the logits of the training images, or nothing where labels
/// teach; `examine` sees the networks before the first step and every [`EVERY`] steps.
pub fn train(
    context: &Context,
    objective: &Objective,
    students: &mut [Student],
    images: &Images,
    teacher: &[f32],
    mut examine: impl FnMut(&[Student]) -> Result<(), Error>,
) -> Result<(), Error> {
    examine(students)?;
    for step in 1..=STEPS {
        let (mut logits, mut labels, mut wanted) = (Vec::new(), Vec::new(), Vec::new());
        let mut passes = Vec::new();
        for student in &mut *students {
            let batch = student.batch().to_vec();
            let pass = student.network.run(inks(images, &batch));
            logits.extend(&pass.logits);
            labels.extend(batch.iter().map(|image| images.labels[*image]));
            if !teacher.is_empty() {
                let row = |image: &usize| &teacher[image * CLASSES..(image + 1) * CLASSES];
                wanted.extend(batch.iter().flat_map(row));
            }
            passes.push((batch, pass));
        }
        let truth = Truth { labels: &labels, teacher: &wanted };
        let gradient = objective.gradient(context, &logits, &truth)?;
        let mut rest = &gradient[..];
        for (student, (batch, pass)) in students.iter_mut().zip(&passes) {
            let (own, others) = rest.split_at(pass.logits.len());
            student.network.learn(inks(images, batch), pass, own);
            rest = others;
        }
        if step.is_multiple_of(EVERY) {
            examine(students)?;
        }
    }
    Ok(())
}

fn inks<'a>(
    images: &'a Images,
    batch: &'a [usize],
) -> impl Iterator<Item = &'a [f32; PIXELS]> + use<'a> {
    batch.iter().map(|image| &images.ink[*image])
}

/// The marks of a network on images, beside what the teacher says of them.
pub fn marks(
    context: &Context,
    network: &Network,
    images: &Images,
    teacher: &[u32],
) -> Result<Marks, Error> {
    let logits = network.run(images.ink.iter()).logits;
    let answers = answers(&logits);
    let share = |wanted: &[u32]| {
        let right = answers.iter().zip(wanted).filter(|(answer, wanted)| answer == wanted).count();
        right as f64 / answers.len() as f64
    };
    Ok(Marks {
        accuracy: share(&images.labels),
        agreement: share(teacher),
        cross_entropy: cross_entropy(context, &logits, &images.labels)?,
    })
}

/// The class of the largest logit of every row.
pub fn answers(logits: &[f32]) -> Vec<u32> {
    let largest = |row: &[f32]| {
        let best = (0..row.len()).max_by(|i, j| row[*i].total_cmp(&row[*j]));
        best.unwrap_or(0) as u32
    };
    logits.chunks_exact(CLASSES).map(largest).collect()
}
