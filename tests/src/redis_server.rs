//! A Redis of a test's own: on a free port, without a file, stopped with the test; and what can happen to it.
//!
//! Like the PostgreSQL of the tests it is held by a shell that waits on a pipe from this process: however the test ends, the
//! shell ends the server by its id.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A Redis, running or not.
#[derive(Debug)]
pub struct RedisServer {
    port: u16,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    /// The shell that holds it.
    shell: Child,
    process: String,
}

const SHELL: &str = r#"
set -eu
folder=$(mktemp -d /tmp/gridward-redis-XXXXXX)
server=
finish() {
    [ -z "$server" ] || { kill -KILL "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP
redis-server --port "$1" --bind 127.0.0.1 --dir "$folder" --save '' --appendonly no --loglevel warning >"$folder/log" 2>&1 </dev/null &
server=$!
ready=no
for _ in $(seq 200); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then ready=yes; break; fi
    kill -0 "$server" 2>/dev/null || break
    sleep 0.05
done
kill -0 "$server" 2>/dev/null || ready=no
[ "$ready" = yes ] || { cat "$folder/log" >&2; exit 1; }
echo "$server"
cat >/dev/null
"#;

impl RedisServer {
    /// A running server; `None` where Redis is not installed, which is said, and which fails where
    /// `GRIDWARD_REQUIRE_SUITES=1`.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        if !std::env::split_paths(&path).any(|folder| folder.join("redis-server").exists()) {
            crate::data::leave_out("redis-server is not installed");
            return None;
        }
        // Somebody else may take a port between finding it free and the server's start.
        for _ in 0..3 {
            let mut server = Self { port: free_port(), running: None };
            if server.try_start() {
                return Some(server);
            }
        }
        panic!("redis-server does not start; what it says is above");
    }

    /// Where it is, or was.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// An address at which no Redis is.
    pub fn nowhere() -> String {
        format!("redis://127.0.0.1:{}", free_port())
    }

    /// Starts it again at its port, with nothing in it.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_again(&mut self) {
        assert!(self.running.is_none(), "it runs");
        assert!((0..20).any(|_| self.try_start()), "redis-server does not start again");
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        drop(running.shell.stdin.take());
        running.shell.wait().expect("the shell ends");
    }

    /// Has it stand still: connections stay, and nothing is answered.
    pub fn stand_still(&self) {
        self.signal("-STOP");
    }

    /// Has it go on.
    pub fn go_on(&self) {
        self.signal("-CONT");
    }

    /// Asks it, past the product.
    ///
    /// # Panics
    /// Where it refuses.
    pub fn ask<T: redis::FromRedisValue>(&self, words: &[&[u8]]) -> T {
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(*word);
        }
        let client = redis::Client::open(self.url()).expect("a URL");
        let mut connection = client.get_connection_with_timeout(Duration::from_secs(10)).expect("it answers");
        command.query(&mut connection).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    /// Every key in it, in order.
    pub fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.ask(&[b"KEYS", b"*"]);
        keys.sort();
        keys
    }

    fn try_start(&mut self) -> bool {
        let mut command = Command::new("bash");
        command.arg("-c").arg(SHELL).arg("bash").arg(self.port.to_string()).current_dir("/tmp");
        let mut shell = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell starts");
        let mut line = String::new();
        let output = shell.stdout.take().expect("it writes to a pipe");
        let read = BufReader::new(output).read_line(&mut line);
        if read.is_ok() && !line.trim().is_empty() {
            self.running = Some(Running { shell, process: line.trim().to_owned() });
            return true;
        }
        shell.wait().expect("the shell ends where the server does not start");
        false
    }

    fn signal(&self, signal: &str) {
        let running = self.running.as_ref().expect("it runs");
        let sent = Command::new("kill").args([signal, &running.process]).status();
        assert!(sent.expect("kill runs").success(), "{signal}");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
    listener.local_addr().expect("it has an address").port()
}
