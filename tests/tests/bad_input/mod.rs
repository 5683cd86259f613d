//! Bad input at the GraphQL door: each kind has a code, a sentence and a path; nothing is stored.

mod doors;
mod rows;
mod table;
mod watch;

use chrono::TimeDelta;
use domain::viewer::Role;
use serde_json::{Value, json};
use tests::town::{DISTRICT, Town, noon, position};

/// Sets one member of an object, given as a path with dots.
fn with(mut input: Value, path: &str, value: Value) -> Value {
    *input.pointer_mut(&format!("/{}", path.replace('.', "/"))).unwrap_or_else(|| panic!("no {path}")) =
        value;
    input
}

async fn stored(town: &Town) -> Value {
    let document = "query($d: String!) {
        incidents(district: $d) { totalCount nodes { version } } households(district: $d) { totalCount }
    }";
    town.ask(Role::Admin, document, json!({ "d": DISTRICT })).await.data().clone()
}

#[tokio::test]
async fn each_fault_of_a_report_has_a_code_a_sentence_and_a_path_and_nothing_is_stored() {
    let town = Town::start().await;
    let report = || {
        let mut report = town.report(0.5, 0.5);
        report["position"]["accuracyM"] = json!(10);
        report["occurredAt"] = json!(noon());
        report
    };
    let mut table = String::new();
    let long = "字".repeat(2001);
    let faults = [
        ("position.lon", json!(1e308)),
        ("position.lon", json!(180.00001)),
        ("position.lat", json!(-90.5)),
        ("position.accuracyM", json!(0)),
        ("position.accuracyM", json!(-1)),
        ("position.accuracyM", json!(5001)),
        ("position.accuracyM", json!(1e300)),
        ("occurredAt", json!(noon() + TimeDelta::minutes(6))),
        ("occurredAt", json!(noon() + TimeDelta::days(40_000))),
        ("occurredAt", json!(noon() - TimeDelta::days(31))),
        ("text", json!("")),
        ("text", json!(" \n\t ")),
        ("text", json!(long)),
        ("text", json!("a\u{0}b")),
        ("text", json!("bell\u{7}")),
        ("category", json!("volcano")),
        ("category", json!("")),
        ("clientKey", json!("1")),
        ("clientKey", json!("7b0e2d8c-7a53-4a9b-9a4e-0d6c3cde1234")),
    ];
    for (path, value) in faults {
        let payload = town.report_as(Role::Worker, with(report(), path, value.clone())).await;
        assert!(payload["incident"].is_null() && payload["receipt"].is_null(), "{path} {value}");
        let problem = &payload["problems"][0];
        let shown: String = value.to_string().chars().take(30).collect();
        let at: Vec<&str> =
            problem["path"].as_array().expect("a path").iter().filter_map(Value::as_str).collect();
        table += &format!(
            "{path} = {shown}: {} at {}: {}\n",
            problem["code"].as_str().expect("a code"),
            at.join("."),
            problem["message"].as_str().expect("a sentence")
        );
    }
    let swapped = json!({ "lon": 14.6, "lat": 120.98, "datum": "WGS84" });
    let payload = town.report_as(Role::Worker, with(report(), "position", swapped)).await;
    table += &format!("swapped: {}\n", payload["problems"][0]["message"].as_str().expect("a sentence"));
    insta::assert_snapshot!("faults_of_a_report", table);
    assert_eq!(stored(&town).await["incidents"]["totalCount"], 0);
}

#[tokio::test]
async fn every_fault_of_one_input_comes_at_once() {
    let town = Town::start().await;
    let report = with(
        with(with(town.report(0.5, 0.5), "text", json!("")), "clientKey", json!("x")),
        "position.lat",
        json!(91),
    );
    let payload = town.report_as(Role::Worker, report).await;
    let codes: Vec<&Value> =
        payload["problems"].as_array().expect("a list").iter().map(|problem| &problem["code"]).collect();
    assert_eq!(codes, ["INVALID_CLIENT_KEY", "INVALID_TEXT", "INVALID_POSITION"]);
}

