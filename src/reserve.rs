//! Memory of the host, asked for before it is filled: what cannot be had is an error, and
//! no size overflows.

use crate::error::{Error, Result};

/// The product of sizes.
///
/// # Errors
/// [`Error::LimitExceeded`] where it is more than can be addressed.
pub(crate) fn product(what: &str, sizes: &[usize]) -> Result<usize> {
    let checked = sizes.iter().try_fold(1usize, |product, &n| product.checked_mul(n));
    checked.ok_or_else(|| Error::LimitExceeded {
        what: what.to_owned(),
        needed: sizes.iter().fold(1u64, |product, &n| product.saturating_mul(n as u64)),
        available: usize::MAX as u64,
    })
}

/// That a size is at most `most`.
///
/// # Errors
/// [`Error::LimitExceeded`].
pub(crate) fn at_most(what: &str, size: usize, most: usize) -> Result<()> {
    if size <= most {
        return Ok(());
    }
    Err(Error::LimitExceeded { what: what.to_owned(), needed: size as u64, available: most as u64 })
}

/// An empty vector with room for `count` elements.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub(crate) fn reserve<T>(what: &str, count: usize) -> Result<Vec<T>> {
    let mut vector = Vec::new();
    vector.try_reserve_exact(count).map_err(|_| Error::OutOfMemory {
        what: format!("{what}: {count} of {} bytes", size_of::<T>()),
    })?;
    Ok(vector)
}

/// That there is room for `count` elements, in one vector or in several.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub(crate) fn room_for<T>(what: &str, count: usize) -> Result<()> {
    reserve::<T>(what, count).map(drop)
}

/// `count` copies of `value`.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub(crate) fn filled<T: Clone>(what: &str, count: usize, value: T) -> Result<Vec<T>> {
    let mut vector = reserve(what, count)?;
    vector.resize(count, value);
    Ok(vector)
}

/// `count` zeros, of pages that the system has zeroed already: their first touch may be another thread's.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub(crate) fn zeroed<T: bytemuck::Zeroable>(what: &str, count: usize) -> Result<Vec<T>> {
    bytemuck::allocation::try_zeroed_vec(count).map_err(|()| Error::OutOfMemory {
        what: format!("{what}: {count} of {} bytes", size_of::<T>()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_cannot_be_are_errors() {
        assert_eq!(product("cells", &[3, 0, 5]), Ok(0));
        let error = product("cells", &[usize::MAX, 2]).unwrap_err();
        assert_eq!(error.kind(), "limit-exceeded");
        assert_eq!(reserve::<u64>("cells", usize::MAX).unwrap_err().kind(), "out-of-memory");
        assert_eq!(reserve::<u64>("cells", 1 << 60).unwrap_err().kind(), "out-of-memory");
        assert_eq!(filled("cells", 3, 1u8), Ok(vec![1, 1, 1]));
        assert!(at_most("cells", 3, 3).is_ok() && at_most("cells", 4, 3).is_err());
    }
}
