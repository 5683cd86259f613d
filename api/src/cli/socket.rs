//! The socket in the data folder through which commands reach a running server: one JSON object a line.
//!
//! Invariant: only the user whom the server runs as can open it; who can is the operator.

use std::fs::{DirBuilder, File, Permissions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
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
    /// Held while the socket is there.
    _lock: File,
}

impl AdminSocket {
    /// Opens the socket and takes commands from now on.
    ///
    /// # Errors
    /// [`Failure::Unusable`] where a server answers at it already.
    pub(super) fn open(path: &Path, services: Services) -> Result<Self, Failure> {
        let (listener, lock) = bind(path)?;
        let listening = tokio::spawn(listen(listener, services));
        Ok(Self { path: path.to_owned(), listening, _lock: lock })
    }
}

/// Listens at a path where nobody does; a file that a killed server left there is taken away.
///
/// Whoever holds a SQLite file is alone, but two servers may share a PostgreSQL database and, by mistake, a data folder.
/// The lock says which of them was first; it ends with its process. The socket is made in a folder that nobody else can
/// enter and moved from there, so that at no moment others could open it.
fn bind(path: &Path) -> Result<(UnixListener, File), Failure> {
    let unusable =
        |error: std::io::Error| Failure::Unusable(format!("{} cannot be opened: {error}", path.display()));
    let lock = File::create(path.with_extension("sock.lock")).map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let message = format!(
                "another Gridward server answers at {}; stop it, or give this one a data folder of its own",
                path.display()
            );
            return Err(Failure::Unusable(message));
        }
        Err(TryLockError::Error(error)) => return Err(unusable(error)),
    }
    // Not longer than the path itself: a socket's path holds 108 bytes.
    let folder = path.with_file_name(".sock");
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(unusable(error)),
        _ => {}
    }
    DirBuilder::new().mode(0o700).create(&folder).map_err(unusable)?;
    let made = folder.join("s");
    let listener = UnixListener::bind(&made).map_err(unusable)?;
    std::fs::set_permissions(&made, Permissions::from_mode(0o600)).map_err(unusable)?;
    std::fs::rename(&made, path).map_err(unusable)?;
    std::fs::remove_dir(&folder).map_err(unusable)?;
    Ok((listener, lock))
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

    #[tokio::test]
    async fn of_servers_that_start_at_once_one_gets_the_socket_and_only_its_user_may_open_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("gridward.sock");
        let runtime = tokio::runtime::Handle::current();
        let start = std::sync::Barrier::new(8);
        let bound: Vec<_> = std::thread::scope(|scope| {
            let open = || {
                let _entered = runtime.enter();
                start.wait();
                bind(&path).ok()
            };
            let starting: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            starting.into_iter().filter_map(|thread| thread.join().expect("no panic")).collect()
        });
        assert_eq!(bound.len(), 1);
        UnixStream::connect(&path).await.expect("the one answers");
        let mode = std::fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
