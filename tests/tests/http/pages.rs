//! Pages and figures: health, readiness, metrics, headers, what is not there.

use api::service::sql_count::SqlCount;
use domain::viewer::Role;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::town::{DISTRICT, Town};

#[tokio::test]
async fn readiness_is_asked_of_the_database_without_loading_a_plan() {
    let town = Town::start().await;
    let loads_a_plan = |statements: &[String]| statements.iter().any(|sql| sql.contains("\"borders\""));
    let count = SqlCount::default();
    count.scope(town.services.ready()).await.expect("it is ready");
    assert!(!loads_a_plan(&count.statements()), "{:?}", count.statements());
    let document = "query($d: String!) { cells(district: $d, first: 1) { nodes { code } } }";
    let answer = town.ask(Role::Public, document, json!({ "d": DISTRICT })).await;
    assert!(loads_a_plan(&answer.statements), "whoever asks first loads it: {:?}", answer.statements);
}

#[tokio::test]
async fn the_server_says_that_it_lives_that_it_can_answer_and_what_it_did() {
    let app = TestApp::start().await;
    assert_eq!(app.public().get("/health").await.status(), 200);
    assert_eq!(app.public().get("/ready").await.status(), 200);
    app.public().ask("{ districts { code } }", json!({})).await;
    let figures = app.public().get("/metrics").await.text().await.expect("text");
    let line = "http_requests_total{method=\"POST\",route=\"/graphql\",status=\"200\"} 1";
    assert!(figures.contains(line), "{figures}");
}

#[tokio::test]
async fn every_answer_carries_the_strict_policy_and_a_request_id() {
    let app = TestApp::start().await;
    for path in ["/", "/graphiql", "/health", "/nothing/here", "/graphql"] {
        let response = app.public().get(path).await;
        let headers = response.headers();
        let policy = headers["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["x-request-id"].len(), 36, "{path}");
    }
    let request = app.public().request(reqwest::Method::GET, "/health").header("x-request-id", "my-own-id-1");
    assert_eq!(request.send().await.expect("an answer").headers()["x-request-id"], "my-own-id-1");
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_in_json() {
    let app = TestApp::start().await;
    let response = app.public().get("/nothing/here").await;
    assert_eq!(response.status(), 404);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Value = response.json().await.expect("JSON");
    assert_eq!(problem["code"], "NOT_FOUND");
    assert_eq!(problem["status"], 404);
}

#[tokio::test]
async fn the_contract_is_served_as_it_is_printed() {
    let app = TestApp::empty().await;
    let text = app.public().get("/schema.graphql").await.text().await.expect("text");
    assert_eq!(text, api::http::schema_text());
    let needed = [
        "type Mutation",
        "reportIncident(",
        "type Subscription",
        "cellCounts(",
        "scalar GeoJSONMultiPolygon",
    ];
    assert!(needed.iter().all(|part| text.contains(part)), "{text:.2000}");
}
