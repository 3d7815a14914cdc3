//! An f-divergence from an expression of one's own.

use crate::error::{Error, Result};
use crate::gpu::shader::SOURCES;
use std::fmt;
use std::sync::Arc;

type Function = dyn Fn(f64) -> f64 + Send + Sync;

/// f and f′ of Σ q f(p/q), as WGSL expressions in `r: f32`, r = p/q > 0. f is convex with f(1) = 0; f′(1) = 0 makes
/// every term non-negative, and small divergences accurate.
///
/// The expressions are compiled with the kernel; what the compiler has against them comes back as
/// [`Error::Shader`]. They are evaluated in f32, so [`Precision::Double`](crate::Precision::Double), the CPU twin and
/// rows beyond the range of f32 need [`Generator::with_reference`]. Of r = p/q they know nearly equal rows, and the
/// gradient f(r) − r f′(r) at bins that q lacks (r = 2¹⁰⁰), only as far as they do not cancel.
/// r reaches from 2⁻¹⁰⁰ to 2¹⁰⁰, and on some GPUs a quotient is 0 where its divisor is 2¹²⁶ or more: `divide_any(a, b)`
/// and `reciprocal_any(b)`, which every kernel has, are right there too.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::{Divergence, Generator};
/// // Le Cam's: (r − 1)²/(r + 1).
/// let f = Generator::new("(r - 1.0) * (r - 1.0) / (r + 1.0)", "(r - 1.0) * (r + 3.0) / ((r + 1.0) * (r + 1.0))")?
///     .with_limits(1.0, 1.0)
///     .with_reference(|r| (r - 1.0).powi(2) / (r + 1.0), |r| (r - 1.0) * (r + 3.0) / (r + 1.0).powi(2));
/// let le_cam = Divergence::Generator(f);
/// # assert_eq!(le_cam.name(), "generator");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Generator {
    pub(crate) f: Arc<str>,
    pub(crate) derivative: Arc<str>,
    pub(crate) at_zero: f64,
    pub(crate) slope_at_infinity: f64,
    pub(crate) reference: Option<(Arc<Function>, Arc<Function>)>,
}

impl Generator {
    /// From WGSL expressions for f(r) and f′(r), each of at most 4,096 bytes, nested no deeper than 40 operators and
    /// brackets.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for text that is no expression: empty or too long, with `;`, braces, `@` or comments, with
    /// brackets that do not match, or nested too deeply; and for one that calls a function of a kernel.
    pub fn new(f: &str, derivative: &str) -> Result<Generator> {
        Ok(Generator {
            f: expression("f", f)?,
            derivative: expression("derivative", derivative)?,
            at_zero: f64::INFINITY,
            slope_at_infinity: f64::INFINITY,
            reference: None,
        })
    }

    /// What a bin adds where p = 0: q f(0); and where q = 0: p lim f(r)/r. Both are +∞ unless given.
    #[must_use]
    pub fn with_limits(mut self, at_zero: f64, slope_at_infinity: f64) -> Generator {
        self.at_zero = at_zero;
        self.slope_at_infinity = slope_at_infinity;
        self
    }

    /// That the host knows the functions, where it has to answer.
    pub(crate) fn require_reference(&self) -> Result<()> {
        if self.reference.is_some() {
            return Ok(());
        }
        let reason = "needs `with_reference` here: WGSL runs in f32 on a device only";
        Err(Error::invalid("generator", reason))
    }

    /// The same functions for the host, in f64.
    #[must_use]
    pub fn with_reference(
        mut self,
        f: impl Fn(f64) -> f64 + Send + Sync + 'static,
        derivative: impl Fn(f64) -> f64 + Send + Sync + 'static,
    ) -> Generator {
        self.reference = Some((Arc::new(f), Arc::new(derivative)));
        self
    }
}

/// Bytes of an expression.
const LONGEST: usize = 4096;

/// Operators and brackets around each other. Compilers of WGSL descend into each: naga takes up to 4 KiB of stack for one
/// (and 32 KiB without optimisation), of the 512 KiB that a thread or a module of WebAssembly may have.
const DEEPEST: usize = 40;

fn expression(argument: &'static str, text: &str) -> Result<Arc<str>> {
    let text = text.trim();
    let forbidden = [";", "{", "}", "@", "//", "/*", "\n", "\r"];
    if text.len() > LONGEST {
        let reason = format!("has {} bytes, more than {LONGEST}", text.len());
        return Err(Error::invalid(argument, reason));
    }
    let depth = depth(text).filter(|_| !forbidden.iter().any(|word| text.contains(word)));
    match depth {
        _ if text.is_empty() => Err(Error::invalid(argument, "is empty, not an expression in r")),
        None => Err(Error::invalid(argument, format!("{text:?} is not an expression in r"))),
        Some(depth) if depth > DEEPEST => {
            let reason = format!("is nested {depth} operators and brackets deep, not {DEEPEST}");
            Err(Error::invalid(argument, reason))
        }
        Some(_) => match called(text).find(|name| is_of_a_kernel(name)) {
            Some(name) => Err(Error::invalid(argument, format!("calls `{name}`, a kernel's own"))),
            None => Ok(text.into()),
        },
    }
}

/// Files of `shaders/` whose functions an expression may call: none has a loop.
const CALLABLE: [&str; 3] =
    ["shared/division.wgsl", "shared/elementary.wgsl", "shared/twofloat.wgsl"];

/// Whether a kernel declares a function of this name, which an expression may not call: such a function may loop as
/// often as its arguments say, wait for other threads, or be the expression's own.
fn is_of_a_kernel(name: &str) -> bool {
    let kernels = SOURCES.iter().filter(|(path, _)| !CALLABLE.contains(path));
    let mut lines = kernels.flat_map(|(_, text)| text.lines());
    lines.any(|line| {
        let declared = line.split("fn ").nth(1).and_then(|rest| rest.split('(').next());
        declared.is_some_and(|declared| declared.trim() == name)
    })
}

