//! What must not appear in some place: libraries outside their layer, the clock, state, suppressed lints, deferred
//! transactions.

use super::source::{Finding, Source};

/// Names, where they may stand, and what to do elsewhere.
struct Fence {
    names: &'static [&'static [&'static str]],
    watched: &'static [&'static str],
    allowed: &'static [&'static str],
    tests_too: bool,
    mend: &'static str,
}

const PRODUCT: &[&str] = &["api", "domain", "geo-tools", "migrations"];

const FENCES: &[Fence] = &[
    Fence {
        names: &[&["sea_orm"], &["sea_orm_migration"], &["sea_query"], &["sqlx"]],
        watched: PRODUCT,
        allowed: &["api/src/store/", "migrations/"],
        tests_too: true,
        mend: "put the query into api/src/store/ and return a domain type",
    },
    Fence {
        names: &[&["redis"]],
        watched: PRODUCT,
        allowed: &["api/src/bus/", "api/src/cache/"],
        tests_too: true,
        mend: "Redis is a doorbell and a cache: go through `Bus` or the cache",
    },
    Fence {
        names: &[&["async_graphql"]],
        watched: PRODUCT,
        allowed: &["api/src/graphql/", "api/src/live/", "api/src/http/graphql", "api/src/http/subscribe"],
        tests_too: true,
        mend: "GraphQL types stay in graphql/, live/ and the endpoints http/graphql and http/subscribe",
    },
    Fence {
        names: &[&["actix"], &["actix_web"], &["actix_ws"], &["actix_rt"], &["actix_http"]],
        watched: PRODUCT,
        allowed: &["api/src/http/", "api/src/cli/serve.rs"],
        tests_too: true,
        mend: "keep HTTP in http/; hand plain values on",
    },
    Fence {
        names: &[
            &["chrono", "Utc", "now"],
            &["chrono", "Local", "now"],
            &["std", "time", "SystemTime", "now"],
            &["uuid", "Uuid", "now_v7"],
            &["uuid", "Uuid", "new_v4"],
        ],
        watched: PRODUCT,
        allowed: &["api/src/clock.rs"],
        tests_too: false,
        mend: "take the time and new ids as arguments; `Clock` and the id source in api/src/clock.rs make them",
    },
    Fence {
        names: &[
            &["tokio"],
            &["futures"],
            &["futures_util"],
            &["async_trait"],
            &["rand"],
            &["tracing"],
            &["log"],
            &["std", "env"],
            &["std", "fs"],
            &["std", "net"],
            &["std", "process"],
            &["std", "time", "Instant"],
            &["indicatif"],
            &["clap"],
        ],
        watched: &["domain", "geo-tools"],
        allowed: &["geo-tools/src/bin/"],
        tests_too: false,
        mend: "domain and geo-tools are pure: take a value or a reader as an argument and let api (or the binary) fetch it",
    },
];

/// A library or a source of time, chance or state used outside its place.
pub(crate) fn fenced_names(source: &Source) -> Vec<Finding> {
    let watching =
        FENCES.iter().filter(|fence| source.is_in_crate(fence.watched) && !source.is_under(fence.allowed));
    let mut findings = Vec::new();
    for fence in watching {
        for name in &source.rust().names {
            let caught = fence.names.iter().any(|path| name.starts_with(path));
            if caught && (fence.tests_too || !source.is_test_line(name.line)) {
                let what = format!("`{}` stands outside [{}]", name.text(), fence.allowed.join(", "));
                findings.push(source.finding(name.line, what, fence.mend));
            }
        }
    }
    findings
}

/// `async` in a crate that is pure.
pub(crate) fn async_in_pure_crates(source: &Source) -> Vec<Finding> {
    if !source.is_in_crate(&["domain", "geo-tools"]) {
        return Vec::new();
    }
    let tokens = source.rust().tokens.iter().filter(|token| matches!(token.text.as_str(), "async" | "await"));
    let mend = "domain and geo-tools decide, api waits: split the waiting off and pass its result in";
    tokens
        .map(|token| source.finding(token.line, format!("`{}` in a pure crate", token.text), mend))
        .collect()
}

/// `unwrap` outside tests.
pub(crate) fn unwrap_outside_tests(source: &Source) -> Vec<Finding> {
    if !source.is_in_crate(PRODUCT) {
        return Vec::new();
    }
    let lines = source.rust().lines_with(&[".", "unwrap", "(", ")"]).into_iter();
    let mend = "return the error, or make the wrong value unwritable; `expect` with a reason where it truly cannot be";
    lines
        .filter(|line| !source.is_test_line(*line))
        .map(|line| source.finding(line, "`unwrap` outside tests", mend))
        .collect()
}

