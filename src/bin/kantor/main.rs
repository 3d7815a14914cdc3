//! The command `kantor`: optimal transport, divergences, log-Bessel functions, von Mises-Fisher fits, adapters and
//! their limits, from a shell.
//!
//! Results go to stdout, progress and errors to stderr. Exit status 0: done;
//! 1: `check` found a breach; 2: bad input, bad usage, or no device to run on,
//! with one line that says which; 3: there are results, some of which did not converge.

mod adapter_choice;
mod adapters;
mod bench;
mod bessel;
mod check;
mod divergence;
mod failure;
mod npy;
mod output;
mod points;
mod precision;
mod save;
mod transport;
mod vmf;
mod workload;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use failure::Failure;
use std::process::ExitCode;

/// Optimal transport, divergences and log-Bessel functions on any GPU.
#[derive(Debug, Parser)]
#[command(name = "kantor", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Adapters(adapters::Arguments),
    Transport(transport::Arguments),
    Divergence(divergence::Arguments),
    Bessel(bessel::Arguments),
    Vmf(vmf::Arguments),
    Check(check::Arguments),
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(message)
            if matches!(message.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) =>
        {
            // A closed pipe is no failure of `--help`.
            let _ = message.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => return Failure::usage(&error).refuse(),
    };
    let done = match cli.command {
        Command::Adapters(arguments) => adapters::run(&arguments),
        Command::Transport(arguments) => transport::run(&arguments),
        Command::Divergence(arguments) => divergence::run(&arguments),
        Command::Bessel(arguments) => bessel::run(&arguments),
        Command::Vmf(arguments) => vmf::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
    };
    match done {
        Ok(code) => code,
        Err(failure) => failure.refuse(),
    }
}
