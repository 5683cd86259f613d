//! Cells drawn with fewer positions.

use std::collections::{BTreeSet, HashMap};

use domain::viewer::Role;
use geo_tools::Coverage;
use geo_tools::generate::{LatticeOptions, Oddities, lattice};
use serde_json::{Value, json};
use tests::town::{DISTRICT, Town};

/// In 1e-7 degree, longitude first.
type Place = (i64, i64);

/// The borders of all cells as they are drawn: how often each stretch between two positions stands there, in either direction.
type Stretches = HashMap<(Place, Place), usize>;

async fn winding_town() -> Town {
    let town = Town::without_cells().await;
    let oddities = Oddities { enclaves: 60, exclaves: 60, multipolygons: 0, voids: 60 };
    let lattice = lattice(&LatticeOptions { cells: 50, seed: 7, oddities });
    town.publish_leaves(Coverage::from_borders(lattice.leaf_count, lattice.borders).expect("borders prove"))
        .await;
    town
}

async fn drawn(town: &Town, simplify_m: Option<f64>) -> Stretches {
    let document = "query($d: String!, $m: Float) { cells(district: $d, level: \"cell\", first: 60) { nodes { geometry(simplifyM: $m) } } }";
    let answer = town.ask(Role::Public, document, json!({ "d": DISTRICT, "m": simplify_m })).await;
    let nodes = answer.data()["cells"]["nodes"].as_array().expect("a list");
    assert_eq!(nodes.len(), 50);
    let mut stretches = Stretches::new();
    for polygon in nodes.iter().flat_map(|node| list(&node["geometry"]["coordinates"])) {
        for ring in list(polygon) {
            let ring: Vec<Place> = list(ring).iter().map(place).collect();
            for pair in ring.windows(2) {
                *stretches.entry((pair[0].min(pair[1]), pair[0].max(pair[1]))).or_default() += 1;
            }
        }
    }
    stretches
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn place(coordinates: &Value) -> Place {
    let e7 = |axis: usize| (coordinates[axis].as_f64().expect("a number") * 1e7).round() as i64;
    (e7(0), e7(1))
}

/// Where only one cell is drawn: the rims of the town and of its voids.
fn rims(stretches: &Stretches) -> BTreeSet<Place> {
    let once = stretches.iter().filter(|(_, times)| **times == 1);
    once.flat_map(|((from, to), _)| [*from, *to]).collect()
}

#[tokio::test]
async fn neighbours_drawn_with_fewer_positions_still_share_every_one() {
    let town = winding_town().await;
    let exact = drawn(&town, None).await;
    let rim = rims(&exact);
    assert!(exact.values().all(|times| *times <= 2));
    let mut stretches = exact.len();
    for tolerance_m in [3.0, 10.0, 30.0] {
        let simplified = drawn(&town, Some(tolerance_m)).await;
        assert!(simplified.len() < stretches, "{tolerance_m} m: {} of {stretches}", simplified.len());
        stretches = simplified.len();
        assert!(simplified.values().all(|times| *times <= 2), "{tolerance_m} m");
        // Neighbours that drifted apart would be alone along borders inside the town.
        let strayed: Vec<_> = rims(&simplified).difference(&rim).copied().collect();
        assert_eq!(strayed, [], "{tolerance_m} m");
    }
}

#[tokio::test]
async fn a_tolerance_is_taken_down_to_one_that_is_kept() {
    let town = winding_town().await;
    assert_eq!(drawn(&town, Some(0.0)).await, drawn(&town, None).await);
    assert_eq!(drawn(&town, Some(0.99)).await, drawn(&town, None).await);
    assert_eq!(drawn(&town, Some(29.9)).await, drawn(&town, Some(10.0)).await);
    assert_eq!(drawn(&town, Some(1e300)).await, drawn(&town, Some(300.0)).await);
    assert_ne!(drawn(&town, Some(30.0)).await, drawn(&town, Some(10.0)).await);
}

#[tokio::test]
async fn a_tolerance_below_nothing_is_refused() {
    let town = Town::start().await;
    let document =
        "query($d: String!, $m: Float) { cell(district: $d, code: \"C1\") { geometry(simplifyM: $m) } }";
    let answer = town.ask(Role::Public, document, json!({ "d": DISTRICT, "m": -0.5 })).await;
    assert_eq!(answer.error_code(), "INVALID_NUMBER");
    assert_eq!(
        answer.json["errors"][0]["message"],
        "simplifyM is -0.5; a distance in metres from 0 up is allowed"
    );
}
