//! A batch of transport problems, as a page describes it: measures, the cost between bins, what marginals shall be.

use crate::arguments::Options;
use crate::failure::Failure;
use crate::geometry::{Described, Ground};
use crate::numbers::{Numbers, check_result, check_room, with_slice};
use crate::pictures::{Channel, Rows};
use kantor::{Backend, Marginals, Problem};
use wasm_bindgen::prelude::*;

/// Every name there is, of all kinds of problems.
const NAMES: [&str; 15] = [
    "source",
    "target",
    "pairwise",
    "cost",
    "points",
    "dimensions",
    "grid",
    "spacing",
    "exponent",
    "channel",
    "batch",
    "normalize",
    "reach",
    "mass",
    "start",
];

/// What the library calls otherwise.
const RENAMED: [(&str, &str); 3] = [("rows", "pairwise"), ("g", "start"), ("geometry", "cost")];

/// The problem, for which there is room.
pub(crate) fn read(problem: &JsValue, backend: Backend) -> Result<Problem, Failure> {
    let options = Options::read("problem", problem, &NAMES)?;
    let batch = options.count("batch")?.map(|batch| batch as usize);
    let measures = Measures::read(&options)?;
    let (problem, described) = match measures {
        Measures::Sides(sides) => between(&options, &sides, batch)?,
        Measures::Pairwise(rows) => all_pairs(&options, rows, batch)?,
    };
    let problem = asked(&options, problem)?;
    if let Some(batch) = batch.filter(|batch| *batch != problem.len()) {
        let reason = format!("is {batch}, but there are weights of {} problems", problem.len());
        return Err(Failure::argument("batch", reason));
    }
    check_room("cost", described.working_bytes(&problem, backend))?;
    match options.numbers("start")? {
        Some(start) => {
            let start = start.into_f64();
            problem.starting_from(&start).map_err(|error| Failure::renamed(error, &RENAMED))
        }
        None => Ok(problem),
    }
}

/// Weights, as they come.
enum Measures {
    /// Of the source and of the target; of points they need not be given.
    Sides([Option<Rows>; 2]),
    /// Every row with every later one.
    Pairwise(Rows),
}

impl Measures {
    fn read(options: &Options) -> Result<Measures, Failure> {
        let channel = Channel::read(options)?;
        let rows = |name: &str| {
            options.get(name)?.map(|value| Rows::read(name, &value, channel)).transpose()
        };
        let (sides, all) = ([rows("source")?, rows("target")?], rows("pairwise")?);
        let pictures = sides.iter().chain([&all]).flatten().any(|rows| rows.pixels.is_some());
        if channel.is_some() && !pictures {
            return Err(Failure::argument("channel", "is of pictures, and no weights are one"));
        }
        match all {
            None => Ok(Measures::Sides(sides)),
            Some(_) if sides.iter().any(Option::is_some) => {
                let reason = "is given beside source or target, whose place it takes";
                Err(Failure::argument("pairwise", reason))
            }
            Some(rows) => Ok(Measures::Pairwise(rows)),
        }
    }
}

