//! The subscribers: sockets of this process, a tenth of which can be told to read nothing.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use socket2::SockRef;
use tests::measured::ServerProcess;
use tests::world;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Notify, Semaphore, SemaphorePermit, mpsc};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

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
/// Reports that are sent at once where nobody measures.
const FEW: usize = 6;
/// So long those that are read have to say that they took theirs.
const QUIET: Duration = Duration::from_millis(500);
/// The segments of the tenth, so that the system takes no more for one than it would from far away: on one machine it
/// takes megabytes.
const SMALL_SEGMENTS: u32 = 536;

/// Which server, and what must be said to it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Server {
    Gridward,
    Bare,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gridward => "Gridward",
            Self::Bare => "bare actix-ws",
        })
    }
}

/// That a socket has heard of something.
struct Heard {
    at: Instant,
    of_tenth: bool,
    /// How many: what comes while a socket is told of something is told together.
    incidents: usize,
    bytes: usize,
}

/// What the sockets of the tenth share.
#[derive(Default)]
struct Tenth {
    reads: AtomicBool,
    /// Tells them when that changes.
    changed: Notify,
    /// How many follow the district now.
    following: AtomicUsize,
    /// How many were let go of, since somebody asked.
    let_go: AtomicUsize,
}

/// Sockets that are open.
pub(super) struct Sockets {
    /// Who holds them: nobody comes back once this is dropped.
    _subscribers: JoinSet<()>,
    heard: mpsc::UnboundedReceiver<Heard>,
    tenth: Arc<Tenth>,
    /// How many of the other nine tenths were closed.
    lost: Arc<AtomicUsize>,
    server: Server,
    tenth_count: usize,
    /// Nine tenths of them.
    others: usize,
    http: reqwest::Client,
    /// What one takes of the server's memory.
    pub(super) bytes_each: u64,
    /// The largest message that told of one incident.
    pub(super) message_bytes: usize,
}

impl Sockets {
    pub(super) async fn open(process: &ServerProcess, server: Server, count: usize) -> Self {
        let (sender, heard) = mpsc::unbounded_channel();
        let tenth = Arc::new(Tenth { reads: AtomicBool::new(true), ..Tenth::default() });
        let lost = Arc::<AtomicUsize>::default();
        let (ready, mut readied) = mpsc::unbounded_channel();
        let (turns, mut subscribers) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
        let before = process.held_bytes();
        for number in 0..count {
            let subscriber = Subscriber {
                address: process.address,
                server,
                tenth: (number % 10 == 0).then(|| Arc::clone(&tenth)),
                turns: Arc::clone(&turns),
                heard: sender.clone(),
            };
            subscribers.spawn(subscriber.stay(ready.clone(), Arc::clone(&lost)));
        }
        for _ in 0..count {
            timeout(LATE, readied.recv()).await.expect("a socket in time").expect("a socket");
        }
        let bytes_each = process.held_bytes().saturating_sub(before) / count as u64;
        let others = count - count.div_ceil(10);
        let http = reqwest::Client::new();
        let tenth_count = count - others;
        Self {
            _subscribers: subscribers,
            heard,
            tenth,
            lost,
            server,
            tenth_count,
            others,
            http,
            bytes_each,
            message_bytes: 0,
        }
    }

    /// From now on the tenth reads nothing.
    pub(super) fn stall_the_tenth(&self) {
        self.tenth.reads.store(false, Ordering::Relaxed);
    }

