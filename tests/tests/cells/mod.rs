//! Cells over GraphQL.

mod budget;
mod simplified;

use domain::viewer::Role;
use serde_json::{Value, json};
use tests::town::{DISTRICT, Town, at};

fn codes(connection: &Value) -> Vec<&str> {
    let nodes = connection["nodes"].as_array().expect("a list");
    nodes.iter().map(|node| node["code"].as_str().expect("a code")).collect()
}

const CELLS: &str = "query($d: String!, $level: String, $area: AreaInput, $first: Int = 50, $after: String) {
    cells(district: $d, level: $level, area: $area, first: $first, after: $after) {
        nodes { code } totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
    }
}";

#[tokio::test]
async fn pages_of_cells_hold_each_once_by_level_then_code() {
    let town = Town::start().await;
    let mut seen = Vec::new();
    let mut after = Value::Null;
    for _ in 0..10 {
        let answer =
            town.ask(Role::Public, CELLS, json!({ "d": DISTRICT, "first": 3, "after": after })).await;
        let page = answer.data()["cells"].clone();
        assert_eq!(page["totalCount"], 7);
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !seen.is_empty());
        seen.extend(codes(&page).into_iter().map(str::to_owned));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(seen, ["T1", "C1", "C2", "C1-1", "C1-2", "C2-1", "C2-2"]);
}

#[tokio::test]
async fn cells_are_chosen_by_level_box_and_subtree() {
    let town = Town::start().await;
    let chosen = async |variables: Value| {
        let mut all = json!({ "d": DISTRICT });
        all.as_object_mut().expect("an object").extend(variables.as_object().expect("an object").clone());
        let answer = town.ask(Role::Public, CELLS, all).await;
        codes(&answer.data()["cells"]).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(chosen(json!({ "level": "community" })).await, ["C1", "C2"]);
    let (corner, middle) = (at(0.2, 0.2), at(0.4, 0.4));
    let within = json!({ "west": corner.lon(), "south": corner.lat(), "east": middle.lon(), "north": middle.lat(), "datum": "WGS84" });
    assert_eq!(chosen(json!({ "level": "cell", "area": { "within": within } })).await, ["C1-1"]);
    let lineage = town.lineage("C2").await;
    assert_eq!(chosen(json!({ "area": { "subtree": lineage } })).await, ["C2", "C2-1", "C2-2"]);
    assert_eq!(chosen(json!({ "area": { "cell": lineage } })).await, ["C2"]);
}

#[tokio::test]
async fn a_parent_is_drawn_as_the_union_of_its_children_with_closed_rings() {
    let town = Town::start().await;
    let document = "query($d: String!) { cell(district: $d, code: \"C1\") {
        geometry areaM2 parent { code } ancestors { code } children { code areaM2 } bounds { west south east north }
    } }";
    let cell = town.ask(Role::Public, document, json!({ "d": DISTRICT })).await.data()["cell"].clone();
    assert_eq!(cell["geometry"]["type"], "MultiPolygon");
    let ring = cell["geometry"]["coordinates"][0][0].as_array().expect("a ring").clone();
    assert_eq!(ring.first(), ring.last());
    assert_eq!(cell["geometry"]["coordinates"].as_array().map(Vec::len), Some(1));
    assert_eq!((&cell["parent"]["code"], &cell["ancestors"][0]["code"]), (&json!("T1"), &json!("T1")));
    let children: f64 =
        cell["children"].as_array().expect("two").iter().filter_map(|child| child["areaM2"].as_f64()).sum();
    // Both are the same sum over the same leaves.
    assert!((children - cell["areaM2"].as_f64().expect("a number")).abs() < 1e-6);
    assert_eq!(cell["bounds"], json!({ "west": 120.98, "south": 14.6, "east": 120.99, "north": 14.62 }));
}

#[tokio::test]
async fn a_cell_counts_what_lies_below_it_and_a_list_of_cells_counts_in_one_statement_each() {
    let town = Town::start().await.with_postings().await;
    for (east, north) in [(0.5, 0.5), (0.6, 0.5), (0.5, 1.5), (1.5, 0.5)] {
        town.report_as(Role::Admin, town.report(east, north)).await;
    }
    let document = "query($d: String!) { cells(district: $d) { nodes {
        code households counts { open overdue closed } postings { role name }
    } } }";
    let answer = town.ask(Role::Public, document, json!({ "d": DISTRICT })).await;
    let nodes = answer.data()["cells"]["nodes"].as_array().expect("a list").clone();
    let open: Vec<(&str, i64)> = nodes
        .iter()
        .map(|node| {
            (node["code"].as_str().expect("a code"), node["counts"]["open"].as_i64().expect("a count"))
        })
        .collect();
    let expected = [("T1", 4), ("C1", 3), ("C2", 1), ("C1-1", 2), ("C1-2", 1), ("C2-1", 1), ("C2-2", 0)];
    assert_eq!(open, expected);
    assert_eq!(
        nodes[3]["postings"],
        json!([{ "role": "HEAD", "name": "head Li" }]),
        "the commander is not public"
    );
    // One for incidents, one for households, two for postings and their names.
    assert_eq!(answer.statements.len(), 4, "{:#?}", answer.statements);
}

/// A figure of a part would be taken for the whole: the worker's cells lie in the west.
#[tokio::test]
async fn who_works_for_one_cell_is_told_figures_of_that_one_and_what_is_below_it() {
    let town = Town::start().await;
    for (east, north) in [(0.5, 0.5), (1.5, 0.5)] {
        town.report_as(Role::Admin, town.report(east, north)).await;
    }
    let document = "query($d: String!) { cells(district: $d) { nodes { code counts { open } } } }";
    let told = async |role| {
        let answer = town.ask(role, document, json!({ "d": DISTRICT })).await;
        let nodes = answer.data()["cells"]["nodes"].as_array().expect("a list").clone();
        let told =
            |node: &Value| node["counts"]["open"].as_i64().map(|open| (node["code"].to_string(), open));
        nodes.iter().filter_map(told).collect::<Vec<_>>()
    };
    let west = [("\"C1\"".to_owned(), 1), ("\"C1-1\"".to_owned(), 1), ("\"C1-2\"".to_owned(), 0)];
    assert_eq!(told(Role::Worker).await, west);
    assert_eq!(told(Role::Dispatcher).await.len(), 7);
}
