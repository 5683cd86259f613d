//! Too much: how often one may ask, how much runs at once, how many sockets one may hold.

use std::net::SocketAddr;
use std::time::Duration;

use api::config::{LimitOverrides, Overrides};
use api::http::Patience;
use domain::viewer::Role;
use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use sea_orm::{Database, DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use serde_json::{Value, json};
use tests::app::{Client, Socket, TestApp, limited};
use tests::world::report_input;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

/// Behind a proxy on this machine, since only addresses of others are counted.
fn behind_a_proxy(limits: LimitOverrides) -> Overrides {
    Overrides { trusted_proxies: Some(vec!["127.0.0.1".to_owned()]), ..limited(limits) }
}

fn from(client: &Client, method: Method, path: &str, address: &str) -> reqwest::RequestBuilder {
    client.request(method, path).header("x-forwarded-for", address)
}

async fn figure(app: &TestApp, line: &str) -> bool {
    let figures = app.public().get("/metrics").await.text().await.expect("a body");
    figures.lines().any(|known| known == line)
}

const ROLE: &str = "{ viewer { role } }";

#[tokio::test]
async fn an_address_that_asks_too_often_is_told_when_to_come_and_others_are_served() {
    let limits = LimitOverrides { max_address_requests: Some(3), ..LimitOverrides::default() };
    let app = TestApp::start_with(behind_a_proxy(limits)).await;
    let public = app.public();
    let ask = async |address: &str| {
        let post = from(&public, Method::POST, "/graphql", address).json(&json!({ "query": ROLE }));
        post.header("accept", "application/graphql-response+json").send().await.expect("an answer")
    };
    for _ in 0..3 {
        assert_eq!(ask("203.0.113.9").await.status(), 200);
    }
    let refused = ask("203.0.113.9").await;
    assert_eq!(refused.status(), 429);
    let wait_s = refused.headers()["retry-after"].to_str().expect("ASCII").to_owned();
    assert!((10..=20).contains(&wait_s.parse::<u64>().expect("a number")), "{wait_s}");
    assert_eq!(refused.headers()["x-content-type-options"], "nosniff");
    let body: Value = refused.json().await.expect("JSON");
    assert_eq!(body["errors"][0]["extensions"]["code"], "RATE_LIMITED", "{body}");
    assert_eq!(body["errors"][0]["message"], format!("too many requests; ask again in {wait_s} s"));
    assert_eq!(ask("203.0.113.10").await.status(), 200, "another address");
    assert_eq!(
        ask("198.51.100.1, 203.0.113.9").await.status(),
        429,
        "what it wrote in front changes nothing"
    );
    let page = from(&public, Method::GET, "/", "203.0.113.9").send().await.expect("an answer");
    assert_eq!(page.status(), 429);
    assert_eq!(page.headers()["content-type"], "application/problem+json");
    for _ in 0..10 {
        assert_eq!(
            app.public().post(json!({ "query": ROLE })).await.status,
            200,
            "this machine is not counted"
        );
    }
    assert_eq!(app.public().get("/health").await.status(), 200);
    assert!(figure(&app, "refused_total{by=\"address_rate\"} 3").await);
}

#[tokio::test]
async fn what_somebody_who_is_no_proxy_says_of_their_address_is_left_alone() {
    let limits = LimitOverrides { max_address_requests: Some(1), ..LimitOverrides::default() };
    let app = TestApp::start_with(limited(limits)).await;
    for _ in 0..5 {
        let request = from(&app.public(), Method::GET, "/d/410184/tiles.json", "203.0.113.9");
        assert_eq!(request.send().await.expect("an answer").status(), 200);
    }
}

#[tokio::test]
async fn a_user_who_asks_too_often_is_held_at_every_door_wherever_they_ask_from() {
    let limits = LimitOverrides { max_user_requests: Some(4), ..LimitOverrides::default() };
    let app = TestApp::start_with(behind_a_proxy(limits)).await;
    let head = app.staff(Role::Head);
    for number in 0..4 {
        let request = from(&head, Method::GET, "/d/410184/tiles.json", &format!("203.0.113.{number}"));
        assert_eq!(request.send().await.expect("an answer").status(), 200);
    }
    let answer = head.post(json!({ "query": ROLE })).await;
    assert_eq!(
        (answer.status, &answer.body["errors"][0]["extensions"]["code"]),
        (429, &json!("RATE_LIMITED"))
    );
    let sse = head.request(Method::POST, "/graphql/sse").json(&json!({ "query": FOLLOW }));
    assert_eq!(sse.send().await.expect("an answer").status(), 429);
    for path in ["/d/410184/tiles.json", "/d/410184/export/cells", "/d/410184/tiles/incidents/now/0/0/0.mvt"]
    {
        let response = head.get(path).await;
        assert_eq!(response.status(), 429, "{path}");
        assert!(response.headers().contains_key("retry-after"), "{path}");
    }
    let mut socket = opened(&app, head.token()).await;
    say(&mut socket, json!({ "id": "1", "type": "subscribe", "payload": { "query": ROLE } })).await;
    let error = hear(&mut socket).await.expect("an error");
    assert_eq!(error["type"], "error");
    assert_eq!(error["payload"][0]["extensions"]["code"], "RATE_LIMITED", "{error}");
    assert_eq!(app.staff(Role::Admin).post(json!({ "query": ROLE })).await.status, 200, "another user");
    assert!(figure(&app, "refused_total{by=\"user_rate\"} 6").await);
}

/// Keeps the one writer of the database from everybody else.
async fn hold_the_writer(app: &TestApp) -> DatabaseTransaction {
    let url = format!("sqlite://{}", app.folder().join("gridward.db").display());
    let database = Database::connect(url).await.expect("the database opens");
    let mode = Some(SqliteTransactionMode::Immediate);
    let options = TransactionOptions { sqlite_transaction_mode: mode, ..TransactionOptions::default() };
    database.begin_with_options(options).await.expect("the writer")
}

/// Something that takes a while: it waits for the writer.
const REPORT: &str =
    "mutation($input: ReportIncidentInput!) { reportIncident(input: $input) { replayed problems { code } } }";

#[tokio::test]
async fn so_much_runs_so_much_waits_and_the_rest_is_told_to_come_later() {
    let limits = LimitOverrides {
        max_running_operations: Some(1),
        max_waiting_operations: Some(1),
        ..LimitOverrides::default()
    };
    let patience = Patience { queue: Duration::from_secs(60), ..Patience::default() };
    let app = TestApp::start_with_patience(limited(limits), patience).await;
    let held = hold_the_writer(&app).await;
    let report = |client: Client| async move {
        let input = report_input(0, "noise");
        client.post(json!({ "query": REPORT, "variables": { "input": input } })).await
    };
    let (first, second) =
        (tokio::spawn(report(app.staff(Role::Worker))), tokio::spawn(report(app.staff(Role::Head))));
    let mut waiting = false;
    for _ in 0..1_500 {
        waiting = figure(&app, "operations_waiting 1").await;
        if waiting {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(waiting, "one runs, one waits");
    let response = app
        .public()
        .request(Method::POST, "/graphql")
        .json(&json!({ "query": ROLE }))
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "1");
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["errors"][0]["extensions"]["code"], "OVERLOADED", "{body}");
    let mut socket = opened(&app, None).await;
    say(&mut socket, json!({ "id": "1", "type": "subscribe", "payload": { "query": ROLE } })).await;
    let error = hear(&mut socket).await.expect("an error");
    assert_eq!(error["payload"][0]["extensions"]["code"], "OVERLOADED", "{error}");
    let sse = app.public().request(Method::POST, "/graphql/sse").json(&json!({ "query": FOLLOW }));
    assert_eq!(sse.send().await.expect("an answer").status(), 503);
    assert_eq!(app.public().get("/health").await.status(), 200);
    drop(held);
    for answer in [first.await, second.await] {
        let answer = answer.expect("no panic");
        assert!(answer.body.get("errors").is_none(), "{}", answer.body);
    }
    assert_eq!(app.public().post(json!({ "query": ROLE })).await.status, 200, "there is room again");
    assert!(figure(&app, "refused_total{by=\"operations\"} 3").await);
}

const FOLLOW: &str = "subscription { cellCounts(district: \"410184\") { kind } }";

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.expect("sent");
}

