//! How soon 10,000 subscribers over WebSockets hear of an incident: `cargo run --release -p tests --example
//! bench_subscribers`.
//!
//! The sockets are opened by this process, on the same machine as the server, which is a process of its own. Measured is
//! from the moment a report is sent until a subscriber has its batch, the report's own transaction included. Beside it,
//! in the same run, a bare actix-ws server that tells all its sockets as many bytes when it is asked to. Rounds with a
//! tenth of the subscribers reading nothing take turns with rounds in which all read.
//!
//! `SUBSCRIBERS=500 REPORTS=3 ROUNDS=1` is quick. Both processes hold a file for each socket: `ulimit -n`.

mod bare;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use api::config::{LimitOverrides, Overrides};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tests::app::TestApp;
use tests::measured::{ServerProcess, median, percentile};
use tests::world;
use tokio::net::TcpSocket;
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// What the dashboard keeps of an incident.
const SUBSCRIPTION: &str = "subscription { incidentChanges(district: \"410184\") { cursor kind last
  upserts { id version category { code } text stage { key } colour exercise overdue position { lon lat datum }
    cell { code } reportedAt dueAt }
  left { id version reason } } }";
const REPORT: &str =
    "mutation($input: ReportIncidentInput!) { reportIncident(input: $input) { problems { message } } }";
/// Sockets that are opened at once.
const AT_ONCE: usize = 100;
/// Longer than any answer takes, so that what is missing ends the run.
const LATE: Duration = Duration::from_secs(120);

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a whole number"))
}

#[actix_web::main]
async fn main() {
    match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => compare().await,
        [role] if role == "ours" => serve().await,
        [role] if role == "bare" => bare::serve().await,
        other => panic!("{other:?} is nothing that can be measured"),
    }
}

async fn serve() {
    let limits = LimitOverrides { max_sockets: Some(100_000), ..LimitOverrides::default() };
    let app = TestApp::start_with(Overrides { limits, ..Overrides::default() }).await;
    println!("{}", app.address());
    std::future::pending::<()>().await;
}

/// Which server, and what must be said to it.
#[derive(Clone, Copy, PartialEq)]
enum Server {
    Ours,
    Bare,
}

/// Sockets that are open, a tenth of which can be told to read nothing.
struct Sockets {
    /// When each socket heard of it, and whether it is of the tenth.
    heard: mpsc::UnboundedReceiver<(Instant, bool)>,
    tenth_reads: Arc<(AtomicBool, Notify)>,
    count: usize,
    bytes_each: u64,
}

async fn compare() {
    let (count, reports, rounds) =
        (number("SUBSCRIBERS", 10_000), number("REPORTS", 10), number("ROUNDS", 5));
    println!(
        "| server | all read: p50, p99 | a tenth reads nothing: p50, p99 of the others | a socket | CPU a report |"
    );
    println!("|---|---|---|---|---|");
    for (name, server) in [("Gridward", Server::Ours), ("bare actix-ws", Server::Bare)] {
        let process = ServerProcess::start(&[if server == Server::Ours { "ours" } else { "bare" }]);
        let mut sockets = Sockets::open(&process, server, count).await;
        let (mut all, mut others, mut cpu) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()), Vec::new());
        for _ in 0..rounds {
            for (tenth_reads, figures) in [(true, &mut all), (false, &mut others)] {
                sockets.let_tenth_read(tenth_reads);
                let before = process.cpu_time();
                let times = sockets.tell(&process, server, reports, tenth_reads).await;
                if tenth_reads {
                    cpu.push(
                        (process.cpu_time().saturating_sub(before)).as_secs_f64() * 1e3 / reports as f64,
                    );
                }
                figures.0.push(percentile(&times, 50));
                figures.1.push(percentile(&times, 99));
            }
        }
        println!(
            "| {name}, {count} sockets | {:.0}, {:.0} ms | {:.0}, {:.0} ms | {} B | {:.0} ms |",
            median(&all.0),
            median(&all.1),
            median(&others.0),
            median(&others.1),
            sockets.bytes_each,
            median(&cpu)
        );
    }
}

