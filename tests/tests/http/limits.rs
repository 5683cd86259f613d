//! Caps are configuration: each one that is set is obeyed, at the number that was set and not before.

use api::config::LimitOverrides;
use domain::viewer::Role;
use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use tests::app::{TestApp, answered, limited};
use tokio_tungstenite::tungstenite::Message;

/// Asks a server with a cap twice: what just fits is answered, what is one more is refused with both numbers.
async fn check(limits: LimitOverrides, fits: &str, too_much: &str, code: &str, said: &str) {
    let app = TestApp::start_with(limited(limits)).await;
    let answer = app.public().post(json!({ "query": fits })).await;
    assert!(answer.body.get("errors").is_none(), "{fits:.100}: {}", answer.body);
    let answer = app.public().post(json!({ "query": too_much })).await;
    let error = &answer.body["errors"][0];
    assert_eq!(error["extensions"]["code"], code, "{too_much:.100}: {}", answer.body);
    let message = error["message"].as_str().expect("a sentence");
    assert!(message.contains(said), "{message}");
}

/// No cap.
fn none() -> LimitOverrides {
    LimitOverrides::default()
}

#[tokio::test]
async fn a_document_is_held_to_each_cap_that_was_set() {
    let refused = "DOCUMENT_REFUSED";
    let padded = |bytes: usize| format!("{{viewer{{role}}}}{}", " ".repeat(bytes - 14));
    let limits = LimitOverrides { max_document_bytes: Some(2000), ..none() };
    check(limits, &padded(2000), &padded(2001), refused, "2001 bytes; 2000 are allowed").await;

    // Beside the words a document of one operation has four brackets.
    let words = |count: usize| format!("{{ viewer {{ {} }} }}", "role ".repeat(count));
    let limits = LimitOverrides { max_document_tokens: Some(100), ..none() };
    check(limits, &words(95), &words(96), refused, "101 tokens; 100 are allowed").await;
    let limits = LimitOverrides { max_document_fields: Some(20), ..none() };
    check(limits, &words(19), &words(20), refused, "21 fields; 20 are allowed").await;

    let types = |depth: usize| {
        format!("{{ __schema {{ types {{ {}name{} }} }} }}", "ofType { ".repeat(depth), " }".repeat(depth))
    };
    let limits = LimitOverrides { max_document_nesting: Some(10), ..none() };
    check(limits, &types(7), &types(8), refused, "10 deep").await;
    let limits = LimitOverrides { max_document_depth: Some(8), ..none() };
    check(limits, &types(5), &types(6), refused, "9 levels of fields; 8 are allowed").await;

    let aliases = |count: usize| {
        let fields: Vec<String> = (0..count).map(|at| format!("a{at}: role")).collect();
        format!("{{ viewer {{ {} }} }}", fields.join(" "))
    };
    let limits = LimitOverrides { max_document_aliases: Some(5), ..none() };
    check(limits, &aliases(5), &aliases(6), refused, "6 aliases; 5 are allowed").await;

    let directives = |count: usize| format!("{{ viewer {{ {} }} }}", "role @skip(if: false) ".repeat(count));
    let limits = LimitOverrides { max_document_directives: Some(3), ..none() };
    check(limits, &directives(3), &directives(4), refused, "4 directives; 3 are allowed").await;

    let fragments = |count: usize| {
        let spreads: String = (0..count).map(|at| format!("...F{at} ")).collect();
        let fragments: String =
            (0..count).map(|at| format!(" fragment F{at} on Viewer {{ role }}")).collect();
        format!("{{ viewer {{ {spreads} }} }}{fragments}")
    };
    let limits = LimitOverrides { max_document_fragments: Some(2), ..none() };
    check(limits, &fragments(2), &fragments(3), refused, "3 fragments; 2 are allowed").await;

    let arguments = |count: usize| {
        let list: String = (0..count).map(|at| format!(" $v{at}: Int")).collect();
        format!("query({list}) {{ viewer {{ role }} }}")
    };
    let limits = LimitOverrides { max_document_arguments: Some(10), ..none() };
    let app = TestApp::start_with(limited(limits)).await;
    let message = async |query: String| {
        let answer = app.public().post(json!({ "query": query })).await;
        answer.body["errors"][0]["message"].as_str().unwrap_or_default().to_owned()
    };
    // Ten that nothing uses are refused by validation, eleven by the cap.
    assert!(!message(arguments(10)).await.contains("variables; 10 are allowed"));
    assert!(message(arguments(11)).await.contains("11 variables; 10 are allowed"));

    let operations = |count: usize| {
        (0..count).map(|at| format!("query Q{at} {{ viewer {{ role }} }} ")).collect::<String>()
    };
    let limits = LimitOverrides { max_document_operations: Some(2), ..none() };
    let app = TestApp::start_with(limited(limits)).await;
    let answer = app.public().post(json!({ "query": operations(2), "operationName": "Q1" })).await;
    assert!(answer.body.get("errors").is_none(), "{}", answer.body);
    let answer = app.public().post(json!({ "query": operations(3), "operationName": "Q1" })).await;
    assert_eq!(answer.body["errors"][0]["message"], "the document has 3 operations; 2 are allowed");
}

