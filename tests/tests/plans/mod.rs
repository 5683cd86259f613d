//! Past versions of the grid over GraphQL.

use chrono::TimeDelta;
use domain::viewer::Role;
use serde_json::json;
use tests::town::{DISTRICT, Town, noon, position};

const LOCATE: &str = "query($d: String!, $p: PositionInput!, $at: At) {
    locate(district: $d, position: $p, at: $at) { cell { code planVersion } planVersion }
}";

#[tokio::test]
async fn a_past_version_answers_with_the_borders_of_then() {
    let town = Town::start().await;
    town.clock.advance(TimeDelta::hours(1));
    town.publish(2, Some(1), 0.5).await;
    town.learn().await;
    let code = async |at: serde_json::Value| {
        let variables = json!({ "d": DISTRICT, "p": position(0.75, 0.5), "at": at });
        town.ask(Role::Public, LOCATE, variables).await.data()["locate"]["cell"]["code"].clone()
    };
    assert_eq!(code(json!(null)).await, "C2-1");
    assert_eq!(code(json!({ "planVersion": 1 })).await, "C1-1");
    assert_eq!(code(json!({ "time": noon() + TimeDelta::minutes(59) })).await, "C1-1");
    assert_eq!(code(json!({ "time": noon() + TimeDelta::minutes(60) })).await, "C2-1");
}

#[tokio::test]
async fn a_moment_that_cannot_be_asked_about_is_refused_with_a_reason() {
    let town = Town::start().await;
    let code = async |at: serde_json::Value| {
        let variables = json!({ "d": DISTRICT, "p": position(0.5, 0.5), "at": at });
        town.ask(Role::Public, LOCATE, variables).await.error_code().to_owned()
    };
    assert_eq!(code(json!({ "time": noon() - TimeDelta::minutes(1) })).await, "NO_PLAN");
    assert_eq!(code(json!({ "planVersion": 7 })).await, "NOT_FOUND");
    assert_eq!(code(json!({ "planVersion": -1 })).await, "NOT_FOUND");
    assert_eq!(code(json!({ "draft": "x" })).await, "NO_PLAN");
}

#[tokio::test]
async fn a_cell_has_one_lineage_and_one_id_a_version_and_both_find_it() {
    let town = Town::start().await;
    let both = "query($d: String!, $at: At) { cell(district: $d, code: \"C1-1\", at: $at) { id lineage } }";
    let first = town.ask(Role::Public, both, json!({ "d": DISTRICT })).await.data()["cell"].clone();
    town.publish(2, Some(1), 0.5).await;
    town.learn().await;
    let second = town.ask(Role::Public, both, json!({ "d": DISTRICT })).await.data()["cell"].clone();
    assert_eq!(first["lineage"], second["lineage"]);
    assert_ne!(first["id"], second["id"]);
    let version = async |id: &serde_json::Value| {
        let document = "query($id: ID!) { node(id: $id) { ... on Cell { planVersion } } }";
        town.ask(Role::Public, document, json!({ "id": id })).await.data()["node"]["planVersion"].clone()
    };
    assert_eq!(version(&first["id"]).await, 1);
    assert_eq!(version(&second["id"]).await, 2);
    assert_eq!(version(&first["lineage"]).await, 2);
}

#[tokio::test]
async fn a_list_of_cells_stays_in_the_plan_that_its_first_page_saw() {
    let town = Town::start().await;
    let document = "query($d: String!, $after: String) {
        cells(district: $d, first: 3, after: $after) { nodes { code planVersion } pageInfo { endCursor } }
    }";
    let first = town.ask(Role::Public, document, json!({ "d": DISTRICT })).await;
    let cursor = first.data()["cells"]["pageInfo"]["endCursor"].clone();
    town.publish(2, Some(1), 0.5).await;
    town.learn().await;
    let second = town.ask(Role::Public, document, json!({ "d": DISTRICT, "after": cursor })).await;
    assert_eq!(second.data()["cells"]["nodes"][0], json!({ "code": "C1-1", "planVersion": 1 }));
}
