//! `POST /graphql` and `GET /graphql`.

use std::time::{Duration, Instant};

use api::config::{LimitOverrides, Overrides};
use domain::viewer::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tests::app::{Answer, Client, TestApp, answered, limited};

const JSON: &str = "application/json";
const RESPONSE_JSON: &str = "application/graphql-response+json";

/// Milliseconds are promised; this is a debug build beside other tests.
const SOON: Duration = Duration::from_secs(5);

async fn post(client: &Client, accept: &str, content_type: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = client.request(Method::POST, "/graphql");
    answered(request.header("accept", accept).header("content-type", content_type).body(body)).await
}

fn code(answer: &Answer) -> &str {
    answer.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_query_is_answered_in_the_form_that_was_asked_for() {
    let app = TestApp::start().await;
    let body = json!({ "query": "{ districts { code } }" }).to_string();
    let expected = json!({ "data": { "districts": [{ "code": "410184" }] } });
    for (accept, form) in [(JSON, JSON), (RESPONSE_JSON, RESPONSE_JSON), ("*/*", JSON)] {
        let request = app.public().request(Method::POST, "/graphql").header("accept", accept);
        let response =
            request.header("content-type", JSON).body(body.clone()).send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        let given = response.headers()["content-type"].to_str().expect("text").to_owned();
        assert_eq!(given, format!("{form}; charset=utf-8"));
        assert_eq!(response.json::<Value>().await.expect("JSON"), expected);
    }
}

#[tokio::test]
async fn a_request_that_never_ran_has_no_data_and_says_so_by_its_status() {
    let app = TestApp::start().await;
    let check = async |body: Value, expected_code: &str| {
        for (accept, status) in [(JSON, 200), (RESPONSE_JSON, 400)] {
            let answer = post(&app.public(), accept, JSON, body.to_string()).await;
            assert_eq!((answer.status, code(&answer)), (status, expected_code), "{body}");
            assert!(answer.body.get("data").is_none(), "{}", answer.body);
        }
    };
    check(json!({ "query": "{ districts {" }), "GRAPHQL_PARSE_FAILED").await;
    check(json!({ "query": "{ nothing }" }), "GRAPHQL_VALIDATION_FAILED").await;
    check(
        json!({ "query": "query A { viewer { role } } query B { viewer { role } }" }),
        "GRAPHQL_VALIDATION_FAILED",
    )
    .await;
    check(
        json!({ "query": "query A($code: String!) { district(code: $code) { code } }" }),
        "GRAPHQL_VALIDATION_FAILED",
    )
    .await;
}

#[tokio::test]
async fn a_body_that_is_no_request_is_refused_with_400() {
    let app = TestApp::start().await;
    let bodies = [
        "",
        "{",
        "[]",
        "null",
        "\"{ viewer { role } }\"",
        "{}",
        r#"{"query":null}"#,
        r#"{"query":1}"#,
        r#"{"query":"{ viewer { role } }","variables":[]}"#,
        r#"{"query":"{ viewer { role } }","operationName":1}"#,
        r#"{"query":"{ viewer { role } }","extensions":"x"}"#,
        r#"[{"query":"{ viewer { role } }"}]"#,
    ];
    for body in bodies {
        let answer = post(&app.public(), RESPONSE_JSON, JSON, body).await;
        assert_eq!((answer.status, code(&answer)), (400, "BAD_REQUEST"), "{body}");
    }
}

#[tokio::test]
async fn bodies_of_another_kind_and_foreign_pages_are_refused_at_once() {
    let app = TestApp::start().await;
    let body = json!({ "query": "{ viewer { role } }" }).to_string();
    let start = Instant::now();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/json; charset=utf-16",
    ] {
        assert_eq!(post(&app.public(), JSON, content_type, body.clone()).await.status, 415, "{content_type}");
    }
    assert_eq!(post(&app.public(), "text/html", JSON, body.clone()).await.status, 406);
    for origin in ["https://evil.example", "null", "http://localhost:5173"] {
        let request = app.public().request(Method::POST, "/graphql").header("origin", origin);
        let answer = answered(request.header("content-type", JSON).body(body.clone())).await;
        assert_eq!((answer.status, &answer.body["code"]), (403, &json!("FOREIGN_ORIGIN")), "{origin}");
    }
    let own = format!("http://{}", app.address());
    let request = app.public().request(Method::POST, "/graphql").header("origin", own);
    assert_eq!(answered(request.header("content-type", JSON).body(body)).await.status, 200);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_listed_origin_is_let_in_and_told_so() {
    let origins = Some(vec!["https://map.example.org".to_owned()]);
    let app = TestApp::start_with(Overrides { origins, ..Overrides::default() }).await;
    let preflight = app
        .public()
        .request(Method::OPTIONS, "/graphql")
        .header("origin", "https://map.example.org")
        .header("access-control-request-method", "POST");
    let response = preflight.send().await.expect("an answer");
    assert_eq!(response.status(), 204);
    assert_eq!(response.headers()["access-control-allow-origin"], "https://map.example.org");
}

#[tokio::test]
async fn a_query_may_come_by_get_but_a_mutation_may_not() {
    let app = TestApp::start().await;
    let get = async |query: &str| {
        let request = app.public().request(Method::GET, "/graphql").query(&[("query", query)]);
        answered(request.header("accept", RESPONSE_JSON)).await
    };
    assert_eq!(get("{ viewer { role } }").await.status, 200);
    let mutation = get("mutation { reportIncident(input: {}) { replayed } }").await;
    assert_eq!((mutation.status, &mutation.body["code"]), (405, &json!("METHOD_NOT_ALLOWED")));
    assert_eq!(get("").await.status, 400);
    assert_eq!(app.public().get("/graphql").await.status(), 400);
    let other = app.public().request(Method::PUT, "/graphql").send().await.expect("an answer");
    assert_eq!(other.status(), 405);
    assert_eq!(other.headers()["allow"], "GET, POST");
}

#[tokio::test]
async fn names_that_nobody_knows_are_refused_without_a_search_for_others_like_them() {
    let app = TestApp::start().await;
    let answer =
        app.public().post(json!({ "query": "{ viewer { rol } district(cod: \"x\") { code } }" })).await;
    assert_eq!((answer.status, code(&answer)), (400, "GRAPHQL_VALIDATION_FAILED"));
    let said = answer.body.to_string();
    assert!(said.contains("rol") && said.contains("cod"), "{said}");
    assert!(!said.contains("Did you mean"), "{said}");
}

#[tokio::test]
async fn hostile_documents_are_refused_at_once() {
    let app = TestApp::start().await;
    let mut chain = "query { ...F0 } ".to_owned();
    for index in 0..40 {
        chain += &format!("fragment F{index} on Query {{ ...F{0} ...F{0} }} ", index + 1);
    }
    chain += "fragment F40 on Query { viewer { role } }";
    let bombs = [
        "[".repeat(100_000),
        format!("{{ district(code: {}1{}) {{ code }} }}", "[".repeat(10_000), "]".repeat(10_000)),
        chain,
        format!(
            "{{ {} }}",
            (0..300).map(|index| format!("a{index}: viewer {{ role }} ")).collect::<String>()
        ),
        format!("query {} {{ viewer {{ role }} }}", "@skip(if: true) ".repeat(1_000)),
    ];
    for bomb in bombs {
        let start = Instant::now();
        let answer = app.public().post(json!({ "query": bomb })).await;
        assert_eq!((answer.status, code(&answer)), (400, "DOCUMENT_REFUSED"), "{bomb:.60}");
        assert!(start.elapsed() < SOON, "{:?}: {bomb:.60}", start.elapsed());
        assert!(answer.body.to_string().len() < 1_000);
    }
}

#[tokio::test]
async fn lists_inside_lists_are_refused_by_what_they_could_hold() {
    let app = TestApp::start().await;
    let query =
        "{ cells(district: \"410184\", first: 200) { nodes { incidents(first: 200) { nodes { history { at }
        cell { incidents(first: 200) { nodes { id } } } } } } } }";
    let answer = app.public().post(json!({ "query": query })).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert!(
        answer.body["errors"][0]["message"].as_str().unwrap_or_default().contains("complex"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn an_answer_repeats_at_most_ten_errors() {
    let app = TestApp::start().await;
    let query = format!("{{ {} }}", (0..100).map(|index| format!("unknown{index} ")).collect::<String>());
    let answer = app.public().post(json!({ "query": query })).await;
    assert_eq!(answer.body["errors"].as_array().map(Vec::len), Some(10));
}

#[tokio::test]
async fn a_body_over_the_cap_is_refused_before_it_is_read() {
    let app = TestApp::start_with(limited(LimitOverrides {
        max_body_bytes: Some(10_000),
        ..LimitOverrides::default()
    }))
    .await;
    let body = json!({ "query": "{ viewer { role } }", "variables": { "a": "x".repeat(20_000) } });
    let answer = app.public().post(body).await;
    assert_eq!((answer.status, &answer.body["code"]), (413, &json!("BODY_TOO_LARGE")));
}

#[tokio::test]
async fn a_token_says_who_asks_and_an_unknown_one_is_refused() {
    let app = TestApp::start().await;
    for role in Role::ALL {
        let viewer = app.staff(role).ask("{ viewer { role } }", json!({})).await;
        assert_eq!(viewer["viewer"]["role"], role.as_str().to_uppercase(), "{role:?}");
    }
    let answer = app.with_token("guessed").post(json!({ "query": "{ viewer { role } }" })).await;
    assert_eq!((answer.status, code(&answer)), (401, "UNAUTHENTICATED"));
    app.advance(chrono::TimeDelta::days(31));
    let answer = app.staff(Role::Admin).post(json!({ "query": "{ viewer { role } }" })).await;
    assert_eq!(answer.status, 401, "the token has expired");
}
