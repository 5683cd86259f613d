//! What comes in goes out again, and coming in twice changes nothing.

use api::service::export::{ExportFormat, ExportKind};
use api::service::import::{Effect, ImportKind, ImportOptions};
use serde_json::json;

use super::{Office, cells, import, import_skipping, options};

/// Two cells near Manila that share a border, and a building in the first.
pub(super) const CELLS: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"code":"137404001","name":"Tatalon"},"geometry":{"type":"Polygon","coordinates":
  [[[121.00,14.62],[121.01,14.62],[121.01,14.63],[121.00,14.63],[121.00,14.62]]]}},
{"type":"Feature","properties":{"code":"137404002","name":"Damayang Lagi"},"geometry":{"type":"Polygon","coordinates":
  [[[121.01,14.62],[121.02,14.62],[121.02,14.63],[121.01,14.63],[121.01,14.62]]]}}
]}"#;

const HOMES: &str = "id,lon,lat,address,members\n\
    h-1,121.005,14.625,Kaliraya 12,4\n\
    h-2,121.015,14.625,Victory Avenue 3,\n\
    h-3,,,kaliraya 12,2\n\
    h-4,,,Nowhere 1,1\n";

async fn office() -> Office {
    let office = Office::with_district("quezon").await;
    let path = office.file("cells.geojson", CELLS);
    office.done(import("quezon", &path, cells(&path, "cell", "code", None))).await;
    office
}

#[tokio::test]
async fn cells_that_come_twice_change_nothing() {
    let office = office().await;
    let path = office.file("again.geojson", CELLS);
    let report = office.done(import("quezon", &path, cells(&path, "cell", "code", None))).await;
    assert_eq!(report["figures"]["cells"], json!({"added": 0, "changed": 0, "unchanged": 2, "removed": 0}));
    assert_eq!(report["plan_version"], 1, "no plan is published for nothing");
}

#[tokio::test]
async fn a_renamed_cell_is_a_change_and_keeps_the_other() {
    let office = office().await;
    let path = office.file("renamed.geojson", CELLS.replace("Tatalon", "Tatalon West"));
    let report = office.done(import("quezon", &path, cells(&path, "cell", "code", None))).await;
    assert_eq!(report["figures"]["cells"], json!({"added": 0, "changed": 1, "unchanged": 1, "removed": 0}));
    assert_eq!(report["plan_version"], 2);
}

#[tokio::test]
async fn exported_cells_can_be_imported_where_they_change_nothing() {
    let office = office().await;
    let exported = office.exported("quezon", ExportKind::Cells, ExportFormat::Geojson).await;
    let path = office.file("exported.geojson", exported);
    let report = office.done(import("quezon", &path, cells(&path, "cell", "code", None))).await;
    assert_eq!(report["figures"]["cells"]["unchanged"], 2, "{report}");
}

#[tokio::test]
async fn a_dry_run_counts_and_stores_nothing() {
    let office = office().await;
    let path = office.file("homes.csv", HOMES);
    let dry = ImportOptions { effect: Effect::DryRun, ..options(ImportKind::Households, &path, &[]) };
    let report = office.done(import("quezon", &path, dry)).await;
    assert_eq!((&report["dry_run"], &report["totals"]["households"]), (&json!(true), &json!(4)));
    let exported = office.exported("quezon", ExportKind::Households, ExportFormat::Csv).await;
    assert_eq!(exported.lines().count(), 1, "only the header: {exported}");
}

#[tokio::test]
async fn what_lies_outside_is_counted_and_half_a_position_is_refused() {
    let office = office().await;
    let table = "id,lon,lat\nh-1,121.005,14.625\nh-2,121.5,14.625\n";
    let path = office.file("homes.csv", table);
    let report = office.done(import("quezon", &path, options(ImportKind::Households, &path, &[]))).await;
    assert_eq!(report["totals"], json!({"buildings": 0, "households": 2, "outside": 1}));
    let before = office.exported("quezon", ExportKind::Households, ExportFormat::Csv).await;

    let path = office.file("homes.csv", "id,lon\nh-1,121.005\nh-2,121.5\n");
    let report = office.refused(import("quezon", &path, options(ImportKind::Households, &path, &[]))).await;
    assert_eq!((&report["bad_count"], &report["problems"][0]["code"]), (&json!(1), &json!("MISSING_FIELD")));
    let after = office.exported("quezon", ExportKind::Households, ExportFormat::Csv).await;
    assert_eq!(after, before);
}