/// Row k of the source to row k of the target.
fn between(
    options: &Options,
    sides: &[Option<Rows>; 2],
    batch: Option<usize>,
) -> Result<(Problem, Described), Failure> {
    let pictures: Vec<_> = sides.iter().flatten().filter_map(|rows| rows.pixels).collect();
    let ground = Ground::read(options, &pictures)?;
    let many = batch.unwrap_or(1);
    let described = match &ground {
        Ground::Points(points) => {
            let counts = sides.each_ref().map(|rows| rows.as_ref().map(|rows| rows.values.len()));
            points.between(counts, many)?
        }
        Ground::Grid(grid) => {
            let (source, target) = (needed("source", &sides[0])?, needed("target", &sides[1])?);
            grid.between(&[("source", source.values.len()), ("target", target.values.len())])?
        }
        Ground::Matrix(cost) => {
            let bins =
                |argument: &str, rows: &Option<Rows>| needed(argument, rows)?.bins(argument, many);
            Described::of_matrix(
                cost,
                (bins("source", &sides[0])?, bins("target", &sides[1])?),
                many,
            )?
        }
    };
    let (n, m) = described.geometry.shape();
    // Of points all weigh the same, unless weights say otherwise; clouds of a batch need a row each.
    let many = if described.own { many } else { 1 };
    let even = |rows: &Option<Rows>, bins: usize| {
        let count = if rows.is_some() { 0 } else { bins * many };
        check_room("points", 8 * count)?;
        Ok::<_, Failure>(Numbers::Double(vec![1.0 / bins as f64; count]))
    };
    let evens = [even(&sides[0], n)?, even(&sides[1], m)?];
    let given = |side: usize| sides[side].as_ref().map_or(&evens[side], |rows| &rows.values);
    let (source, target) = (given(0), given(1));
    let problem = with_slice!(*source, source => with_slice!(*target, target => {
        Problem::new(described.geometry.clone(), source, target)
    }));
    Ok((problem.map_err(|error| Failure::renamed(error, &RENAMED))?, described))
}

fn needed<'a>(argument: &str, rows: &'a Option<Rows>) -> Result<&'a Rows, Failure> {
    rows.as_ref().ok_or_else(|| Failure::argument(argument, "is missing"))
}

fn all_pairs(
    options: &Options,
    rows: Rows,
    batch: Option<usize>,
) -> Result<(Problem, Described), Failure> {
    if batch.is_some() {
        return Err(Failure::argument(
            "batch",
            "is not for pairwise: rows have as many pairs as they have",
        ));
    }
    let described = match Ground::read(options, rows.pixels.as_slice())? {
        Ground::Points(points) => points.between([Some(rows.values.len()); 2], 1)?,
        Ground::Grid(grid) => grid.between(&[("pairwise", rows.values.len())])?,
        Ground::Matrix(cost) => {
            let bins = cost.len().isqrt();
            Described::of_matrix(&cost, (bins, bins), 1)?
        }
    };
    let count = (rows.values.len() / described.geometry.shape().0) as u64;
    check_result("pairwise", count.checked_mul(count.saturating_sub(1)).map(|pairs| pairs / 2))?;
    let geometry = described.geometry.clone();
    let problem = with_slice!(rows.values, rows => Problem::pairwise(geometry, rows));
    Ok((problem.map_err(|error| Failure::renamed(error, &RENAMED))?, described))
}

/// The problem with what is asked of its marginals; its rows are divided by their masses unless those are to be kept.
fn asked(options: &Options, problem: Problem) -> Result<Problem, Failure> {
    let reach = options.get("reach")?.map(|reach| read_reach(&reach)).transpose()?;
    let (marginals, kept) = match (reach, options.number("mass")?) {
        (Some(_), Some(_)) => {
            return Err(Failure::argument(
                "mass",
                "is given beside reach: either the one or the other",
            ));
        }
        (Some([source, target]), None) => (Marginals::Unbalanced { source, target }, true),
        (None, Some(mass)) => (Marginals::Partial { mass }, true),
        (None, None) => (Marginals::Balanced, false),
    };
    let problem =
        if options.boolean("normalize")?.unwrap_or(!kept) { problem.normalized() } else { problem };
    Ok(problem.marginals(marginals)?)
}

/// One reach for both sides, or one for each, of which one that is not given is infinite.
fn read_reach(reach: &JsValue) -> Result<[f64; 2], Failure> {
    if let Some(both) = reach.as_f64() {
        return Ok([both; 2]);
    }
    let sides = Options::read("reach", reach, &["source", "target"])?;
    let [source, target] = ["source", "target"].map(|name| sides.number(name));
    Ok([source?.unwrap_or(f64::INFINITY), target?.unwrap_or(f64::INFINITY)])
}