#[tokio::test]
async fn the_cost_of_lists_is_held_to_the_cap_that_was_set() {
    let ask = |first: u32| {
        format!("{{ cells(district: \"410184\", first: {first}) {{ nodes {{ code level planVersion }} }} }}")
    };
    let app = TestApp::start_with(limited(LimitOverrides { max_complexity: Some(100), ..none() })).await;
    let answer = app.public().post(json!({ "query": ask(10) })).await;
    assert!(answer.body.get("errors").is_none(), "{}", answer.body);
    let answer = app.public().post(json!({ "query": ask(200) })).await;
    assert!(answer.body.get("data").is_none_or(Value::is_null), "{}", answer.body);
    assert!(answer.body["errors"][0]["message"].is_string(), "{}", answer.body);
    let app = TestApp::start().await;
    let answer = app.public().post(json!({ "query": ask(200) })).await;
    assert!(answer.body.get("errors").is_none(), "{}", answer.body);
}

#[tokio::test]
async fn a_message_on_a_socket_is_held_to_the_cap_that_was_set() {
    let app = TestApp::start_with(limited(LimitOverrides { max_message_bytes: Some(2000), ..none() })).await;
    let init = |bytes: usize| {
        let empty = json!({ "type": "connection_init", "payload": { "x": "" } }).to_string();
        let text = "x".repeat(bytes - empty.len());
        Message::text(json!({ "type": "connection_init", "payload": { "x": text } }).to_string())
    };
    let mut socket = app.public().socket().await;
    socket.send(init(2000)).await.expect("sent");
    let answer = socket.next().await.expect("an answer").expect("a message");
    assert!(answer.to_text().expect("text").contains("connection_ack"), "{answer}");
    let mut socket = app.public().socket().await;
    socket.send(init(2001)).await.expect("sent");
    let closed = socket.next().await.expect("an answer").expect("a message");
    let Message::Close(Some(frame)) = closed else { panic!("{closed:?}") };
    assert_eq!(u16::from(frame.code), 1009);
}

const GOOD: &str = r#"{"type":"Feature","properties":{"id":"h-1"},"geometry":{"type":"Point","coordinates":[120.985,14.585]}}"#;

/// Imports a file without writing it, under a cap: what fits is taken, what is one more is refused.
async fn check_file(limits: LimitOverrides, kind: &str, fits: &str, too_much: &str, code: &str, said: &str) {
    let app = TestApp::start_with(limited(limits)).await;
    let admin = app.staff(Role::Admin);
    let import = async |content: &str| {
        let content_type = if content.starts_with('{') { "application/geo+json" } else { "text/csv" };
        let path = format!("/d/410184/import/{kind}?dryRun=true&level=cell&id=id");
        let post = admin.request(Method::POST, &path).header("content-type", content_type);
        answered(post.body(content.to_owned())).await
    };
    let answer = import(fits).await;
    assert_eq!(answer.status, 200, "{fits:.100}: {}", answer.body);
    let answer = import(too_much).await;
    assert_eq!((answer.status, &answer.body["refused"]), (422, &json!(true)), "{too_much:.100}");
    let problems = answer.body["problems"].as_array().expect("a list");
    let found = problems.iter().find(|problem| problem["code"] == code);
    let message = found.and_then(|problem| problem["message"].as_str());
    assert!(message.is_some_and(|message| message.contains(said)), "{code} {said}: {problems:?}");
}

#[tokio::test]
async fn a_file_is_held_to_each_cap_that_was_set() {
    let too_large = "TOO_LARGE";
    let rows = |count: usize| {
        let rows: String = (0..count).map(|at| format!("h-{at},120.985,14.585\n")).collect();
        format!("id,lon,lat\n{rows}")
    };
    let limits = LimitOverrides { max_rows: Some(3), ..none() };
    check_file(limits, "households", &rows(3), &rows(4), too_large, "more than 3 rows").await;

    let padded = |bytes: usize| format!("{GOOD}{}", "\n".repeat(bytes - GOOD.len()));
    let limits = LimitOverrides { max_file_bytes: Some(2000), ..none() };
    check_file(limits, "households", &padded(2000), &padded(2001), too_large, "2000 bytes").await;

    let text = |bytes: usize| {
        let fixed = r#"{"id":"h-1","note":""}"#.len();
        GOOD.replace(r#""id":"h-1""#, &format!(r#""id":"h-1","note":"{}""#, "x".repeat(bytes - fixed)))
    };
    let limits = LimitOverrides { max_text_bytes: Some(2000), ..none() };
    check_file(limits, "households", &text(2000), &text(2100), too_large, "2000 bytes").await;

    let nested = |depth: usize| {
        let brackets = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        GOOD.replace(r#""id":"h-1""#, &format!(r#""id":"h-1","note":{brackets}"#))
    };
    let limits = LimitOverrides { max_file_nesting: Some(10), ..none() };
    check_file(limits, "households", &nested(8), &nested(9), "DEPTH", "10").await;

    let points = |count: usize| {
        let point = |at: usize| GOOD.replace("h-1", &format!("h-{at}"));
        let features: Vec<String> = (0..count).map(point).collect();
        format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
    };
    let limits = LimitOverrides { max_positions: Some(3), ..none() };
    check_file(limits, "households", &points(3), &points(4), too_large, "more than 3 positions").await;

    let line = |count: usize| {
        let positions: Vec<String> = (0..count).map(|at| format!("[120.98{at},14.585]")).collect();
        format!(
            r#"{{"type":"Feature","properties":{{"id":"r-1"}},"geometry":{{"type":"LineString","coordinates":[{}]}}}}"#,
            positions.join(",")
        )
    };
    let limits = LimitOverrides { max_feature_positions: Some(4), ..none() };
    check_file(limits, "basemap", &line(4), &line(5), too_large, "more than 4 positions in one geometry")
        .await;
}