impl Sockets {
    async fn open(process: &ServerProcess, server: Server, count: usize) -> Self {
        let (sender, heard) = mpsc::unbounded_channel();
        let tenth_reads = Arc::new((AtomicBool::new(true), Notify::new()));
        let (ready, mut readied) = mpsc::channel(AT_ONCE);
        let before = process.held_bytes();
        for number in 0..count {
            if number >= AT_ONCE {
                let opened = tokio::time::timeout(LATE, readied.recv()).await;
                opened.expect("a socket in time").expect("a socket");
            }
            let pausing = (number % 10 == 0).then(|| Arc::clone(&tenth_reads));
            tokio::spawn(follow(process.address, server, pausing, sender.clone(), ready.clone()));
        }
        for _ in 0..count.min(AT_ONCE) {
            tokio::time::timeout(LATE, readied.recv()).await.expect("a socket in time").expect("a socket");
        }
        let bytes_each = process.held_bytes().saturating_sub(before) / count as u64;
        Self { heard, tenth_reads, count, bytes_each }
    }

    fn let_tenth_read(&self, reads: bool) {
        self.tenth_reads.0.store(reads, Ordering::Relaxed);
        self.tenth_reads.1.notify_waiters();
    }

    /// Reports one incident after the other, each once all who read have heard of the one before; answers how long it took
    /// each, in ms.
    async fn tell(
        &mut self,
        process: &ServerProcess,
        server: Server,
        reports: usize,
        tenth_reads: bool,
    ) -> Vec<f64> {
        let http = reqwest::Client::new();
        let who_reads = if tenth_reads { self.count } else { self.count - self.count.div_ceil(10) };
        // What the tenth has not read yet comes first.
        while self.heard.try_recv().is_ok() {}
        let mut times = Vec::new();
        for number in 0..reports {
            let start = Instant::now();
            let (url, body) = match server {
                Server::Ours => {
                    let input = world::report_input(number % 4, "noise");
                    ("/graphql", json!({ "query": REPORT, "variables": { "input": input } }))
                }
                Server::Bare => ("/tell", json!({})),
            };
            let answer = http.post(format!("http://{}{url}", process.address)).json(&body).send();
            let told = async {
                let mut heard = 0;
                while heard < who_reads {
                    let (at, of_tenth) = self.heard.recv().await.expect("the sockets are open");
                    if at >= start && (tenth_reads || !of_tenth) {
                        heard += 1;
                        times.push(at.duration_since(start).as_secs_f64() * 1e3);
                    }
                }
            };
            let (answer, told) = futures_util::future::join(answer, tokio::time::timeout(LATE, told)).await;
            assert_eq!(answer.expect("an answer").status(), 200);
            told.expect("everybody hears of it in time");
        }
        times
    }
}

/// One subscriber: opens a socket, says that it is ready, and when it hears of something.
async fn follow(
    address: std::net::SocketAddr,
    server: Server,
    pausing: Option<Arc<(AtomicBool, Notify)>>,
    heard: mpsc::UnboundedSender<(Instant, bool)>,
    ready: mpsc::Sender<()>,
) {
    let small = TcpSocket::new_v4().expect("a socket");
    small.set_recv_buffer_size(4_096).expect("a small buffer");
    let stream = small.connect(address).await.expect("a connection");
    let mut request = format!("ws://{address}/graphql/ws").into_client_request().expect("a request");
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().expect("a header"));
    // By default each holds 128 KiB to read into.
    let small = WebSocketConfig::default().read_buffer_size(2_048).write_buffer_size(0);
    let (mut socket, _) = client_async_with_config(request, stream, Some(small)).await.expect("a socket");
    if server == Server::Ours {
        for message in [
            json!({ "type": "connection_init" }),
            json!({ "id": "1", "type": "subscribe", "payload": { "query": SUBSCRIPTION } }),
        ] {
            socket.send(Message::text(message.to_string())).await.expect("sent");
        }
    }
    let mut ready = Some(ready);
    if server == Server::Bare {
        ready.take().expect("once").send(()).await.expect("somebody waits");
    }
    loop {
        if let Some(pausing) = &pausing {
            let woken = pausing.1.notified();
            if !pausing.0.load(Ordering::Relaxed) {
                woken.await;
                continue;
            }
        }
        let text = match socket.next().await {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(_)) => continue,
            Some(Err(_)) | None => return,
        };
        if text.contains("\"CHANGES\"") {
            // Who does not listen any more has ended the run.
            let _ = heard.send((Instant::now(), pausing.is_some()));
        } else if text.contains("\"SNAPSHOT\"")
            && let Some(ready) = ready.take()
        {
            ready.send(()).await.expect("somebody waits");
        }
    }
}
