//! Logarithms of modified Bessel functions, their ratios and derivatives, for every order and argument.
//!
//! # Definitions
//! I_v(x) and K_v(x) are the modified Bessel functions of the first and the second kind (DLMF 10.25). For real order v
//! and argument x ≥ 0; natural logarithms. The domain is |v| ≤ 10⁶ (v ≥ 0 for I) and x from 10⁻³⁰ to 10³⁰, and x = 0
//! by its limit, which may be ±∞. Which values there are stands at [`BesselFunction`].
//!
//! # How accurate
//! With L the exact value and w = √(v² + x²), the scale on which one rounding of v or x moves it:
//!
//! | | arguments | error |
//! |---|---|---|
//! | [`Precision::Single`](crate::Precision::Single) | f32 | one ulp of f32 and 2⁻⁴² w |
//! | [`Precision::Double`](crate::Precision::Double) | f64, of which 48 bits | 4·10⁻¹⁴ max(\|L\|, w) + 4·10⁻¹⁴ |
//!
//! Both are computed in double-float arithmetic, so an adapter whose start-up probe finds it broken refuses `Double`, and
//! answers `Single` with the f64 twin on the CPU; [`Bessel::adapter`] says which it will be.
//!
//! Methods: Debye's uniform expansions where v ≥ 16 or w ≥ 20, else the power series for I, Temme's method and an integral
//! for K. Sources are named in `shaders/bessel/`.

mod dispatch;
mod evaluate;
mod function;

pub use evaluate::{Bessel, log_bessel_i, log_bessel_k, log_gamma};
#[cfg(not(target_arch = "wasm32"))]
pub use evaluate::{log_bessel_i_blocking, log_bessel_k_blocking, log_gamma_blocking};
pub use function::BesselFunction;
