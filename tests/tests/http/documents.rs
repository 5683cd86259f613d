//! Which documents are executed, and who may ask what the schema is, where the configuration says so.

use api::config::{Documents, Introspection, LimitOverrides, Overrides};
use domain::viewer::Role;
use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use tests::app::{Client, TestApp, answered, limited};
use tests::town::root;
use tokio_tungstenite::tungstenite::Message;

/// The code that a document is refused with at each door; empty where it is not.
async fn codes(client: &Client, document: &str) -> [String; 3] {
    let code = |body: &Value| body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned();
    let post = client.post(json!({ "query": document })).await;
    let get = client.request(Method::GET, "/graphql").query(&[("query", document)]);
    let get = answered(get).await;
    let mut socket = client.socket().await;
    for message in [
        json!({ "type": "connection_init", "payload": { "token": client.token() } }),
        json!({ "id": "1", "type": "subscribe", "payload": { "query": document } }),
    ] {
        socket.send(Message::text(message.to_string())).await.expect("sent");
    }
    let mut answers = Vec::new();
    for _ in 0..2 {
        let answer = socket.next().await.expect("an answer").expect("a message");
        answers.push(serde_json::from_str::<Value>(answer.to_text().expect("text")).expect("JSON"));
    }
    let said = json!({ "errors": answers[1]["payload"] });
    let said = if answers[1]["type"] == "error" { code(&said) } else { String::new() };
    [code(&post.body), code(&get.body), said]
}

#[tokio::test]
async fn where_documents_are_listed_the_committed_operations_are_executed_and_nothing_else() {
    let given = Overrides { documents: Some(Documents::Listed), ..Overrides::default() };
    let app = TestApp::start_with(given).await;
    let mut count = 0;
    for file in std::fs::read_dir(root().join("frontend-schema/operations")).expect("the folder").flatten() {
        let document = std::fs::read_to_string(file.path()).expect("a text");
        let parsed = async_graphql::parser::parse_query(&document).expect("GraphQL");
        for (name, _) in parsed.operations.iter() {
            let asked = json!({ "query": document, "operationName": name.expect("a name") });
            let answer = app.staff(Role::Admin).post(asked).await;
            let code = &answer.body["errors"][0]["extensions"]["code"];
            assert_ne!(code, "DOCUMENT_NOT_LISTED", "{name:?}");
            count += 1;
        }
    }
    assert!(count > 10, "{count} operations are not all");
    let refused = ["DOCUMENT_NOT_LISTED"; 3].map(str::to_owned);
    for document in
        ["{ viewer { role } }", "{ __schema { types { name } } }", "{", "query Viewer { viewer { role } }"]
    {
        assert_eq!(codes(&app.staff(Role::Admin), document).await, refused, "{document}");
    }
    let sse = app.public().request(Method::POST, "/graphql/sse");
    let sse = sse.json(&json!({ "query": "subscription { cellCounts(district: \"410184\") { kind } }" }));
    assert_eq!(answered(sse).await.body["errors"][0]["extensions"]["code"], "DOCUMENT_NOT_LISTED");
}

#[tokio::test]
async fn the_schema_is_told_to_those_whom_the_configuration_names() {
    let inside = "query A { viewer { role } ...F } fragment F on Query { __type(name: \"Cell\") { name } }";
    for (introspection, public, staff) in [
        (Introspection::Everybody, "", ""),
        (Introspection::Staff, "INTROSPECTION_REFUSED", ""),
        (Introspection::Nobody, "INTROSPECTION_REFUSED", "INTROSPECTION_REFUSED"),
    ] {
        let given = Overrides { introspection: Some(introspection), ..Overrides::default() };
        let app = TestApp::start_with(given).await;
        for document in ["{ __schema { queryType { name } } }", inside] {
            assert_eq!(codes(&app.public(), document).await, [public; 3], "{introspection:?} {document}");
            assert_eq!(
                codes(&app.staff(Role::Observer), document).await,
                [staff; 3],
                "{introspection:?} {document}"
            );
        }
        assert_eq!(codes(&app.public(), "{ districts { __typename code } }").await, [""; 3]);
        assert_eq!(app.public().get("/schema.graphql").await.status(), 200);
    }
}

#[tokio::test]
async fn a_document_that_was_asked_before_is_held_to_its_variables_and_to_who_asks() {
    const CELLS: &str =
        "query($count: Int!) { cells(district: \"410184\", first: $count) { nodes { code level } } }";
    const SCHEMA: &str = "{ __schema { queryType { name } } }";
    let limits = LimitOverrides { max_complexity: Some(100), ..LimitOverrides::default() };
    let given = Overrides { introspection: Some(Introspection::Staff), ..limited(limits) };
    let app = TestApp::start_with(given).await;
    let (public, observer) = (app.public(), app.staff(Role::Observer));
    let asked = [
        (&public, json!({ "query": CELLS, "variables": { "count": 2 } }), "nodes"),
        (&public, json!({ "query": CELLS, "variables": { "count": 200 } }), "too complex"),
        (&public, json!({ "query": CELLS, "variables": { "count": "2" } }), "expected type"),
        (&public, json!({ "query": CELLS, "variables": {} }), "must be given"),
        (&observer, json!({ "query": SCHEMA }), "Query"),
        (&public, json!({ "query": SCHEMA }), "INTROSPECTION_REFUSED"),
    ];
    // Each is asked after each other, so that every one of them comes first once and is known once.
    for round in 0..2 {
        for (client, body, said) in &asked {
            let answer = client.post(body.clone()).await.body.to_string();
            assert!(answer.contains(said), "{round}: {body} is told {answer}, not {said}");
        }
    }
}
