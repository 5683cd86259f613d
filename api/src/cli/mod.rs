//! The command line: one file a command. `main.rs` calls [`run`] and nothing else.
//!
//! What changes data is a value of [`crate::service::admin::AdminCommand`], sent to the server that runs in the data
//! folder, or done here where none runs; see `operator`.
//!
//! Invariant: exit codes are 0 where it was done, 1 where the data or the server refused it, 2 where the call cannot be
//! used. One clear line says why.

mod arguments;
mod backup;
mod check;
mod demo;
mod export;
mod import;
mod operator;
pub mod serve;
mod socket;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::config::Settings;
use crate::service::admin::{AdminCommand, NewDistrict, NewToken, NewUser};
use arguments::{
    Arguments, AuditCommand, Command, DistrictCommand, SettingsFlags, TokenCommand, UserCommand,
};

/// Why a command ended without doing what was asked.
#[derive(Debug)]
enum Failure {
    /// The data or the server refused it.
    Refused(String),
    /// The call cannot be used, or what it names cannot be read.
    Unusable(String),
}

impl Failure {
    /// The call cannot be used; the chain of causes in one line.
    fn unusable(error: &dyn std::error::Error) -> Self {
        Self::Unusable(sentence(error))
    }

    /// The data or the server refused it; the chain of causes in one line.
    fn refused(error: &dyn std::error::Error) -> Self {
        Self::Refused(sentence(error))
    }
}

fn sentence(error: &dyn std::error::Error) -> String {
    let mut sentence = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !sentence.contains(&next) {
            sentence.push_str(": ");
            sentence.push_str(&next);
        }
        cause = error.source();
    }
    sentence
}

/// Runs the command that the program was called with.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // A closed pipe is no reason to fail.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    match dispatch(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Refused(message)) => {
            complain(&message);
            ExitCode::from(1)
        }
        Err(Failure::Unusable(message)) => {
            complain(&message);
            ExitCode::from(2)
        }
    }
}

fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(flags) => demo::run(flags),
        Command::Serve(flags) => in_runtime(serve::run(settings(flags)?)),
        Command::Migrate(flags) => operator::migrate(&settings(flags)?),
        Command::CheckConfig(flags) => check::config(flags),
        Command::CheckRules { file } => check::rules(&file),
        Command::Schema => say(crate::http::schema_text()),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "gridward", &mut script);
            say(String::from_utf8_lossy(&script))
        }
        Command::Doctor(flags) => check::doctor(&settings(flags)?),
        Command::Backup { file, settings: flags } => backup::take(&settings(flags)?, &file),
        Command::Restore(flags) => backup::restore(flags),
        Command::Audit(AuditCommand::Verify { district, settings: flags }) => {
            operator::run(&settings(flags)?, AdminCommand::VerifyAudit { district })
        }
        Command::Import(flags) => import::run(*flags),
        Command::Export(flags) => export::run(flags),
        Command::District(DistrictCommand::Create { code, name, rules, timezone, settings: flags }) => {
            let rules = rules.as_deref().map(read_text).transpose()?;
            let new = NewDistrict { code, name, rules, time_zone: timezone };
            operator::run(&settings(flags)?, AdminCommand::CreateDistrict(new))
        }
        Command::User(UserCommand::Add { name, district, role, cell, settings: flags }) => {
            let new = NewUser { name, district, role, cell };
            operator::run(&settings(flags)?, AdminCommand::AddUser(new))
        }
        Command::User(UserCommand::Change { name, district, role, cell, settings: flags }) => {
            let change = NewUser { name, district, role, cell };
            operator::run(&settings(flags)?, AdminCommand::ChangeUser(change))
        }
        Command::Token(TokenCommand::Create { name, district, expires, settings: flags }) => {
            let new = NewToken { user: name, district, days: expires };
            operator::run(&settings(flags)?, AdminCommand::CreateToken(new))
        }
    }
}

/// Puts the settings of flags, environment and file together.
fn settings(flags: SettingsFlags) -> Result<Settings, Failure> {
    Settings::load(flags.overrides, std::env::vars(), flags.config.as_deref())
        .map_err(|error| Failure::unusable(&error))
}

/// Runs a command that waits for something.
fn in_runtime<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::unusable(&error))?.block_on(command)
}

fn read_text(path: &std::path::Path) -> Result<String, Failure> {
    let unreadable = |error| Failure::Unusable(format!("{} cannot be read: {error}", path.display()));
    std::fs::read_to_string(path).map_err(unreadable)
}

/// Prints a line to standard output; a reader that went away is no failure.
fn say(text: impl std::fmt::Display) -> Result<(), Failure> {
    let text = text.to_string();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    match write!(std::io::stdout().lock(), "{text}{end}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::unusable(&error)),
        _ => Ok(()),
    }
}

/// Prints a line to standard error.
fn complain(text: &str) {
    // There is nowhere left to say that standard error is closed.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
