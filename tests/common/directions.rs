//! Directions and their distributions, for the tests of von Mises-Fisher.

use super::Way;
use kantor::{Context, Directions, VonMisesFisher, VonMisesFisherFit};

pub fn axis(dimension: usize, index: usize) -> Vec<f64> {
    let mut axis = vec![0.0; dimension];
    axis[index] = 1.0;
    axis
}

pub fn around(dimension: usize, concentration: f64) -> VonMisesFisher {
    VonMisesFisher::new(&axis(dimension, 0), concentration).expect("well-formed")
}

pub fn rows(context: &Context, values: &[f64], dimension: usize) -> Directions {
    Directions::new_blocking(context, values, dimension).expect("well-formed rows")
}

pub fn fit(way: &Way, values: &[f64], dimension: usize) -> VonMisesFisherFit {
    VonMisesFisher::fit_blocking(&rows(&way.context, values, dimension), way.precision)
        .unwrap_or_else(|error| panic!("{}: {error}", way.name))
}

pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// Values of `../data/vmf_reference.csv`, computed with Arb by `../data/make_vmf_reference.py`.
pub struct Reference {
    pub dimension: usize,
    pub concentration: f64,
    pub length: f64,
    pub complement: f64,
    pub log_normalizer: f64,
    pub entropy: f64,
}

pub fn reference() -> Vec<Reference> {
    let text = include_str!("../data/vmf_reference.csv");
    text.lines()
        .skip(1)
        .map(|line| {
            let x: Vec<f64> = line.split(',').map(|x| x.parse().expect("a number")).collect();
            Reference {
                dimension: x[0] as usize,
                concentration: x[1],
                length: x[2],
                complement: x[3],
                log_normalizer: x[5],
                entropy: x[6],
            }
        })
        .collect()
}