/// Names in front of an opening bracket, with or without space between.
fn called(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('(').map(|(at, _)| {
        let before = text[..at].trim_end();
        let start = before.rfind(|c: char| !(c.is_alphanumeric() || c == '_'));
        let start =
            start.map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        &before[start..]
    })
}

/// What is in a pair of brackets, or outside of all, up to where the text has been read.
#[derive(Default)]
struct Nesting {
    closes: char,
    /// Operators of a product since the last of a sum; the most there were, and those of sums.
    factors: usize,
    product: usize,
    sum: usize,
    /// The deepest bracket between these, and all that a comma ended.
    inner: usize,
    before: usize,
}

impl Nesting {
    fn depth(&self) -> usize {
        self.before.max(self.sum + self.product.max(self.factors) + self.inner)
    }
}

/// How many operators and brackets at most are around one another; `None` for brackets that do not match.
fn depth(text: &str) -> Option<usize> {
    let mut open = vec![Nesting::default()];
    let mut last = [' '; 2];
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let next = characters.peek().copied().unwrap_or(' ');
        let own = open.last_mut()?;
        // The sign of an exponent, of 1e-3 or 0x1p-3, is no operator, and neither is a decimal point.
        let digit = last[0].is_ascii_digit() || last[0] == '.';
        let exponent = digit && matches!(last[1], 'e' | 'E' | 'p' | 'P');
        match c {
            '(' => open.push(Nesting { closes: ')', ..Nesting::default() }),
            '[' => open.push(Nesting { closes: ']', ..Nesting::default() }),
            ')' | ']' => {
                let depth = open.pop().filter(|inner| inner.closes == c)?.depth();
                let outer = open.last_mut()?;
                outer.inner = outer.inner.max(depth + 1);
            }
            ',' => {
                let before = own.depth();
                *own = Nesting { closes: own.closes, before, ..Nesting::default() };
            }
            '*' | '/' | '%' => own.factors += 1,
            '.' if next.is_alphabetic() => own.factors += 1,
            '+' | '-' if exponent => {}
            '+' | '-' | '<' | '>' | '=' | '!' | '&' | '|' | '^' | '~' => {
                own.product = own.product.max(own.factors);
                own.factors = 0;
                own.sum += 1;
            }
            _ => {}
        }
        last = [last[1], c];
    }
    let outermost = open.pop().filter(|_| open.is_empty())?;
    Some(outermost.depth())
}

impl fmt::Debug for Generator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Generator")
            .field("f", &self.f)
            .field("derivative", &self.derivative)
            .field("at_zero", &self.at_zero)
            .field("slope_at_infinity", &self.slope_at_infinity)
            .field("reference", &self.reference.is_some())
            .finish()
    }
}

/// By text and limits.
impl PartialEq for Generator {
    fn eq(&self, other: &Generator) -> bool {
        (&self.f, &self.derivative) == (&other.f, &other.derivative)
            && (self.at_zero, self.slope_at_infinity) == (other.at_zero, other.slope_at_infinity)
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "in a test a panic is the verdict")]
mod tests {
    use super::{CALLABLE, Generator, SOURCES, called, depth};

    #[test]
    fn nothing_but_an_expression_is_taken() {
        for text in [
            // Statements and functions.
            "r; loop {}",
            "r); loop { } return (r",
            "r) + (r",
            "r } fn f() -> f32 { loop { }",
            "r // ",
            "r /* */",
            "r\n+ r",
            "@compute r",
            // Functions of kernels: those that loop, those that wait, its own.
            "sum_lanes(1u, 2u, vec4f(r)).x",
            "f32(set_bits (r))",
            "generator(r)",
            "generator_slope\t(r)",
            "main()",
            "part(r)",
        ] {
            assert!(Generator::new(text, "r").is_err(), "{text}");
            assert!(Generator::new("r", text).is_err(), "{text}");
        }
        for text in ["r * (r + divide_any(1.0, r))", "select(log_f32(r), 1.0, r > (2.0))", "-(r)"] {
            Generator::new(text, text).expect(text);
        }
        let names: Vec<_> = called("f (g(r) * (h\u{a0}(r) ü(r)))").collect();
        assert_eq!(names, ["f", "g", "", "h", "ü"]);
    }

    #[test]
    fn what_may_be_called_has_no_loop() {
        for path in CALLABLE {
            let (_, text) = SOURCES.iter().find(|(known, _)| *known == path).expect(path);
            let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
            for word in code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric())) {
                assert!(!["for", "while", "loop"].contains(&word), "{path}: {word}");
            }
            assert!(
                !text.contains("//!include")
                    || text
                        .lines()
                        .filter_map(|line| { line.strip_prefix("//!include ") })
                        .all(|included| CALLABLE.contains(&included.trim())),
                "{path}"
            );
        }
    }

    #[test]
    fn depth_is_what_a_parser_descends() {
        let known = [
            ("r", 0),
            ("r + r + r", 2),
            ("r * r + r * r * r", 3),
            ("(r - 1.0) * (r - 1.0) / (r + 1.0)", 4),
            ("max(r, r + r)", 2),
            ("max(r + r + r, r)", 3),
            ("1e-3 + 0x1p-3 - r", 2),
            ("- - -r", 3),
            ("vec2f(r, r).x", 2),
            ("((r))", 2),
        ];
        for (text, exact) in known {
            assert_eq!(depth(text), Some(exact), "{text}");
        }
        for wrong in ["(r", "r)", "(r]", "[r)", ")r("] {
            assert_eq!(depth(wrong), None, "{wrong}");
        }
    }
}
