//! Scalings, and the potentials that take them in.

/// f + ε ln u, with scalings of 1.
pub(super) fn absorb(potential: &mut [f64], scaling: &mut [f64], epsilon: f64) {
    for (p, s) in potential.iter_mut().zip(scaling) {
        *p += epsilon * s.ln();
        *s = 1.0;
    }
}

/// A scaling that overflowed must not become an infinite potential.
pub(super) fn clamp(scaling: &mut [f64]) {
    for s in scaling {
        *s = if s.is_nan() { 1.0 } else { s.clamp(1e-200, 1e200) };
    }
}
