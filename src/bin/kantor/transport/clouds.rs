//! Files of points: one cloud, clouds of one size, or an archive of clouds of any size.

use super::rows::Rows;
use crate::failure::{Failure, Outcome};
use crate::npy::{self, Array, Values};
use std::path::{Path, PathBuf};

/// Clouds of one side, and their weights where those are given.
#[derive(Debug)]
pub(super) struct Clouds {
    /// A bin is a point.
    pub(super) points: Rows,
    pub(super) weights: Option<Rows>,
}

/// Reads the clouds of a file and their weights, in the same file or in one of their own.
pub(super) fn read(path: &Path, weights: Option<&Path>) -> Outcome<Clouds> {
    match npy::names(path)? {
        Some(names) if names.iter().any(|name| name == "points") => ragged(path, &names, weights),
        _ => regular(path, weights),
    }
}

/// Points [n, d] or [k, n, d]; weights [n] or [k, n].
fn regular(path: &Path, weights: Option<&Path>) -> Outcome<Clouds> {
    let opened = npy::open(path)?;
    let (clouds, n, d) = match *opened.shape() {
        [n, d] => (1, n, d),
        [k, n, d] => (k, n, d),
        _ => {
            let reason = format!(
                "its shape {:?} is not that of a cloud, [n, d], or of several, [k, n, d]",
                opened.shape()
            );
            return Err(Failure::about(path, reason));
        }
    };
    let points = opened.read()?;
    let points = Rows::even(path, points.values, n, d);
    let read = |weights: &Path| {
        let opened = npy::open(weights)?;
        let rows = match *opened.shape() {
            [found] if found == n => 1,
            [rows, found] if found == n => rows,
            _ => {
                let shape = opened.shape();
                let reason = format!(
                    "its shape {shape:?} is not [{n}] or [k, {n}], for the points of {}",
                    path.display()
                );
                return Err(Failure::about(weights, reason));
            }
        };
        if clouds > 1 && rows > 1 && clouds != rows {
            let reason = format!("has {rows} rows of weights for {clouds} clouds");
            return Err(Failure::about(weights, reason));
        }
        Ok(Rows::even(weights, opened.read()?.values, n, 1))
    };
    Ok(Clouds { points, weights: weights.map(read).transpose()? })
}

/// `points` [N, d], `offsets` [k + 1], and perhaps `weights` [N].
fn ragged(path: &Path, names: &[String], weights: Option<&Path>) -> Outcome<Clouds> {
    let entry = |name: &str| -> PathBuf {
        let mut text = path.as_os_str().to_owned();
        text.push(":");
        text.push(name);
        text.into()
    };
    let has = |name: &str| names.iter().any(|found| found == name);
    let points_path = entry("points");
    let opened = npy::open(&points_path)?;
    let &[count, d] = opened.shape() else {
        let reason = format!("its shape {:?} is not [N, d]", opened.shape());
        return Err(Failure::about(&points_path, reason));
    };
    let offsets = match has("offsets") {
        true => offsets(&entry("offsets"), count)?,
        false => vec![0, count],
    };
    let points = opened.read()?;
    let weights = match (has("weights"), weights) {
        (true, Some(_)) => {
            let reason = "has weights of its own, and --weights gives others";
            return Err(Failure::about(path, reason));
        }
        (true, None) => Some(entry("weights")),
        (false, weights) => weights.map(Path::to_owned),
    };
    let read = |weights: &Path| {
        let opened = npy::open(weights)?;
        if *opened.shape() != [count] {
            let reason =
                format!("its shape {:?} is not [{count}], one weight a point", opened.shape());
            return Err(Failure::about(weights, reason));
        }
        Ok(Rows::at(weights, opened.read()?.values, offsets.clone(), 1))
    };
    let weights = weights.as_deref().map(read).transpose()?;
    Ok(Clouds { points: Rows::at(&points_path, points.values, offsets, d), weights })
}

/// Whole numbers from 0 to the number of points, none below the one before.
fn offsets(path: &Path, points: usize) -> Outcome<Vec<usize>> {
    let Array { shape, values } = npy::read(path)?;
    let refuse = |reason: String| Err(Failure::about(path, reason));
    if shape.len() != 1 || shape[0] < 2 {
        return refuse(format!(
            "its shape {shape:?} is not [k + 1], the first point of each of k clouds and the end"
        ));
    }
    let values: Vec<f64> = match values {
        Values::Single(values) => values.into_iter().map(f64::from).collect(),
        Values::Double(values) => values,
    };
    if let Some(at) = values.iter().position(|x| !(x.fract() == 0.0 && *x >= 0.0)) {
        return refuse(format!("index {at}: {:?} is not the number of a point", values[at]));
    }
    if let Some(at) = values.windows(2).position(|pair| pair[0] > pair[1]) {
        let (before, after) = (whole(values[at]), whole(values[at + 1]));
        return refuse(format!("index {}: {after} comes after {before}; offsets ascend", at + 1));
    }
    let (first, last) = (values[0], values[values.len() - 1]);
    if first != 0.0 || last != points as f64 {
        let (first, last) = (whole(first), whole(last));
        return refuse(format!("goes from {first} to {last}, the points from 0 to {points}"));
    }
    Ok(values.into_iter().map(|x| x as usize).collect())
}

/// A whole number for a message, which may be of any size.
fn whole(x: f64) -> String {
    if x < 1e15 { format!("{x}") } else { format!("{x:e}") }
}
