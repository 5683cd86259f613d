//! What measurements need: servers that are processes of their own, what they take, and medians.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server that is this program again, with arguments of its own. It ends with this.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl ServerProcess {
    /// Starts this program with arguments, and waits until it prints where it listens.
    ///
    /// # Panics
    /// Where it does not.
    pub fn start(arguments: &[&str]) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child =
            Command::new(program).args(arguments).stdout(Stdio::piped()).spawn().expect("a process");
        let mut line = String::new();
        let said = BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line);
        said.expect("a line");
        let address = line.trim().parse().unwrap_or_else(|_| panic!("{arguments:?} said {line:?}"));
        Self { child, address }
    }

    /// The CPU time of all its threads, as the scheduler counts it (Linux).
    ///
    /// # Panics
    /// Where it is gone.
    pub fn cpu_time(&self) -> Duration {
        let folder = format!("/proc/{}/task", self.child.id());
        let nanoseconds =
            std::fs::read_dir(folder).expect("a process of Linux").flatten().filter_map(|task| {
                let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
                text.split(' ').next()?.parse::<u64>().ok()
            });
        Duration::from_nanos(nanoseconds.sum())
    }

    /// The memory that it holds, in bytes (Linux).
    ///
    /// # Panics
    /// Where it is gone.
    pub fn held_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The value that so many of a hundred do not exceed.
///
/// # Panics
/// Where there are none.
pub fn percentile<T: Copy + PartialOrd>(values: &[T], percent: usize) -> T {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

/// The one in the middle.
///
/// # Panics
/// Where there are none.
pub fn median<T: Copy + PartialOrd>(values: &[T]) -> T {
    percentile(values, 50)
}