#[tokio::test]
async fn households_are_located_placed_by_address_or_listed_and_come_in_once() {
    let office = office().await;
    let building =
        office.file("buildings.csv", "id,lon,lat,address,flats\nb-1,121.005,14.625,Kaliraya 12,1\n");
    let columns = ["dwellings=flats"];
    office.done(import("quezon", &building, options(ImportKind::Households, &building, &columns))).await;
    let path = office.file("homes.csv", HOMES);
    let report = office.done(import("quezon", &path, options(ImportKind::Households, &path, &[]))).await;
    assert_eq!(report["figures"]["rows"]["added"], 4, "{report}");
    let problems = report["problems"].as_array().expect("a list");
    assert_eq!(problems.len(), 1, "h-4 is to be placed by hand: {problems:?}");
    assert_eq!((&problems[0]["line"], &problems[0]["severity"]), (&json!(5), &json!("warning")));
    let exported = office.exported("quezon", ExportKind::Households, ExportFormat::Csv).await;
    let mut lines: Vec<&str> = exported.lines().collect();
    assert_eq!(
        lines.remove(0),
        "id,building,address,lon,lat,cell,method,distance_to_border_m,members,building_address"
    );
    lines.sort_unstable();
    let starts = |line: &str, start: &str| assert!(line.starts_with(start), "{line}");
    starts(lines[0], "b-1/1,b-1,Kaliraya 12,121.005,14.625,137404001,inside,");
    starts(lines[1], "h-1,,Kaliraya 12,121.005,14.625,137404001,inside,");
    starts(lines[2], "h-2,,Victory Avenue 3,121.015,14.625,137404002,inside,");
    starts(lines[3], "h-3,b-1,kaliraya 12,121.005,14.625,137404001,inside,");
    starts(lines[4], "h-4,,Nowhere 1,,,,outside,");
    let again = office.done(import("quezon", &path, options(ImportKind::Households, &path, &[]))).await;
    assert_eq!(again["figures"]["rows"]["added"], 0, "{again}");
    assert_eq!(again["figures"]["rows"]["changed"], 0, "{again}");
}

#[tokio::test]
async fn exported_households_and_incidents_lose_nothing_on_their_way_into_another_database() {
    let (here, there) = (office().await, office().await);
    let homes = "id,building,building_address,lon,lat,address,members\n\
        h-1,b-1,Kaliraya 12,121.005,14.625,\"Kaliraya 12, unit 601\",4\n\
        h-2,b-1,Kaliraya 12,121.005,14.625,\"Kaliraya 12, unit 602\",\n\
        h-3,,,121.015,14.625,Victory Avenue 3,2\n";
    let incidents = "id,lon,lat,category,channel,text,occurred_at,closed_at,note\n\
        sr-1,121.005,14.625,rubbish,patrol,Two bags,2026-01-05T08:00:00Z,2026-01-06T08:00:00Z,\"swept, twice\"\n\
        sr-2,121.015,14.625,water,phone,The drain smells,2026-01-05T09:00:00.125Z,,\n";
    let ends_of_homes = [",4,Kaliraya 12\n", ",,Kaliraya 12\n", ",2,\n"];
    let ends_of_incidents = [",2026-01-05T08:00:00.000Z,\"swept, twice\"\n", ",2026-01-05T09:00:00.125Z,\n"];
    for (kind, exported, content, ends) in [
        (ImportKind::Households, ExportKind::Households, homes, &ends_of_homes[..]),
        (ImportKind::Incidents, ExportKind::Incidents, incidents, &ends_of_incidents),
    ] {
        let path = here.file("given.csv", content);
        here.done(import("quezon", &path, options(kind, &path, &[]))).await;
        let taken_out = here.exported("quezon", exported, ExportFormat::Csv).await;
        for end in ends {
            assert!(taken_out.contains(end), "{end:?} in {taken_out}");
        }
        let path = there.file("taken-out.csv", &taken_out);
        there.done(import("quezon", &path, options(kind, &path, &[]))).await;
        let again = there.exported("quezon", exported, ExportFormat::Csv).await;
        assert_eq!(without_ids(&again), without_ids(&taken_out), "{kind:?}");
    }
}

