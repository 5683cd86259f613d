//! Locating positions over GraphQL.

use domain::viewer::Role;
use serde_json::{Value, json};
use tests::town::{DISTRICT, Town, position};

const LOCATE: &str = "query($d: String!, $p: PositionInput!) { locate(district: $d, position: $p) {
    cell { code } ancestors { code } method distanceToBorderM candidates { cell { code } share } planVersion position { lon lat datum }
} }";

#[tokio::test]
async fn a_position_is_inside_on_a_border_near_or_outside() {
    let town = Town::start().await;
    let check = async |east: f64, north: f64, cell: Value, method: &str| {
        let answer =
            town.ask(Role::Public, LOCATE, json!({ "d": DISTRICT, "p": position(east, north) })).await;
        let found = &answer.data()["locate"];
        assert_eq!((&found["cell"]["code"], &found["method"]), (&cell, &json!(method)), "{east} {north}");
    };
    check(0.5, 0.5, json!("C1-1"), "INSIDE").await;
    check(1.0, 0.5, json!("C2-1"), "BORDER").await;
    check(1.0, 1.0, json!("C2-2"), "BORDER").await;
    check(2.01, 0.5, json!("C2-1"), "NEAREST").await;
    check(3.0, 0.5, Value::Null, "OUTSIDE").await;
}

#[tokio::test]
async fn an_accuracy_circle_over_borders_names_every_cell_with_its_share() {
    let town = Town::start().await;
    let mut near_corner = position(0.99, 0.5);
    near_corner["accuracyM"] = json!(50.0);
    let answer = town.ask(Role::Public, LOCATE, json!({ "d": DISTRICT, "p": near_corner })).await;
    let candidates = answer.data()["locate"]["candidates"].as_array().expect("a list").clone();
    let codes: Vec<&str> =
        candidates.iter().filter_map(|candidate| candidate["cell"]["code"].as_str()).collect();
    assert_eq!(codes, ["C1-1", "C2-1"]);
    let shares: f64 = candidates.iter().filter_map(|candidate| candidate["share"].as_f64()).sum();
    assert!((shares - 1.0).abs() < 1e-6, "{shares}");
}

#[tokio::test]
async fn many_positions_come_back_in_their_order_and_a_thousand_and_one_are_too_many() {
    let town = Town::start().await;
    town.warm().await;
    let document = "query($d: String!, $p: [PositionInput!]!) { locateMany(district: $d, positions: $p) { cell { code } } }";
    let places = [position(1.5, 1.5), position(9.0, 9.0), position(0.5, 0.5)];
    let answer = town.ask(Role::Public, document, json!({ "d": DISTRICT, "p": places })).await;
    let expected = json!([{ "cell": { "code": "C2-2" } }, { "cell": null }, { "cell": { "code": "C1-1" } }]);
    assert_eq!(answer.data()["locateMany"], expected);
    assert!(answer.statements.is_empty(), "{:#?}", answer.statements);
    let many: Vec<Value> = (0..1001).map(|_| position(0.5, 0.5)).collect();
    let answer = town.ask(Role::Public, document, json!({ "d": DISTRICT, "p": many })).await;
    assert_eq!(answer.error_code(), "INVALID_NUMBER");
}
