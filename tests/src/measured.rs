//! What measurements need: servers that are processes of their own, what they take, and medians.

use std::collections::HashMap;
use std::ffi::OsString;
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

    /// The CPU time of its threads, as the scheduler counts it (Linux).
    ///
    /// # Panics
    /// Where it is gone.
    pub fn cpu_time(&self) -> CpuTime {
        CpuTime::of(&self.child.id().to_string())
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

    /// How many of its connections have bytes that the other side has not taken (Linux).
    ///
    /// # Panics
    /// Where the system does not say.
    pub fn connections_not_taken(&self) -> usize {
        let table = std::fs::read_to_string("/proc/net/tcp").expect("the connections of Linux");
        let port = format!(":{:04X}", self.address.port());
        let waits = |line: &&str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [_, here, _, _, queues, ..] = words[..] else { return false };
            let to_be_taken = queues.split(':').next().unwrap_or_default();
            here.ends_with(&port) && to_be_taken.bytes().any(|digit| digit != b'0')
        };
        table.lines().skip(1).filter(waits).count()
    }
}

/// The CPU time of a process's threads at one moment, in nanoseconds each.
#[derive(Debug)]
pub struct CpuTime(HashMap<OsString, u64>);

impl CpuTime {
    /// The CPU time of a process's threads, as the scheduler counts it (Linux).
    ///
    /// # Panics
    /// Where there is no such process.
    pub fn of(process: &str) -> Self {
        let threads =
            std::fs::read_dir(format!("/proc/{process}/task")).expect("a process of Linux").flatten();
        let taken = threads.filter_map(|thread| {
            let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            let nanoseconds = text.split(' ').next()?.parse().ok()?;
            Some((thread.file_name(), nanoseconds))
        });
        Self(taken.collect())
    }

    /// What was taken since a moment before. What a thread that ended meanwhile took is not in it, and what one took
    /// before does not count against the others.
    pub fn since(&self, before: &Self) -> Duration {
        let taken = |(thread, now): (&OsString, &u64)| {
            now.saturating_sub(before.0.get(thread).copied().unwrap_or_default())
        };
        Duration::from_nanos(self.0.iter().map(taken).sum())
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