/// `#[allow(…)]`.
pub(crate) fn allowed_lints(source: &Source) -> Vec<Finding> {
    if !source.is_rust() {
        return Vec::new();
    }
    let rust = source.rust();
    let starts = [&["#", "[", "allow", "("][..], &["#", "!", "[", "allow", "("], &[",", "allow", "("]];
    let lines = starts.into_iter().flat_map(|tokens| rust.lines_with(tokens));
    let mend = "mend what the lint says, or write #[expect(lint, reason = \"…\")], which fails when it is no longer needed";
    lines.map(|line| source.finding(line, "`#[allow(…)]` hides a lint for ever", mend)).collect()
}

/// A transaction on SQLite's writer that begins deferred, and so meets `SQLITE_BUSY` half way.
pub(crate) fn deferred_transactions(source: &Source) -> Vec<Finding> {
    if !source.path.starts_with("api/src/store/") || source.is_test() {
        return Vec::new();
    }
    let tokens = &source.rust().tokens;
    let mend = "begin with TransactionOptions { sqlite_transaction_mode: Some(Immediate), .. }; a snapshot is begun on the reader";
    let calls = tokens.windows(4).filter(|window| {
        let [receiver, dot, method, bracket] = window else { return false };
        dot.text == "."
            && bracket.text == "("
            && matches!(method.text.as_str(), "begin" | "transaction")
            && !receiver.text.contains("read")
    });
    calls
        .map(|window| source.finding(window[2].line, format!("`{}(` begins deferred", window[2].text), mend))
        .collect()
}

/// An outward GraphQL error made elsewhere than in the one place that maps them.
pub(crate) fn errors_made_elsewhere(source: &Source) -> Vec<Finding> {
    if !source.is_in_crate(&["api"]) || source.path == "api/src/graphql/error.rs" {
        return Vec::new();
    }
    let names = &source.rust().names;
    let glob = names.iter().any(|name| name.starts_with(&["async_graphql", "*"]));
    let makers: [&[&str]; 4] =
        [&["Error", "new"], &["Error", "new_with_source"], &["FieldError", "new"], &["ServerError", "new"]];
    let made = names.iter().filter(|name| {
        makers.iter().any(|maker| {
            name.ends_with(maker)
                && (name.starts_with(&["async_graphql"])
                    || (glob && name.segments.len() == 2 && name.starts_with(maker)))
        })
    });
    let mend = "return the service's error through `outward` in api/src/graphql/error.rs, so that each code is documented";
    made.map(|name| source.finding(name.line, format!("`{}` makes an outward error here", name.text()), mend))
        .collect()
}

/// A table's row that is at the same time an answer.
pub(crate) fn entities_that_are_answers(source: &Source) -> Vec<Finding> {
    if !source.path.starts_with("api/src/store/entity") {
        return Vec::new();
    }
    let derived = [
        "SimpleObject",
        "InputObject",
        "Serialize",
        "Deserialize",
        "MergedObject",
        "Interface",
        "OneofObject",
    ];
    let tokens = source.rust().tokens.iter().filter(|token| derived.contains(&token.text.as_str()));
    let mend = "convert the row into its domain type; the GraphQL type wraps that one";
    tokens
        .map(|token| source.finding(token.line, format!("an entity names `{}`", token.text), mend))
        .collect()
}

#[cfg(test)]
mod proofs {
    use super::*;
    use crate::tidy::{catches, passes};

    #[test]
    fn a_library_outside_its_layer_is_found() {
        catches(fenced_names, "api/src/service/cells.rs", "use sea_orm::EntityTrait;");
        catches(fenced_names, "api/src/live/hub.rs", "fn f() { redis::cmd(\"GET\"); }");
        catches(fenced_names, "api/src/service/cells.rs", "#[derive(async_graphql::SimpleObject)] struct A;");
        catches(fenced_names, "api/src/http/files.rs", "use async_graphql::Schema;");
        catches(fenced_names, "api/src/cli/demo.rs", "use actix_web::App;");
        passes(fenced_names, "api/src/store/cells.rs", "use sea_orm::EntityTrait;");
        passes(fenced_names, "api/src/http/graphql.rs", "use async_graphql::Schema; use actix_web::App;");
        passes(fenced_names, "api/src/service/cells.rs", "fn f(redis: u8) -> u8 { redis }");
    }

