//! What do a teacher's logits say that labels do not?
//!
//! A teacher learns handwritten digits from 1,197 labelled images. Then small students see 100 of them each: some are
//! told the labels, by comp-sum losses, others the teacher's logits, by KL, reverse KL or Jensen-Shannon, and some see
//! all images and no label. Gradients with respect to logits are the library's; the networks are plain loops. Every
//! method has the same students: the same first weights, images and steps.
//!
//! ```text
//! cargo run --release --example distill          # the best adapter of this machine
//! cargo run --release --example distill -- cpu   # the f64 CPU twin
//! ```

#[path = "../digits/canvas.rs"]
#[allow(dead_code, reason = "the pictures of other examples need more of it")]
mod canvas;
mod data;
mod network;
mod objective;
mod picture;
mod random;
mod training;

use indicatif::{ProgressBar, ProgressStyle};
use kantor::{Context, Divergence, Loss};
use objective::Objective;
use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;
use training::{EVERY, Marks, STEPS, Student, answers, marks, train};

/// Neurons of the teacher and of a student.
const TEACHER: usize = 128;
const STUDENT: usize = 24;
/// Images of every digit that a student sees.
const EACH: usize = 10;
/// Students of every method.
const SEEDS: u64 = 8;
/// Where the picture goes.
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/distill/distill.png");

/// A way to teach.
pub(crate) struct Method {
    pub name: String,
    pub hue: Hue,
    objective: Objective,
    /// Whether students see all images instead of a few.
    pub all: bool,
}

/// What a method is drawn in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hue {
    Labels,
    Kl,
    ReverseKl,
    JensenShannon,
}

