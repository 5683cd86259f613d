//! Subscriptions over both ends, and rights that change while they are open.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use api::config::{Overrides, Secret};
use api::live::Pace;
use api::service::admin::{AdminAnswer, AdminCommand, NewUser};
use api::service::import::Progress;
use domain::viewer::Role;
use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use tests::app::{Client, Socket, TestApp, World};
use tests::postgres::Postgres;
use tests::world::{DISTRICT, report};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::chance;
use crate::faults::Chance;

/// Longer than anything may take that comes at all.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long somebody listens whose rights are taken within the first second.
const LONGEST: Duration = Duration::from_secs(30);
/// When the last event may come after a commit that takes the right to it.
const GRACE: Duration = Duration::from_secs(1);

/// Which end a subscription stands at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Socket,
    Events,
}

/// Somebody who listens.
pub(crate) enum Listener {
    Socket(Box<Socket>),
    Events { response: reqwest::Response, read: String, waiting: VecDeque<String> },
}

impl Listener {
    pub(crate) async fn at(end: End, client: &Client, query: &str) -> Self {
        match end {
            End::Socket => Self::over_socket(client, query).await,
            End::Events => {
                let request =
                    client.request(Method::POST, "/graphql/sse").header("accept", "text/event-stream");
                let response = request.json(&json!({ "query": query })).send().await.expect("an answer");
                Self::Events { response, read: String::new(), waiting: VecDeque::new() }
            }
        }
    }

    pub(crate) async fn over_socket(client: &Client, query: &str) -> Self {
        let mut socket = client.socket().await;
        for message in [
            json!({ "type": "connection_init", "payload": { "token": client.token() } }),
            json!({ "id": "1", "type": "subscribe", "payload": { "query": query } }),
        ] {
            socket.send(Message::text(message.to_string())).await.expect("sent");
        }
        Self::Socket(Box::new(socket))
    }

    /// The next message that says something, as it came; nothing at the end.
    pub(crate) async fn message(&mut self) -> Option<String> {
        timeout(PATIENCE, self.next()).await.expect("a message in time")
    }

    /// The same, or nothing once a while has passed.
    async fn message_within(&mut self, while_waiting: Duration) -> Option<String> {
        timeout(while_waiting, self.next()).await.ok().flatten()
    }

    async fn next(&mut self) -> Option<String> {
        match self {
            Self::Socket(socket) => loop {
                match socket.next().await? {
                    Ok(Message::Text(text)) if text.contains("connection_ack") => {}
                    Ok(Message::Text(text)) => return Some(text.to_string()),
                    // Whoever has no right to come in is told so by the code of the close.
                    Ok(Message::Close(frame)) => {
                        let code = frame.filter(|frame| u16::from(frame.code) == 4403)?.code;
                        return Some(json!({ "payload": refusal(&code.to_string()) }).to_string());
                    }
                    Ok(_) => {}
                    Err(_) => return None,
                }
            },
            Self::Events { response, read, waiting } => loop {
                if let Some(event) = waiting.pop_front() {
                    return Some(event);
                }
                let chunk = response.chunk().await.ok().flatten()?;
                read.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
                if !response.headers()["content-type"].as_bytes().starts_with(b"text/event-stream") {
                    return Some(std::mem::take(read));
                }
                while let Some((event, rest)) = read.split_once("\n\n") {
                    if event.contains("data:") {
                        waiting.push_back(event.to_owned());
                    }
                    *read = rest.to_owned();
                }
            },
        }
    }

    /// What a message says in GraphQL.
    pub(crate) fn payload(&self, message: &str) -> Value {
        match self {
            Self::Socket(_) => {
                let message: Value = serde_json::from_str(message).unwrap_or_default();
                match message["payload"].clone() {
                    // Of what never ran the errors come alone.
                    Value::Array(errors) => json!({ "errors": errors }),
                    payload => payload,
                }
            }
            Self::Events { .. } => {
                let data: String = message
                    .lines()
                    .filter_map(|line| line.strip_prefix("data:"))
                    .map(str::trim_start)
                    .collect();
                serde_json::from_str(&data).or_else(|_| serde_json::from_str(message)).unwrap_or_default()
            }
        }
    }
}

fn refusal(message: &str) -> Value {
    json!({ "errors": [{ "message": message, "extensions": { "code": "UNAUTHENTICATED" } }] })
}

/// A change of what somebody may see, by the operator.
#[derive(Clone, Copy, Debug)]
struct Change {
    role: Role,
    cell: Option<&'static str>,
}

/// What the head becomes, one after the other: each step takes something, and gives something else.
const CHANGES: [Change; 5] = [
    Change { role: Role::Head, cell: Some("T1-NE") },
    Change { role: Role::Observer, cell: Some("T1-NE") },
    Change { role: Role::Observer, cell: Some("T1-SE") },
    Change { role: Role::Head, cell: Some("T1") },
    Change { role: Role::Head, cell: Some("T1-SW") },
];
/// How often all of it is gone through.
const ROUNDS: usize = 2;
const LISTENERS: usize = 8;