#[tokio::test]
async fn what_the_schema_rules_out_is_an_error_before_anything_runs() {
    let town = Town::start().await;
    let check = async |document: &str, variables: Value| {
        let answer = town.ask(Role::Admin, document, variables).await;
        assert!(answer.json["errors"][0]["message"].is_string(), "{document}: {:#}", answer.json);
        assert!(answer.statements.is_empty(), "{document}");
    };
    let locate = "query($p: PositionInput!) { locate(district: \"410184\", position: $p) { method } }";
    check(locate, json!({ "p": { "lon": "120.98", "lat": 14.6, "datum": "WGS84" } })).await;
    check(locate, json!({ "p": { "lon": 120.98, "lat": 14.6 } })).await;
    check(locate, json!({ "p": { "lon": 120.98, "lat": 14.6, "datum": "MARS" } })).await;
    check(locate, json!({ "p": { "lon": null, "lat": 14.6, "datum": "WGS84" } })).await;
    let cells = "query($a: AreaInput) { cells(district: \"410184\", area: $a) { nodes { code } } }";
    check(cells, json!({ "a": { "cell": "x", "subtree": "y" } })).await;
    check(cells, json!({ "a": {} })).await;
    check("{ cells(district: \"410184\", first: \"many\") { nodes { code } } }", json!({})).await;
    check(
        "{ locate(district: \"410184\", position: { lon: 1e999, lat: 1, datum: WGS84 }) { method } }",
        json!({}),
    )
    .await;
    let report = "mutation($i: ReportIncidentInput!) { reportIncident(input: $i) { replayed } }";
    check(report, json!({ "i": with(town.report(0.5, 0.5), "text", Value::Null) })).await;
}

#[tokio::test]
async fn bad_pages_cursors_boxes_and_ids_are_refused_by_name() {
    let town = Town::start().await;
    let incident = town.report_as(Role::Admin, town.report(0.5, 0.5)).await["incident"]["id"].clone();
    let document = "query($first: Int = 10, $after: String, $area: AreaInput, $level: String) {
        cells(district: \"410184\", first: $first, after: $after, area: $area, level: $level) { nodes { code } }
    }";
    let check = async |variables: Value, code: &str| {
        let answer = town.ask(Role::Admin, document, variables.clone()).await;
        assert_eq!(answer.error_code(), code, "{variables}");
        assert!(answer.json["data"]["cells"].is_null());
    };
    for first in [0, 201, -1, i32::MAX, i32::MIN] {
        check(json!({ "first": first }), "INVALID_PAGE_SIZE").await;
    }
    for after in ["", "x", "AAAAAAAAAAAA", "\u{0}", "ⅷ"] {
        check(json!({ "after": after }), "INVALID_CURSOR").await;
    }
    check(json!({ "after": "A".repeat(100_000) }), "INVALID_CURSOR").await;
    let bounds = |west: f64, south: f64, east: f64, north: f64| json!({ "area": { "within": { "west": west, "south": south, "east": east, "north": north, "datum": "WGS84" } } });
    check(bounds(121.0, 14.0, 120.0, 15.0), "INVALID_BOUNDS").await;
    check(bounds(120.0, 15.0, 121.0, 14.0), "INVALID_BOUNDS").await;
    check(bounds(120.0, 14.0, 121.0, 95.0), "INVALID_POSITION").await;
    check(bounds(-1e300, 14.0, 121.0, 15.0), "INVALID_POSITION").await;
    check(json!({ "area": { "cell": "x" } }), "INVALID_ID").await;
    check(json!({ "area": { "subtree": incident } }), "INVALID_ID").await;
    check(json!({ "level": "village" }), "UNKNOWN_LEVEL").await;
}

