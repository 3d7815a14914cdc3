//! The GPU side of a solve: one prepared batch, three ways to iterate on it.

pub(crate) mod batch;
pub(crate) mod measure;
pub(crate) mod resident;
pub(crate) mod scaling;
pub(crate) mod streaming;
mod upload;

/// Turns the running problems and the iterations done into what a callback sees.
pub(crate) type Reporter<'a> =
    dyn Fn(&[batch::Slot], u32) -> crate::transport::Progress + Sync + 'a;
