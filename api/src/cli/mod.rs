//! The command line: one file a command. `main.rs` calls [`run`] and nothing else.
//!
//! Invariant: exit codes are 0 where it was done, 1 where the data or the server refused it, 2 where the call cannot be
//! used. One clear line says why.

pub mod serve;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::config::{Overrides, Settings};

/// Why a command ended without doing what was asked.
#[derive(Debug)]
enum Failure {
    /// The call cannot be used, or what it names cannot be read.
    Unusable(String),
}

impl Failure {
    /// The call cannot be used; the chain of causes in one line.
    fn unusable(error: &dyn std::error::Error) -> Self {
        let causes = std::iter::successors(Some(error), |cause| cause.source());
        Self::Unusable(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
    }
}

#[derive(Parser, Debug)]
#[command(name = "gridward", version, about = "A district's grid, households and incidents on a live map.")]
enum Command {
    /// Serve the API and the dashboard.
    Serve(Overrides),
}

/// Runs the command that the program was called with.
pub fn run() -> ExitCode {
    let Command::Serve(flags) = Command::parse();
    let settings = Settings::load(flags, std::env::vars(), None).map_err(|error| Failure::unusable(&error));
    let served = settings.and_then(|settings| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        runtime.map_err(|error| Failure::unusable(&error))?.block_on(serve::run(settings))
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Unusable(message)) => {
            // There is nowhere left to say that standard error is closed.
            let _ = writeln!(std::io::stderr().lock(), "{message}");
            ExitCode::from(2)
        }
    }
}
