//! The picture: three panels and a scale.

use crate::canvas::{Align, Canvas, Ink, Point};
use crate::{ARGUMENTS, ORDERS, SIDE};
use std::error::Error;

/// One way to compute, and its errors in ulps, row by row from the largest order down.
pub struct Panel {
    pub title: &'static str,
    pub errors: Vec<f64>,
    /// Whether log I is negative there.
    pub negative: Vec<bool>,
}

impl Panel {
    /// How many points are how good, in words.
    pub fn summary(&self) -> String {
        let mut sorted = self.errors.clone();
        sorted.sort_by(f64::total_cmp);
        let quantile = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize];
        let broken = sorted.iter().filter(|error| error.is_infinite()).count();
        let mut text = format!(
            "half below {}, 99 % below {} ulp",
            number(quantile(0.5)),
            number(quantile(0.99))
        );
        if broken > 0 {
            text.push_str(&format!("; {:.1} % no number", 100.0 * share(broken, sorted.len())));
        }
        text
    }
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

fn number(value: f64) -> String {
    match value {
        v if !(1e-2..1e4).contains(&v) => {
            let power = v.log10().floor();
            format!("{:.0}·10{}", v / 10f64.powf(power), superscript(power as i32))
        }
        v if v >= 10.0 => format!("{v:.0}"),
        v => format!("{v:.2}"),
    }
}

fn superscript(power: i32) -> String {
    let digit = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        c => char::from_u32('⁰' as u32 + c.to_digit(10).unwrap_or(0)).unwrap_or(c),
    };
    power.to_string().chars().map(digit).collect()
}

const PAPER: Ink = Ink(255, 255, 255, 1.0);
const TEXT: Ink = Ink(38, 42, 51, 1.0);
const QUIET: Ink = Ink(112, 118, 130, 1.0);
/// What is no number.
const BROKEN: Ink = Ink(20, 20, 20, 1.0);

const WIDTH: u32 = 1580;
const HEIGHT: u32 = 780;
/// Between the left edges of panels.
const PITCH: f32 = SIDE as f32 + 80.0;
const TOP: f32 = 174.0;

/// Decimal logarithms of the errors at the ends of the scale; its middle is one ulp.
const SCALE: f64 = 7.0;
/// Steps of a half of the scale: as many as the eye tells apart.
const STEPS: f64 = 28.0;

/// Blues up to one ulp, and beyond it yellow to red.
fn colour(error: f64) -> Ink {
    if error.is_infinite() {
        return BROKEN;
    }
    let place = (error.log10() / SCALE).clamp(-1.0, 1.0);
    let place = (place * STEPS).round() / STEPS;
    if error <= 1.0 {
        colorous::BLUES.eval_continuous(0.12 - 0.88 * place).into()
    } else {
        colorous::YELLOW_ORANGE_RED.eval_continuous(0.12 + 0.88 * place).into()
    }
}

pub fn draw(panels: &[Panel; 3]) -> Result<image::RgbImage, Box<dyn Error>> {
    let mut canvas = Canvas::new(WIDTH, HEIGHT, PAPER)?;
    let left = 76.0;
    let heading = "How many digits of log I(v, x) are wrong?";
    canvas.heading((left, 50.0), 30.0, Align::Left, TEXT, heading);
    let subtitle = "Error in ulps, steps between neighbouring f32 numbers, at each order v and argument x. \
                    Half an ulp is the best that a result in f32 can do.";
    canvas.text((left, 84.0), 19.0, Align::Left, QUIET, subtitle);
    for (k, panel) in panels.iter().enumerate() {
        map(&mut canvas, (left + PITCH * k as f32, TOP), panel);
    }
    let broken = panels.iter().any(|panel| panel.errors.iter().any(|error| error.is_infinite()));
    let below = TOP + SIDE as f32 + 98.0;
    legend(&mut canvas, (left, below), broken);
    notes(&mut canvas, (left + PITCH + 220.0, below));
    canvas.into_image()
}

/// Where a decimal logarithm lies along an axis.
fn along(value: f64, [low, high]: [f64; 2]) -> f32 {
    (SIDE as f64 * (value - low) / (high - low)) as f32
}

