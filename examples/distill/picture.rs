//! The picture: how students learn, and where they end.

use crate::canvas::{Align, Canvas, Ink, Point};
use crate::training::{EVERY, Marks, STEPS};
use crate::{Hue, Run, moments};
use std::error::Error;

const PAPER: Ink = Ink(255, 255, 255, 1.0);
const TEXT: Ink = Ink(38, 42, 51, 1.0);
const QUIET: Ink = Ink(112, 118, 130, 1.0);
const GRID: Ink = Ink(232, 233, 238, 1.0);

const WIDTH: u32 = 1580;
const HEIGHT: u32 = 720;
const TOP: f32 = 176.0;
const BOTTOM: f32 = 620.0;

pub fn draw(runs: &[Run], teacher: &Marks) -> Result<image::RgbImage, Box<dyn Error>> {
    let mut canvas = Canvas::new(WIDTH, HEIGHT, PAPER)?;
    let title = "What do a teacher's logits say that labels do not?";
    canvas.heading((76.0, 50.0), 27.0, Align::Left, TEXT, title);
    let subtitle = "Small networks, eight of each kind, learn digits from 100 images or from all; the teacher learned from the labels of all 1,197.";
    canvas.text((76.0, 84.0), 17.0, Align::Left, QUIET, subtitle);
    curves(&mut canvas, runs, teacher);
    let accuracy = Strip {
        title: "right, %",
        left: 1060.0,
        right: 1250.0,
        range: [82.0, 94.0],
        ticks: &[82.0, 86.0, 90.0, 94.0],
        decimals: 1,
        mark: |marks| 100.0 * marks.accuracy,
    };
    let cross_entropy = Strip {
        title: "cross-entropy, nats",
        left: 1320.0,
        right: 1490.0,
        range: [0.2, 0.7],
        ticks: &[0.2, 0.4, 0.6],
        decimals: 2,
        mark: |marks| marks.cross_entropy,
    };
    ends(&mut canvas, runs, teacher, &[accuracy, cross_entropy]);
    canvas.into_image()
}

fn ink(run: &Run) -> Ink {
    match (run.method.hue, run.method.all) {
        (Hue::Labels, _) => Ink(217, 119, 6, 1.0),
        (Hue::Kl, false) => Ink(37, 99, 205, 1.0),
        (Hue::Kl, true) => Ink(23, 37, 84, 1.0),
        (Hue::ReverseKl, _) => Ink(139, 92, 206, 1.0),
        (Hue::JensenShannon, _) => Ink(13, 148, 136, 1.0),
    }
}

/// The part of 0 to 1 at which a value lies in a range.
fn place(value: f64, [low, high]: [f64; 2]) -> f32 {
    ((value - low) / (high - low)).clamp(0.0, 1.0) as f32
}

/// Accuracy against steps, of some of the methods.
fn curves(canvas: &mut Canvas, runs: &[Run], teacher: &Marks) {
    const LEFT: f32 = 76.0;
    const RIGHT: f32 = 560.0;
    const RANGE: [f64; 2] = [0.7, 0.95];
    canvas.heading((LEFT, 136.0), 18.0, Align::Left, TEXT, "Share of 600 other images named right");
    let y = |value: f64| BOTTOM - (BOTTOM - TOP) * place(value, RANGE);
    let x = |step: usize| LEFT + (RIGHT - LEFT) * step as f32 / STEPS as f32;
    for percent in (70..=95).step_by(5) {
        let level = y(f64::from(percent) / 100.0);
        canvas.rectangle((LEFT, level - 0.5), RIGHT - LEFT, 1.0, GRID);
        let name = format!("{percent} %");
        canvas.text((LEFT - 10.0, level + 5.0), 14.0, Align::Right, QUIET, &name);
    }
    for step in (0..=STEPS).step_by(100) {
        let unit = if step == STEPS { " steps" } else { "" };
        let name = format!("{step}{unit}");
        canvas.text((x(step), BOTTOM + 24.0), 14.0, Align::Centre, QUIET, &name);
    }
    let note = "lines: means; bands: one standard deviation to either side";
    canvas.text((LEFT, BOTTOM + 60.0), 14.0, Align::Left, QUIET, note);

    let level = y(teacher.accuracy);
    let mut dash = LEFT;
    while dash < RIGHT {
        canvas.rectangle((dash, level - 0.75), 6.0, 1.5, QUIET);
        dash += 11.0;
    }
    let mut names = vec![(level, QUIET, "the teacher".to_string())];
    let shown: Vec<&Run> =
        runs.iter().filter(|run| SHOWN.contains(&(run.method.name.as_str()))).collect();
    let bands: Vec<Vec<(f64, f64)>> = shown.iter().map(|run| band(run)).collect();
    for (run, band) in shown.iter().zip(&bands) {
        let edge =
            |k: usize, sign: f64| -> Point { (x(k * EVERY), y(band[k].0 + sign * band[k].1)) };
        let mut outline: Vec<Point> = (1..band.len()).map(|k| edge(k, 1.0)).collect();
        outline.extend((1..band.len()).rev().map(|k| edge(k, -1.0)));
        canvas.polygon(&outline, ink(run).fade(0.14));
    }
    for (run, band) in shown.iter().zip(&bands) {
        // From where it enters the picture.
        let means: Vec<f64> = band.iter().map(|(mean, _)| *mean).collect();
        let first = means.iter().position(|mean| *mean > RANGE[0]).unwrap_or(0);
        let mut line = Vec::new();
        if let Some(last) = first.checked_sub(1) {
            let part = place(RANGE[0], [means[last], means[first]]);
            line.push((x(last * EVERY) + part * (x(first * EVERY) - x(last * EVERY)), BOTTOM));
        }
        line.extend((first..means.len()).map(|k| (x(k * EVERY), y(means[k]))));
        canvas.line(&line, 2.5, ink(run));
        let end = line.last().map_or(BOTTOM, |point| point.1);
        names.push((end, ink(run), format!("{}, {}", run.method.source(), run.method.name)));
    }
    // Names from the top down, none on another.
    names.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = TOP;
    for (end, ink, name) in names {
        let level = end.max(free);
        canvas.line(&[(RIGHT + 3.0, end), (RIGHT + 16.0, level)], 1.0, ink.fade(0.6));
        canvas.text((RIGHT + 21.0, level + 5.0), 15.0, Align::Left, ink, &name);
        free = level + 23.0;
    }
}

