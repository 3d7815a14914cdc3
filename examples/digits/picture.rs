//! The picture: the matrix of all distances, and one plan.

use crate::Matrix;
use crate::canvas::{Align, Canvas, Ink, Point};
use crate::data::{Digit, PIXELS, SIDE};
use std::error::Error;

/// Labels of the two digits whose plan is drawn.
pub const PAIR: (u8, u8) = (2, 7);

/// The plan between two digits.
pub struct Plan<'a> {
    pub from: &'a Digit,
    pub to: &'a Digit,
    /// Row-major, 64×64, summing to one.
    pub mass: Vec<f64>,
    pub cost: f64,
}

const PAPER: Ink = Ink(255, 255, 255, 1.0);
const TEXT: Ink = Ink(38, 42, 51, 1.0);
const QUIET: Ink = Ink(112, 118, 130, 1.0);
const TILE: Ink = Ink(239, 239, 243, 1.0);
const PEN: Ink = Ink(38, 42, 51, 1.0);

const WIDTH: u32 = 1660;
const HEIGHT: u32 = 1010;

pub fn draw(
    digits: &[Digit],
    distances: &Matrix,
    plan: &Plan<'_>,
) -> Result<image::RgbImage, Box<dyn Error>> {
    let mut canvas = Canvas::new(WIDTH, HEIGHT, PAPER)?;
    matrix(&mut canvas, (90.0, 112.0), digits, distances);
    flow(&mut canvas, (1010.0, 112.0), plan);
    canvas.into_image()
}

/// Steps of the colour scale.
const COLOURS: f64 = 24.0;
/// Pixels of the picture per entry of the matrix.
const CELL: f32 = 4.0;

fn matrix(canvas: &mut Canvas, (left, top): Point, digits: &[Digit], distances: &Matrix) {
    let n = digits.len();
    let side = CELL * n as f32;
    canvas.heading(
        (left, top - 54.0),
        28.0,
        Align::Left,
        TEXT,
        "How far is one digit from another?",
    );
    canvas.text(
        (left, top - 22.0),
        20.0,
        Align::Left,
        QUIET,
        &format!(
            "root of the transport cost between {n} images; {} problems in one batch",
            thousands(n * (n - 1) / 2)
        ),
    );

    // The root of the cost, a length, spreads the small distances that matter. The scale
    // ends where one distance in two hundred lies above.
    let root = |d: f64| d.max(0.0).sqrt();
    let mut all: Vec<f64> =
        (0..n).flat_map(|i| distances.row(i).iter().map(|d| root(*d))).collect();
    all.sort_by(f64::total_cmp);
    let (nearest, farthest) = (all[n], all[all.len() - 1 - all.len() / 200]);
    let colour = |d: f64| -> Ink {
        let place = ((root(d) - nearest) / (farthest - nearest)).clamp(0.0, 1.0);
        // As many colours as the eye tells apart; a PNG is the smaller for it.
        colorous::MAGMA.eval_continuous((place * COLOURS).round() / COLOURS).into()
    };
    for i in 0..n {
        for (j, distance) in distances.row(i).iter().enumerate() {
            let place = (left + CELL * j as f32, top + CELL * i as f32);
            canvas.rectangle(place, CELL, CELL, colour(*distance));
        }
    }

    // Where a label ends, a white line; in the middle of its rows, its name.
    let mut start = 0;
    while start < n {
        let label = digits[start].label;
        let end = start + digits[start..].iter().take_while(|d| d.label == label).count();
        let middle = CELL * (start + end) as f32 / 2.0;
        let name = label.to_string();
        canvas.text((left - 22.0, top + middle + 9.0), 26.0, Align::Centre, TEXT, &name);
        canvas.text((left + middle, top + side + 34.0), 26.0, Align::Centre, TEXT, &name);
        if start > 0 {
            let at = CELL * start as f32;
            canvas.rectangle((left, top + at - 1.0), side, 2.0, PAPER.fade(0.75));
            canvas.rectangle((left + at - 1.0, top), 2.0, side, PAPER.fade(0.75));
        }
        start = end;
    }

    let (bar, y) = (300.0, top + side + 54.0);
    let right = left + side;
    for k in 0..bar as usize {
        let colour = colorous::MAGMA.eval_continuous(k as f64 / f64::from(bar)).into();
        canvas.rectangle((right - bar + k as f32, y), 1.0, 14.0, colour);
    }
    canvas.text(
        (right - bar - 12.0, y + 13.0),
        18.0,
        Align::Right,
        QUIET,
        &format!("{nearest:.2}"),
    );
    canvas.text((right + 10.0, y + 13.0), 18.0, Align::Left, QUIET, &format!("{farthest:.2}"));
    let unit = "distance, in widths of the image";
    canvas.text((right - bar - 70.0, y + 13.0), 18.0, Align::Right, QUIET, unit);
}

