//! What each of ten thousand hostile requests costs: `cargo run --profile demo -p tests --example hostile_documents`.
//!
//! One client sends them one after another to a server in this process. Counted is the CPU time of all threads of the
//! process meanwhile, so it holds what the client takes as well, and is more than what the server does. A request that is
//! answered at once is sent often before, to say how much that is.
//!
//! With `-- http://127.0.0.1:8080 PROCESS` behind it, the server is one that runs already, and only what that process takes
//! is counted.

use std::time::Duration;

use tests::app::TestApp;
use tests::hostile::{KIND_COUNT, hostile};

const COUNT: u64 = 10_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut given = std::env::args().skip(1);
    let (_app, url, process) = match (given.next(), given.next()) {
        (Some(url), Some(process)) => (None, url, process),
        _ => {
            let app = TestApp::start().await;
            let url = format!("http://{}", app.address());
            (Some(app), url, "self".to_owned())
        }
    };
    let client = reqwest::Client::new();
    let cost = async |body: Vec<u8>| {
        let before = cpu_time(&process);
        let post = client.post(format!("{url}/graphql")).header("content-type", "application/json");
        let response = post.body(body).send().await.expect("an answer");
        let text = response.text().await.expect("a body");
        (cpu_time(&process).saturating_sub(before), text)
    };
    let nothing = br#"{"query":"{ __typename }"}"#.to_vec();
    let mut idle: Vec<Duration> = Vec::new();
    for _ in 0..500 {
        idle.push(cost(nothing.clone()).await.0);
    }
    let mut kinds: Vec<(&str, Vec<(Duration, u64)>)> = vec![("", Vec::new()); KIND_COUNT];
    for number in 0..COUNT {
        let request = hostile(number);
        let (mut taken, text) = cost(request.body.clone()).await;
        assert!(text.contains("\"errors\"") && !text.contains("\"data\""), "number {number}: {text:.300}");
        // What is slow once may have met something else of this process: the better of three counts.
        if taken > Duration::from_millis(4) {
            for _ in 0..2 {
                taken = taken.min(cost(request.body.clone()).await.0);
            }
        }
        let (kind, costs) = &mut kinds[(number % KIND_COUNT as u64) as usize];
        *kind = request.kind;
        costs.push((taken, number));
    }
    idle.sort_unstable();
    println!("| kind | median | most | number |\n|---|---|---|---|");
    println!("| `{{ __typename }}`, answered | {} | | |", ms(idle[idle.len() / 2]));
    let mut all: Vec<(Duration, u64)> = Vec::new();
    for (kind, costs) in &mut kinds {
        costs.sort_unstable();
        let (most, number) = costs[costs.len() - 1];
        println!("| {kind} | {} | {} | {number} |", ms(costs[costs.len() / 2].0), ms(most));
        all.extend_from_slice(costs);
    }
    all.sort_unstable();
    let (most, number) = all[all.len() - 1];
    println!("| all {COUNT} | {} | {} | {number} |", ms(all[all.len() / 2].0), ms(most));
}

fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// The CPU time of every thread of a process, as the scheduler counts it (Linux).
fn cpu_time(process: &str) -> Duration {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).expect("a process of Linux").flatten();
    let nanoseconds = tasks.filter_map(|task| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}
