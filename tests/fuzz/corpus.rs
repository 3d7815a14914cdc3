//! Calls that went wrong once, by what went wrong.

use crate::oracle::{Contexts, Verdict};

pub type Case = fn(&Contexts) -> Verdict;

pub const CASES: &[(&str, Case)] = &[];
