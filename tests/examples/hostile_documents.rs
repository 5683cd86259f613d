//! What each of ten thousand hostile requests costs: `cargo run --profile demo -p tests --example hostile_documents`.
//!
//! One client sends them one after another to a server that is a process of its own; counted is the CPU time that the
//! scheduler counts for its threads meanwhile. A request that is answered at once is sent often before, to say how much that is.
//!
//! With `-- http://127.0.0.1:8080 PROCESS` behind it, the server is one that runs already.

use std::time::Duration;

use tests::app::TestApp;
use tests::hostile::{KIND_COUNT, hostile};
use tests::measured::{CpuTime, ServerProcess};

const COUNT: u64 = 10_000;
/// What each may take.
const ALLOWED: Duration = Duration::from_millis(5);

#[tokio::main]
async fn main() {
    match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => {
            let server = ServerProcess::start(&["serve"]);
            measure(&format!("http://{}", server.address), || server.cpu_time()).await;
        }
        [role] if role == "serve" => {
            let app = TestApp::start().await;
            println!("{}", app.address());
            std::future::pending::<()>().await;
        }
        [url, process] => measure(url, || CpuTime::of(process)).await,
        other => panic!("{other:?} is neither a server nor its process"),
    }
}

async fn measure(url: &str, cpu_time: impl Fn() -> CpuTime) {
    let client = reqwest::Client::new();
    let cost = async |body: Vec<u8>| {
        let before = cpu_time();
        let post = client.post(format!("{url}/graphql")).header("content-type", "application/json");
        let response = post.body(body).send().await.expect("an answer");
        let text = response.text().await.expect("a body");
        (cpu_time().since(&before), text)
    };
    let nothing = br#"{"query":"{ __typename }"}"#.to_vec();
    let mut idle: Vec<Duration> = Vec::new();
    for _ in 0..500 {
        idle.push(cost(nothing.clone()).await.0);
    }
    let mut refused: Vec<(Duration, u64)> = Vec::new();
    for number in 0..COUNT {
        let (taken, text) = cost(hostile(number).body).await;
        assert!(text.contains("\"errors\"") && !text.contains("\"data\""), "number {number}: {text:.300}");
        refused.push((taken, number));
    }
    // What is slow once may have met something else on this machine: the best of three counts.
    for _ in 0..2 {
        // A document that was read of late is not read again, so others come between.
        for number in 0..300 {
            let query = format!("{{ __typename }} # {number} {}", "x".repeat(1_000));
            cost(serde_json::json!({ "query": query }).to_string().into_bytes()).await;
        }
        for (taken, number) in refused.iter_mut().filter(|(taken, _)| *taken > ALLOWED) {
            *taken = cost(hostile(*number).body).await.0.min(*taken);
        }
    }
    tell(&mut idle, refused);
}

fn tell(idle: &mut [Duration], refused: Vec<(Duration, u64)>) {
    idle.sort_unstable();
    println!("| kind | median | most | number |\n|---|---|---|---|");
    println!("| `{{ __typename }}`, answered | {} | | |", ms(idle[idle.len() / 2]));
    let row = |kind: &str, mut costs: Vec<(Duration, u64)>| {
        costs.sort_unstable();
        let (most, number) = costs[costs.len() - 1];
        println!("| {kind} | {} | {} | {number} |", ms(costs[costs.len() / 2].0), ms(most));
    };
    for kind in 0..KIND_COUNT as u64 {
        let of_kind = refused.iter().filter(|(_, number)| number % KIND_COUNT as u64 == kind);
        row(hostile(kind).kind, of_kind.copied().collect());
    }
    let slow = refused.iter().filter(|(taken, _)| *taken > ALLOWED).count();
    row(&format!("all {COUNT}"), refused);
    println!("{slow} of {COUNT} take longer than {}", ms(ALLOWED));
}

fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
