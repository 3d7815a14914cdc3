//! `kantor transport`: row k of one file against row k of another, or all pairs.

mod answer;
mod arguments;
mod clouds;
mod ground;
mod interrupt;
mod job;
mod outputs;
mod report;
mod rows;
mod side;
mod solved;
mod top;

pub(crate) use arguments::Arguments;

use crate::failure::{Failure, Outcome};
use crate::output::print_json;
use job::Job;
use report::Report;
use solved::solve;
use std::process::ExitCode;

pub(crate) fn run(arguments: &Arguments) -> Outcome<ExitCode> {
    arguments.check()?;
    let job = Job::read(arguments)?;
    let solved = solve(arguments, &job)?;
    let (finished, all) = (solved.rows.iter().flatten().count(), job.len());
    let blank: Vec<usize> = (0..all).filter(|&k| job.blank(k).is_some()).collect();
    let refusal = blank.first().filter(|_| !arguments.skip_empty).map(|&first| {
        let reason = job.blank(first).unwrap_or_default();
        let more = match blank.len() {
            1 => String::new(),
            many => format!("; it is one of {many} such problems"),
        };
        Failure::about(
            job.blank_path(first),
            format_args!("{reason}{more} (--skip-empty passes over them)"),
        )
    });
    let doubt = solved.doubt.filter(|_| !arguments.allow_unconverged);
    if !solved.interrupted && refusal.is_none() && doubt.is_none() {
        solved.outputs.write(&job)?;
    }
    let report = Report {
        adapter: solved.adapter,
        normalized: arguments.marginals().is_none(),
        problems: solved.rows.into_iter().flatten().collect(),
    };
    print_json(&report, arguments.json)?;
    if solved.interrupted {
        let message = format!("interrupted: {finished} of {all} problems are finished");
        return Ok(Failure::new(message).interrupted(interrupt::STATUS));
    }
    Ok(match (refusal, doubt) {
        (Some(refusal), _) => refusal.refuse(),
        (None, Some(doubt)) => doubt.doubt(),
        (None, None) => ExitCode::SUCCESS,
    })
}
