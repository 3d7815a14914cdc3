//! Rows far from each other: gaps of logits up to 200, ratios of weights from 10⁻⁷⁵ to 10⁷⁵, subnormal and empty bins,
//! rows of one bin and of many. The device in single precision against the f64 twin, values and gradients of every member,
//! and what is made of rows besides; the twin against multiprecision values. No valid input may give a number that is
//! none, or one that is wrong without a word.
//!
//! Kernels: `compare`, `logit_sums`, `gradient`, `pairwise`, `entropy`, `entropy_gradient`, `logit_entropy`,
//! `logit_gradient`, `mean_prediction`, `joint_table`.
#![allow(clippy::expect_used, clippy::panic, reason = "in a test a panic is the verdict")]

mod acceptance;
#[path = "../common/mod.rs"]
mod common;
mod divergences;
mod entropies;
mod losses;
mod masks;
mod multiprecision;
mod nesting;
mod rows;
mod shifts;
mod tables;
