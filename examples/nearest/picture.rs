//! The picture: some images, and their nearest by two measures.

use crate::canvas::{Align, Canvas, Ink, Point};
use crate::data::{Images, PIXELS, SIDE};
use crate::{Neighbours, is_right, share};
use std::error::Error;

const PAPER: Ink = Ink(255, 255, 255, 1.0);
const TEXT: Ink = Ink(38, 42, 51, 1.0);
const QUIET: Ink = Ink(112, 118, 130, 1.0);
/// Of images that show the same digit, and of others: the darkest ink, and none.
const SAME: [Ink; 2] = [TEXT, Ink(243, 243, 246, 1.0)];
const OTHER: [Ink; 2] = [Ink(190, 24, 47, 1.0), Ink(253, 229, 231, 1.0)];

/// Pixels of the picture per pixel of an image.
const PIXEL: f32 = 2.0;
const TILE: f32 = PIXEL * SIDE as f32;
const GAP: f32 = 8.0;
const LEFT: f32 = 48.0;
const TOP: f32 = 178.0;
/// Between the image and its neighbours, and between the two kinds of them.
const SPACE: f32 = 44.0;

/// The neighbours that a measure has found.
pub struct Panel<'a> {
    pub title: &'static str,
    pub neighbours: &'a Neighbours,
}

pub fn draw(images: &Images, panels: [Panel<'_>; 2]) -> Result<image::RgbImage, Box<dyn Error>> {
    let rows = shown(images, &panels);
    let shown = panels[0].neighbours[0].len() as f32;
    let wide = shown * (TILE + GAP) - GAP;
    let starts = [LEFT + TILE + SPACE, LEFT + TILE + 2.0 * SPACE + wide];
    let width = starts[1] + wide + LEFT;
    let height = TOP + rows.len() as f32 * (TILE + GAP) - GAP + 40.0;
    let mut canvas = Canvas::new(width as u32, height as u32, PAPER)?;
    let title = "Which digits are alike as histograms of ink?";
    canvas.heading((LEFT, 46.0), 26.0, Align::Left, TEXT, title);
    let lines = [
        "Hard cases: of every digit the first image whose nearest is right by one measure and wrong by the other, or else its first.",
        "In red what shows another digit.",
    ];
    for (line, baseline) in lines.into_iter().zip([74.0, 96.0]) {
        canvas.text((LEFT, baseline), 15.0, Align::Left, QUIET, line);
    }
    canvas.heading((LEFT, TOP - 38.0), 17.0, Align::Left, TEXT, "image");
    for (panel, start) in panels.iter().zip(starts) {
        canvas.heading((start, TOP - 38.0), 17.0, Align::Left, TEXT, panel.title);
        let right = share(panel.neighbours, &images.labels, 1);
        let line =
            format!("{:.1} % of all {} nearest are right", 100.0 * right, images.labels.len());
        canvas.text((start, TOP - 16.0), 14.0, Align::Left, QUIET, &line);
    }
    for (place, row) in rows.into_iter().enumerate() {
        let top = TOP + place as f32 * (TILE + GAP);
        tile(&mut canvas, (LEFT, top), images, row, SAME);
        for (panel, start) in panels.iter().zip(starts) {
            for (k, neighbour) in panel.neighbours[row].iter().enumerate() {
                let same = images.labels[*neighbour] == images.labels[row];
                let inks = if same { SAME } else { OTHER };
                let corner = (start + k as f32 * (TILE + GAP), top);
                tile(&mut canvas, corner, images, *neighbour, inks);
            }
        }
    }
    canvas.into_image()
}

/// Of every digit an image that the two measures do not agree on, or its first.
fn shown(images: &Images, panels: &[Panel<'_>; 2]) -> Vec<usize> {
    let split = |row: &usize| {
        let [a, b] =
            panels.each_ref().map(|panel| is_right(panel.neighbours, *row, &images.labels));
        a != b
    };
    let of = |digit: u8| {
        let mut rows = (0..images.labels.len()).filter(|row| images.labels[*row] == digit);
        rows.clone().find(split).or_else(|| rows.next())
    };
    (0..10).filter_map(of).collect()
}

fn tile(
    canvas: &mut Canvas,
    (left, top): Point,
    images: &Images,
    row: usize,
    [dark, light]: [Ink; 2],
) {
    canvas.rectangle((left, top), TILE, TILE, light);
    for (pixel, ink) in images.pixels[row * PIXELS..(row + 1) * PIXELS].iter().enumerate() {
        // As many shades as the eye tells apart.
        let shade = (16.0 * ink / 255.0).round() / 16.0;
        if shade > 0.0 {
            let mix = |dark: u8, light: u8| {
                (f32::from(light) + shade * (f32::from(dark) - f32::from(light))) as u8
            };
            let ink = Ink(mix(dark.0, light.0), mix(dark.1, light.1), mix(dark.2, light.2), 1.0);
            let corner =
                (left + PIXEL * (pixel % SIDE) as f32, top + PIXEL * (pixel / SIDE) as f32);
            canvas.rectangle(corner, PIXEL, PIXEL, ink);
        }
    }
}
