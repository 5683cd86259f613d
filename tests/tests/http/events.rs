//! Subscriptions as server-sent events: `POST /graphql/sse`.

use std::time::Duration;

use api::config::{LimitOverrides, Overrides};
use api::http::Patience;
use chrono::TimeDelta;
use domain::viewer::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tests::app::{Client, TestApp, limited};
use tests::subscriber::texts;
use tests::world::{self, make_the_head, report};

/// What is followed, without its cursor.
const FOLLOW: &str = "subscription { incidentChanges(district: \"410184\") { kind upserts { text } } }";

/// One event, or a comment, whose name is empty.
#[derive(Clone, PartialEq, Debug, Default)]
struct Event {
    name: String,
    id: Option<String>,
    data: String,
}

impl Event {
    fn batch(&self) -> Value {
        assert_eq!(self.name, "next", "{self:?}");
        let payload: Value = serde_json::from_str(&self.data).expect("JSON");
        assert!(payload["data"]["incidentChanges"].is_object(), "{payload:#}");
        payload["data"]["incidentChanges"].clone()
    }
}

/// A stream that is read.
struct Stream {
    response: reqwest::Response,
    read: String,
}

impl Stream {
    async fn open(client: &Client, query: &str, last_event_id: Option<&str>) -> Self {
        let response = send(client, json!({ "query": query }), last_event_id).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        Self { response, read: String::new() }
    }

    /// The next event or comment; `None` at the end.
    async fn any(&mut self) -> Option<Event> {
        let wait = async {
            loop {
                if let Some((block, rest)) = self.read.split_once("\n\n") {
                    let event = parsed(block);
                    self.read = rest.to_owned();
                    return Some(event);
                }
                // An end in the middle is one as well: the server stops or lets go.
                let chunk = self.response.chunk().await.ok().flatten()?;
                self.read.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
            }
        };
        tokio::time::timeout(Duration::from_secs(30), wait).await.expect("an event within thirty seconds")
    }

    /// The next event that is neither a comment nor a bookmark.
    async fn next(&mut self) -> Option<Event> {
        for _ in 0..100 {
            let event = self.any().await?;
            if !event.name.is_empty() && !event.data.contains("BOOKMARK") {
                return Some(event);
            }
        }
        panic!("a hundred bookmarks and nothing else")
    }
}

fn parsed(block: &str) -> Event {
    let mut event = Event::default();
    for line in block.lines() {
        match line.split_once(':').map(|(field, value)| (field, value.trim_start())) {
            Some(("event", value)) => event.name = value.to_owned(),
            Some(("id", value)) => event.id = Some(value.to_owned()),
            Some(("data", value)) => event.data.push_str(value),
            other => assert_eq!(other, Some(("", "")), "a line of no event: {line}"),
        }
    }
    event
}

async fn send(client: &Client, body: Value, last_event_id: Option<&str>) -> reqwest::Response {
    let mut request = client.request(Method::POST, "/graphql/sse").header("accept", "text/event-stream");
    if let Some(id) = last_event_id {
        request = request.header("last-event-id", id);
    }
    request.json(&body).send().await.expect("an answer")
}

#[tokio::test]
async fn who_comes_back_with_the_last_event_id_gets_what_happened_since_once() {
    let app = TestApp::start().await;
    let dispatcher = app.staff(Role::Dispatcher);
    report(&dispatcher, 0, "noise").await;
    let mut stream = Stream::open(&dispatcher, FOLLOW, None).await;
    let snapshot = stream.next().await.expect("a snapshot");
    assert_eq!((&snapshot.batch()["kind"], texts(&snapshot.batch())), (&json!("SNAPSHOT"), vec!["in T1-SW"]));
    report(&dispatcher, 1, "noise").await;
    let change = stream.next().await.expect("a change");
    assert_eq!(texts(&change.batch()), ["in T1-SE"]);
    assert!(change.id.is_some() && change.id != snapshot.id, "{change:?}");
    drop(stream);

    report(&dispatcher, 2, "noise").await;
    let mut resumed = Stream::open(&dispatcher, FOLLOW, change.id.as_deref()).await;
    let batch = resumed.next().await.expect("what happened since").batch();
    assert_eq!((&batch["kind"], texts(&batch)), (&json!("CHANGES"), vec!["in T1-NW"]));
    let mut from_the_start = Stream::open(&dispatcher, FOLLOW, snapshot.id.as_deref()).await;
    let batch = from_the_start.next().await.expect("what happened since").batch();
    assert_eq!(texts(&batch), ["in T1-SE", "in T1-NW"]);
    let mut forged = Stream::open(&dispatcher, FOLLOW, Some("bm90IGEgY3Vyc29y")).await;
    assert_eq!(forged.next().await.expect("a resync").batch()["kind"], "RESYNC");
}

#[tokio::test]
async fn figures_of_cells_are_streamed_with_their_cursor_too() {
    let app = TestApp::start().await;
    let dispatcher = app.staff(Role::Dispatcher);
    let query = "subscription { cellCounts(district: \"410184\") { kind cursor } }";
    let mut stream = Stream::open(&dispatcher, query, None).await;
    let event = stream.next().await.expect("a snapshot");
    let payload: Value = serde_json::from_str(&event.data).expect("JSON");
    assert_eq!(payload["data"]["cellCounts"]["cursor"].as_str(), event.id.as_deref());
}

#[tokio::test]
async fn comments_come_while_nothing_happens() {
    let patience = Patience { ping: Duration::from_millis(50), ..Patience::default() };
    let app = TestApp::start_with_patience(Overrides::default(), patience).await;
    let mut stream = Stream::open(&app.public(), FOLLOW, None).await;
    assert_eq!(stream.any().await.expect("a snapshot").name, "next");
    assert_eq!(stream.any().await, Some(Event::default()));
}