const FOLLOW: [&str; 2] = [
    "subscription { incidentChanges(district: \"410184\") { kind upserts { id text cell { code } } left { id } } }",
    "subscription { cellCounts(district: \"410184\") { kind counts { code counts { open } } } }",
];

mod sqlite {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nothing_comes_a_second_after_a_role_or_a_cell_was_taken() {
        take_rights(Overrides::default(), chance("rights, SQLite")).await;
    }
}

mod postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nothing_comes_a_second_after_a_role_or_a_cell_was_taken() {
        let Some(postgres) = Postgres::shared() else { return };
        let database_url = Some(Secret::new(postgres.new_database().await));
        let overrides = Overrides { database_url, ..Overrides::default() };
        take_rights(overrides, chance("rights, PostgreSQL")).await;
    }
}

/// Takes rights from somebody who listens at both ends, while things happen in every cell all the time.
async fn take_rights(overrides: Overrides, mut chance: Chance) {
    // At the pace of a server in earnest.
    let app = TestApp::node(overrides, Pace::default(), World::Founded).await;
    let (head, dispatcher) = (app.staff(Role::Head), app.staff(Role::Dispatcher));
    let mut traffic = JoinSet::new();
    for cell in 0..4 {
        let dispatcher = dispatcher.clone();
        traffic.spawn(async move {
            loop {
                report(&dispatcher, cell, if cell % 2 == 0 { "noise" } else { "dispute" }).await;
                // A steady stream, as slow as leaves the machine to others.
                tokio::time::sleep(Duration::from_millis(60)).await;
            }
        });
    }
    let mut heard_before = 0;
    for change in CHANGES.iter().cycle().take(CHANGES.len() * ROUNDS) {
        let mut listeners = JoinSet::new();
        let (has_begun, mut begun) = mpsc::channel(LISTENERS);
        for number in 0..LISTENERS {
            let (head, end) = (head.clone(), if number % 2 == 0 { End::Socket } else { End::Events });
            let has_begun = has_begun.clone();
            listeners.spawn(async move { heard(&head, end, FOLLOW[number / 2 % 2], has_begun).await });
        }
        drop(has_begun);
        // From whoever comes in later nothing is taken.
        for _ in 0..LISTENERS {
            begun.recv().await.expect("a listener hears something");
        }
        // So that it falls anywhere between two events.
        tokio::time::sleep(Duration::from_millis(300 + chance.below(400))).await;
        let committed = commit(&app, *change).await;
        while let Some(heard) = listeners.join_next().await {
            let Heard { events, end } = heard.expect("a listener");
            let late: Vec<&(Instant, String)> =
                events.iter().filter(|(at, _)| *at > committed + GRACE).collect();
            assert!(late.is_empty(), "{change:?}: later than a second after the commit came {late:?}");
            assert_eq!(end, "UNAUTHENTICATED", "{change:?}");
            heard_before += events.iter().filter(|(at, _)| *at < committed).count();
        }
    }
    assert!(
        heard_before > 2 * LISTENERS * CHANGES.len() * ROUNDS,
        "streams that told nothing show nothing: {heard_before}"
    );
}

/// What came, when, and the code it ended with.
struct Heard {
    events: Vec<(Instant, String)>,
    end: String,
}

/// Listens to the end, or for much longer than that may take to come, and says when it has heard something.
async fn heard(client: &Client, end: End, query: &str, has_begun: mpsc::Sender<()>) -> Heard {
    let mut listener = Listener::at(end, client, query).await;
    let (begun, mut events) = (Instant::now(), Vec::new());
    loop {
        let left = LONGEST.saturating_sub(begun.elapsed());
        let Some(message) = listener.message_within(left).await else {
            return Heard { events, end: "it broke off, or went on".to_owned() };
        };
        let at = Instant::now();
        let payload = listener.payload(&message);
        match payload["errors"][0]["extensions"]["code"].as_str() {
            Some(code) => return Heard { events, end: code.to_owned() },
            None => {
                if events.is_empty() {
                    has_begun.send(()).await.expect("somebody waits for it");
                }
                events.push((at, message));
            }
        }
    }
}

/// Changes the head's rights; when that was done.
async fn commit(app: &TestApp, change: Change) -> Instant {
    let user = NewUser {
        name: "The head".to_owned(),
        district: DISTRICT.to_owned(),
        role: change.role.as_str().to_owned(),
        cell: change.cell.map(str::to_owned),
    };
    let answer = app.services.run_command(AdminCommand::ChangeUser(user), &Progress::silent()).await;
    assert!(matches!(answer, AdminAnswer::Done { .. }), "{answer:?}");
    Instant::now()
}
