//! `geo-tools`: geometry on the command line, without a server.
//!
//! Exit codes: 0 fine, warnings allowed; 1 errors found in the data; 2 a call that cannot be carried out, or input that
//! cannot be read. Each command is a file beside this one; `outputs` refuses to write over what is read, `input` opens and
//! reads files, `disk` makes them, `outlet` writes features into them, `problems` keeps what is wrong with them and `report`
//! tells it.

mod assign;
mod convert;
mod disk;
mod districting;
mod generate;
mod input;
mod outlet;
mod outputs;
mod partition;
mod problems;
mod rebalance;
mod repair;
mod report;
mod score;
mod validate;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Geometry for places that are cut into cells.
#[derive(Parser)]
#[command(name = "geo-tools", version, about, long_about = None)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Validate(validate::Arguments),
    Repair(repair::Arguments),
    Assign(assign::Arguments),
    Generate(generate::Arguments),
    Convert(convert::Arguments),
    Partition(partition::Arguments),
    Rebalance(rebalance::Arguments),
    Score(score::Arguments),
}

/// What a command found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Nothing that keeps the data from being used.
    Fine,
    /// Errors in the data.
    Errors,
}

/// Why a command cannot be carried out.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("cannot read {path}: {source}")]
    Read { path: String, source: std::io::Error },
    #[error("cannot read {path}: {message}")]
    Unreadable { path: String, message: String },
    #[error("cannot write {path}: {source}")]
    Write { path: String, source: std::io::Error },
    #[error(
        "cannot tell the format of {path} by its name; it must end in {}, and .gz may follow",
        geo_tools::formats::WRITTEN
    )]
    OutputFormat { path: String },
    #[error("{path} would be written while it is read; give the output another name")]
    OutputIsInput { path: String },
    #[error("{path} would be written twice; give each output a file of its own")]
    OutputsClash { path: String },
    #[error("problems cannot be kept in a temporary file: {source}")]
    Temporary { source: std::io::Error },
    #[error("only one of the files can be standard input")]
    InputTwice,
    #[error("only one of the files can be standard output")]
    OutputTwice,
    #[error(transparent)]
    Ungenerated(#[from] generate::Ungenerated),
}

fn main() -> ExitCode {
    let verdict = match Arguments::parse().command {
        Command::Validate(arguments) => validate::run(&arguments),
        Command::Repair(arguments) => repair::run(&arguments),
        Command::Assign(arguments) => assign::run(&arguments),
        Command::Generate(arguments) => generate::run(&arguments),
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Partition(arguments) => partition::run(&arguments),
        Command::Rebalance(arguments) => rebalance::run(&arguments),
        Command::Score(arguments) => score::run(&arguments),
    };
    match verdict {
        Ok(Verdict::Fine) => ExitCode::SUCCESS,
        Ok(Verdict::Errors) => ExitCode::from(1),
        Err(unusable) => {
            // Nobody is left to tell if standard error is closed.
            let _ = writeln!(std::io::stderr().lock(), "geo-tools: {unusable}");
            ExitCode::from(2)
        }
    }
}
