//! `kantor check`: every kernel against its f64 twin, on every adapter.

use crate::adapter_choice::AdapterChoice;
use crate::failure::{Failure, Outcome, visible};
use crate::output::{Digits, print, print_json};
use indicatif::{ProgressBar, ProgressStyle};
use kantor::check::Row;
use kantor::{Context, Error};
use serde::Serialize;
use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

/// Error of every kernel against its f64 twin, beside its tolerance.
///
/// Runs on every adapter found, some ten seconds on each. Exits with 1 if an error is
/// above its tolerance or no adapter could be opened.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    adapter: AdapterChoice,
    /// Only kernels whose name contains this
    #[arg(long, value_name = "NAME")]
    kernel: Option<String>,
    /// JSON on one line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    passed: bool,
    adapters: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    adapter: String,
    passed: bool,
    /// Why it could not be checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    rows: Vec<RowEntry>,
}

#[derive(Serialize)]
struct RowEntry {
    kernel: &'static str,
    quantity: &'static str,
    error: Digits,
    /// `null` where the row only informs.
    tolerance: Digits,
    unit: &'static str,
    cases: usize,
    passed: bool,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome<ExitCode> {
    let spinner = if arguments.json { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
    spinner.set_style(ProgressStyle::with_template("{spinner} {msg}").map_err(Failure::new)?);
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner.set_message("looking for adapters");

    let mut entries = Vec::new();
    let mut opened = 0;
    for (adapter, context) in contexts(&arguments.adapter)? {
        spinner.set_message(adapter.clone());
        opened += usize::from(context.is_ok());
        let rows = context
            .and_then(|context| kantor::check::run_blocking(&context, arguments.kernel.as_deref()));
        let (entry, text) = match rows {
            // The filter is wrong on every adapter.
            Err(error @ Error::InvalidInput { argument: "filter", .. }) => {
                return Err(Failure::new(format_args!("--kernel: {error}")));
            }
            Err(error) => refused(adapter, &error),
            Ok(rows) => checked(adapter, &rows),
        };
        if !arguments.json {
            spinner.suspend(|| print(&text))?;
        }
        entries.push(entry);
    }
    spinner.finish_and_clear();

    // An adapter that was never opened breaks no promise; one that fails midway does.
    let passed = opened > 0 && entries.iter().all(|entry| entry.passed);
    if arguments.json {
        print_json(&Report { passed, adapters: entries }, true)?;
    } else {
        let failed = entries.iter().filter(|entry| !entry.passed).count();
        print(&match (opened, failed) {
            (0, _) => "No adapter could be opened, nothing was checked.\n".into(),
            (n, 0) => format!("Every kernel is within its tolerance; adapters checked: {n}.\n"),
            (n, failed) => format!("Adapters checked: {n}; adapters with a breach: {failed}.\n"),
        })?;
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The adapter asked for, or all.
fn contexts(choice: &AdapterChoice) -> Outcome<Vec<(String, kantor::Result<Context>)>> {
    if choice.is_given() {
        let context = choice.open()?;
        return Ok(vec![(context.adapter().to_string(), Ok(context))]);
    }
    let all = Context::all_blocking();
    Ok(all.into_iter().map(|(report, context)| (report.to_string(), context)).collect())
}

/// An adapter without rows: passed over if it could not be used in the first place,
/// a breach if it was lost on the way.
fn refused(adapter: String, error: &Error) -> (Entry, String) {
    let passed = !matches!(error, Error::DeviceLost { .. });
    let text = format!("{adapter}\n  not checked: {}\n\n", visible(&error.to_string()));
    (Entry { adapter, passed, refused: Some(error.to_string()), rows: Vec::new() }, text)
}

fn checked(adapter: String, rows: &[Row]) -> (Entry, String) {
    let mut text = format!("{adapter}\n");
    for row in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {row}");
    }
    text.push('\n');
    let entry = Entry {
        adapter,
        passed: rows.iter().all(|row| row.passed),
        refused: None,
        rows: rows.iter().map(row_entry).collect(),
    };
    (entry, text)
}

fn row_entry(row: &Row) -> RowEntry {
    RowEntry {
        kernel: row.kernel,
        quantity: row.quantity,
        error: Digits(row.error),
        tolerance: Digits(row.tolerance),
        unit: row.unit,
        cases: row.cases,
        passed: row.passed,
        reason: row.reason,
        failure: row.failure.clone(),
    }
}
