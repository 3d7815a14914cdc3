//! One file a room: each makes a call of bytes and says what is wrong with what came of it.

mod bessel;
mod entropies;
mod generator;
mod information;
mod losses;
mod ratio_weights;
mod rows;
mod tensor;
mod transport;
mod vmf;
mod weights;

use crate::oracle::{Contexts, Verdict};
use crate::source::Source;

pub type Target = fn(&Contexts, &mut Source<'_>) -> Verdict;

pub const TARGETS: &[(&str, Target)] = &[
    ("rows", rows::rows),
    ("row-gradients", rows::gradients),
    ("pairs", rows::pairs),
    ("entropies", entropies::run),
    ("losses", losses::losses),
    ("distillation", losses::distillation),
    ("class-prior", losses::class_prior),
    ("attention", losses::attention),
    ("ratio-weights", ratio_weights::run),
    ("generator", generator::run),
    ("information", information::tables),
    ("samples", information::samples),
    ("importance-weights", weights::run),
    ("transport", transport::run),
    ("bessel", bessel::run),
    ("vmf-fit", vmf::fit),
    ("vmf-densities", vmf::densities),
    ("vmf-mixtures", vmf::mixture),
    ("tensor", tensor::run),
];
