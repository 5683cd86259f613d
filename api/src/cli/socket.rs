//! The socket in the data folder through which commands reach a running server: one JSON object a line.
//!
//! Invariant: only the user whom the server runs as can open it; who can is the operator.

use std::fs::Permissions;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Failure;
use crate::service::Services;
use crate::service::admin::{AdminAnswer, AdminCommand};
use crate::service::import::Progress;

/// The longest command: a rule file is the largest thing in one.
const MAX_COMMAND_BYTES: u64 = 4 << 20;

/// The open socket; closed and removed when it is dropped.
#[derive(Debug)]
pub(super) struct AdminSocket {
    path: PathBuf,
    listening: JoinHandle<()>,
}

impl AdminSocket {
    /// Opens the socket and takes commands from now on.
    ///
    /// # Errors
    /// [`Failure::Unusable`] where a server answers at it already.
    pub(super) fn open(path: &Path, services: Services) -> Result<Self, Failure> {
        let listening = tokio::spawn(listen(bind(path)?, services));
        Ok(Self { path: path.to_owned(), listening })
    }
}

/// Listens at a path where nobody does; a file that a killed server left there is taken away.
///
/// Whoever holds a SQLite file is alone, but two servers may share a PostgreSQL database and, by mistake, a data folder.
fn bind(path: &Path) -> Result<UnixListener, Failure> {
    let unusable =
        |error: std::io::Error| Failure::Unusable(format!("{} cannot be opened: {error}", path.display()));
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => {
            let message = format!(
                "another Gridward server answers at {}; stop it, or give this one a data folder of its own",
                path.display()
            );
            return Err(Failure::Unusable(message));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map_err(unusable)?;
        }
        Err(error) => return Err(unusable(error)),
    }
    let listener = UnixListener::bind(path).map_err(unusable)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(unusable)?;
    Ok(listener)
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        self.listening.abort();
        // A file that stays says only that a server was here; the next one removes it.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn listen(listener: UnixListener, services: Services) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(serve(stream, services.clone()))),
            Err(error) => {
                tracing::warn!(%error, "A command could not be taken");
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
        }
    }
}

/// Answers one command. Where the caller goes away, the command is given up.
async fn serve(stream: UnixStream, services: Services) {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader.take(MAX_COMMAND_BYTES));
    let mut line = String::new();
    let command = match reader.read_line(&mut line).await {
        Ok(_) => serde_json::from_str::<AdminCommand>(&line),
        Err(_) => return,
    };
    let answer = match command {
        Ok(command) => {
            let (sender, mut rows) = watch::channel(0_u64);
            let progress = Progress::new(move |row_count| {
                sender.send_replace(row_count);
            });
            let mut rest = String::new();
            let gone = reader.read_line(&mut rest);
            tokio::select! {
                answer = services.run_command(command, &progress) => answer,
                () = tell_progress(&mut rows, &mut writer) => return,
                _ = gone => return,
            }
        }
        Err(problem) => AdminAnswer::Refused {
            message: format!("the command cannot be read: {problem}"),
            detail: serde_json::Value::Null,
        },
    };
    write(&mut writer, &answer).await;
}

/// Says how far a command is until nobody listens.
async fn tell_progress(rows: &mut watch::Receiver<u64>, writer: &mut OwnedWriteHalf) {
    while rows.changed().await.is_ok() {
        let row_count = *rows.borrow_and_update();
        if !write(writer, &AdminAnswer::Progress { row_count }).await {
            return;
        }
    }
    std::future::pending::<()>().await;
}

/// Writes a line; `false` where nobody reads any more.
async fn write(writer: &mut OwnedWriteHalf, answer: &AdminAnswer) -> bool {
    let Ok(mut line) = serde_json::to_vec(answer) else { return false };
    line.push(b'\n');
    writer.write_all(&line).await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_that_a_server_answers_at_is_left_to_it_and_one_left_behind_is_taken_over() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("gridward.sock");
        let first = bind(&path).expect("nobody is there");

        let Err(Failure::Unusable(refused)) = bind(&path) else { panic!("somebody answers there") };

        assert!(refused.contains("another Gridward server answers at"), "{refused}");
        UnixStream::connect(&path).await.expect("the first still answers");
        // A server that is killed leaves its file.
        drop(first);
        assert!(path.exists());
        bind(&path).expect("nobody answers any more");
    }
}
