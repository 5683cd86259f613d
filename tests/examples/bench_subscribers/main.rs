//! How soon 10,000 subscribers over WebSockets hear of an incident: `cargo run --release -p tests --example
//! bench_subscribers`.
//!
//! The sockets are opened by this process ([`sockets`]), on the same machine as the server, which is a process of its own.
//! Measured is from the moment a report is sent until a subscriber has its batch, the report's own transaction included.
//! Beside it, in the same run, a bare actix-ws server ([`bare`]) tells all its sockets as many bytes when it is asked to.
//!
//! Rounds in which a tenth of the sockets is not read take turns with rounds in which all are; the figures of both are
//! those of the other nine tenths. Each round begins with reports that nobody measures, more than the system takes for a
//! socket that is not read: where the tenth does not read, the server has more for it than it can hand over, and lets go
//! of those for whom it has waited too long.
//!
//! `SUBSCRIBERS=500 REPORTS=3 ROUNDS=1` is quick. Both processes hold a file for each socket: `ulimit -n`.

mod bare;
mod sockets;

use api::config::{LimitOverrides, Overrides};
use api::live::Pace;
use sockets::{Server, Sockets};
use tests::app::{TestApp, World};
use tests::measured::{ServerProcess, median, percentile};

/// Reports before each round.
const BURST: usize = 60;

#[actix_web::main]
async fn main() {
    match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => compare().await,
        [role] if role == "ours" => serve().await,
        [role, bytes] if role == "bare" => bare::serve(bytes.parse().expect("a whole number")).await,
        other => panic!("{other:?} is nothing that can be measured"),
    }
}

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a whole number"))
}

/// At the pace that it has in earnest: the one of tests would tell all sockets twice a second that nothing happened.
async fn serve() {
    let limits = LimitOverrides { max_sockets: Some(100_000), ..LimitOverrides::default() };
    let overrides = Overrides { limits, ..Overrides::default() };
    let app = TestApp::node(overrides, Pace::default(), World::Founded).await;
    println!("{}", app.address());
    std::future::pending::<()>().await;
}

/// One figure of each round.
#[derive(Default)]
struct Figures {
    p50_ms: Vec<f64>,
    p99_ms: Vec<f64>,
}

impl Figures {
    fn add(&mut self, times_ms: &[f64]) {
        self.p50_ms.push(percentile(times_ms, 50));
        self.p99_ms.push(percentile(times_ms, 99));
    }

    fn medians(&self) -> (f64, f64) {
        (median(&self.p50_ms), median(&self.p99_ms))
    }
}

async fn compare() {
    let (count, reports, rounds) =
        (number("SUBSCRIBERS", 10_000), number("REPORTS", 10), number("ROUNDS", 5));
    println!(
        "{count} sockets, medians of {rounds} rounds of {reports} reports; times are those of nine tenths of the sockets"
    );
    println!(
        "| server | all read: p50, p99 | a tenth reads nothing: p50, p99 | of the second to the first | a socket | a message | CPU a report |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut message_bytes = 0;
    for server in [Server::Gridward, Server::Bare] {
        let process = match server {
            Server::Gridward => ServerProcess::start(&["ours"]),
            Server::Bare => ServerProcess::start(&["bare", &message_bytes.to_string()]),
        };
        let mut sockets = Sockets::open(&process, server, count).await;
        let (mut all, mut others) = (Figures::default(), Figures::default());
        let (mut cpu_ms, mut full, mut let_go) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            sockets.burst(&process, BURST).await;
            let before = process.cpu_time();
            all.add(&sockets.tell(&process, reports).await);
            cpu_ms.push(process.cpu_time().since(&before).as_secs_f64() * 1e3 / reports as f64);
            sockets.stall_the_tenth();
            sockets.burst(&process, BURST).await;
            others.add(&sockets.tell(&process, reports).await);
            full.push(sockets.not_taken(&process).await);
            let_go.push(sockets.wake_the_tenth().await);
        }
        message_bytes = sockets.message_bytes;
        let ((p50, p99), (others_p50, others_p99)) = (all.medians(), others.medians());
        println!(
            "| {server} | {p50:.0}, {p99:.0} ms | {others_p50:.0}, {others_p99:.0} ms | {:.2}, {:.2} | {} B | {message_bytes} B | {:.0} ms |",
            others_p50 / p50,
            others_p99 / p99,
            sockets.bytes_each,
            median(&cpu_ms)
        );
        println!(
            "| | p99 of each round: {} | {} | at its end, {} of the tenth had bytes that were not taken, and {} were let go of | | | |",
            listed(&all.p99_ms),
            listed(&others.p99_ms),
            median(&full),
            median(&let_go)
        );
    }
}

fn listed(figures: &[f64]) -> String {
    figures.iter().map(|figure| format!("{figure:.0}")).collect::<Vec<_>>().join(" ")
}
