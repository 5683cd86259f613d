//! The real program, `gridward serve`, in a process of its own that can be killed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use domain::viewer::Role;
use tests::world;

/// Where a server answers, and who asks: the dispatcher.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    address: String,
    http: reqwest::Client,
}

impl Door {
    pub(crate) fn at(address: impl std::fmt::Display) -> Self {
        Self { address: address.to_string(), http: reqwest::Client::new() }
    }

    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("http://{}{path}", self.address));
        request.bearer_auth(world::token_of(Role::Dispatcher))
    }
}

/// A running server; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) door: Door,
}

impl Server {
    /// Starts a server and waits until it listens.
    pub(crate) fn start(folder: &Path, database_url: &str) -> Self {
        Self::start_by(Command::new(program()), folder, database_url)
    }

    /// The same by another command, such as a shell that limits what the server may do; `serve` and its flags are added.
    pub(crate) fn start_by(mut command: Command, folder: &Path, database_url: &str) -> Self {
        command.arg("serve").args([
            "--listen",
            "127.0.0.1:0",
            "--log",
            "info",
            // The writers of a test ask in a second what people ask in an hour.
            "--max-user-requests",
            "1000000000",
            "--database-url",
            database_url,
        ]);
        command.arg("--data-dir").arg(folder).current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut log = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let mut said = Vec::new();
        let address = loop {
            let Some(Ok(line)) = log.next() else { panic!("the server does not start: {said:#?}") };
            if let Some((_, address)) = line.split_once("Listening on http://") {
                break address.split_whitespace().next().expect("an address").to_owned();
            }
            said.push(line);
        };
        // A server whose log nobody reads would wait for a reader. The thread ends with the server.
        std::thread::spawn(move || log.map_while(Result::ok).for_each(drop));
        Self { child, door: Door::at(address) }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`, and nothing of the process is left when this returns.
    pub(crate) fn kill(&mut self) {
        // It is gone already where it was killed before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs another command of the program to its end.
pub(crate) fn run(folder: &Path, database_url: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.args(arguments).args(["--database-url", database_url]).arg("--data-dir").arg(folder);
    command.current_dir(folder).stdin(Stdio::null()).output().expect("the program runs")
}

/// Waits until something holds, and says so where it does not within a time.
pub(crate) async fn until(within: Duration, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < within, "not within {within:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The program beside this test: `cargo build --workspace`, as every suite is prepared, makes both.
pub(crate) fn program() -> PathBuf {
    let test = std::env::current_exe().expect("this test has a path");
    let folder = test.parent().and_then(Path::parent).expect("it lies in target/PROFILE/deps");
    let program = folder.join("gridward");
    assert!(program.exists(), "{} is missing: cargo build -p api", program.display());
    program
}
