//! Plans, potentials and largest entries: gathered from piece to piece, written once all is solved.

use super::answer::Answer;
use super::arguments::Arguments;
use super::job::Job;
use super::top::largest;
use crate::failure::{Failure, Outcome};
use crate::npy::{self, Column};
use std::io;
use std::path::{Path, PathBuf};

/// What is to be written, of all problems with mass in their order.
#[derive(Debug)]
pub(super) struct Outputs {
    plan: Option<PathBuf>,
    /// Whose plans are read when they are written.
    answers: Vec<Answer>,
    potentials: Option<(PathBuf, Potentials)>,
    top: Option<(PathBuf, Top)>,
}

#[derive(Debug, Default)]
struct Potentials {
    /// Of every problem.
    f: Vec<Vec<f64>>,
    g: Vec<Vec<f64>>,
    multipliers: Vec<f64>,
    /// Whether there are multipliers.
    partial: bool,
}

#[derive(Debug)]
struct Top {
    count: usize,
    /// Of every problem.
    indices: Vec<Vec<i64>>,
    values: Vec<Vec<f64>>,
}

impl Outputs {
    /// That what is asked for can be written, before anything is solved.
    pub(super) fn new(arguments: &Arguments, job: &Job) -> Outcome<Outputs> {
        let plan = arguments.outputs.plan.clone();
        if plan.is_some() && job.common_size().is_none() {
            return Err(Failure::new("--plan: problems of different sizes have no array of plans"));
        }
        let top = arguments.top_k()?;
        if let Some((count, _)) = top
            && let Some(fewest) = (0..job.len()).map(|k| job.size(k)[1]).filter(|m| *m > 0).min()
            && count > fewest
        {
            let reason = format!("{count} is more than the {fewest} bins of the target");
            return Err(Failure::new(format_args!("--top-k: {reason}")));
        }
        let partial = arguments.mass().is_some();
        let potentials = arguments.outputs.potentials.clone();
        Ok(Outputs {
            plan,
            answers: Vec::new(),
            potentials: potentials.map(|path| (path, Potentials { partial, ..Default::default() })),
            top: top.map(|(count, path)| {
                (path.to_owned(), Top { count, indices: Vec::new(), values: Vec::new() })
            }),
        })
    }

    /// Takes what is needed of the next problems, of m target bins.
    pub(super) fn take(&mut self, answer: Answer, m: usize) -> Outcome<()> {
        let solution = answer.solution();
        for k in 0..solution.len() {
            if let Some((_, Potentials { f, g, multipliers, .. })) = &mut self.potentials {
                let potentials = solution.potentials_blocking(k)?;
                f.push(potentials.f);
                g.push(potentials.g);
                multipliers.push(solution.multiplier(k));
            }
            if let Some((_, kept)) = &mut self.top {
                let (indices, values) = largest(solution, k, m, kept.count)?;
                kept.indices.push(indices);
                kept.values.push(values);
            }
        }
        if self.plan.is_some() {
            self.answers.push(answer);
        }
        Ok(())
    }

    /// Writes all files.
    pub(super) fn write(&self, job: &Job) -> Outcome<()> {
        let layout = Layout::of(job);
        if let Some(path) = &self.plan {
            self.write_plans(path, &layout)?;
        }
        if let Some((path, potentials)) = &self.potentials {
            npy::write_archive(path, &potentials.columns(&layout))?;
        }
        if let Some((path, top)) = &self.top {
            npy::write_archive(path, &top.columns(&layout))?;
        }
        Ok(())
    }

    fn write_plans(&self, path: &Path, layout: &Layout) -> Outcome<()> {
        let [n, m] = layout.size.unwrap_or_default();
        let solutions = self.answers.iter().map(Answer::solution);
        let mut plans = solutions.flat_map(|solution| {
            (0..solution.len()).map(|k| solution.plan_blocking(k).map_err(io::Error::other))
        });
        let parts = layout.live.iter().map(|live| match live {
            true => plans.next().unwrap_or_else(|| Err(io::Error::other("a plan is missing"))),
            false => Ok(vec![f64::NAN; n * m]),
        });
        npy::write(path, &layout.shape(&[n, m]), parts)
    }
}

