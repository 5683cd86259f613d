//! Incidents over GraphQL: reporting, handling, lists, figures.

use chrono::TimeDelta;
use domain::viewer::Role;
use serde_json::{Value, json};
use tests::town::{DISTRICT, Town, noon};

const LIST: &str = "query($d: String!, $area: AreaInput, $filter: IncidentFilter, $order: IncidentOrder, $first: Int = 50, $after: String) {
    incidents(district: $d, area: $area, filter: $filter, orderBy: $order, first: $first, after: $after) {
        nodes { id text category { code } cell { code } overdue reportedAt }
        totalCount pageInfo { hasNextPage endCursor }
    }
}";

const CHANGE: &str = "mutation($input: ChangeIncidentInput!) { changeIncident(input: $input) {
    incident { version stage { key } closedAt allowedActions history { action stage { key } by note } }
    problems { code message path params { name value } }
    replayed
} }";

async fn change(town: &Town, role: Role, input: Value) -> Value {
    town.ask(role, CHANGE, json!({ "input": input })).await.data()["changeIncident"].clone()
}

fn close(town: &Town, id: &Value, version: i32) -> Value {
    json!({
        "clientKey": town.client_key(), "id": id, "expectedVersion": version,
        "action": { "close": { "note": "换了灯泡" } },
    })
}

#[tokio::test]
async fn a_report_is_located_dated_and_answered_with_a_receipt() {
    let town = Town::start().await;
    let reported = town.report_as(Role::Worker, town.report(0.5, 0.5)).await;
    let incident = &reported["incident"];
    assert_eq!(incident["cell"]["code"], "C1-1");
    assert_eq!((&incident["version"], &incident["method"]), (&json!(1), &json!("INSIDE")));
    assert_eq!(incident["dueAt"], json!((noon() + TimeDelta::hours(24)).to_rfc3339()));
    assert_eq!(reported["receipt"]["cell"]["code"], "C1-1");
    assert_eq!(reported["receipt"]["code"].as_str().map(str::len), Some(14));
    assert_eq!(reported["problems"], json!([]));
}

#[tokio::test]
async fn an_incident_outside_every_cell_is_kept_unassigned() {
    let town = Town::start().await;
    let reported = town.report_as(Role::Admin, town.report(5.0, 5.0)).await;
    assert!(reported["incident"]["cell"].is_null());
    assert_eq!(reported["incident"]["method"], "OUTSIDE");
    let counts = "query($d: String!) { district(code: $d) { counts { open } } }";
    let answer = town.ask(Role::Admin, counts, json!({ "d": DISTRICT })).await;
    assert_eq!(answer.data()["district"]["counts"]["open"], 1);
}

#[tokio::test]
async fn a_report_sent_twice_is_stored_once_and_answered_alike() {
    let town = Town::start().await;
    let report = town.report(0.5, 0.5);
    let first = town.report_as(Role::Worker, report.clone()).await;
    let second = town.report_as(Role::Worker, report).await;
    assert_eq!((&first["replayed"], &second["replayed"]), (&json!(false), &json!(true)));
    assert_eq!(first["incident"]["id"], second["incident"]["id"]);
    assert_eq!(first["receipt"], second["receipt"]);
    let listed = town.ask(Role::Admin, LIST, json!({ "d": DISTRICT })).await;
    assert_eq!(listed.data()["incidents"]["totalCount"], 1);
}

#[tokio::test]
async fn a_key_that_comes_with_another_input_is_refused() {
    let town = Town::start().await;
    let report = town.report(0.5, 0.5);
    town.report_as(Role::Worker, report.clone()).await;
    let mut other = report;
    other["text"] = json!("the bridge is down");
    let answered = town.report_as(Role::Worker, other).await;
    assert_eq!(answered["problems"][0]["code"], "CLIENT_KEY_REUSED");
    assert_eq!(answered["problems"][0]["path"], json!(["clientKey"]));
    assert!(answered["incident"].is_null() && answered["receipt"].is_null());
}

#[tokio::test]
async fn without_sign_in_a_repeated_report_answers_the_receipt_alone() {
    let town = Town::start().await;
    let report = town.report(0.5, 0.5);
    let first = town.report_as(Role::Public, report.clone()).await;
    assert!(first["incident"]["text"].is_null(), "what was written is not for the public");
    let second = town.report_as(Role::Public, report).await;
    assert!(second["incident"].is_null());
    assert_eq!(second["receipt"], first["receipt"]);
    assert_eq!(second["replayed"], true);
}

