//! Loops over f64 with the vectors the machine has, rather than those that every machine of its kind has.

/// `work`, compiled a second time for AVX2 where the processor has it. A closure without `#[inline(always)]` stays what it is, and
/// so does what it calls without.
///
/// The results are the same to the last bit: the instructions are wider, none is another (no fused products). Measured on an
/// AMD EPYC against the SSE2 of every x86-64: see `benches/README.md`.
#[inline(always)]
pub(super) fn wide<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[target_feature(enable = "avx2")]
        fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
            work()
        }
        // SAFETY: the processor has AVX2, the only thing that is asked of the caller.
        #[allow(
            unsafe_code,
            reason = "a function with target features may be called where they are known to be there"
        )]
        return unsafe { with_avx2(work) };
    }
    work()
}

#[cfg(test)]
mod tests {
    use super::wide;
    use crate::reference::elementary::{exp, ln, sum};

    /// What the library says of its results on different machines.
    #[test]
    fn wider_vectors_give_the_same_bits() {
        let x: Vec<f64> = (0..1003).map(|k| (f64::from(k) * 0.37).sin() * 30.0).collect();
        let [mut plain, mut in_vectors] = [x.clone(), x];
        #[inline(always)]
        fn work(x: &mut [f64]) -> f64 {
            x.iter_mut().for_each(|x| *x = exp(*x) * 1.7 + 0.3 * *x);
            let shifted = x.iter().map(|x| ln(x.abs() + 0.1) * 3.3 + x / 7.0);
            let shifted: Vec<f64> = shifted.collect();
            sum(&shifted) + sum(x)
        }
        let known = work(&mut plain);
        let found = wide(
            #[inline(always)]
            || work(&mut in_vectors),
        );
        assert_eq!(found.to_bits(), known.to_bits());
        assert_eq!(plain, in_vectors);
    }
}
