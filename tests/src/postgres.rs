//! A PostgreSQL of the tests' own: in a temporary folder, on a free port, gone when the test process is.
//!
//! Start at [`Postgres::shared`]: one server a process, a new database a call; [`Postgres::alone`] is one that a test may
//! break. The server is held by a shell that waits on a pipe from this process: when the process ends, however it ends,
//! the pipe closes, and the shell stops the server by its id and removes the folder.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    next_database: AtomicU32,
    /// Keeps the pipe open on which the shell waits for orders.
    shell: Child,
    said: BufReader<ChildStdout>,
}

/// What the shell does: a new cluster, a server, its breakdown at each line that comes, and the end of both.
const SHELL: &str = r#"
set -eu
bin=$1 port=$2
folder=$(mktemp -d /tmp/gridward-postgres-XXXXXX)
server=
finish() {
    [ -z "$server" ] || { kill -INT "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
    rm -rf "$folder"
}
start() {
    "$bin/postgres" -D "$folder/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$folder" \
        -c fsync=off -c max_connections=200 -c shared_buffers=64MB >>"$folder/log" 2>&1 </dev/null &
    server=$!
    ready=no
    for _ in $(seq 300); do
        if "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; then ready=yes; break; fi
        kill -0 "$server" 2>/dev/null || break
        sleep 0.05
    done
    [ "$ready" = yes ] || { cat "$folder/log" >&2; exit 1; }
    echo ready
}
trap finish EXIT
trap 'exit 1' INT TERM HUP
"$bin/initdb" --pgdata="$folder/data" --username=gridward --auth=trust --encoding=UTF8 --locale=C --no-sync >"$folder/log" 2>&1 \
    || { cat "$folder/log" >&2; exit 1; }
start
# An immediate shutdown ends every process without a word to disk or client, as a crash does; what follows is recovery.
while read -r _; do
    kill -QUIT "$server"
    wait "$server" 2>/dev/null || true
    start
done
"#;

impl Postgres {
    /// The server of this process, started at the first call; `None` where PostgreSQL is not installed, which is said, and
    /// which fails where `GRIDWARD_REQUIRE_SUITES=1`.
    pub fn shared() -> Option<&'static Self> {
        static SERVER: OnceLock<Option<Postgres>> = OnceLock::new();
        let server = SERVER.get_or_init(Self::start).as_ref();
        if server.is_none() {
            crate::data::pass_over("PostgreSQL is not installed");
        }
        server
    }

    /// The port that it listens on, on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Breaks it down without warning and waits until it has recovered.
    ///
    /// # Panics
    /// Where it does not come back.
    pub fn break_down(&mut self) {
        let orders = self.shell.stdin.as_mut().expect("its input is a pipe");
        orders.write_all(b"break down\n").expect("the shell listens");
        let mut line = String::new();
        self.said.read_line(&mut line).expect("the shell answers");
        assert_eq!(line.trim(), "ready", "PostgreSQL comes back");
    }

    /// A server that nobody else uses, gone when it is dropped; `None` as with [`Postgres::shared`].
    ///
    /// # Panics
    /// Where it does not start.
    pub fn alone() -> Option<Self> {
        let server = Self::start();
        if server.is_none() {
            crate::data::pass_over("PostgreSQL is not installed");
        }
        server
    }

    fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            let required = std::env::var("GRIDWARD_REQUIRE_SUITES").is_ok_and(|value| value == "1");
            assert!(!required, "PostgreSQL is not installed, and GRIDWARD_REQUIRE_SUITES=1 asks for it");
            return None;
        };
        // Somebody else may take a port between finding it free and the server's start.
        for _ in 0..3 {
            let port = free_port();
            let mut shell = shell(&programs, port).spawn().expect("a shell starts");
            let output = shell.stdout.take().expect("it writes to a pipe");
            let mut line = String::new();
            let mut said = BufReader::new(output);
            let read = said.read_line(&mut line);
            if read.is_ok() && line.trim() == "ready" {
                return Some(Self { port, next_database: AtomicU32::new(1), shell, said });
            }
            shell.wait().expect("the shell ends where the server does not start");
        }
        panic!("PostgreSQL does not start; what it says is above");
    }

    /// The address of a database that is new and empty.
    pub async fn new_database(&self) -> String {
        use sea_orm::ConnectionTrait;
        let name = format!("test_{}", self.next_database.fetch_add(1, Ordering::Relaxed));
        let server = format!("postgres://gridward@127.0.0.1:{}", self.port);
        let admin =
            sea_orm::Database::connect(format!("{server}/postgres")).await.expect("the server answers");
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a database is made");
        admin.close().await.expect("the connection closes");
        format!("{server}/{name}")
    }
}

impl Drop for Postgres {
    /// Has the shell end the server, and waits for it: no process of the tests outlives them.
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // It ends the server it started and itself; there is nobody to tell that it could not.
        let _ = self.shell.wait();
    }
}

fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let packaged = versions.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = packaged.chain(std::env::split_paths(&path));
    folders.find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

/// PostgreSQL refuses to run as root: then it runs as the user that its package made.
fn shell(programs: &std::path::Path, port: u16) -> Command {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|process| {
        use std::os::unix::fs::MetadataExt;
        process.uid() == 0
    });
    let mut command = match is_root {
        true => Command::new("runuser"),
        false => Command::new("sh"),
    };
    if is_root {
        command.args(["-u", "postgres", "--", "sh"]);
    }
    command.arg("-c").arg(SHELL).arg("sh").arg(programs).arg(port.to_string()).current_dir("/tmp");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
    listener.local_addr().expect("it has an address").port()
}
