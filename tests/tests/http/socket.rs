//! The WebSocket: `graphql-transport-ws`, its deadlines, caps and close codes.

use std::time::{Duration, Instant};

use api::config::{LimitOverrides, Overrides};
use api::http::Patience;
use chrono::TimeDelta;
use domain::viewer::Role;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tests::app::{Socket, TestApp, limited};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.expect("sent");
}

/// The next message, or the code that the socket was closed with.
async fn hear(socket: &mut Socket) -> Result<Value, u16> {
    let deadline = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            match socket.next().await.expect("an end after a close").expect("a frame") {
                Message::Text(text) => return Ok(serde_json::from_str(&text).expect("JSON")),
                Message::Close(frame) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                _ => {}
            }
        }
    });
    deadline.await.expect("a message within thirty seconds")
}

async fn closed_after(app: &TestApp, messages: &[Value]) -> u16 {
    let mut socket = app.public().socket().await;
    for message in messages {
        say(&mut socket, message.clone()).await;
    }
    loop {
        if let Err(code) = hear(&mut socket).await {
            return code;
        }
    }
}

fn init() -> Value {
    json!({ "type": "connection_init" })
}

fn subscribe(id: &str, query: &str) -> Value {
    json!({ "id": id, "type": "subscribe", "payload": { "query": query } })
}

async fn opened(app: &TestApp, token: Option<&str>) -> Socket {
    let mut socket = app.public().socket().await;
    say(&mut socket, json!({ "type": "connection_init", "payload": { "token": token } })).await;
    assert_eq!(hear(&mut socket).await, Ok(json!({ "type": "connection_ack" })));
    socket
}

#[tokio::test]
async fn a_query_over_the_socket_is_answered_and_completed() {
    let app = TestApp::start().await;
    let mut socket = opened(&app, app.staff(Role::Head).token()).await;
    say(&mut socket, subscribe("1", "{ viewer { role } }")).await;
    let payload = json!({ "data": { "viewer": { "role": "HEAD" } } });
    assert_eq!(hear(&mut socket).await, Ok(json!({ "id": "1", "type": "next", "payload": payload })));
    assert_eq!(hear(&mut socket).await, Ok(json!({ "id": "1", "type": "complete" })));
    say(&mut socket, json!({ "type": "ping", "payload": { "n": 1 } })).await;
    assert_eq!(hear(&mut socket).await, Ok(json!({ "type": "pong", "payload": { "n": 1 } })));
}

#[tokio::test]
async fn a_document_that_never_ran_is_an_error_of_its_operation_and_the_socket_stays() {
    let app = TestApp::start().await;
    let mut socket = opened(&app, None).await;
    for (query, code) in [
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        (
            "{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{",
            "DOCUMENT_REFUSED",
        ),
    ] {
        say(&mut socket, subscribe("1", query)).await;
        let error = hear(&mut socket).await.expect("an error");
        assert_eq!((error["type"].as_str(), error["id"].as_str()), (Some("error"), Some("1")));
        assert_eq!(error["payload"][0]["extensions"]["code"], code, "{query}");
    }
}

#[tokio::test]
async fn each_breach_of_the_protocol_closes_with_its_own_code() {
    let app = TestApp::start().await;
    assert_eq!(closed_after(&app, &[json!("hello")]).await, 4400);
    assert_eq!(closed_after(&app, &[subscribe("1", "{ viewer { role } }")]).await, 4401);
    let bad_token = json!({ "type": "connection_init", "payload": { "token": "guessed" } });
    assert_eq!(closed_after(&app, &[bad_token]).await, 4403);
    assert_eq!(closed_after(&app, &[init(), init()]).await, 4429);
    let large = json!({ "type": "ping", "payload": { "a": "x".repeat(70_000) } });
    assert_eq!(closed_after(&app, &[init(), large]).await, 1009);
}

#[tokio::test]
async fn a_socket_that_does_not_say_who_it_is_is_closed_after_three_seconds() {
    let app = TestApp::start().await;
    let start = Instant::now();
    assert_eq!(closed_after(&app, &[json!({ "type": "ping" })]).await, 4408);
    let waited = start.elapsed();
    assert!((Duration::from_millis(2_900)..Duration::from_secs(6)).contains(&waited), "{waited:?}");
}