/// The next message, or the code that the socket was closed with.
async fn hear(socket: &mut Socket) -> Result<Value, u16> {
    let wait = async {
        loop {
            match socket.next().await.expect("an end after a close").expect("a frame") {
                Message::Text(text) => return Ok(serde_json::from_str(&text).expect("JSON")),
                Message::Close(frame) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                _ => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.expect("a message within thirty seconds")
}

async fn opened(app: &TestApp, token: Option<&str>) -> Socket {
    let mut socket = app.public().socket().await;
    say(&mut socket, json!({ "type": "connection_init", "payload": { "token": token } })).await;
    assert_eq!(hear(&mut socket).await, Ok(json!({ "type": "connection_ack" })));
    socket
}

/// Opens a socket as if from an address; the error is the status.
async fn socket_from(server: SocketAddr, address: &str) -> Result<Socket, u16> {
    let mut request = format!("ws://{server}/graphql/ws").into_client_request().expect("a request");
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", "graphql-transport-ws".parse().expect("a header"));
    headers.insert("x-forwarded-for", address.parse().expect("a header"));
    match tokio_tungstenite::connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn an_address_and_a_user_hold_so_many_sockets_and_others_get_theirs() {
    let limits = LimitOverrides {
        max_address_sockets: Some(2),
        max_user_sockets: Some(2),
        ..LimitOverrides::default()
    };
    let app = TestApp::start_with(behind_a_proxy(limits)).await;
    let here = "203.0.113.9";
    let _sockets = [socket_from(app.address(), here).await, socket_from(app.address(), here).await];
    assert_eq!(socket_from(app.address(), here).await.err(), Some(503));
    let sse = from(&app.public(), Method::POST, "/graphql/sse", here).json(&json!({ "query": FOLLOW }));
    assert_eq!(sse.send().await.expect("an answer").status(), 503, "a stream of events is counted with them");
    socket_from(app.address(), "203.0.113.10").await.expect("another address");

    let head = app.staff(Role::Head);
    let _first = opened(&app, head.token()).await;
    let second = opened(&app, head.token()).await;
    let mut third = app.public().socket().await;
    say(&mut third, json!({ "type": "connection_init", "payload": { "token": head.token() } })).await;
    assert_eq!(hear(&mut third).await, Err(1013));
    let sse = head.request(Method::POST, "/graphql/sse").json(&json!({ "query": FOLLOW }));
    assert_eq!(sse.send().await.expect("an answer").status(), 503);
    opened(&app, app.staff(Role::Admin).token()).await;
    drop(second);
    let mut again = false;
    for _ in 0..600 {
        let mut socket = app.public().socket().await;
        say(&mut socket, json!({ "type": "connection_init", "payload": { "token": head.token() } })).await;
        again = hear(&mut socket).await.is_ok();
        if again {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(again, "what was closed makes room");
}
