//! What the picture needs of a canvas: filled shapes, curves and text.

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, PathBuilder, Pixmap, PremultipliedColorU8, Rect,
    Stroke, Transform,
};

/// Red, green, blue, and an opacity from 0 to 1.
#[derive(Debug, Clone, Copy)]
pub struct Ink(pub u8, pub u8, pub u8, pub f32);

impl Ink {
    pub fn fade(self, opacity: f32) -> Ink {
        Ink(self.0, self.1, self.2, opacity)
    }

    fn paint(self) -> Paint<'static> {
        let mut paint = Paint { anti_alias: true, ..Paint::default() };
        paint.set_color_rgba8(self.0, self.1, self.2, (255.0 * self.3) as u8);
        paint
    }
}

impl From<colorous::Color> for Ink {
    fn from(color: colorous::Color) -> Ink {
        Ink(color.r, color.g, color.b, 1.0)
    }
}

/// Which point of a line of text is placed.
#[derive(Debug, Clone, Copy)]
pub enum Align {
    Left,
    Centre,
    Right,
}

pub type Point = (f32, f32);

pub struct Canvas {
    pixels: Pixmap,
    regular: FontRef<'static>,
    bold: FontRef<'static>,
}

impl Canvas {
    pub fn new(width: u32, height: u32, background: Ink) -> Result<Canvas, Box<dyn Error>> {
        let mut pixels = Pixmap::new(width, height).ok_or("a canvas without pixels")?;
        pixels.fill(Color::from_rgba8(background.0, background.1, background.2, 255));
        Ok(Canvas {
            pixels,
            regular: FontRef::try_from_slice(dejavu::sans::regular())?,
            bold: FontRef::try_from_slice(dejavu::sans::bold())?,
        })
    }

    pub fn rectangle(&mut self, (x, y): Point, width: f32, height: f32, ink: Ink) {
        if let Some(rectangle) = Rect::from_xywh(x, y, width, height) {
            self.pixels.fill_rect(rectangle, &ink.paint(), Transform::identity(), None);
        }
    }

    pub fn polygon(&mut self, corners: &[Point], ink: Ink) {
        let mut path = PathBuilder::new();
        for (k, &(x, y)) in corners.iter().enumerate() {
            if k == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        path.close();
        if let Some(path) = path.finish() {
            self.pixels.fill_path(
                &path,
                &ink.paint(),
                FillRule::Winding,
                Transform::identity(),
                None,
            );
        }
    }

    /// A smooth curve that leaves `from` and reaches `to` vertically.
    pub fn fall(&mut self, from: Point, to: Point, width: f32, ink: Ink) {
        let middle = (from.1 + to.1) / 2.0;
        let mut path = PathBuilder::new();
        path.move_to(from.0, from.1);
        path.cubic_to(from.0, middle, to.0, middle, to.0, to.1);
        if let Some(path) = path.finish() {
            let stroke = Stroke { width, ..Stroke::default() };
            self.pixels.stroke_path(&path, &ink.paint(), &stroke, Transform::identity(), None);
        }
    }

    /// Straight lines from point to point.
    pub fn line(&mut self, points: &[Point], width: f32, ink: Ink) {
        let mut path = PathBuilder::new();
        for (k, &(x, y)) in points.iter().enumerate() {
            if k == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        if let Some(path) = path.finish() {
            let (line_cap, line_join) = (LineCap::Round, LineJoin::Round);
            let stroke = Stroke { width, line_cap, line_join, ..Stroke::default() };
            self.pixels.stroke_path(&path, &ink.paint(), &stroke, Transform::identity(), None);
        }
    }

    pub fn disc(&mut self, (x, y): Point, radius: f32, ink: Ink) {
        if let Some(path) = PathBuilder::from_circle(x, y, radius) {
            let (paint, rule) = (ink.paint(), FillRule::Winding);
            self.pixels.fill_path(&path, &paint, rule, Transform::identity(), None);
        }
    }

    /// A line of text; `y` is its baseline.
    pub fn text(&mut self, (x, y): Point, size: f32, align: Align, ink: Ink, line: &str) {
        let font = self.regular.clone();
        self.letters(&font, (x, y), size, align, ink, line);
    }

    /// A line of bold text.
    pub fn heading(&mut self, (x, y): Point, size: f32, align: Align, ink: Ink, line: &str) {
        let font = self.bold.clone();
        self.letters(&font, (x, y), size, align, ink, line);
    }

    fn letters(
        &mut self,
        font: &FontRef<'_>,
        (x, y): Point,
        size: f32,
        align: Align,
        ink: Ink,
        line: &str,
    ) {
        let scaled = font.as_scaled(PxScale::from(size));
        let mut end = 0.0;
        let mut glyphs: Vec<Glyph> = Vec::new();
        for letter in line.chars() {
            let id = scaled.glyph_id(letter);
            if let Some(last) = glyphs.last() {
                end += scaled.kern(last.id, id);
            }
            glyphs.push(id.with_scale_and_position(scaled.scale(), point(end, 0.0)));
            end += scaled.h_advance(id);
        }
        let shift = match align {
            Align::Left => 0.0,
            Align::Centre => end / 2.0,
            Align::Right => end,
        };
        for mut glyph in glyphs {
            glyph.position = point(x - shift + glyph.position.x, y);
            if let Some(outline) = font.outline_glyph(glyph) {
                let corner = outline.px_bounds().min;
                outline.draw(|u, v, coverage| {
                    self.blend(
                        corner.x as i32 + u as i32,
                        corner.y as i32 + v as i32,
                        ink,
                        coverage,
                    );
                });
            }
        }
    }

    fn blend(&mut self, x: i32, y: i32, ink: Ink, coverage: f32) {
        let (width, height) = (self.pixels.width() as i32, self.pixels.height() as i32);
        if !(0..width).contains(&x) || !(0..height).contains(&y) {
            return;
        }
        let pixel = &mut self.pixels.pixels_mut()[(y * width + x) as usize];
        let opacity = (coverage * ink.3).clamp(0.0, 1.0);
        let mix = |old: u8, new: u8| {
            (f32::from(old) + (f32::from(new) - f32::from(old)) * opacity).round() as u8
        };
        // The canvas is opaque, so premultiplied and plain colours are the same.
        let mixed = PremultipliedColorU8::from_rgba(
            mix(pixel.red(), ink.0),
            mix(pixel.green(), ink.1),
            mix(pixel.blue(), ink.2),
            255,
        );
        *pixel = mixed.unwrap_or(*pixel);
    }

    /// The finished picture. Colours keep six bits a channel, which nobody sees
    /// and which makes the file a third smaller.
    pub fn into_image(self) -> Result<image::RgbImage, Box<dyn Error>> {
        let (width, height) = (self.pixels.width(), self.pixels.height());
        let coarse = |value: u8| (value & 0xfc) | (value >> 6);
        let pixels = self.pixels.pixels().iter();
        let colours = pixels.flat_map(|p| [p.red(), p.green(), p.blue()].map(coarse)).collect();
        image::RgbImage::from_raw(width, height, colours)
            .ok_or_else(|| "a picture without pixels".into())
    }
}

/// Writes a PNG, small rather than fast.
pub fn save(image: &image::RgbImage, path: &str) -> Result<(), Box<dyn Error>> {
    let file = BufWriter::new(File::create(path).map_err(|error| format!("{path}: {error}"))?);
    let encoder = PngEncoder::new_with_quality(file, CompressionType::Best, FilterType::Up);
    Ok(image.write_with_encoder(encoder)?)
}