/// A plane of 8×8 pixels seen from the side.
struct Plane {
    corner: Point,
}

impl Plane {
    const ACROSS: f32 = 60.0;
    const DEEP: f32 = 34.0;
    const SHEAR: f32 = 11.0;

    /// A place on the plane, in pixels of the image.
    fn at(&self, row: f32, column: f32) -> Point {
        let x = column * Self::ACROSS + (SIDE as f32 - row) * Self::SHEAR;
        (self.corner.0 + x, self.corner.1 + row * Self::DEEP)
    }

    fn centre(&self, pixel: usize) -> Point {
        self.at((pixel / SIDE) as f32 + 0.5, (pixel % SIDE) as f32 + 0.5)
    }

    /// Draws the digit over whatever lies below it; a faint one leaves room for what
    /// comes to lie above.
    fn draw(&self, canvas: &mut Canvas, digit: &Digit, opacity: f32) {
        let side = SIDE as f32;
        let plane =
            [self.at(0.0, 0.0), self.at(0.0, side), self.at(side, side), self.at(side, 0.0)];
        canvas.polygon(&plane, PAPER);
        let darkest = digit.ink.iter().copied().fold(0.0, f32::max);
        for (pixel, ink) in digit.ink.iter().enumerate() {
            let (row, column) = ((pixel / SIDE) as f32, (pixel % SIDE) as f32);
            let gap = 0.03;
            let corners = [
                self.at(row + gap, column + gap),
                self.at(row + gap, column + 1.0 - gap),
                self.at(row + 1.0 - gap, column + 1.0 - gap),
                self.at(row + 1.0 - gap, column + gap),
            ];
            canvas.polygon(&corners, TILE);
            canvas.polygon(&corners, PEN.fade(0.92 * opacity * ink / darkest));
        }
    }
}

fn flow(canvas: &mut Canvas, (left, top): Point, plan: &Plan<'_>) {
    let title = format!("From a {} to a {}", plan.from.label, plan.to.label);
    canvas.heading((left, top - 54.0), 28.0, Align::Left, TEXT, &title);
    let subtitle = format!(
        "the plan that moves the ink with the least work; distance {:.3}",
        plan.cost.max(0.0).sqrt()
    );
    canvas.text((left, top - 22.0), 20.0, Align::Left, QUIET, &subtitle);

    let above = Plane { corner: (left, top + 8.0) };
    let below = Plane { corner: (left, top + 548.0) };
    below.draw(canvas, plan.to, 0.5);

    let greatest = plan.mass.iter().copied().fold(0.0, f64::max);
    let mut flows: Vec<(f64, usize, usize)> = plan
        .mass
        .iter()
        .enumerate()
        .map(|(cell, mass)| (mass / greatest, cell / PIXELS, cell % PIXELS))
        .filter(|(share, ..)| *share > 0.02)
        .collect();
    // The heavy ones on top.
    flows.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (share, from, to) in flows {
        let share = share as f32;
        let colour: Ink = colorous::VIRIDIS.eval_continuous(moved(from, to) / LONGEST).into();
        let (width, opacity) = (1.0 + 5.0 * share.sqrt(), 0.06 + 0.8 * share);
        canvas.fall(above.centre(from), below.centre(to), width, colour.fade(opacity));
        canvas.disc(below.centre(to), 0.5 + width, colour.fade(opacity));
    }
    // The ink leaves from below, so that the digit stays readable.
    above.draw(canvas, plan.from, 1.0);

    let (bar, y) = (160.0, top + 854.0);
    for k in 0..bar as usize {
        let colour = colorous::VIRIDIS.eval_continuous(k as f64 / f64::from(bar)).into();
        canvas.rectangle((left + 110.0 + k as f32, y), 1.0, 14.0, colour);
    }
    canvas.text((left, y + 13.0), 18.0, Align::Left, QUIET, "moved by 0");
    let end = format!("{LONGEST} pixels; strong lines carry more ink");
    canvas.text((left + 120.0 + bar, y + 13.0), 18.0, Align::Left, QUIET, &end);
}

/// Where the colours of the plan end, in pixels.
const LONGEST: f64 = 4.0;

/// Distance between two pixels, in pixels, at most [`LONGEST`].
fn moved(from: usize, to: usize) -> f64 {
    let along = |place: fn(usize) -> usize| place(from) as f64 - place(to) as f64;
    along(|p| p / SIDE).hypot(along(|p| p % SIDE)).min(LONGEST)
}

fn thousands(n: usize) -> String {
    if n < 1000 { n.to_string() } else { format!("{},{:03}", n / 1000, n % 1000) }
}