#[tokio::test]
async fn a_socket_is_closed_when_its_token_expires() {
    let app = TestApp::start().await;
    let mut socket = opened(&app, app.staff(Role::Head).token()).await;
    app.advance(TimeDelta::days(29));
    say(&mut socket, json!({ "type": "ping" })).await;
    assert_eq!(hear(&mut socket).await, Ok(json!({ "type": "pong" })), "the token is good for thirty days");
    app.advance(TimeDelta::days(1));
    assert_eq!(hear(&mut socket).await, Err(4403));
}

#[tokio::test]
async fn a_socket_without_a_token_has_nothing_that_expires() {
    let app = TestApp::start().await;
    let mut socket = opened(&app, None).await;
    for _ in 0..3 {
        app.advance(TimeDelta::days(8));
        say(&mut socket, subscribe("1", "{ viewer { role } }")).await;
        let payload = json!({ "data": { "viewer": { "role": "PUBLIC" } } });
        assert_eq!(hear(&mut socket).await, Ok(json!({ "id": "1", "type": "next", "payload": payload })));
        assert_eq!(hear(&mut socket).await, Ok(json!({ "id": "1", "type": "complete" })));
    }
}

/// A subscription that stays open and says nothing but its snapshot and bookmarks.
const FOLLOW: &str = "subscription { cellCounts(district: \"410184\") { kind } }";

#[tokio::test]
async fn an_id_that_is_in_use_closes_the_socket_and_one_that_is_free_again_does_not() {
    let app = TestApp::start().await;
    let id = "网格".repeat(16);
    assert_eq!(closed_after(&app, &[init(), subscribe(&id, FOLLOW), subscribe(&id, FOLLOW)]).await, 4409);
    let mut socket = opened(&app, None).await;
    for _ in 0..2 {
        say(&mut socket, subscribe("1", FOLLOW)).await;
        assert_eq!(hear(&mut socket).await.expect("a snapshot")["type"], "next");
        say(&mut socket, json!({ "id": "1", "type": "complete" })).await;
    }
}

#[tokio::test]
async fn more_operations_than_allowed_close_the_socket() {
    let overrides = limited(LimitOverrides { max_operations: Some(3), ..LimitOverrides::default() });
    let app = TestApp::start_with(overrides).await;
    let follow = |id: usize| subscribe(&id.to_string(), FOLLOW);
    let mut socket = opened(&app, None).await;
    for id in 0..3 {
        say(&mut socket, follow(id)).await;
        assert_eq!(hear(&mut socket).await.expect("a snapshot")["id"], id.to_string());
    }
    say(&mut socket, follow(3)).await;
    let closed = async {
        loop {
            if let Err(code) = hear(&mut socket).await {
                return code;
            }
        }
    };
    assert_eq!(closed.await, 4429);
}