/// Methods whose curves are drawn; of the others they would lie on these.
const SHOWN: [&str; 3] = ["comp-sum, τ = 1", "KL, T = 4", "JS, T = 4"];

/// Mean and deviation of the accuracy, examination by examination.
fn band(run: &Run) -> Vec<(f64, f64)> {
    let accuracy = |marks: &Vec<Marks>| -> Vec<f64> { marks.iter().map(|m| m.accuracy).collect() };
    run.marks.iter().map(|marks| moments(&accuracy(marks))).collect()
}

/// A column of dots.
struct Strip {
    title: &'static str,
    left: f32,
    right: f32,
    range: [f64; 2],
    ticks: &'static [f64],
    decimals: usize,
    mark: fn(&Marks) -> f64,
}

/// Where every student ended, method by method.
fn ends(canvas: &mut Canvas, runs: &[Run], teacher: &Marks, strips: &[Strip; 2]) {
    const LEFT: f32 = 860.0;
    const ROW: f32 = 38.0;
    const GAP: f32 = 36.0;
    canvas.heading((LEFT, 136.0), 18.0, Align::Left, TEXT, "After the last step");
    for strip in strips {
        let x = |value: f64| strip.left + (strip.right - strip.left) * place(value, strip.range);
        canvas.text((strip.left, 136.0), 15.0, Align::Left, TEXT, strip.title);
        for tick in strip.ticks {
            canvas.rectangle((x(*tick) - 0.5, TOP - 14.0), 1.0, BOTTOM - TOP + 14.0, GRID);
            let name = format!("{tick}");
            canvas.text((x(*tick), BOTTOM + 24.0), 14.0, Align::Centre, QUIET, &name);
        }
        let mut dash = TOP - 14.0;
        while dash < BOTTOM {
            canvas.rectangle((x((strip.mark)(teacher)) - 0.75, dash), 1.5, 6.0, QUIET);
            dash += 11.0;
        }
    }
    let mut row = TOP - 8.0;
    let mut source = "";
    for run in runs {
        if run.method.source() != source {
            source = run.method.source();
            canvas.heading((LEFT, row + 12.0), 15.0, Align::Left, TEXT, source);
            row += GAP;
        }
        canvas.text((LEFT + 14.0, row + 5.0), 15.0, Align::Left, ink(run), &run.method.name);
        for strip in strips {
            let x =
                |value: f64| strip.left + (strip.right - strip.left) * place(value, strip.range);
            let values = run.last(strip.mark);
            for value in &values {
                canvas.disc((x(*value), row), 4.5, ink(run).fade(0.4));
            }
            let (mean, _) = moments(&values);
            canvas.rectangle((x(mean) - 1.5, row - 11.0), 3.0, 22.0, ink(run));
            let name = format!("{mean:.*}", strip.decimals);
            canvas.text((strip.right + 14.0, row + 5.0), 15.0, Align::Left, TEXT, &name);
        }
        row += ROW;
    }
    let note = "dots: students; bars: their mean; broken lines: the teacher";
    canvas.text((LEFT, BOTTOM + 60.0), 14.0, Align::Left, QUIET, note);
}
