//! Districts over GraphQL.

use domain::viewer::Role;
use serde_json::json;
use tests::town::{DISTRICT, Town};

#[tokio::test]
async fn a_district_says_what_it_is_made_of_and_the_box_around_its_cells() {
    let town = Town::start().await;
    let document = "query($code: String!) { district(code: $code) {
        code planVersion timeZone attribution mapVersion levels { key } stages { key open } bounds { west south east north }
    } }";
    let answer = town.ask(Role::Public, document, json!({ "code": DISTRICT })).await;
    let district = &answer.data()["district"];
    assert_eq!(district["planVersion"], 1);
    assert_eq!(district["levels"][0]["key"], "township");
    assert_eq!(district["stages"][2], json!({ "key": "closed", "open": false }));
    assert_eq!(district["bounds"], json!({ "west": 120.98, "south": 14.6, "east": 121.0, "north": 14.62 }));
    assert_eq!(district["mapVersion"], "1-0");
}

#[tokio::test]
async fn a_district_that_is_not_there_is_null_and_no_error() {
    let town = Town::start().await;
    let answer = town.ask(Role::Admin, "{ district(code: \"nowhere\") { code } }", json!({})).await;
    assert!(answer.data()["district"].is_null());
}

#[tokio::test]
async fn a_district_without_cells_has_no_bounds_and_says_so_when_it_is_asked_for_cells() {
    let town = Town::without_cells().await;
    let document = "query($d: String!) { district(code: $d) { planVersion bounds { west } } cells(district: $d) { nodes { code } } }";
    let answer = town.ask(Role::Public, document, json!({ "d": DISTRICT })).await;
    assert_eq!(answer.json["data"]["district"], json!({ "planVersion": null, "bounds": null }));
    assert_eq!(answer.error_code(), "NO_PLAN");
}

#[tokio::test]
async fn a_refusal_in_one_root_leaves_the_others_standing() {
    let town = Town::start().await;
    let document = "query($d: String!) { viewer { role } households(district: $d) { nodes { id } } }";
    let answer = town.ask(Role::Public, document, json!({ "d": DISTRICT })).await;
    assert_eq!(answer.json["data"], json!({ "viewer": { "role": "PUBLIC" }, "households": null }));
    assert_eq!(answer.error_code(), "FORBIDDEN");
}