/// The rows of a table without their first column: each database gives incidents ids of its own.
fn without_ids(table: &str) -> Vec<&str> {
    let mut rows: Vec<&str> = table.lines().filter_map(|line| Some(line.split_once(',')?.1)).collect();
    rows.sort_unstable();
    rows
}

#[tokio::test]
async fn a_building_has_all_its_households_however_far_apart_they_stand() {
    let office = office().await;
    // More than are staged at once lie between the first household of the building and its last.
    let apart = |last: &str| {
        let between = (0..4_100).map(|number| format!("h-{number},,121.015,14.625\n")).collect::<String>();
        format!("id,building,lon,lat\nfirst,b-1,121.005,14.625\n{between}{last}")
    };
    let figures = async |content: String| {
        let path = office.file("homes.csv", &content);
        let options = options(ImportKind::Households, &path, &[]);
        office.done(import("quezon", &path, options)).await["figures"]["rows"].clone()
    };
    let expected = |added: u64, changed: u64, unchanged: u64| json!({"added": added, "changed": changed, "unchanged": unchanged, "removed": 0});
    let two = "last,b-1,121.005,14.625\n";
    assert_eq!(figures(apart(two)).await, expected(4_103, 0, 0));
    assert_eq!(figures(apart(two)).await, expected(0, 0, 4_103), "it was stored with both");
    let three = format!("{two}new,b-1,121.005,14.625\n");
    assert_eq!(figures(apart(&three)).await, expected(1, 1, 4_102), "it has three now");
    assert_eq!(figures(apart(&three)).await, expected(0, 0, 4_104));
}

#[tokio::test]
async fn skipping_bad_rows_imports_the_good_ones() {
    let office = office().await;
    let path =
        office.file("homes.csv", "id,lon,lat,members\nh-1,121.005,14.625,4\nh-2,121.015,14.625,many\n");
    let bad_rows = office.folder.path().join("bad.csv");
    let options = options(ImportKind::Households, &path, &[]);
    let report = office.done(import_skipping("quezon", &path, options, &bad_rows)).await;
    assert_eq!((&report["bad_count"], &report["figures"]["rows"]["added"]), (&json!(1), &json!(1)));
    let bad_rows = std::fs::read_to_string(bad_rows).expect("the bad rows are there");
    let row = bad_rows.lines().nth(1).expect("a row");
    assert!(row.starts_with("3,1,BAD_VALUE,") && row.ends_with(",h-2,121.015,14.625,many"), "{bad_rows}");
}

#[tokio::test]
async fn roads_and_footprints_that_come_apart_stay_together() {
    let office = office().await;
    let road = r#"{"type":"Feature","properties":{"highway":"residential","name":"Kaliraya"},"geometry":
        {"type":"LineString","coordinates":[[121.001,14.621],[121.009,14.629]]}}"#;
    let house = r#"{"type":"Feature","properties":{"kind":"house"},"geometry":{"type":"Polygon","coordinates":
        [[[121.002,14.622],[121.003,14.622],[121.003,14.623],[121.002,14.622]]]}}"#;
    let columns = ["class=highway"];
    let roads = office.file("roads.geojson", road);
    let houses = office.file("houses.geojson", house);
    let of_roads = || options(ImportKind::Basemap, &roads, &columns);
    let of_houses = || options(ImportKind::Basemap, &houses, &[]);
    office.done(import("quezon", &roads, of_roads())).await;
    let report = office.done(import("quezon", &houses, of_houses())).await;
    assert_eq!(report["figures"]["rows"], json!({"added": 1, "changed": 0, "unchanged": 1, "removed": 0}));
    for (path, options) in [(&roads, of_roads()), (&houses, of_houses())] {
        let report = office.done(import("quezon", path, options)).await;
        assert_eq!(report["figures"]["rows"]["added"], 0, "{report}");
        assert_eq!(report["figures"]["rows"]["unchanged"], 2, "{report}");
    }
}
