//! Sockets whose other side takes nothing for a while.

use std::time::{Duration, Instant};

use api::config::Overrides;
use api::http::Patience;
use domain::viewer::Role;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tests::app::{Client, TestApp};
use tests::subscriber::Subscriber;
use tests::world::{self, make_the_head};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Far more than the system takes from a server before anybody reads it: about a megabyte each.
const REPORTS: usize = 40;
const TIMES_TOLD: usize = 150;
/// What one answer tells of: about ten megabytes.
const LONG_ONES: usize = 12;

/// A subscriber to incidents who asks for much of each and whose system takes next to nothing until it is read.
async fn stalled(app: &TestApp, client: &Client) -> WebSocketStream<TcpStream> {
    let small = TcpSocket::new_v4().expect("a socket");
    small.set_recv_buffer_size(4_096).expect("a small buffer");
    let stream = small.connect(app.address()).await.expect("a connection");
    let mut request = format!("ws://{}/graphql/ws", app.address()).into_client_request().expect("a request");
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().expect("a header"));
    let large = WebSocketConfig::default().max_frame_size(None).max_message_size(None);
    let (mut socket, _) = client_async_with_config(request, stream, Some(large)).await.expect("a socket");
    let texts: String = (0..TIMES_TOLD).map(|number| format!(" t{number}: text")).collect();
    let query = format!(
        "subscription {{ incidentChanges(district: \"{}\") {{ kind last upserts {{ id{texts} }} }} }}",
        world::DISTRICT
    );
    for message in [
        json!({ "type": "connection_init", "payload": { "token": client.token() } }),
        json!({ "id": "1", "type": "subscribe", "payload": { "query": query } }),
    ] {
        socket.send(Message::text(message.to_string())).await.expect("sent");
    }
    socket
}

async fn next_of(socket: &mut WebSocketStream<TcpStream>) -> Value {
    loop {
        let next = tokio::time::timeout(Duration::from_secs(60), socket.next()).await.expect("a message");
        if let Message::Text(text) = next.expect("the socket stays open").expect("a frame") {
            let message: Value = serde_json::from_str(&text).expect("JSON");
            if message["type"] == "next" || message["type"] == "error" {
                return message["payload"].clone();
            }
        }
    }
}

/// Reports something long.
async fn report_much(client: &Client) {
    let mutation =
        "mutation($input: ReportIncidentInput!) { reportIncident(input: $input) { problems { message } } }";
    let mut input = world::report_input(0, "noise");
    input["text"] = json!("水".repeat(2_000));
    let answer = client.ask(mutation, json!({ "input": input })).await;
    assert_eq!(answer["reportIncident"]["problems"], json!([]));
}

/// A server on which somebody has stalled after the snapshot, and so much was told since that most of it waits.
async fn crowded(role: Role) -> (TestApp, WebSocketStream<TcpStream>) {
    let patience = Patience { write: Duration::from_secs(120), ..Patience::default() };
    let app = TestApp::start_with_patience(Overrides::default(), patience).await;
    let mut slow = stalled(&app, &app.staff(role)).await;
    assert_eq!(next_of(&mut slow).await["data"]["incidentChanges"]["kind"], "SNAPSHOT");
    let dispatcher = app.staff(Role::Dispatcher);
    let mut witness = Subscriber::to_incidents(&dispatcher, json!({})).await;
    assert_eq!(witness.batch().await["kind"], "SNAPSHOT");
    for _ in 0..REPORTS {
        report_much(&dispatcher).await;
        assert_eq!(witness.batch().await["kind"], "CHANGES");
    }
    (app, slow)
}

/// Takes a role from the head, and waits until the server has heard of it.
async fn take_the_role_of_the_head(app: &TestApp) {
    let mut other = Subscriber::to_counts(&app.staff(Role::Head), json!({})).await;
    assert_eq!(other.batch().await["kind"], "SNAPSHOT");
    make_the_head(app, Role::Observer, Some("T1-SW")).await;
    assert_eq!(other.error().await[0]["extensions"]["code"], "UNAUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_socket_is_not_written_once_the_role_is_taken() {
    let (app, mut slow) = crowded(Role::Head).await;
    take_the_role_of_the_head(&app).await;
    let mut told = 0;
    loop {
        let payload = next_of(&mut slow).await;
        if let Some(errors) = payload.get("errors") {
            assert_eq!(errors[0]["extensions"]["code"], "UNAUTHENTICATED", "{errors}");
            break;
        }
        told += payload["data"]["incidentChanges"]["upserts"].as_array().map_or(0, Vec::len);
    }
    assert!(told < REPORTS / 2, "the system had taken a few; {told} of {REPORTS} came");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_socket_is_read_anew_where_the_rights_of_somebody_else_have_changed() {
    let (app, mut slow) = crowded(Role::Dispatcher).await;
    take_the_role_of_the_head(&app).await;
    let mut told = 0;
    loop {
        let payload = next_of(&mut slow).await;
        let batch = &payload["data"]["incidentChanges"];
        let count = batch["upserts"].as_array().map_or(0, Vec::len);
        match batch["kind"].as_str() {
            Some("CHANGES") => told += count,
            Some("BOOKMARK") => {}
            Some("RESYNC") => break,
            _ => panic!("{payload:.500}"),
        }
    }
    assert!(told < REPORTS / 2, "the system had taken a few; {told} of {REPORTS} came");
    let payload = next_of(&mut slow).await;
    let batch = &payload["data"]["incidentChanges"];
    assert_eq!(
        (&batch["kind"], batch["upserts"].as_array().map(Vec::len)),
        (&json!("SNAPSHOT"), Some(REPORTS))
    );
}

/// Somebody for whom one answer is under way that is far more than the system takes before anybody reads it.
async fn asked_for_much(patience: Patience) -> (TestApp, WebSocketStream<TcpStream>) {
    let app = TestApp::start_with_patience(Overrides::default(), patience).await;
    let dispatcher = app.staff(Role::Dispatcher);
    for _ in 0..LONG_ONES {
        report_much(&dispatcher).await;
    }
    let socket = stalled(&app, &dispatcher).await;
    (app, socket)
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_nothing_is_let_go_though_they_say_that_they_are_there_and_nothing_more_waits() {
    let patience = Patience { write: Duration::from_secs(1), ..Patience::default() };
    let (_app, mut slow) = asked_for_much(patience).await;
    let begun = Instant::now();
    while slow.send(Message::text(r#"{"type":"pong"}"#)).await.is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(30), "still open");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_a_large_answer_slowly_is_waited_for() {
    let patience = Patience { write: Duration::from_secs(1), ..Patience::default() };
    let (_app, mut slow) = asked_for_much(patience).await;
    let (mut taken, mut piece, begun) = (0, [0; 4_096], Instant::now());
    while taken < LONG_ONES * TIMES_TOLD * 6_000 {
        let count = slow.get_mut().read(&mut piece).await.expect("it is open");
        assert_ne!(count, 0, "closed after {taken} bytes");
        taken += count;
        tokio::time::sleep(Duration::from_micros(100)).await;
    }
    assert!(begun.elapsed() > 2 * patience.write, "not slowly: {:?}", begun.elapsed());
}
