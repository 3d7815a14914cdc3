//! What a hostile context does.

/// What a hostile context does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hostility {
    /// All of the table; `fma` rounds once, computed in f64 (which the adapter must have), also where a product meets a sum.
    Fused,
    /// All of the table; `fma` rounds twice.
    Unfused,
    /// Quotients by a rough reciprocal, and nothing else.
    Reciprocal,
}
