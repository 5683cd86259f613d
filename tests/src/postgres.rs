//! A PostgreSQL of the tests' own: in a temporary folder, on a free port, gone when the test process is.
//!
//! Start at [`Postgres::shared`]: one server a process, a new database a call; [`Postgres::alone`] is one that a test may
//! break, [`Postgres::on_a_small_disk`] one whose disk it may fill. The server is held by a shell that waits on a pipe from
//! this process: when the process ends, however it ends, the pipe closes, and the shell stops the server by its id and removes
//! the folder.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    next_database: AtomicU32,
    /// Keeps the pipe open on which the shell waits for orders.
    shell: Child,
    said: BufReader<ChildStdout>,
}

/// What a server keeps on a small disk of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kept {
    /// The tables and indexes of its databases, without the catalogues.
    Tables,
    /// The write-ahead log.
    Log,
}

/// What the shell does: a new cluster, a server, what each line orders that comes, and the end of both.
const SHELL: &str = r#"
set -eu
bin=$1 port=$2 disk=${3:-} kept=${4:-}
log= settings=
folder=$(mktemp -d /tmp/gridward-postgres-XXXXXX)
server=
finish() {
    [ -z "$server" ] || { kill -INT "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
    rm -rf "$folder"
}
start() {
    "$bin/postgres" -D "$folder/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$folder" \
        -c fsync=off -c max_connections=200 -c shared_buffers=64MB $settings >>"$folder/log" 2>&1 </dev/null &
    server=$!
    ready=no
    for _ in $(seq 300); do
        if "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; then ready=yes; break; fi
        kill -0 "$server" 2>/dev/null || break
        sleep 0.05
    done
    [ "$ready" = yes ] || { cat "$folder/log" >&2; exit 1; }
}
trap finish EXIT
trap 'exit 1' INT TERM HUP
case $kept in
    tables) mkdir "$disk/tables" ;;
    # No part of it is written over, as where a standby is behind.
    log) log="--waldir=$disk/log --wal-segsize=1" settings='-c wal_keep_size=1GB' ;;
esac
"$bin/initdb" $log --pgdata="$folder/data" --username=gridward --auth=trust --encoding=UTF8 --locale=C --no-sync >"$folder/log" 2>&1 \
    || { cat "$folder/log" >&2; exit 1; }
start
echo ready
while read -r order; do
    case $order in
        # An immediate shutdown ends every process without a word to disk or client, as a crash does; then it recovers.
        break) kill -QUIT "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; start ;;
        # Its last words are that there is no space left.
        fill) dd if=/dev/zero of="$disk/filler" bs=4k 2>/dev/null || true ;;
        empty) rm "$disk/filler" ;;
    esac
    echo ready
done
"#;

/// Why a test of a full disk cannot run.
pub const NOBODY_MOUNTS: &str =
    "this system lets nobody mount a small disk of their own (unshare --user --mount)";

/// Where a small disk is mounted, for the server alone.
const SMALL_DISK: &str = "/mnt";

/// Runs what follows beside a disk of 16 MiB, as the user who asks: who mounts it must be root of a namespace, and as root
/// PostgreSQL does not run.
const BESIDE_A_SMALL_DISK: &str = r#"
user=$(id -u) group=$(id -g) disk=$1
export user group disk
shift
exec unshare --user --map-root-user --mount sh -c '
    mount -t tmpfs -o size=16m tmpfs "$disk" && exec unshare --user --map-user="$user" --map-group="$group" "$@"
' sh "$@"
"#;