#[tokio::test]
async fn a_report_for_staff_shows_its_public_reporter_the_receipt_and_nothing_else() {
    let town = Town::start().await;
    let mut report = town.report(0.5, 0.5);
    report["category"] = json!("dispute");
    let reported = town.report_as(Role::Public, report).await;
    assert!(reported["incident"].is_null());
    assert_eq!(reported["receipt"]["cell"]["code"], "C1-1");
    let listed = town.ask(Role::Public, LIST, json!({ "d": DISTRICT })).await;
    assert_eq!(listed.data()["incidents"]["totalCount"], 0);
}

#[tokio::test]
async fn an_incident_goes_through_its_stages_and_keeps_who_did_what() {
    let town = Town::start().await;
    let id = town.report_as(Role::Worker, town.report(0.5, 0.5)).await["incident"]["id"].clone();
    let dispatch = json!({
        "clientKey": town.client_key(), "id": id, "expectedVersion": 1, "action": { "dispatch": { "note": "电工" } },
    });
    let dispatched = change(&town, Role::Dispatcher, dispatch).await;
    assert_eq!(dispatched["incident"]["stage"]["key"], "dispatched");
    assert_eq!(dispatched["incident"]["allowedActions"], json!(["CLOSE"]));
    town.clock.advance(TimeDelta::hours(1));
    let closed = change(&town, Role::Head, close(&town, &id, 2)).await;
    assert_eq!(closed["incident"]["closedAt"], json!((noon() + TimeDelta::hours(1)).to_rfc3339()));
    assert_eq!(closed["incident"]["allowedActions"], json!([]));
    let expected = json!([
        { "action": "report", "stage": { "key": "collected" }, "by": "worker Li", "note": null },
        { "action": "dispatch", "stage": { "key": "dispatched" }, "by": "dispatcher Li", "note": "电工" },
        { "action": "close", "stage": { "key": "closed" }, "by": "head Li", "note": "换了灯泡" },
    ]);
    assert_eq!(closed["incident"]["history"], expected);
}