#[tokio::test]
async fn ids_of_another_kind_or_district_change_nothing() {
    let town = Town::start().await;
    town.report_as(Role::Admin, town.report(0.5, 0.5)).await;
    let before = stored(&town).await;
    let document = "mutation($i: ChangeIncidentInput!) { changeIncident(input: $i) { incident { id } problems { code path } } }";
    let change = |id: Value| json!({ "i": { "clientKey": town.client_key(), "id": id, "expectedVersion": 1, "action": { "close": { "note": "done" } } } });
    let cell = json!(town.lineage("C1").await);
    for id in [cell, json!(""), json!("aW5jaWRlbnQ6MTox"), json!("A".repeat(5000))] {
        let answer = town.ask(Role::Admin, document, change(id.clone())).await;
        assert_eq!(
            answer.data()["changeIncident"]["problems"],
            json!([{ "code": "INVALID_ID", "path": ["id"] }]),
            "{id:.40}"
        );
    }
    // The form of a real id, of a district and an incident that are not there.
    let foreign = "aW5jaWRlbnQ6MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDBlOjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMQ";
    let answer = town.ask(Role::Admin, document, change(json!(foreign))).await;
    assert_eq!(answer.error_code(), "FORBIDDEN", "nobody has a role in a district that is not theirs");
    let node =
        town.ask(Role::Admin, "query($id: ID!) { node(id: $id) { id } }", json!({ "id": foreign })).await;
    assert!(node.data()["node"].is_null());
    assert_eq!(stored(&town).await, before);
}

#[tokio::test]
async fn a_closing_needs_a_note_that_can_be_read() {
    let town = Town::start().await;
    let id = town.report_as(Role::Admin, town.report(0.5, 0.5)).await["incident"]["id"].clone();
    let document = "mutation($i: ChangeIncidentInput!) { changeIncident(input: $i) { incident { id } problems { code path } } }";
    for note in ["".to_owned(), "   ".to_owned(), "长".repeat(1001), "a\u{1b}[31m".to_owned()] {
        let input = json!({ "clientKey": town.client_key(), "id": id, "expectedVersion": 1, "action": { "close": { "note": note } } });
        let answer = town.ask(Role::Admin, document, json!({ "i": input })).await;
        let expected = json!([{ "code": "INVALID_TEXT", "path": ["action", "close", "note"] }]);
        assert_eq!(answer.data()["changeIncident"]["problems"], expected);
    }
    assert_eq!(stored(&town).await["incidents"]["nodes"][0]["version"], 1);
}

#[tokio::test]
async fn a_household_with_faults_is_not_registered() {
    let town = Town::start().await;
    let document = "mutation($i: RegisterHouseholdInput!) { registerHousehold(input: $i) { household { id } problems { code path } } }";
    let home = || {
        json!({
            "clientKey": town.client_key(), "district": DISTRICT, "address": "人民路1号", "position": position(0.5, 0.5), "memberCount": 2,
        })
    };
    let check = async |path: &str, value: Value, code: &str| {
        let answer = town.ask(Role::Admin, document, json!({ "i": with(home(), path, value) })).await;
        assert_eq!(answer.data()["registerHousehold"]["problems"][0]["code"], code, "{path}");
        assert!(answer.data()["registerHousehold"]["household"].is_null());
    };
    check("address", json!(""), "INVALID_TEXT").await;
    check("address", json!("街".repeat(301)), "INVALID_TEXT").await;
    check("memberCount", json!(-1), "INVALID_NUMBER").await;
    check("memberCount", json!(100), "INVALID_NUMBER").await;
    check("position.lon", json!(200), "INVALID_POSITION").await;
    check("clientKey", json!("key"), "INVALID_CLIENT_KEY").await;
    assert_eq!(stored(&town).await["households"]["totalCount"], 0);
}

#[tokio::test]
async fn a_search_without_words_is_refused() {
    let town = Town::start().await;
    let document = "query($t: String!) { search(district: \"410184\", text: $t) { title } }";
    for text in ["".to_owned(), "  ".to_owned(), "x".repeat(101), "\u{0}".to_owned()] {
        assert_eq!(town.ask(Role::Admin, document, json!({ "t": text })).await.error_code(), "INVALID_TEXT");
    }
}