    #[test]
    fn a_clock_read_outside_the_clock_is_found() {
        catches(fenced_names, "api/src/service/cells.rs", "use chrono::Utc; fn f() { Utc::now(); }");
        catches(fenced_names, "domain/src/cell.rs", "fn f() { std::time::SystemTime::now(); }");
        catches(fenced_names, "api/src/store/cells.rs", "use uuid::Uuid; fn f() { vec![Uuid::now_v7()]; }");
        passes(fenced_names, "api/src/clock.rs", "use chrono::Utc; fn f() { Utc::now(); }");
        passes(fenced_names, "domain/src/a.rs", "#[cfg(test)] mod tests { fn f() { chrono::Utc::now(); } }");
    }

    #[test]
    fn a_pure_crate_that_reaches_out_is_found() {
        catches(fenced_names, "domain/src/cell.rs", "fn f() { std::fs::read(\"a\"); }");
        catches(fenced_names, "geo-tools/src/a.rs", "use rand::Rng;");
        passes(fenced_names, "geo-tools/src/bin/geo-tools.rs", "fn f() { std::fs::read(\"a\"); }");
        catches(async_in_pure_crates, "domain/src/cell.rs", "async fn f() {}");
        passes(async_in_pure_crates, "api/src/service/cells.rs", "async fn f() {}");
    }

    #[test]
    fn unwrap_is_found_outside_tests_also_in_macros() {
        catches(unwrap_outside_tests, "domain/src/cell.rs", "fn f(a: Option<u8>) { a.unwrap(); }");
        catches(
            unwrap_outside_tests,
            "domain/src/cell.rs",
            "fn f(a: Option<u8>) { format!(\"{}\", a.unwrap()); }",
        );
        passes(unwrap_outside_tests, "domain/src/cell.rs", "#[test] fn f() { None::<u8>.unwrap(); }");
        passes(
            unwrap_outside_tests,
            "domain/src/cell.rs",
            "fn f(a: Option<u8>) { a.unwrap_or(1); } // .unwrap()",
        );
    }

    #[test]
    fn an_allowed_lint_is_found_in_every_form() {
        catches(allowed_lints, "domain/src/cell.rs", "#[allow(dead_code)] fn f() {}");
        catches(allowed_lints, "domain/src/cell.rs", "#![allow(dead_code)]");
        catches(allowed_lints, "tests/src/lib.rs", "#[cfg_attr(test, allow(dead_code))] fn f() {}");
        passes(
            allowed_lints,
            "domain/src/cell.rs",
            "#[expect(dead_code, reason = \"#[allow(x)]\")] fn f() {}",
        );
    }

    #[test]
    fn a_deferred_transaction_is_found() {
        catches(
            deferred_transactions,
            "api/src/store/cells.rs",
            "async fn f() { self.writer.begin().await; }",
        );
        catches(
            deferred_transactions,
            "api/src/store/cells.rs",
            "async fn f() { db.transaction(|tx| tx).await; }",
        );
        passes(
            deferred_transactions,
            "api/src/store/cells.rs",
            "async fn f() { self.reader.begin().await; }",
        );
        passes(
            deferred_transactions,
            "api/src/store/cells.rs",
            "async fn f() { db.begin_with_options(o).await; }",
        );
    }

    #[test]
    fn an_outward_error_made_elsewhere_is_found() {
        let path = "api/src/graphql/cells/mod.rs";
        catches(errors_made_elsewhere, path, "fn f() { async_graphql::Error::new(\"no\"); }");
        catches(
            errors_made_elsewhere,
            path,
            "use async_graphql::{Error, Context}; fn f() { Error::new(\"no\"); }",
        );
        catches(errors_made_elsewhere, path, "use async_graphql::*; fn f() { Error::new(\"no\"); }");
        passes(errors_made_elsewhere, path, "use std::io::Error; fn f() { Error::new(a, b); }");
        passes(
            errors_made_elsewhere,
            "api/src/graphql/error.rs",
            "fn f() { async_graphql::Error::new(\"no\"); }",
        );
    }

    #[test]
    fn an_entity_that_is_an_answer_is_found() {
        let path = "api/src/store/entity/cell.rs";
        catches(entities_that_are_answers, path, "#[derive(Clone, SimpleObject)] struct Model;");
        passes(entities_that_are_answers, path, "#[derive(Clone, DeriveEntityModel)] struct Model;");
    }
}
