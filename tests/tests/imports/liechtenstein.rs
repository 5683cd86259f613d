//! The real thing: a country's municipalities, blocks, buildings and roads. The cell of each household is judged by
//! `tests/oracle/liechtenstein.py`, which shares no code with us; here are the sums and the second import.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use api::service::export::{ExportFormat, ExportKind};
use api::service::import::{ImportKind, ImportOptions};
use serde_json::{Value, json};
use tests::data::data;

use super::{Office, cells, import, options};

/// Dwellings by municipality, from the table of the data's README.
fn dwellings_by_municipality(town: &Path) -> BTreeMap<String, u64> {
    let readme = std::fs::read_to_string(town.join("README.md")).expect("the README is there");
    let rows = readme.lines().filter_map(|line| {
        let columns: Vec<&str> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
        Some((columns[0].to_owned(), columns.get(2)?.parse().ok()?))
    });
    rows.collect()
}

/// Every file, in the order in which it is imported.
fn files(town: &Path) -> Vec<(PathBuf, ImportOptions)> {
    let file = |name: &str| town.join(name);
    let named = |id: &str, options: ImportOptions| ImportOptions { id: Some(id.to_owned()), ..options };
    let (municipalities, blocks) = (file("municipalities.geojson"), file("blocks.geojson.gz"));
    let (homes, roads) = (file("buildings_points.geojson.gz"), file("roads.geojson.gz"));
    let footprints = file("buildings_footprints.geojson.gz");
    let of_homes = ["dwellings=dwellings", "address=street,housenumber"];
    vec![
        (municipalities.clone(), cells(&municipalities, "township", "id", None)),
        (blocks.clone(), cells(&blocks, "cell", "block_id", Some("municipality"))),
        (homes.clone(), named("osm_id", options(ImportKind::Households, &homes, &of_homes))),
        (roads.clone(), named("id", options(ImportKind::Basemap, &roads, &["class=highway", "name=name"]))),
        (footprints.clone(), named("id", options(ImportKind::Basemap, &footprints, &["kind=kind"]))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn liechtenstein_comes_in_whole_and_a_second_time_changes_nothing() {
    let Some(town) = data("town-liechtenstein") else { return };
    let office = Office::with_district("li").await;
    let mut reports: Vec<Value> = Vec::new();
    for (path, options) in files(&town) {
        reports.push(office.done(import("li", &path, options)).await);
    }
    assert_eq!(reports[0]["figures"]["cells"]["added"], 11);
    assert_eq!(reports[1]["figures"]["cells"]["added"], 876);
    assert_eq!(reports[2]["totals"], json!({"buildings": 17_750, "households": 18_787}));
    assert_eq!(reports[2]["figures"]["rows"]["added"], 17_750 + 18_787);
    assert_eq!(reports[3]["totals"]["roads"], 8_114);
    assert_eq!(reports[4]["totals"]["footprints"], 17_677);
    let exported = office.exported("li", ExportKind::Households, ExportFormat::Csv).await;
    assert_eq!(sums(&office, &exported).await, dwellings_by_municipality(&town));

    for (path, options) in files(&town) {
        let report = office.done(import("li", &path, options)).await;
        for (what, figure) in report["figures"].as_object().expect("figures") {
            let changes = [&figure["added"], &figure["changed"], &figure["removed"]];
            assert!(changes.iter().all(|count| **count == 0), "{}: {what} {figure}", path.display());
        }
    }
    assert_eq!(office.exported("li", ExportKind::Households, ExportFormat::Csv).await, exported);
}

/// Households by the name of the municipality that their cell is part of.
async fn sums(office: &Office, households: &str) -> BTreeMap<String, u64> {
    let cells = office.exported("li", ExportKind::Cells, ExportFormat::Csv).await;
    let mut table = csv::Reader::from_reader(cells.as_bytes());
    let rows: Vec<BTreeMap<String, String>> =
        table.deserialize().collect::<Result<_, _>>().expect("our own CSV");
    let name_of: BTreeMap<&str, &str> =
        rows.iter().map(|row| (row["code"].as_str(), row["name"].as_str())).collect();
    let parent_of: BTreeMap<&str, &str> =
        rows.iter().map(|row| (row["code"].as_str(), row["parent"].as_str())).collect();
    let mut sums = BTreeMap::new();
    let mut table = csv::Reader::from_reader(households.as_bytes());
    for row in table.deserialize::<BTreeMap<String, String>>() {
        let row = row.expect("our own CSV");
        let municipality = parent_of.get(row["cell"].as_str()).and_then(|code| name_of.get(code));
        *sums.entry(municipality.unwrap_or(&"none").to_string()).or_default() += 1;
    }
    sums
}