/// What became of the students of a method.
pub(crate) struct Run {
    pub method: Method,
    /// By examination, then by student.
    pub marks: Vec<Vec<Marks>>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("distill: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let (training, test) = data::training_and_test()?;
    let context = match std::env::args().nth(1).as_deref() {
        Some("cpu") => Context::cpu(),
        _ => Context::new_blocking()?,
    };
    println!("Running on {}", context.adapter());

    let mut teacher = [Student::new(TEACHER, &training, None, 1)];
    let logistic = Objective::Labels(Loss::CompSum { tau: 1.0 });
    train(&context, &logistic, &mut teacher, &training, &[], |_| Ok(()))?;
    let teacher = &teacher[0].network;
    let logits = teacher.run(training.ink.iter()).logits;
    let opinions = answers(&teacher.run(test.ink.iter()).logits);
    let best = marks(&context, teacher, &test, &opinions)?;
    println!(
        "The teacher: {} parameters, {} labelled images; {:.1} % right on {} others, cross-entropy {:.3}",
        teacher.parameters(),
        training.labels.len(),
        100.0 * best.accuracy,
        test.labels.len(),
        best.cross_entropy,
    );

    let bar = ProgressBar::new((methods().len() * (STEPS / EVERY)) as u64)
        .with_style(ProgressStyle::with_template("{bar:40.cyan/white} {elapsed}")?);
    let mut runs = Vec::new();
    let mut parameters = 0;
    for method in methods() {
        let each = if method.all { None } else { Some(EACH) };
        let mut students: Vec<Student> =
            (0..SEEDS).map(|seed| Student::new(STUDENT, &training, each, 100 + seed)).collect();
        let mut results = Vec::new();
        train(&context, &method.objective, &mut students, &training, &logits, |students| {
            bar.inc(1);
            let of = |student: &Student| marks(&context, &student.network, &test, &opinions);
            results.push(students.iter().map(of).collect::<Result<_, _>>()?);
            Ok(())
        })?;
        parameters = students[0].network.parameters();
        runs.push(Run { method, marks: results });
    }
    bar.finish_and_clear();

    println!(
        "Its students: {parameters} parameters, {SEEDS} of each kind, {STEPS} steps; mean ± standard deviation"
    );
    println!("{:44}{:>12}{:>16}{:>16}", "", "right, %", "as teacher, %", "cross-entropy");
    for run in &runs {
        let column = |of: fn(&Marks) -> f64| moments(&run.last(of));
        let (accuracy, agreement) = (column(|m| m.accuracy), column(|m| m.agreement));
        let cross_entropy = column(|m| m.cross_entropy);
        println!(
            "{:44}{:>12}{:>16}{:>16}",
            format!("  {}, {}", run.method.source(), run.method.name),
            format!("{:.1} ± {:.1}", 100.0 * accuracy.0, 100.0 * accuracy.1),
            format!("{:.1} ± {:.1}", 100.0 * agreement.0, 100.0 * agreement.1),
            format!("{:.3} ± {:.3}", cross_entropy.0, cross_entropy.1),
        );
    }
    compare(&runs)?;
    canvas::save(&picture::draw(&runs, &best)?, PICTURE)?;
    println!(
        "The picture is in {PICTURE}. Everything took {:.1} s.",
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

fn methods() -> Vec<Method> {
    let labels = |tau: f64| Method {
        name: format!("comp-sum, τ = {tau}"),
        hue: Hue::Labels,
        objective: Objective::Labels(Loss::CompSum { tau }),
        all: false,
    };
    let teacher = |hue: Hue, temperature: f64, all: bool| {
        let (name, divergence) = match hue {
            Hue::JensenShannon => ("JS", Divergence::JensenShannon { beta: 0.5 }),
            Hue::ReverseKl => ("reverse KL", Divergence::ReverseKl),
            _ => ("KL", Divergence::Kl),
        };
        let name = format!("{name}, T = {temperature}");
        Method { name, hue, objective: Objective::Teacher { divergence, temperature }, all }
    };
    vec![
        labels(0.5),
        labels(1.0),
        labels(1.7),
        teacher(Hue::Kl, 1.0, false),
        teacher(Hue::JensenShannon, 1.0, false),
        teacher(Hue::Kl, 4.0, false),
        teacher(Hue::ReverseKl, 4.0, false),
        teacher(Hue::JensenShannon, 4.0, false),
        teacher(Hue::Kl, 4.0, true),
    ]
}

impl Method {
    /// Who teaches about which images.
    pub fn source(&self) -> &'static str {
        match (self.hue == Hue::Labels, self.all) {
            (true, _) => "labels of 100",
            (false, false) => "logits of 100",
            (false, true) => "logits of all",
        }
    }
}

impl Run {
    /// One of the marks of every student at the end.
    pub fn last(&self, of: fn(&Marks) -> f64) -> Vec<f64> {
        self.marks.last().map_or(Vec::new(), |marks| marks.iter().map(of).collect())
    }
}

/// Whether logits helped, student by student, in words.
fn compare(runs: &[Run]) -> Result<(), Box<dyn Error>> {
    let accuracy = |run: &Run| run.last(|marks| marks.accuracy);
    let best = |labelled: bool| {
        let kind = runs
            .iter()
            .filter(|run| !run.method.all && (run.method.hue == Hue::Labels) == labelled);
        kind.max_by(|a, b| moments(&accuracy(a)).0.total_cmp(&moments(&accuracy(b)).0))
    };
    let (labels, logits) = best(true).zip(best(false)).ok_or("a kind of method is missing")?;
    let gains: Vec<f64> =
        accuracy(logits).iter().zip(accuracy(labels)).map(|(a, b)| 100.0 * (a - b)).collect();
    let (mean, deviation) = moments(&gains);
    println!(
        "From the same 100 images, the best by logits ({}) against the best by labels ({}): {mean:+.1} ± {deviation:.1} points, better for {} of {SEEDS} students",
        logits.method.name,
        labels.method.name,
        gains.iter().filter(|gain| **gain > 0.0).count(),
    );
    Ok(())
}

/// Mean and standard deviation.
pub fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    (mean, (square / (n - 1.0)).sqrt())
}