/// What opening one more socket answers.
async fn status_of_one_more(app: &TestApp) -> u16 {
    let mut request = format!("ws://{}/graphql/ws", app.address()).into_client_request().expect("a request");
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().expect("a header"));
    match tokio_tungstenite::connect_async(request).await {
        Ok((_, response)) => response.status().as_u16(),
        Err(tokio_tungstenite::tungstenite::Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

/// Waits until the server's figures say that so many sockets are open.
async fn open_sockets_become(app: &TestApp, expected: usize) {
    let line = format!("websockets_open {expected}");
    let mut figures = String::new();
    for _ in 0..600 {
        figures = app.public().get("/metrics").await.text().await.expect("a body");
        if figures.lines().any(|known| known.ends_with(&line)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no {line} within thirty seconds: {figures}");
}

#[tokio::test]
async fn more_sockets_than_allowed_are_told_to_come_later_and_a_closed_one_makes_room() {
    let overrides = limited(LimitOverrides { max_sockets: Some(2), ..LimitOverrides::default() });
    let app = TestApp::start_with(overrides).await;
    let first = opened(&app, None).await;
    let mut second = opened(&app, None).await;
    assert_eq!(status_of_one_more(&app).await, 503);
    say(&mut second, json!({ "type": "ping" })).await;
    assert_eq!(hear(&mut second).await, Ok(json!({ "type": "pong" })), "who is in stays in");
    drop(first);
    open_sockets_become(&app, 1).await;
    assert_eq!(status_of_one_more(&app).await, 101);
}

fn hasty() -> Patience {
    let (write, ping) = (Duration::from_millis(500), Duration::from_millis(100));
    // Who answers each ping may be held up for this long on a machine with other work.
    Patience { write, ping, silence: Duration::from_millis(1_500), ..Patience::default() }
}

#[tokio::test]
async fn a_socket_that_answers_pings_stays_open_longer_than_silence_is_borne() {
    let app = TestApp::start_with_patience(Overrides::default(), hasty()).await;
    let mut socket = opened(&app, None).await;
    let start = Instant::now();
    // Reading is enough: the client's library answers each ping by itself.
    for _ in 0..40 {
        let frame =
            tokio::time::timeout(Duration::from_secs(20), socket.next()).await.expect("a ping in time");
        assert!(matches!(frame, Some(Ok(Message::Ping(_)))), "{frame:?}");
    }
    assert!(start.elapsed() > hasty().silence * 2, "{:?}", start.elapsed());
    socket.send(Message::Ping("mine".into())).await.expect("sent");
    for _ in 0..10 {
        match socket.next().await {
            Some(Ok(Message::Ping(_))) => {}
            frame => {
                return assert!(
                    matches!(&frame, Some(Ok(Message::Pong(bytes))) if bytes == "mine"),
                    "{frame:?}"
                );
            }
        }
    }
    panic!("ten pings and no pong");
}

#[tokio::test]
async fn a_socket_that_does_not_answer_pings_is_closed_as_gone() {
    let app = TestApp::start_with_patience(Overrides::default(), hasty()).await;
    let mut socket = opened(&app, None).await;
    // Nothing is read, so nothing is answered.
    open_sockets_become(&app, 0).await;
    assert_eq!(hear(&mut socket).await, Err(1001));
}

#[tokio::test]
async fn a_socket_that_takes_nothing_is_dropped_and_others_are_served() {
    let overrides = limited(LimitOverrides { max_operations: Some(10_000), ..LimitOverrides::default() });
    // Only what cannot be written ends this socket: its silence is borne.
    let patience = Patience { ping: Duration::from_secs(60), silence: Duration::from_secs(600), ..hasty() };
    let app = TestApp::start_with_patience(overrides, patience).await;
    let mut stalled = opened(&app, None).await;
    let large =
        "{ __schema { types { name description fields { name description args { name description } } } } }";
    // The answers are far more than what the system keeps for a reader that does not read.
    for id in 0..400 {
        say(&mut stalled, subscribe(&id.to_string(), large)).await;
    }
    let mut other = opened(&app, None).await;
    say(&mut other, json!({ "type": "ping" })).await;
    assert_eq!(hear(&mut other).await, Ok(json!({ "type": "pong" })));
    open_sockets_become(&app, 1).await;
}

#[tokio::test]
async fn a_page_of_another_site_gets_no_socket() {
    let app = TestApp::start().await;
    let attempt = async |origin: Option<&str>, protocol: &str| {
        let mut request =
            format!("ws://{}/graphql/ws", app.address()).into_client_request().expect("a request");
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", protocol.parse().expect("a header"));
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().expect("a header"));
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok(_) => 101,
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => response.status().as_u16(),
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(attempt(None, "graphql-transport-ws").await, 101);
    assert_eq!(attempt(Some("https://evil.example"), "graphql-transport-ws").await, 403);
    assert_eq!(attempt(None, "graphql-ws").await, 400);
}

#[tokio::test]
async fn a_server_that_stops_tells_its_sockets() {
    let mut app = TestApp::start().await;
    let mut socket = opened(&app, None).await;
    let (closed, ()) = tokio::join!(hear(&mut socket), app.stop());
    assert_eq!(closed, Err(1001));
}
