//! Files in another datum: one that says so is converted, one that looks so and does not say it waits for an answer.

use std::fmt::Write;
use std::path::Path;

use api::service::export::{ExportFormat, ExportKind};
use api::service::import::{BadRows, Effect, ImportKind, ImportOptions};
use geo_tools::datum::Coordinates;
use geo_tools::{Datum, Position};

use super::round_trip::CELLS;
use super::{Office, cells, import, options};

/// The cells of [`CELLS`] span so much.
const WEST: f64 = 121.00;
const SOUTH: f64 = 14.62;
const STEPS: usize = 14;

fn true_places() -> Vec<Position> {
    let along = |steps: usize, degrees: f64| degrees * (steps as f64 + 0.5) / STEPS as f64;
    let place = |step: usize| (WEST + along(step % STEPS, 0.02), SOUTH + along(step / STEPS, 0.01));
    (0..STEPS * STEPS).map(place).map(|(lon, lat)| Position::new(lon, lat).expect("in range")).collect()
}

fn households(datum: Datum) -> String {
    let mut table = "id,lon,lat\n".to_owned();
    for (step, at) in true_places().into_iter().enumerate() {
        let Coordinates { x, y } = datum.rounded(at).expect("it has a place there");
        writeln!(table, "h-{step:03},{x},{y}").expect("into memory");
    }
    table
}

/// Past incidents over all of [`CELLS`], as GeoJSON whose numbers are of a datum.
pub(super) fn past_incidents_in(datum: Datum) -> String {
    let features: Vec<String> = true_places()
        .into_iter()
        .enumerate()
        .map(|(step, at)| {
            let Coordinates { x, y } = datum.rounded(at).expect("it has a place there");
            format!(
                r#"{{"type":"Feature","properties":{{"id":"i-{step:03}","category":"rubbish","text":"Bags","occurred_at":"2026-01-05T08:00:00Z"}},"geometry":{{"type":"Point","coordinates":[{x},{y}]}}}}"#
            )
        })
        .collect();
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(",\n"))
}

/// The same ground as [`CELLS`], each border with a corner every few metres.
fn fine_cells(datum: Datum) -> String {
    let cell = |code: &str, west: f64| {
        let corners =
            [(west, SOUTH), (west + 0.01, SOUTH), (west + 0.01, SOUTH + 0.01), (west, SOUTH + 0.01)];
        let mut ring = Vec::new();
        for (index, from) in corners.iter().enumerate() {
            let to = corners[(index + 1) % 4];
            for step in 0..25 {
                let part = |from: f64, to: f64| from + (to - from) * f64::from(step) / 25.0;
                let at = Position::new(part(from.0, to.0), part(from.1, to.1)).expect("in range");
                let Coordinates { x, y } = datum.rounded(at).expect("it has a place there");
                ring.push(format!("[{x},{y}]"));
            }
        }
        ring.push(ring[0].clone());
        format!(
            r#"{{"type":"Feature","properties":{{"code":"{code}"}},"geometry":{{"type":"Polygon","coordinates":[[{}]]}}}}"#,
            ring.join(",")
        )
    };
    format!(
        r#"{{"type":"FeatureCollection","features":[{},{}]}}"#,
        cell("f-1", WEST),
        cell("f-2", WEST + 0.01)
    )
}

async fn with_cells() -> Office {
    let office = Office::with_district("quezon").await;
    let path = office.file("cells.geojson", CELLS);
    office.done(import("quezon", &path, cells(&path, "cell", "code", None))).await;
    office
}

fn options_of(kind: ImportKind, path: &Path) -> ImportOptions {
    if kind == ImportKind::Cells { cells(path, "cell", "code", None) } else { options(kind, path, &[]) }
}

#[tokio::test]
async fn a_file_that_looks_shifted_changes_nothing_until_its_datum_is_said() {
    let kinds = [
        (ImportKind::Households, ExportKind::Households, "homes.csv", households as fn(Datum) -> String),
        (ImportKind::Incidents, ExportKind::Incidents, "incidents.geojson", past_incidents_in),
        (ImportKind::Cells, ExportKind::Cells, "fine.geojson", fine_cells),
    ];
    for (kind, exported, name, content) in kinds {
        for datum in [Datum::Gcj02, Datum::Bd09] {
            let office = with_cells().await;
            let stored = async || office.exported("quezon", exported, ExportFormat::Csv).await;
            let before = stored().await;
            let path = office.file(name, content(datum));
            let unsaid = options_of(kind, &path);
            for options in [
                unsaid.clone(),
                ImportOptions { bad_rows: BadRows::Skip, ..unsaid.clone() },
                ImportOptions { effect: Effect::DryRun, ..unsaid.clone() },
            ] {
                let report = office.refused(import("quezon", &path, options)).await;
                let problem = &report["problems"][0];
                assert_eq!((&report["bad_count"], &problem["code"]), (&1.into(), &"DATUM_SUSPECTED".into()));
                assert_eq!(problem["severity"], "error");
                let message = problem["message"].as_str().expect("a sentence");
                assert!(message.contains(datum.name()), "{message}");
                assert!(
                    message.ends_with("(--datum, over HTTP datum=); wgs84 if that is what they are"),
                    "{message}"
                );
                assert_eq!(stored().await, before, "{kind:?} {datum}");
            }
            // Said to be what it is, it comes in as if it had never been shifted.
            office.done(import("quezon", &path, ImportOptions { datum: Some(datum), ..unsaid })).await;
            let other = with_cells().await;
            let path = other.file(name, content(Datum::Wgs84));
            other.done(import("quezon", &path, options_of(kind, &path))).await;
            let truth = other.exported("quezon", exported, ExportFormat::Csv).await;
            assert_alike(&stored().await, &truth);
        }
    }
}