impl Postgres {
    /// The server of this process, started at the first call; `None` where PostgreSQL is not installed, which is said, and
    /// which fails where `GRIDWARD_REQUIRE_SUITES=1`.
    pub fn shared() -> Option<&'static Self> {
        static SERVER: OnceLock<Option<Postgres>> = OnceLock::new();
        let server = SERVER.get_or_init(|| Self::start(None)).as_ref();
        if server.is_none() {
            crate::data::leave_out("PostgreSQL is not installed");
        }
        server
    }

    /// The port that it listens on, on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Breaks it down without warning, unless it is down, and waits until it has recovered.
    ///
    /// # Panics
    /// Where it does not come back.
    pub fn break_down(&mut self) {
        self.order("break");
    }

    /// Fills its small disk to the last page.
    ///
    /// # Panics
    /// Where the shell is gone.
    pub fn fill_disk(&mut self) {
        self.order("fill");
    }

    /// Takes away what filled its small disk.
    ///
    /// # Panics
    /// Where nothing did.
    pub fn make_room(&mut self) {
        self.order("empty");
    }

    fn order(&mut self, order: &str) {
        let orders = self.shell.stdin.as_mut().expect("its input is a pipe");
        orders.write_all(format!("{order}\n").as_bytes()).expect("the shell listens");
        let mut line = String::new();
        self.said.read_line(&mut line).expect("the shell answers");
        assert_eq!(line.trim(), "ready", "{order}: PostgreSQL is there after it");
    }

    /// A server that nobody else uses, gone when it is dropped; `None` as with [`Postgres::shared`].
    ///
    /// # Panics
    /// Where it does not start.
    pub fn alone() -> Option<Self> {
        let server = Self::start(None);
        if server.is_none() {
            crate::data::leave_out("PostgreSQL is not installed");
        }
        server
    }

    /// The same, with a small disk for some of what it keeps; all else lies where there is room. `None` also where this
    /// system lets nobody mount such a disk.
    ///
    /// # Panics
    /// Where it does not start.
    pub async fn on_a_small_disk(kept: Kept) -> Option<Self> {
        let mut probe = as_who_may_run_it("sh");
        probe.args(["-c", BESIDE_A_SMALL_DISK, "sh", SMALL_DISK, "true"]).current_dir("/tmp");
        if !probe.output().is_ok_and(|output| output.status.success()) {
            crate::data::leave_out(NOBODY_MOUNTS);
            return None;
        }
        let server = Self::start(Some(kept));
        match (&server, kept) {
            (None, _) => crate::data::leave_out("PostgreSQL is not installed"),
            (Some(server), Kept::Tables) => server.put_tables_on_the_small_disk().await,
            (Some(_), Kept::Log) => {}
        }
        server
    }

    async fn put_tables_on_the_small_disk(&self) {
        let admin = self.admin().await;
        for sql in [
            &format!("CREATE TABLESPACE small LOCATION '{SMALL_DISK}/tables'"),
            "ALTER ROLE gridward SET default_tablespace = small",
        ] {
            admin.execute_unprepared(sql).await.expect("a statement");
        }
        admin.close().await.expect("the connection closes");
    }

    fn start(on_a_small_disk: Option<Kept>) -> Option<Self> {
        let programs = programs()?;
        // Somebody else may take a port between finding it free and the server's start.
        for _ in 0..3 {
            let port = free_port();
            let mut shell = shell(&programs, port, on_a_small_disk).spawn().expect("a shell starts");
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
        let name = format!("test_{}", self.next_database.fetch_add(1, Ordering::Relaxed));
        let admin = self.admin().await;
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a database is made");
        admin.close().await.expect("the connection closes");
        self.address_of(&name)
    }

    async fn admin(&self) -> DatabaseConnection {
        Database::connect(self.address_of("postgres")).await.expect("the server answers")
    }

    fn address_of(&self, database: &str) -> String {
        format!("postgres://gridward@127.0.0.1:{}/{database}", self.port)
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

fn shell(programs: &std::path::Path, port: u16, on_a_small_disk: Option<Kept>) -> Command {
    let mut command = as_who_may_run_it("sh");
    command.arg("-c");
    if on_a_small_disk.is_some() {
        command.args([BESIDE_A_SMALL_DISK, "sh", SMALL_DISK, "sh", "-c"]);
    }
    command.args([SHELL, "sh"]).arg(programs).arg(port.to_string());
    match on_a_small_disk {
        None => {}
        Some(Kept::Tables) => drop(command.args([SMALL_DISK, "tables"])),
        Some(Kept::Log) => drop(command.args([SMALL_DISK, "log"])),
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).current_dir("/tmp");
    command
}

/// PostgreSQL refuses to run as root: then what it is run by belongs to the user that its package made.
fn as_who_may_run_it(program: &str) -> Command {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|process| {
        use std::os::unix::fs::MetadataExt;
        process.uid() == 0
    });
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--", program]);
    command
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
    listener.local_addr().expect("it has an address").port()
}