#[tokio::test]
async fn whoever_decided_on_an_older_version_gets_the_newer_one_and_changes_nothing() {
    let town = Town::start().await;
    let id = town.report_as(Role::Admin, town.report(0.5, 0.5)).await["incident"]["id"].clone();
    change(&town, Role::Admin, close(&town, &id, 1)).await;
    let late = change(&town, Role::Dispatcher, close(&town, &id, 1)).await;
    assert_eq!(late["problems"][0]["code"], "VERSION_CONFLICT");
    assert_eq!(late["problems"][0]["params"][1], json!({ "name": "current", "value": "2" }));
    assert_eq!(late["incident"]["version"], 2);
    assert_eq!(late["incident"]["history"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn the_retry_of_a_closing_gets_the_first_answer_although_a_closed_incident_cannot_be_closed() {
    let town = Town::start().await;
    let id = town.report_as(Role::Admin, town.report(0.5, 0.5)).await["incident"]["id"].clone();
    let closing = close(&town, &id, 1);
    change(&town, Role::Admin, closing.clone()).await;
    let retried = change(&town, Role::Admin, closing).await;
    assert_eq!((&retried["replayed"], &retried["problems"]), (&json!(true), &json!([])));
    let again = change(&town, Role::Admin, close(&town, &id, 2)).await;
    assert_eq!(again["problems"][0]["code"], "ACTION_NOT_ALLOWED");
}

#[tokio::test]
async fn an_incident_in_another_subtree_cannot_be_told_from_one_that_is_not_there() {
    let town = Town::start().await;
    let id = town.report_as(Role::Admin, town.report(1.5, 0.5)).await["incident"]["id"].clone();
    let document = "query($id: ID!) { node(id: $id) { id } }";
    let of = async |role| town.ask(role, document, json!({ "id": id })).await.data()["node"].clone();
    assert!(of(Role::Head).await.is_null());
    assert_eq!(of(Role::Dispatcher).await["id"], id);
    let closing = town.ask(Role::Head, CHANGE, json!({ "input": close(&town, &id, 1) })).await;
    assert_eq!(closing.error_code(), "NOT_FOUND");
    let refused = town.ask(Role::Observer, CHANGE, json!({ "input": close(&town, &id, 1) })).await;
    assert_eq!(refused.error_code(), "FORBIDDEN");
}

#[tokio::test]
async fn texts_and_notes_are_masked_for_who_may_not_read_them() {
    let town = Town::start().await;
    let id = town.report_as(Role::Admin, town.report(0.5, 0.5)).await["incident"]["id"].clone();
    change(&town, Role::Admin, close(&town, &id, 1)).await;
    let document =
        "query($id: ID!) { node(id: $id) { ... on Incident { text history { action by note } } } }";
    for role in [Role::Public, Role::Observer, Role::Planner] {
        let node = town.ask(role, document, json!({ "id": id })).await.data()["node"].clone();
        assert!(node["text"].is_null(), "{role:?}");
        assert_eq!(node["history"][1], json!({ "action": "close", "by": null, "note": null }), "{role:?}");
    }
    let node = town.ask(Role::Worker, document, json!({ "id": id })).await.data()["node"].clone();
    assert_eq!((&node["text"], &node["history"][1]["by"]), (&json!("东门路灯坏了"), &json!("admin Li")));
}

#[tokio::test]
async fn incidents_are_listed_by_order_filter_and_area_in_pages() {
    let town = Town::start().await;
    for (east, category) in [(0.5, "noise"), (1.5, "water"), (0.6, "noise"), (0.7, "fire-hazard")] {
        let mut report = town.report(east, 0.5);
        report["category"] = json!(category);
        town.report_as(Role::Admin, report).await;
        town.clock.advance(TimeDelta::minutes(1));
    }
    let categories = async |mut variables: Value| {
        variables["d"] = json!(DISTRICT);
        let answer = town.ask(Role::Admin, LIST, variables).await;
        let nodes = answer.data()["incidents"]["nodes"].as_array().expect("a list").clone();
        let code = |node: &Value| node["category"]["code"].as_str().expect("a code").to_owned();
        nodes.iter().map(code).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(categories(json!({})).await, "fire-hazard noise water noise");
    assert_eq!(categories(json!({ "order": "OLDEST" })).await, "noise water noise fire-hazard");
    assert_eq!(categories(json!({ "order": "DUE" })).await, "noise noise water fire-hazard");
    assert_eq!(categories(json!({ "filter": { "categories": ["noise"] } })).await, "noise noise");
    let west = town.lineage("C1").await;
    assert_eq!(categories(json!({ "area": { "subtree": west } })).await, "fire-hazard noise noise");
    town.clock.advance(TimeDelta::hours(30));
    assert_eq!(categories(json!({ "filter": { "overdue": true } })).await, "noise noise");

    let mut seen = std::collections::BTreeSet::new();
    let mut after = Value::Null;
    for _ in 0..5 {
        let answer = town.ask(Role::Admin, LIST, json!({ "d": DISTRICT, "first": 3, "after": after })).await;
        let page = answer.data()["incidents"].clone();
        seen.extend(page["nodes"].as_array().expect("a list").iter().map(|node| node["id"].to_string()));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(seen.len(), 4);
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let town = Town::start().await;
    for _ in 0..2 {
        town.report_as(Role::Admin, town.report(0.5, 0.5)).await;
    }
    let answer = town.ask(Role::Admin, LIST, json!({ "d": DISTRICT, "first": 1 })).await;
    let cursor = answer.data()["incidents"]["pageInfo"]["endCursor"].clone();
    let other = json!({ "d": DISTRICT, "first": 1, "after": cursor, "order": "OLDEST" });
    assert_eq!(town.ask(Role::Admin, LIST, other).await.error_code(), "INVALID_CURSOR");
}

#[tokio::test]
async fn clusters_hold_every_incident_once_and_part_as_the_map_comes_closer() {
    let town = Town::start().await;
    for (east, north) in [(0.50, 0.50), (0.52, 0.50), (1.9, 1.9)] {
        town.report_as(Role::Admin, town.report(east, north)).await;
    }
    let document = "query($d: String!, $zoom: Int!) {
        clusters(district: $d, zoom: $zoom, area: { within: { west: 120, south: 14, east: 122, north: 15, datum: WGS84 } }) {
            count openCount overdueCount incident { id }
        }
    }";
    let sizes = async |zoom: i32| {
        let answer = town.ask(Role::Admin, document, json!({ "d": DISTRICT, "zoom": zoom })).await;
        let clusters = answer.data()["clusters"].as_array().expect("a list").clone();
        for cluster in &clusters {
            assert_eq!(cluster["incident"].is_null(), cluster["count"] != 1, "{cluster}");
        }
        let mut sizes: Vec<i64> = clusters.iter().filter_map(|cluster| cluster["count"].as_i64()).collect();
        sizes.sort_unstable();
        sizes
    };
    assert_eq!(sizes(0).await, [3]);
    assert_eq!(sizes(13).await, [1, 2]);
    assert_eq!(sizes(22).await, [1, 1, 1]);
    let refused = town.ask(Role::Admin, document, json!({ "d": DISTRICT, "zoom": 23 })).await;
    assert_eq!(refused.error_code(), "INVALID_NUMBER");
}

#[tokio::test]
async fn a_report_made_while_the_grid_was_redrawn_is_located_in_the_new_one() {
    let town = Town::start().await;
    // What this node holds of the district is older than the plan: it learns of it when the write is refused.
    town.report_as(Role::Admin, town.report(0.2, 0.5)).await;
    town.publish(2, Some(1), 0.5).await;
    let reported = town.report_as(Role::Admin, town.report(0.75, 0.5)).await;
    assert_eq!(reported["incident"]["cell"]["code"], "C2-1");
}