/// A base map over all of [`CELLS`], as roads from west to east or as footprints.
fn base_map(shape: &str, datum: Datum) -> String {
    let pair = |at: Position| {
        let Coordinates { x, y } = datum.rounded(at).expect("it has a place there");
        format!("[{x},{y}]")
    };
    let places = true_places();
    let near = |at: Position, lon: f64, lat: f64| {
        pair(Position::new(at.lon() + lon, at.lat() + lat).expect("in range"))
    };
    let house = |at: &Position| {
        let corners = [near(*at, 0.0, 0.0), near(*at, 1e-4, 0.0), near(*at, 1e-4, 1e-4), near(*at, 0.0, 0.0)];
        format!("[[{}]]", corners.join(","))
    };
    let street =
        |row: &[Position]| format!("[{}]", row.iter().map(|at| pair(*at)).collect::<Vec<_>>().join(","));
    let shapes: Vec<String> = match shape {
        "LineString" => places.chunks(STEPS).map(street).collect(),
        _ => places.iter().map(house).collect(),
    };
    let feature = |coordinates: &String| {
        format!(
            r#"{{"type":"Feature","properties":{{}},"geometry":{{"type":"{shape}","coordinates":{coordinates}}}}}"#
        )
    };
    let features: Vec<String> = shapes.iter().map(feature).collect();
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(",\n"))
}

#[tokio::test]
async fn a_base_map_that_looks_shifted_changes_nothing_until_its_datum_is_said() {
    for (shape, count) in [("LineString", STEPS), ("Polygon", STEPS * STEPS)] {
        let office = with_cells().await;
        let take = |datum: Datum, said: Option<Datum>| {
            let path = office.file("map.geojson", base_map(shape, datum));
            let options = ImportOptions { datum: said, ..options(ImportKind::Basemap, &path, &[]) };
            import("quezon", &path, options)
        };
        for datum in [Datum::Gcj02, Datum::Bd09] {
            let report = office.refused(take(datum, None)).await;
            let problem = &report["problems"][0];
            assert_eq!((&report["bad_count"], &problem["code"]), (&1.into(), &"DATUM_SUSPECTED".into()));
            let message = problem["message"].as_str().expect("a sentence");
            assert!(message.contains(datum.name()), "{message}");
        }
        let report = office.done(take(Datum::Gcj02, Some(Datum::Gcj02))).await;
        let expected = serde_json::json!({ "added": count, "changed": 0, "unchanged": 0, "removed": 0 });
        assert_eq!(report["figures"]["rows"], expected, "{shape}: nothing was there before");
    }
}

#[tokio::test]
async fn a_file_that_is_said_to_be_wgs84_comes_in_as_it_stands() {
    let office = with_cells().await;
    let path = office.file("homes.csv", households(Datum::Gcj02));
    let said = ImportOptions { datum: Some(Datum::Wgs84), ..options(ImportKind::Households, &path, &[]) };
    office.done(import("quezon", &path, said)).await;
    let table = office.exported("quezon", ExportKind::Households, ExportFormat::Csv).await;
    let place = households(Datum::Gcj02).lines().nth(1).expect("a row").replace("h-000,", "");
    assert!(table.contains(&place), "{place} in {table}");
}

/// Two tables of the same things, by their codes or places; places within 2e-7 degree, which is what a datum there and back
/// may cost.
fn assert_alike(found: &str, expected: &str) {
    let (found, expected) = (places(found), places(expected));
    assert_eq!(found.len(), expected.len());
    for ((name, lon, lat), (expected_name, expected_lon, expected_lat)) in found.into_iter().zip(expected) {
        assert_eq!(name, expected_name);
        let apart = (lon - expected_lon).abs().max((lat - expected_lat).abs());
        assert!(apart <= 2.01e-7, "{name} is {apart} degrees off");
    }
}

/// What each row of an export is called, and where it is; a cell is only called.
fn places(table: &str) -> Vec<(String, f64, f64)> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let column = |name: &str| header.iter().position(|column| column == name);
    let mut places: Vec<(String, f64, f64)> = reader
        .records()
        .map(|row| {
            let row = row.expect("a row");
            let number = |name: &str| column(name).map_or(0.0, |at| row[at].parse().expect("a number"));
            // An incident is given an id of its own; its cell is what must be the same.
            let name = column("code").or(column("cell")).expect("it is in a cell, or is one");
            (row[name].to_owned(), number("lon"), number("lat"))
        })
        .collect();
    let key = |(name, lon, lat): &(String, f64, f64)| {
        (name.clone(), (lon * 1e5).round() as i64, (lat * 1e5).round() as i64)
    };
    places.sort_by_key(key);
    places
}
