//! Gridward itself, with a city of cells that are drawn as in `geo-tools generate --preset bench`.

use api::config::{Overrides, Settings};
use api::store::plans::Publication;
use api::store::{Attempt, Outcome};
use domain::cell::{Cell, CellCode, CellKind, CellSetting};
use domain::district::{District, DistrictCode};
use domain::ids::{CellId, DistrictId, PlanVersion};
use domain::level::LevelRank;
use domain::plan::{Plan, PlanParts};
use domain::rules::Rules;
use domain::text::LocalTexts;
use geo_tools::generate::{LatticeOptions, PositionOrder, lattice, positions};
use geo_tools::{Bounds, Coverage};
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::measured::ServerProcess;
use tests::world;
use uuid::Uuid;

const CELLS: u32 = 2_500;
const INCIDENTS: u64 = 500;
const DISTRICT: DistrictId = DistrictId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_c177));
const TOWNSHIP: CellId = CellId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0001_0000));

/// Serves the city, prints where, and never ends.
pub(super) async fn serve() {
    let app = TestApp::start().await;
    let lattice = lattice(&LatticeOptions::plain(CELLS, 7));
    let bounds = lattice.bounds;
    let coverage = Coverage::from_borders(lattice.leaf_count, lattice.borders).expect("a coverage");
    let plan = Plan::assemble(parts(coverage)).expect("a plan");
    let by_system = Attempt::by_system(world::noon());
    let added = app.store.insert_district(&city(), Rules::DEFAULT_TEXT).await;
    assert!(added.expect("a statement"), "the code is free");
    let publication = Publication { plan: &plan, base: None, nearest_within_m: 25.0, note: None };
    let published = app.store.publish_plan(&publication, &by_system).await.expect("a transaction");
    assert_eq!(published, Outcome::Done(PlanVersion(1)));
    let public = app.public();
    let mutation =
        "mutation($input: ReportIncidentInput!) { reportIncident(input: $input) { problems { message } } }";
    for at in positions(bounds, INCIDENTS, 7, PositionOrder::Random) {
        let mut input = world::report_input(0, "noise");
        input["district"] = json!("city");
        input["position"] = json!({ "lon": at.lon(), "lat": at.lat(), "datum": "WGS84" });
        let answer = public.ask(mutation, json!({ "input": input })).await;
        assert_eq!(answer["reportIncident"]["problems"], json!([]));
    }
    // As in earnest, where a request that nobody looks into is watched for what it logs.
    api::telemetry::start_logging(&Settings::from_overrides(Overrides::default()).expect("settings"));
    println!("{}", app.address());
    std::future::pending::<()>().await;
}

fn city() -> District {
    District { id: DISTRICT, code: DistrictCode::parse("city").expect("a code"), ..world::district() }
}

fn parts(coverage: Coverage) -> PlanParts {
    let cell = |id: CellId, code: &str, rank: u8, parent: Option<CellId>| Cell {
        id,
        code: CellCode::parse(code).expect("a code"),
        rank: LevelRank(rank),
        names: LocalTexts::new([("en", code)]).expect("a name"),
        parent,
        kind: CellKind::Base,
        setting: CellSetting::Urban,
        since: PlanVersion(1),
    };
    let leaf = |index: usize| CellId(Uuid::from_u128(TOWNSHIP.0.as_u128() + 1 + index as u128));
    let leaf_cells: Vec<CellId> = (0..coverage.leaf_count()).map(leaf).collect();
    let mut cells = vec![cell(TOWNSHIP, "T1", 0, None)];
    let leaves = leaf_cells.iter().enumerate();
    cells.extend(leaves.map(|(index, id)| cell(*id, &format!("T1-{index:05}"), 2, Some(TOWNSHIP))));
    PlanParts {
        district: DISTRICT,
        version: PlanVersion(1),
        in_force_since: world::noon(),
        cells,
        leaf_cells,
        coverage,
    }
}

/// Every cell with all that a viewport shows of it, and its box.
pub(super) async fn cells_of(server: &ServerProcess) -> Vec<Value> {
    const QUERY: &str =
        "query($after: String) { cells(district: \"city\", level: \"cell\", first: 200, after: $after) {
        nodes { id code level names { language text } geometry bounds { west south east north } }
        pageInfo { hasNextPage endCursor } } }";
    let http = reqwest::Client::new();
    let (mut cells, mut after) = (Vec::new(), Value::Null);
    for _ in 0..=CELLS / 200 {
        let body = json!({ "query": QUERY, "variables": { "after": after } });
        let answer: Value = serde_json::from_str(&super::post(&http, server, &body).await).expect("JSON");
        let page = &answer["data"]["cells"];
        cells.extend(page["nodes"].as_array().expect("a list").iter().cloned());
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(cells.len(), CELLS as usize);
    cells
}

/// Tiles of the grid around the middles of some viewports, at zoom 14.
pub(super) async fn tiles_of(server: &ServerProcess, viewports: &[Bounds]) -> Vec<String> {
    let http = reqwest::Client::new();
    let body = json!({ "query": "{ district(code: \"city\") { mapVersion } }" });
    let answer: Value = serde_json::from_str(&super::post(&http, server, &body).await).expect("JSON");
    let version = answer["data"]["district"]["mapVersion"].as_str().expect("a version").to_owned();
    let count = f64::from(1_u32 << 14);
    let tile = |at: &Bounds| {
        let (low, high) = (at.south_west(), at.north_east());
        let (lon, lat) = ((low.lon() + high.lon()) / 2.0, ((low.lat() + high.lat()) / 2.0).to_radians());
        let x = ((lon + 180.0) / 360.0 * count).floor();
        let y = ((1.0 - lat.tan().asinh() / std::f64::consts::PI) / 2.0 * count).floor();
        format!("/d/city/tiles/grid/{version}/14/{x}/{y}.mvt")
    };
    viewports.iter().map(tile).collect()
}
