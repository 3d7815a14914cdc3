//! The picture: the mean direction of every component as an image, and who is in it.

use crate::canvas::{Align, Canvas, Ink};
use crate::data::SIDE;
use crate::digits_of;
use kantor::VonMisesFisherMixtureFit;
use std::error::Error;

const PAPER: Ink = Ink(255, 255, 255, 1.0);
const TEXT: Ink = Ink(38, 42, 51, 1.0);
const QUIET: Ink = Ink(112, 118, 130, 1.0);

/// Pixels of the picture per pixel of an image.
const PIXEL: f32 = 5.0;
const TILE: f32 = PIXEL * SIDE as f32;
const GAP: f32 = 24.0;
const LEFT: f32 = 40.0;
const TOP: f32 = 96.0;
const COLUMNS: usize = 5;
const CAPTION: f32 = 62.0;

pub fn draw(
    fit: &VonMisesFisherMixtureFit,
    labels: &[u32],
    digits: &[u8],
    purity: f64,
) -> Result<image::RgbImage, Box<dyn Error>> {
    let count = fit.components().len();
    let lines = count.div_ceil(COLUMNS);
    let width = 2.0 * LEFT + COLUMNS as f32 * (TILE + GAP) - GAP;
    let height = TOP + lines as f32 * (TILE + CAPTION + GAP);
    let mut canvas = Canvas::new(width as u32, height as u32, PAPER)?;
    let title = format!("{count} directions among {} images of digits", labels.len());
    canvas.heading((LEFT, 42.0), 26.0, Align::Left, TEXT, &title);
    let subtitle = format!(
        "mean directions of a von Mises-Fisher mixture in 784 dimensions; purity {:.0} %",
        100.0 * purity
    );
    canvas.text((LEFT, 70.0), 17.0, Align::Left, QUIET, &subtitle);

    // By the digit that is most frequent.
    let mut order: Vec<usize> = (0..count).collect();
    let first = |k: usize| {
        let counts = digits_of(k, labels, digits);
        counts.iter().position(|n| Some(n) == counts.iter().max()).unwrap_or(0)
    };
    order.sort_by_key(|&k| first(k));
    for (place, k) in order.into_iter().enumerate() {
        let left = LEFT + (place % COLUMNS) as f32 * (TILE + GAP);
        let top = TOP + (place / COLUMNS) as f32 * (TILE + CAPTION + GAP);
        let component = &fit.components()[k];
        let darkest = component.mean().iter().copied().fold(0.0, f64::max);
        for (pixel, value) in component.mean().iter().enumerate() {
            let corner =
                (left + PIXEL * (pixel % SIDE) as f32, top + PIXEL * (pixel / SIDE) as f32);
            let share = (value / darkest).clamp(0.0, 1.0);
            // As many shades as the eye tells apart.
            let shade = 1.0 - (24.0 * share).round() / 24.0;
            let mix = |dark: u8| (f64::from(dark) + shade * f64::from(243 - dark)) as u8;
            let ink = Ink(mix(TEXT.0), mix(TEXT.1), mix(TEXT.2), 1.0);
            canvas.rectangle(corner, PIXEL, PIXEL, ink);
        }
        let counts = digits_of(k, labels, digits);
        let rows: usize = counts.iter().sum();
        let mut ranked: Vec<usize> = (0..10).filter(|&digit| counts[digit] > 0).collect();
        ranked.sort_by_key(|&digit| std::cmp::Reverse(counts[digit]));
        let members: Vec<String> =
            ranked.iter().take(3).map(|&digit| format!("{digit}: {}", counts[digit])).collect();
        let caption = format!("κ {:.0}, {rows} images", component.concentration());
        canvas.text((left, top + TILE + 22.0), 15.0, Align::Left, TEXT, &caption);
        canvas.text((left, top + TILE + 43.0), 14.0, Align::Left, QUIET, &members.join("   "));
    }
    canvas.into_image()
}