impl Potentials {
    fn columns(&self, layout: &Layout) -> Vec<(&'static str, Column)> {
        let (f, g) = (layout.join(&self.f, 0, 1, f64::NAN), layout.join(&self.g, 1, 1, f64::NAN));
        let mut columns = vec![
            ("f", Column::Float(layout.shape_of(0, None), f)),
            ("g", Column::Float(layout.shape_of(1, None), g)),
        ];
        if layout.size.is_none() {
            columns.push(("f_offsets", layout.offsets(0)));
            columns.push(("g_offsets", layout.offsets(1)));
        }
        if self.partial {
            let mut multipliers = self.multipliers.iter().copied();
            let all = layout.live.iter();
            let all = all.map(|live| if *live { multipliers.next() } else { None });
            let all: Vec<f64> = all.map(|multiplier| multiplier.unwrap_or(f64::NAN)).collect();
            columns.push(("multiplier", Column::Float(vec![all.len()], all)));
        }
        columns
    }
}

impl Top {
    fn columns(&self, layout: &Layout) -> Vec<(&'static str, Column)> {
        let count = self.count;
        let shape = layout.shape_of(0, Some(count));
        let mut columns = vec![
            ("indices", Column::Whole(shape.clone(), layout.join(&self.indices, 0, count, -1))),
            ("values", Column::Float(shape, layout.join(&self.values, 0, count, f64::NAN))),
        ];
        if layout.size.is_none() {
            columns.push(("offsets", layout.offsets(0)));
        }
        columns
    }
}

/// How the problems lie in an array: as [k, …] where they are of one size, one alone without the k, and else one after the
/// other. Those without mass have numbers that are none.
struct Layout {
    live: Vec<bool>,
    /// Of every problem; where all agree, that of all.
    sizes: Vec<[usize; 2]>,
    size: Option<[usize; 2]>,
}

impl Layout {
    fn of(job: &Job) -> Layout {
        let size = job.common_size();
        Layout {
            live: (0..job.len()).map(|k| job.blank(k).is_none()).collect(),
            sizes: (0..job.len()).map(|k| size.unwrap_or_else(|| job.size(k))).collect(),
            size,
        }
    }

    fn shape(&self, own: &[usize]) -> Vec<usize> {
        let several = (self.live.len() > 1).then_some(self.live.len());
        several.into_iter().chain(own.iter().copied()).collect()
    }

    /// The shape of an array of what is on a side, so many a bin.
    fn shape_of(&self, side: usize, each: Option<usize>) -> Vec<usize> {
        let bins = match self.size {
            Some(size) => self.shape(&[size[side]]),
            None => vec![self.sizes.iter().map(|size| size[side]).sum()],
        };
        bins.into_iter().chain(each).collect()
    }

    /// What was kept of the problems with mass, and `none` of the others, of a side, so many a bin.
    fn join<T: Copy>(&self, kept: &[Vec<T>], side: usize, each: usize, none: T) -> Vec<T> {
        let mut kept = kept.iter();
        let mut all = Vec::new();
        for (live, size) in self.live.iter().zip(&self.sizes) {
            match (live, kept.as_slice()) {
                (true, [next, ..]) => {
                    all.extend_from_slice(next);
                    kept.next();
                }
                _ => all.extend(std::iter::repeat_n(none, size[side] * each)),
            }
        }
        all
    }

    /// Where the bins of every problem begin, and the end.
    fn offsets(&self, side: usize) -> Column {
        let mut offsets = vec![0];
        let mut end = 0;
        for size in &self.sizes {
            end += size[side] as i64;
            offsets.push(end);
        }
        Column::Whole(vec![offsets.len()], offsets)
    }
}