    /// Lets the tenth read, and waits until all of it follows. Answers how many the server had let go of: they find that
    /// out only by reading, and come back.
    pub(super) async fn wake_the_tenth(&self) -> usize {
        self.tenth.reads.store(true, Ordering::Relaxed);
        self.tenth.changed.notify_waiters();
        // What was sent before they were let go of is read first.
        sleep(QUIET).await;
        let all_follow = async {
            while self.tenth.following.load(Ordering::Relaxed) < self.tenth_count {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(LATE, all_follow).await.expect("the tenth follows in time");
        self.tenth.let_go.swap(0, Ordering::Relaxed)
    }

    /// Reports so many incidents, a few at once, and waits each time until the nine tenths have heard of all of them: those
    /// that read are not to fall behind.
    pub(super) async fn burst(&mut self, process: &ServerProcess, reports: usize) {
        for _ in 0..reports / FEW {
            let answers = join_all((0..FEW).map(|number| self.report(process, number)));
            let mut missing = FEW * self.others;
            let told = async {
                while missing > 0 {
                    let heard = self.heard.recv().await.expect("the sockets are open");
                    if !heard.of_tenth {
                        missing -= heard.incidents;
                    }
                }
            };
            let (_, told) = futures_util::future::join(answers, timeout(LATE, told)).await;
            told.expect("everybody hears of them in time");
        }
    }

    /// Reports one incident after the other, each once the nine tenths have heard of the one before; answers how long it
    /// took each of these, in ms.
    pub(super) async fn tell(&mut self, process: &ServerProcess, reports: usize) -> Vec<f64> {
        let mut times_ms = Vec::with_capacity(reports * self.others);
        for number in 0..reports {
            let start = Instant::now();
            let answer = self.report(process, number);
            let told = async {
                let mut heard_by = 0;
                let mut message_bytes = 0;
                while heard_by < self.others {
                    let heard = self.heard.recv().await.expect("the sockets are open");
                    if !heard.of_tenth {
                        heard_by += 1;
                        times_ms.push(heard.at.duration_since(start).as_secs_f64() * 1e3);
                        message_bytes = message_bytes.max(heard.bytes);
                    }
                }
                message_bytes
            };
            let ((), told) = futures_util::future::join(answer, timeout(LATE, told)).await;
            self.message_bytes = self.message_bytes.max(told.expect("everybody hears of it in time"));
        }
        assert_eq!(self.lost.load(Ordering::Relaxed), 0, "the server has let go of sockets that read");
        times_ms
    }

    /// How many have messages that were not taken, once those that are read have had the time to say that they took theirs.
    pub(super) async fn not_taken(&self, process: &ServerProcess) -> usize {
        sleep(QUIET).await;
        process.connections_not_taken()
    }

    /// Reports one incident.
    fn report(&self, process: &ServerProcess, number: usize) -> impl Future<Output = ()> + use<> {
        let (path, body) = match self.server {
            Server::Gridward => {
                let input = world::report_input(number % 4, "noise");
                ("/graphql", json!({ "query": REPORT, "variables": { "input": input } }))
            }
            Server::Bare => ("/tell", json!({})),
        };
        let (server, sent) =
            (self.server, self.http.post(format!("http://{}{path}", process.address)).json(&body).send());
        async move {
            let answer = sent.await.expect("an answer");
            assert_eq!(answer.status(), 200);
            let text = answer.text().await.expect("a body");
            assert!(server == Server::Bare || text.contains("\"problems\":[]"), "{text}");
        }
    }
}

/// One of those who follow the district.
struct Subscriber {
    address: SocketAddr,
    server: Server,
    /// Where it is of the tenth.
    tenth: Option<Arc<Tenth>>,
    /// As many sockets are opened at once as there are turns.
    turns: Arc<Semaphore>,
    heard: mpsc::UnboundedSender<Heard>,
}

impl Subscriber {
    /// Opens a socket, says that it is ready, and when it hears of something. Whoever of the tenth was let go of comes back;
    /// another is lost.
    async fn stay(self, ready: mpsc::UnboundedSender<()>, lost: Arc<AtomicUsize>) {
        let mut ready = Some(ready);
        loop {
            self.follow(&mut ready).await;
            let Some(tenth) = &self.tenth else {
                lost.fetch_add(1, Ordering::Relaxed);
                return;
            };
            tenth.let_go.fetch_add(1, Ordering::Relaxed);
            tenth.following.fetch_sub(1, Ordering::Relaxed);
            self.until_it_reads().await;
        }
    }

    async fn until_it_reads(&self) {
        let Some(tenth) = &self.tenth else { return };
        loop {
            let changed = tenth.changed.notified();
            if tenth.reads.load(Ordering::Relaxed) {
                return;
            }
            changed.await;
        }
    }

    /// From the snapshot on it follows; until the socket is closed.
    async fn follow(&self, ready: &mut Option<mpsc::UnboundedSender<()>>) {
        let mut turn = Some(self.turns.acquire().await.expect("turns do not end"));
        let mut socket = self.open().await;
        if self.server == Server::Bare {
            self.follows(&mut turn, ready);
        }
        loop {
            if turn.is_none() {
                self.until_it_reads().await;
            }
            let text = match socket.next().await {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => break,
            };
            if text.contains("\"CHANGES\"") {
                let (of_tenth, bytes) = (self.tenth.is_some(), text.len());
                let incidents = match self.server {
                    Server::Gridward => text.matches("\"version\":").count(),
                    Server::Bare => 1,
                };
                // Who does not listen any more has ended the run.
                let _ = self.heard.send(Heard { at: Instant::now(), of_tenth, incidents, bytes });
            } else if text.contains("\"SNAPSHOT\"") && turn.is_some() {
                self.follows(&mut turn, ready);
            } else if text.contains("\"errors\":") || text.contains("\"type\":\"error\"") {
                panic!("the server refuses: {text}");
            }
        }
        assert!(turn.is_none(), "the server has closed a socket that it had told nothing");
    }

    /// Gives back the turn, and says for the first time that it is ready.
    fn follows(&self, turn: &mut Option<SemaphorePermit<'_>>, ready: &mut Option<mpsc::UnboundedSender<()>>) {
        *turn = None;
        if let Some(tenth) = &self.tenth {
            tenth.following.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(ready) = ready.take() {
            ready.send(()).expect("somebody waits");
        }
    }

    async fn open(&self) -> WebSocketStream<TcpStream> {
        let small = TcpSocket::new_v4().expect("a socket");
        small.set_recv_buffer_size(4_096).expect("a small buffer");
        if self.tenth.is_some() {
            SockRef::from(&small).set_tcp_mss(SMALL_SEGMENTS).expect("small segments");
        }
        let stream = small.connect(self.address).await.expect("a connection");
        let mut request =
            format!("ws://{}/graphql/ws", self.address).into_client_request().expect("a request");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", "graphql-transport-ws".parse().expect("a header"));
        // By default each holds 128 KiB to read into.
        let small = WebSocketConfig::default().read_buffer_size(2_048).write_buffer_size(0);
        let (mut socket, _) = client_async_with_config(request, stream, Some(small)).await.expect("a socket");
        if self.server == Server::Gridward {
            for message in [
                json!({ "type": "connection_init" }),
                json!({ "id": "1", "type": "subscribe", "payload": { "query": SUBSCRIPTION } }),
            ] {
                socket.send(Message::text(message.to_string())).await.expect("sent");
            }
        }
        socket
    }
}
