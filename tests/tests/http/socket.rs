//! The WebSocket: `graphql-transport-ws`, its deadlines, caps and close codes.

use std::time::{Duration, Instant};

use domain::viewer::Role;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tests::app::{Socket, TestApp};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.expect("sent");
}

/// The next message, or the code that the socket was closed with.
async fn hear(socket: &mut Socket) -> Result<Value, u16> {
    let deadline = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            match socket.next().await.expect("an end after a close").expect("a frame") {
                Message::Text(text) => return Ok(serde_json::from_str(&text).expect("JSON")),
                Message::Close(frame) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                _ => {}
            }
        }
    });
    deadline.await.expect("a message within ten seconds")
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
    // The clock of the tests stands still; what is left of the token's thirty days is one second of real time.
    app.advance(chrono::TimeDelta::days(30) - chrono::TimeDelta::seconds(1));
    let mut socket = opened(&app, app.staff(Role::Head).token()).await;
    assert_eq!(hear(&mut socket).await, Err(4403));
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
