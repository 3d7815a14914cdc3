//! The table of edges in `src/edges.md`, which is part of the documentation, against the adapter under test in both
//! precisions and against the twin. Every line of the table has a case here and every case a line.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

#[path = "../common/mod.rs"]
mod common;
mod table;

mod bessel;
mod comparison;
mod distillation;
mod distributions;
mod divergence;
mod entropies;
mod information;
mod losses;
mod transport;
mod vmf;