#[tokio::test]
async fn what_is_no_subscription_is_refused_with_its_status_and_streams_nothing() {
    let app = TestApp::start().await;
    let dispatcher = app.staff(Role::Dispatcher);
    for (query, code) in [
        ("{ viewer { role } }", "BAD_REQUEST"),
        ("mutation { nothing }", "BAD_REQUEST"),
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        (
            "subscription { incidentChanges(district: \"410184\") { kind a: kind @skip(if: true) @skip(if: true) @skip(if: true) @skip(if: true) } }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ] {
        let response = send(&dispatcher, json!({ "query": query }), None).await;
        assert_eq!(response.status(), 400, "{query}");
        let body: Value = response.json().await.expect("JSON");
        assert_eq!(body["errors"][0]["extensions"]["code"], code, "{query}: {body:#}");
    }
    let nowhere = "subscription { incidentChanges(district: \"nowhere\") { kind } }";
    let mut stream = Stream::open(&dispatcher, nowhere, None).await;
    let event = stream.next().await.expect("an error");
    assert!(event.data.contains("NOT_FOUND"), "{event:?}");
    assert_eq!(stream.next().await.map(|event| event.name), Some("complete".to_owned()));
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn the_door_is_as_narrow_as_that_of_queries() {
    let app = TestApp::start().await;
    let body = json!({ "query": FOLLOW });
    let status =
        async |request: reqwest::RequestBuilder| request.send().await.expect("an answer").status().as_u16();
    let public = app.public();
    let post = || public.request(Method::POST, "/graphql/sse");
    assert_eq!(status(post().header("accept", "application/json").json(&body)).await, 406);
    assert_eq!(status(post().header("content-type", "text/plain").body(body.to_string())).await, 415);
    assert_eq!(status(post().header("origin", "https://evil.example").json(&body)).await, 403);
    assert_eq!(status(public.request(Method::GET, "/graphql/sse")).await, 405);
    assert_eq!(send(&app.with_token("guessed"), body.clone(), None).await.status(), 401);
    assert_eq!(status(post().json(&json!({ "query": "x".repeat(3_000_000) }))).await, 413);
}

#[tokio::test]
async fn a_stream_takes_one_of_the_places_that_sockets_have_and_gives_it_back() {
    let overrides = limited(LimitOverrides { max_sockets: Some(1), ..LimitOverrides::default() });
    let app = TestApp::start_with(overrides).await;
    let stream = Stream::open(&app.public(), FOLLOW, None).await;
    let one_more = async || send(&app.public(), json!({ "query": FOLLOW }), None).await.status().as_u16();
    assert_eq!(one_more().await, 503);
    drop(stream);
    for _ in 0..600 {
        if one_more().await == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the place was not given back within thirty seconds");
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_let_go_and_others_are_served() {
    let patience = Patience { write: Duration::from_millis(500), ..Patience::default() };
    let app = TestApp::start_with_patience(Overrides::default(), patience).await;
    let dispatcher = app.staff(Role::Dispatcher);
    let texts: String = (0..150).map(|number| format!("a{number}: text ")).collect();
    let large =
        format!("subscription {{ incidentChanges(district: \"410184\") {{ upserts {{ {texts} }} }} }}");
    let _stalled = send(&dispatcher, json!({ "query": large }), None).await;
    let mut other = Stream::open(&dispatcher, FOLLOW, None).await;
    other.next().await.expect("a snapshot");
    // Far more than what the system keeps for a reader that does not read.
    let text = "网".repeat(2_000);
    for _ in 0..60 {
        let mut input = world::report_input(0, "noise");
        input["text"] = json!(text);
        let mutation = "mutation($input: ReportIncidentInput!) { reportIncident(input: $input) { problems { message } } }";
        dispatcher.ask(mutation, json!({ "input": input })).await;
        other.next().await.expect("a change");
    }
    sockets_become(&app, 1).await;
}

/// Waits until the server's figures say that so many sockets and streams are open.
async fn sockets_become(app: &TestApp, expected: usize) {
    let line = format!("websockets_open {expected}");
    for _ in 0..600 {
        let figures = app.public().get("/metrics").await.text().await.expect("a body");
        if figures.lines().any(|known| known.ends_with(&line)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no {line} within thirty seconds");
}

#[tokio::test]
async fn a_stream_breaks_off_when_its_token_expires_and_when_the_server_stops() {
    let mut app = TestApp::start().await;
    let head = app.staff(Role::Head);
    let mut of_head = Stream::open(&head, FOLLOW, None).await;
    let mut of_public = Stream::open(&app.public(), FOLLOW, None).await;
    of_head.next().await.expect("a snapshot");
    of_public.next().await.expect("a snapshot");
    app.advance(TimeDelta::days(31));
    assert_eq!(of_head.next().await, None, "without complete, so that its client comes back");
    assert_eq!(send(&head, json!({ "query": FOLLOW }), None).await.status(), 401);
    let (end, ()) = tokio::join!(of_public.next(), app.stop());
    assert_eq!(end, None);
}

#[tokio::test]
async fn a_stream_ends_when_its_reader_becomes_somebody_else() {
    let app = TestApp::start().await;
    let mut stream = Stream::open(&app.staff(Role::Head), FOLLOW, None).await;
    stream.next().await.expect("a snapshot");
    make_the_head(&app, Role::Observer, None).await;
    let event = stream.next().await.expect("an error");
    assert!(event.data.contains("UNAUTHENTICATED"), "{event:?}");
    assert_eq!(stream.next().await.map(|event| event.name), Some("complete".to_owned()));
}