fn map(canvas: &mut Canvas, (left, top): Point, panel: &Panel) {
    canvas.heading((left, top - 40.0), 21.0, Align::Left, TEXT, panel.title);
    canvas.text((left, top - 14.0), 16.0, Align::Left, QUIET, &panel.summary());
    for (k, error) in panel.errors.iter().enumerate() {
        let place = (left + (k % SIDE) as f32, top + (k / SIDE) as f32);
        canvas.rectangle(place, 1.0, 1.0, colour(*error));
    }
    let side = SIDE as f32;
    let bottom = top + side;
    let mut power = ORDERS[0];
    while power <= ORDERS[1] {
        let y = bottom - along(power, ORDERS);
        canvas.rectangle((left - 6.0, y - 0.5), 6.0, 1.0, QUIET);
        let name = format!("10{}", superscript(power as i32));
        canvas.text((left - 10.0, y + 5.0), 15.0, Align::Right, QUIET, &name);
        power += 2.0;
    }
    let mut power = ARGUMENTS[0];
    while power <= ARGUMENTS[1] {
        let x = left + along(power, ARGUMENTS);
        canvas.rectangle((x - 0.5, bottom), 1.0, 6.0, QUIET);
        let name = format!("10{}", superscript(power as i32));
        canvas.text((x, bottom + 23.0), 15.0, Align::Centre, QUIET, &name);
        power += 2.0;
    }
    canvas.text((left + side / 2.0, bottom + 46.0), 17.0, Align::Centre, TEXT, "argument x");
    let middle = bottom - along(3.0, ORDERS);
    canvas.text((left - 10.0, middle + 5.0), 17.0, Align::Right, TEXT, "order v");

    // Where log I changes its sign: a broken line, and its name on a clear ground.
    for (row, negative) in panel.negative.chunks(SIDE).enumerate() {
        let zero = negative.iter().position(|negative| !negative);
        if let Some(column) = zero.filter(|column| *column > 0 && row % 14 < 5) {
            let place = (left + column as f32 - 0.75, top + row as f32);
            canvas.rectangle(place, 1.5, 1.0, TEXT.fade(0.8));
        }
    }
    let place = (left + along(2.7, ARGUMENTS), bottom - along(2.2, ORDERS));
    canvas.rectangle((place.0 - 6.0, place.1 - 17.0), 88.0, 24.0, PAPER.fade(0.8));
    canvas.text(place, 17.0, Align::Left, TEXT, "log I = 0");
}

fn legend(canvas: &mut Canvas, (left, top): Point, broken: bool) {
    let (width, height) = (SIDE as f32 + 160.0, 20.0);
    for k in 0..width as usize {
        let power = SCALE * (2.0 * (k as f64 + 0.5) / f64::from(width) - 1.0);
        canvas.rectangle((left + k as f32, top), 1.0, height, colour(10f64.powf(power)));
    }
    let at = |power: f64| left + width * (0.5 + power / (2.0 * SCALE)) as f32;
    for power in [-6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0] {
        canvas.rectangle((at(power) - 0.5, top + height), 1.0, 6.0, QUIET);
        let name = match power as i32 {
            0 => "1 ulp".to_owned(),
            p => format!("10{}", superscript(p)),
        };
        canvas.text((at(power), top + height + 23.0), 15.0, Align::Centre, QUIET, &name);
    }
    canvas.text(
        (at(-3.5), top - 9.0),
        17.0,
        Align::Centre,
        TEXT,
        "as good as f32 can say, or better",
    );
    canvas.text((at(3.5), top - 9.0), 17.0, Align::Centre, TEXT, "digits are lost");
    if broken {
        canvas.rectangle((left, top + height + 38.0), height, height, BROKEN);
        let place = (left + 30.0, top + height + 54.0);
        canvas.text(place, 16.0, Align::Left, TEXT, "no number at all");
    }
}

fn notes(canvas: &mut Canvas, (left, top): Point) {
    let lines = [
        "Along log I = 0 (broken line, x ≈ 0.66 v) terms of the size of w = √(v² + x²) cancel: plain f32 loses",
        "most digits there. It is Debye's expansion for v ≥ 16, else Hankel's or the power series, all in f32,",
        "as such code is commonly written. The truth is the library's f64 twin, itself good to",
        "10⁻¹⁴ (max(|log I|, w) + 1); no error is drawn as less, so the double panel shows the twin's limit.",
    ];
    for (k, line) in lines.iter().enumerate() {
        canvas.text((left, top - 6.0 + 23.0 * k as f32), 16.0, Align::Left, QUIET, line);
    }
}
