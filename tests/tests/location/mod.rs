//! Locating positions over GraphQL.

use domain::viewer::Role;
use geo_tools::datum::Coordinates;
use geo_tools::{Datum, Position};
use serde_json::{Value, json};
use tests::town::{DISTRICT, Town, at, position};

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
async fn what_an_accuracy_circle_has_outside_every_cell_is_what_its_cells_leave_of_it() {
    let town = Town::start().await;
    let candidates = async |east: f64| {
        let mut at_the_rim = position(east, 0.5);
        at_the_rim["accuracyM"] = json!(50.0);
        let answer = town.ask(Role::Public, LOCATE, json!({ "d": DISTRICT, "p": at_the_rim })).await;
        answer.data()["locate"]["candidates"].as_array().expect("a list").clone()
    };
    let half = candidates(2.0).await;
    assert_eq!((half.len(), &half[0]["cell"]["code"]), (1, &json!("C2-1")));
    let share = half[0]["share"].as_f64().expect("a number");
    assert!((share - 0.5).abs() < 0.01, "the circle's middle lies on the rim: {share}");
    assert_eq!(candidates(3.0).await, Vec::<Value>::new(), "all of the circle lies outside");
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

/// The frames of the contract. What a datum there and back may cost is 2e-7 degree.
const FRAMES: [(&str, Datum); 4] =
    [("WGS84", Datum::Wgs84), ("CGCS2000", Datum::Cgcs2000), ("GCJ02", Datum::Gcj02), ("BD09", Datum::Bd09)];
const THERE_AND_BACK: f64 = 2.01e-7;

#[tokio::test]
async fn a_doorstep_in_four_datums_lands_in_one_cell() {
    let town = Town::start().await;
    let doorstep = at(0.97, 0.5);
    for (name, datum) in FRAMES {
        let Coordinates { x, y } = datum.rounded(doorstep).expect("it has a place there");
        let given = json!({ "lon": x, "lat": y, "datum": name });
        let answer = town.ask(Role::Public, LOCATE, json!({ "d": DISTRICT, "p": given })).await;
        let found = &answer.data()["locate"];
        assert_eq!((&found["cell"]["code"], &found["method"]), (&json!("C1-1"), &json!("INSIDE")), "{name}");
        let number = |name: &str| found["position"][name].as_f64().expect("a number");
        let off = (number("lon") - doorstep.lon()).abs().max((number("lat") - doorstep.lat()).abs());
        assert!(off <= THERE_AND_BACK, "{name}: {off}");
        assert_eq!(found["position"]["datum"], "WGS84");
    }
    // The same numbers, said to be what they are not, land elsewhere: the test bites.
    let Coordinates { x, y } = Datum::Gcj02.rounded(doorstep).expect("it has a place there");
    let mistaken = json!({ "lon": x, "lat": y, "datum": "WGS84" });
    let answer = town.ask(Role::Public, LOCATE, json!({ "d": DISTRICT, "p": mistaken })).await;
    assert_ne!(answer.data()["locate"]["cell"]["code"], "C1-1");
}

#[tokio::test]
async fn a_cell_is_drawn_in_the_frame_that_is_asked_for_and_found_by_a_box_in_it() {
    let town = Town::start().await;
    let document = "query($d: String!, $datum: Datum!) { cell(district: $d, code: \"C1-1\") { geometry(datum: $datum) } }";
    let ring = async |frame: &str| {
        let answer = town.ask(Role::Public, document, json!({ "d": DISTRICT, "datum": frame })).await;
        let ring = answer.data()["cell"]["geometry"]["coordinates"][0][0].clone();
        serde_json::from_value::<Vec<[f64; 2]>>(ring).expect("a ring")
    };
    let truth = ring("WGS84").await;
    let (low, high) = (at(0.2, 0.2), at(0.8, 0.8));
    for (name, datum) in FRAMES {
        for ([x, y], [lon, lat]) in ring(name).await.into_iter().zip(&truth) {
            let back = datum.position(x, y).expect("it has a place");
            let off = (back.lon() - lon).abs().max((back.lat() - lat).abs());
            assert!(off <= THERE_AND_BACK, "{name}: {off}");
            let moved = (x - lon).abs().max((y - lat).abs()) > 1e-4;
            assert_eq!(moved, !datum.equals_wgs84(), "{name}");
        }
        let [low, high] = [low, high].map(|at| datum.rounded(at).expect("it has a place there"));
        let within = json!({ "west": low.x, "south": low.y, "east": high.x, "north": high.y, "datum": name });
        let document = "query($d: String!, $area: AreaInput) { cells(district: $d, level: \"cell\", area: $area) { nodes { code } } }";
        let answer =
            town.ask(Role::Public, document, json!({ "d": DISTRICT, "area": { "within": within } })).await;
        assert_eq!(answer.data()["cells"]["nodes"], json!([{ "code": "C1-1" }]), "{name}");
    }
}

#[test]
fn the_dashboards_table_of_shifted_places_is_what_geo_tools_says() {
    let table = include_str!("../../../dashboard/src/map/gcj02.table.json");
    let rows: Vec<Value> = serde_json::from_str(table).expect("JSON");
    assert!(rows.len() > 50);
    for row in rows {
        let number = |datum: &str, axis: usize| row[datum][axis].as_f64().expect("a number");
        let at = Position::new(number("wgs84", 0), number("wgs84", 1)).expect("in range");
        let shifted = Datum::Gcj02.rounded(at).expect("every place has one");
        assert_eq!((shifted.x, shifted.y), (number("gcj02", 0), number("gcj02", 1)), "{row}");
    }
}
