//! Households over GraphQL.

use api::service::export::{ExportFormat, ExportKind};
use api::store::audit::AuditChain;
use domain::viewer::Role;
use serde_json::{Value, json};
use tests::town::{DISTRICT, DISTRICT_ID, Town, position, viewer};

const REGISTER: &str = "mutation($input: RegisterHouseholdInput!) { registerHousehold(input: $input) {
    household { id address memberCount position { lon } cell { code } method distanceToBorderM }
    problems { code message path } replayed
} }";

const LIST: &str = "query($d: String!, $first: Int = 50, $after: String, $area: AreaInput) {
    households(district: $d, first: $first, after: $after, area: $area) {
        nodes { id address memberCount position { lon } building { id } cell { code } distanceToBorderM }
        totalCount pageInfo { hasNextPage endCursor }
    }
}";

fn household(town: &Town, address: &str, east: f64, north: f64) -> Value {
    json!({
        "clientKey": town.client_key(), "district": DISTRICT, "address": address,
        "position": position(east, north), "memberCount": 3,
    })
}

async fn register(town: &Town, role: Role, input: Value) -> Value {
    town.ask(role, REGISTER, json!({ "input": input })).await.data()["registerHousehold"].clone()
}

#[tokio::test]
async fn a_household_is_registered_once_in_the_cell_that_contains_it() {
    let town = Town::start().await;
    let input = household(&town, "人民路12号", 0.5, 0.5);
    let first = register(&town, Role::Worker, input.clone()).await;
    assert_eq!(first["household"]["cell"]["code"], "C1-1");
    assert_eq!(first["replayed"], false);
    let again = register(&town, Role::Worker, input).await;
    assert_eq!(again["household"]["id"], first["household"]["id"]);
    assert_eq!(again["replayed"], true);
    let count =
        town.ask(Role::Admin, LIST, json!({ "d": DISTRICT })).await.data()["households"]["totalCount"]
            .clone();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn who_plans_sees_in_which_cell_homes_are_but_not_whose_nor_where() {
    let town = Town::start().await;
    register(&town, Role::Admin, household(&town, "人民路12号", 0.5, 0.5)).await;
    let nodes = async |role| {
        town.ask(role, LIST, json!({ "d": DISTRICT })).await.data()["households"]["nodes"][0].clone()
    };
    let seen = nodes(Role::Planner).await;
    assert_eq!(seen["cell"]["code"], "C1-1");
    for masked in ["address", "memberCount", "position", "building", "distanceToBorderM"] {
        assert!(seen[masked].is_null(), "{masked}: {seen}");
    }
    assert_eq!(nodes(Role::Worker).await["address"], "人民路12号");
}

#[tokio::test]
async fn a_household_in_another_subtree_looks_like_one_that_is_not_there() {
    let town = Town::start().await;
    let home = register(&town, Role::Admin, household(&town, "河边路1号", 1.5, 0.5)).await;
    let id = &home["household"]["id"];
    let document = "query($id: ID!) { node(id: $id) { id } }";
    let of = async |role| town.ask(role, document, json!({ "id": id })).await.data()["node"].clone();
    assert_eq!(of(Role::Admin).await["id"], *id);
    assert!(of(Role::Worker).await.is_null(), "the worker's cells lie in the west");
    let listed = town.ask(Role::Worker, LIST, json!({ "d": DISTRICT })).await;
    assert_eq!(listed.data()["households"]["totalCount"], 0);
}

#[tokio::test]
async fn pages_of_households_hold_each_once() {
    let town = Town::start().await;
    for number in 0..7 {
        let home = household(&town, &format!("人民路{number}号"), 0.1 * f64::from(number), 0.5);
        register(&town, Role::Admin, home).await;
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut after = Value::Null;
    for _ in 0..10 {
        let answer = town.ask(Role::Admin, LIST, json!({ "d": DISTRICT, "first": 3, "after": after })).await;
        let page = answer.data()["households"].clone();
        for node in page["nodes"].as_array().expect("a list") {
            assert!(seen.insert(node["id"].to_string()), "twice: {node}");
        }
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(seen.len(), 7);
}

#[tokio::test]
async fn a_household_whose_position_was_not_given_lies_outside_until_somebody_places_it() {
    let town = Town::start().await;
    let mut home = household(&town, "不知道路9号", 0.5, 0.5);
    home["position"] = Value::Null;
    let registered = register(&town, Role::Admin, home).await;
    assert!(registered["household"]["cell"].is_null());
    assert_eq!(registered["household"]["method"], "OUTSIDE");
}

#[tokio::test]
async fn a_hidden_answer_is_the_same_for_the_public_whether_there_are_households_or_not() {
    let town = Town::start().await;
    let before = town.ask(Role::Public, LIST, json!({ "d": DISTRICT })).await;
    register(&town, Role::Admin, household(&town, "人民路12号", 0.5, 0.5)).await;
    let after = town.ask(Role::Public, LIST, json!({ "d": DISTRICT })).await;
    assert_eq!(before.json, after.json);
    assert_eq!(after.error_code(), "FORBIDDEN");
}

#[tokio::test]
async fn whoever_is_shown_addresses_is_written_down_once_a_request() {
    let town = Town::start().await;
    let home = register(&town, Role::Admin, household(&town, "人民路12号", 0.5, 0.5)).await;
    register(&town, Role::Admin, household(&town, "人民路14号", 0.6, 0.5)).await;
    let entries = async || match town.store.verify_audit(DISTRICT_ID).await.expect("a statement") {
        AuditChain::Whole { rows, .. } => rows,
        broken @ AuditChain::BrokenAt { .. } => panic!("{broken:?}"),
    };
    let check = async |role: Role, document: &str, variables: Value, new_entries: i64| {
        let before = entries().await;
        town.ask(role, document, variables).await.data();
        assert_eq!(entries().await - before, new_entries, "{role:?}: {document}");
    };
    let node = "query($id: ID!) { node(id: $id) { ... on Household { address } } }";
    let search = "query($d: String!, $text: String!) { search(district: $d, text: $text) { title } }";
    let id = json!({ "id": home["household"]["id"] });
    check(Role::Worker, LIST, json!({ "d": DISTRICT }), 1).await;
    check(Role::Worker, node, id.clone(), 1).await;
    check(Role::Worker, search, json!({ "d": DISTRICT, "text": "人民路" }), 1).await;
    check(Role::Worker, search, json!({ "d": DISTRICT, "text": "nowhere" }), 0).await;
    check(Role::Planner, LIST, json!({ "d": DISTRICT }), 0).await;
    check(Role::Planner, node, id, 0).await;
    let far = json!({ "within": { "west": -1, "south": -1, "east": 0, "north": 0, "datum": "WGS84" } });
    check(Role::Worker, LIST, json!({ "d": DISTRICT, "area": far }), 0).await;

    let before = entries().await;
    let admin = viewer(Role::Admin);
    let export = town.services.export(&admin, DISTRICT, ExportKind::Households, ExportFormat::Csv);
    export.await.expect("an export");
    assert_eq!(entries().await - before, 1);
}
