//! Ten thousand requests that want to hurt, and what they are told.
//!
//! How much CPU each takes is measured by `cargo run --example hostile_documents` (docs/benchmarks.md): on a machine with
//! other work a time is nothing to hold a test to.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use reqwest::Method;
use serde_json::json;
use tests::app::{TestApp, answered};
use tests::hostile::{KIND_COUNT, hostile};

const COUNT: u64 = 10_000;
/// Requests that are under way at once.
const AT_ONCE: usize = 8;
/// What a refusal may come to, however long the request was.
const ANSWER_BYTES: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_hostile_requests_are_each_refused_with_a_code_and_a_short_answer() {
    let app = TestApp::start().await;
    let public = app.public();
    let told = stream::iter(0..COUNT)
        .map(|number| {
            let public = public.clone();
            async move {
                let request = hostile(number);
                let post =
                    public.request(Method::POST, "/graphql").header("content-type", "application/json");
                let post = post.header("accept", "application/graphql-response+json").body(request.body);
                let answer = answered(post).await;
                let what = format!("number {number}, {}: {}", request.kind, answer.body);
                assert_eq!(answer.status, 400, "{what:.2000}");
                assert!(answer.body.get("data").is_none(), "{what:.2000}");
                assert!(answer.body.to_string().len() < ANSWER_BYTES, "{what:.2000}");
                let code = answer.body["errors"][0]["extensions"]["code"].as_str().map(str::to_owned);
                (request.kind, code.unwrap_or_else(|| panic!("no code: {what:.2000}")))
            }
        })
        .buffer_unordered(AT_ONCE)
        .fold(BTreeMap::<&str, BTreeMap<String, usize>>::new(), async |mut told, (kind, code)| {
            *told.entry(kind).or_default().entry(code).or_default() += 1;
            told
        })
        .await;
    assert_eq!(told.len(), KIND_COUNT);
    let codes: Vec<&String> = told.values().flat_map(|codes| codes.keys()).collect();
    for expected in ["DOCUMENT_REFUSED", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_REQUEST"] {
        assert!(codes.iter().any(|code| *code == expected), "{expected}: {told:#?}");
    }
    let internal = codes.iter().any(|code| *code == "INTERNAL");
    assert!(!internal, "{told:#?}");
    let answer = public.post(json!({ "query": "{ viewer { role } }" })).await;
    assert_eq!(answer.status, 200, "and who means well is served");
}
