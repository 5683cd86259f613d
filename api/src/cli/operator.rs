//! Getting an operator's command done: by the server that runs in the data folder, else here.
//!
//! The socket carries one JSON object a line: the command there, and answers back until one that is no progress.

use std::future::Future;
use std::io::{ErrorKind, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::{Failure, complain, in_runtime, say};
use crate::clock::Clock;
use crate::config::Settings;
use crate::service::Services;
use crate::service::admin::{AdminAnswer, AdminCommand};
use crate::service::import::Progress;

/// Gets a command done and prints what came of it.
pub(super) fn run(settings: &Settings, command: AdminCommand) -> Result<(), Failure> {
    match in_runtime(ask(settings, command))? {
        AdminAnswer::Done { message, detail } => match detail.get("token").and_then(|token| token.as_str()) {
            Some(token) => {
                complain(&message);
                say(token)
            }
            None => say(message),
        },
        AdminAnswer::Refused { message, .. } => Err(Failure::Refused(message)),
        AdminAnswer::Progress { .. } => Err(Failure::Refused("the server stopped half-way".to_owned())),
    }
}

/// Brings the database up to date, where no server holds it.
pub(super) fn migrate(settings: &Settings) -> Result<(), Failure> {
    in_runtime(async { make(settings).await.map(drop) })?;
    say("the database is up to date")
}

/// Gets a command done, with a progress bar on a terminal. Ctrl-C gives it up; what was about to
/// come into force may have done so.
pub(super) async fn ask(settings: &Settings, command: AdminCommand) -> Result<AdminAnswer, Failure> {
    let (progress, bar) = progress_bar();
    let done = async {
        match UnixStream::connect(settings.admin_socket()).await {
            Ok(stream) => ask_server(stream, &command, &progress).await,
            // A socket that nobody listens on is what a killed server leaves behind.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
                let services = match command {
                    AdminCommand::Examine => look(settings).await?,
                    AdminCommand::CreateDistrict(_) => make(settings).await?,
                    _ => reopen(settings).await?,
                };
                Ok(services.run_command(command, &progress).await)
            }
            Err(error) => {
                let socket = settings.admin_socket();
                Err(Failure::Unusable(format!("{} cannot be reached: {error}", socket.display())))
            }
        }
    };
    let answer = until_interrupted(done).await;
    bar.finish_and_clear();
    answer
}

/// Opens the database here, or makes it.
pub(super) async fn open(settings: &Settings) -> Result<Services, Failure> {
    Services::open(settings, Clock::system()).await.map_err(|error| Failure::unusable(&error))
}

/// The same, and says where one was made: somebody may have meant another folder.
async fn make(settings: &Settings) -> Result<Services, Failure> {
    let missing = Services::missing_database(settings);
    let services = open(settings).await?;
    if let Some(path) = missing {
        complain(&format!("made a new database, {}", path.display()));
    }
    Ok(services)
}

/// Opens the database here that is there already.
async fn reopen(settings: &Settings) -> Result<Services, Failure> {
    Services::reopen(settings, Clock::system()).await.map_err(|error| Failure::unusable(&error))
}

/// Opens the database here, to change nothing.
async fn look(settings: &Settings) -> Result<Services, Failure> {
    Services::look(settings, Clock::system()).await.map_err(|error| Failure::unusable(&error))
}

async fn until_interrupted<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => Err(Failure::Refused(
            "interrupted; it may have been done all the same: look, or give the same again".to_owned(),
        )),
    }
}

async fn ask_server(
    stream: UnixStream,
    command: &AdminCommand,
    progress: &Progress,
) -> Result<AdminAnswer, Failure> {
    let broken = |error: std::io::Error| Failure::Refused(format!("the server stopped answering: {error}"));
    let (reader, mut writer) = stream.into_split();
    let mut line = serde_json::to_vec(command).map_err(|error| Failure::unusable(&error))?;
    line.push(b'\n');
    writer.write_all(&line).await.map_err(broken)?;
    let mut lines = BufReader::new(reader).lines();
    while let Some(line) = lines.next_line().await.map_err(broken)? {
        match serde_json::from_str(&line).map_err(|error| Failure::refused(&error))? {
            AdminAnswer::Progress { row_count } => progress.reach(row_count),
            answer => return Ok(answer),
        }
    }
    Err(Failure::Refused("the server stopped before it answered".to_owned()))
}

/// A bar that shows how many rows were read; hidden where nobody looks.
fn progress_bar() -> (Progress, ProgressBar) {
    if !std::io::stderr().is_terminal() {
        return (Progress::silent(), ProgressBar::hidden());
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {human_pos} rows, {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    let shown = bar.clone();
    (Progress::new(move |row_count| shown.set_position(row_count)), bar)
}
