//! Answers that their documents do not bound.

use domain::viewer::Role;
use geo_tools::Coverage;
use geo_tools::generate::{LatticeOptions, lattice};
use serde_json::json;
use tests::town::{Answer, DISTRICT, Town};

async fn flat_town() -> Town {
    let town = Town::without_cells().await;
    let lattice = lattice(&LatticeOptions::plain(150, 7));
    let coverage = Coverage::from_borders(lattice.leaf_count, lattice.borders).expect("borders prove");
    town.publish_leaves(coverage).await;
    town
}

async fn ask(town: &Town, selection: &str) -> Answer {
    let document = format!("query($d: String!) {{ cell(district: $d, code: \"ALL\") {{ {selection} }} }}");
    town.ask(Role::Public, &document, json!({ "d": DISTRICT })).await
}

#[tokio::test]
async fn going_down_and_up_and_down_again_ends_at_ten_thousand_cells() {
    let town = flat_town().await;
    let once = ask(&town, "children { code parent { code } }").await;
    assert_eq!(once.data()["cell"]["children"].as_array().map(Vec::len), Some(150));
    // 150 and 150 times 150: each of these is within what the document may cost.
    let twice = ask(&town, "children { parent { children { code } } }").await;
    assert_eq!(twice.error_code(), "DOCUMENT_REFUSED");
    let above = ask(&town, "children { ancestors { children { code } } }").await;
    assert_eq!(above.error_code(), "DOCUMENT_REFUSED");
    let often = ask(&town, "children { parent { children { parent { children { parent { children { parent { children { parent { code } } } } } } } } } }").await;
    assert_eq!(often.json["data"], json!(null), "too dear before it runs");
}

#[tokio::test]
async fn areas_asked_for_again_and_again_end_at_sixteen_mebibytes() {
    let town = flat_town().await;
    let areas = |count: usize| (0..count).map(|alias| format!("a{alias}: geometry ")).collect::<String>();
    let few = ask(&town, &format!("children {{ parent {{ {} }} }}", areas(2))).await;
    let bytes = few.data()["cell"]["children"][0]["parent"]["a0"].to_string().len();
    assert!(bytes > 4_000, "{bytes}");
    let many = ask(&town, &format!("children {{ parent {{ {} }} }}", areas(150))).await;
    assert!(150 * 150 * bytes > 16 << 20, "{bytes}");
    assert_eq!(many.error_code(), "DOCUMENT_REFUSED");
    assert!(many.json["errors"][0]["message"].as_str().is_some_and(|message| message.contains("simplifyM")));
}

#[tokio::test]
async fn many_positions_cost_as_much_as_they_are() {
    let town = flat_town().await;
    let document = "query($d: String!, $p: [PositionInput!]!) { locateMany(district: $d, positions: $p) {
        cell { id code ancestors { id code } } } }";
    let asked = async |count: usize| {
        let positions = vec![json!({ "lon": 120.98, "lat": 14.6, "datum": "WGS84" }); count];
        town.ask(Role::Public, document, json!({ "d": DISTRICT, "p": positions })).await
    };
    assert_eq!(asked(1000).await.data()["locateMany"].as_array().map(Vec::len), Some(1000));
    let dear = document
        .replace("code ancestors", "areaM2 a: ancestors { b: children { c: parent { id code } } } ancestors");
    let positions = vec![json!({ "lon": 120.98, "lat": 14.6, "datum": "WGS84" }); 1000];
    let answer = town.ask(Role::Public, &dear, json!({ "d": DISTRICT, "p": positions })).await;
    assert_eq!(answer.json["data"], json!(null));
}

#[tokio::test]
async fn figures_are_of_the_present_and_null_in_a_plan_that_is_past() {
    let town = Town::start().await;
    town.report_as(Role::Admin, town.report(0.25, 0.5)).await;
    town.publish(2, Some(1), 0.5).await;
    town.learn().await;
    let document = "query($d: String!, $at: At) { cell(district: $d, code: \"C1\", at: $at) { households counts { open } } }";
    let of = async |at: serde_json::Value| {
        town.ask(Role::Dispatcher, document, json!({ "d": DISTRICT, "at": at })).await.data()["cell"].clone()
    };
    assert_eq!(of(json!(null)).await, json!({ "households": 0, "counts": { "open": 1 } }));
    assert_eq!(of(json!({ "planVersion": 1 })).await, json!({ "households": null, "counts": null }));
}
