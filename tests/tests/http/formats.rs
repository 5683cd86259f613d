//! Files of every format over HTTP: what each carries comes in, and what is broken, cut or swollen is answered by name.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use api::config::LimitOverrides;
use domain::viewer::Role;
use geo_tools::Datum;
use reqwest::Method;
use serde_json::{Value, json};
use tests::app::{Answer, Client, TestApp, answered, limited};

use crate::imports::formats::made::{archive, file_of, gzip, shapefile_with, sheets};

const HOMES: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"id":"h-1","address":"Kaliraya 12"},"geometry":{"type":"Point","coordinates":[120.985,14.585]}},
{"type":"Feature","properties":{"id":"410102001002003","address":"Victory Avenue 3"},"geometry":{"type":"Point","coordinates":[120.995,14.585]}}
]}"#;
/// Each ending, and the name of its format in a header.
const FORMATS: [(&str, &str); 6] = [
    ("geojson", "application/geo+json"),
    ("csv", "text/csv"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("zip", "application/zip"),
    ("gpkg", "application/geopackage+sqlite3"),
    ("fgb", "application/vnd.flatgeobuf"),
];

fn content_type(ending: &str) -> &'static str {
    FORMATS.iter().find(|(known, _)| *known == ending).expect("a known ending").1
}

async fn send(client: &Client, path: &str, ending: &str, body: Vec<u8>) -> Answer {
    let post = client.request(Method::POST, path).header("content-type", content_type(ending));
    answered(post.body(body)).await
}

#[tokio::test]
async fn households_come_in_from_every_format() {
    let app = TestApp::start().await;
    let planner = app.staff(Role::Planner);
    for (at, (ending, _)) in FORMATS.into_iter().enumerate() {
        let body = file_of(ending, Datum::Wgs84, HOMES);
        let answer = send(&planner, "/d/410184/import/households", ending, body).await;
        let (added, unchanged) = if at == 0 { (2, 0) } else { (0, 2) };
        let expected = json!({"added": added, "changed": 0, "unchanged": unchanged, "removed": 0});
        assert_eq!(
            (answer.status, &answer.body["figures"]["rows"]),
            (200, &expected),
            "{ending}: {}",
            answer.body
        );
    }
    let response = app.staff(Role::Admin).get("/d/410184/export/households?format=csv").await;
    let table = response.text().await.expect("a body");
    assert!(table.contains("\nh-1,,Kaliraya 12,120.985,14.585,T1-SW,inside,"), "{table}");
    assert!(table.contains("\n410102001002003,,Victory Avenue 3,120.995,14.585,T1-SE,inside,"), "{table}");
}

#[tokio::test]
async fn a_sheet_is_named_where_there_are_several() {
    let app = TestApp::start().await;
    let planner = app.staff(Role::Planner);
    let rows = |id: &str| {
        let row = |cells: [&str; 3]| cells.map(|cell| format!(r#"<c t="str"><v>{cell}</v></c>"#)).concat();
        format!("<row>{}</row><row>{}</row>", row(["id", "lon", "lat"]), row([id, "120.985", "14.585"]))
    };
    let book = sheets(&[("2025", &rows("old")), ("2026", &rows("new"))]);
    let path = "/d/410184/import/households";
    let unnamed = send(&planner, path, "xlsx", book.clone()).await;
    assert_eq!((unnamed.status, &unnamed.body["problems"][0]["code"]), (422, &json!("BAD_FORMAT")));
    let named = send(&planner, &format!("{path}?layer=2026"), "xlsx", book).await;
    assert_eq!(named.status, 200, "{}", named.body);
    let table = app.staff(Role::Admin).get("/d/410184/export/households?format=csv").await.text().await;
    assert!(table.expect("a body").contains("\nnew,"));
}

/// The caps of the test; a bomb is a file of some kilobytes that becomes more.
const MAX_FILE_BYTES: u64 = 1 << 20;
const MAX_HELD_BYTES: u64 = 1 << 18;
const BOMB_BYTES: usize = 4 << 20;

/// A Shapefile with one record of so many bytes.
fn long_record() -> Vec<u8> {
    let mut shp = vec![0; 100 + 8 + BOMB_BYTES];
    let words = |bytes: usize| ((bytes / 2) as i32).to_be_bytes();
    shp[..4].copy_from_slice(&9994_i32.to_be_bytes());
    shp[24..28].copy_from_slice(&words(100 + 8 + BOMB_BYTES));
    shp[28..32].copy_from_slice(&1000_i32.to_le_bytes());
    shp[32..36].copy_from_slice(&8_i32.to_le_bytes());
    shp[100..104].copy_from_slice(&1_i32.to_be_bytes());
    shp[104..108].copy_from_slice(&words(BOMB_BYTES));
    archive(&[("bomb.shp", shp.as_slice())])
}

/// A GeoPackage with one area, whose WKB says that it has 2^32 - 1 rings.
fn endless_rings() -> Vec<u8> {
    const AREA: &str = r#"{"type":"Feature","properties":{"id":"a"},"geometry":{"type":"Polygon","coordinates":
[[[120.982,14.582],[120.984,14.582],[120.984,14.584],[120.982,14.582]]]}}"#;
    const ONE_RING: [u8; 9] = [1, 3, 0, 0, 0, 1, 0, 0, 0];
    let mut bytes = file_of("gpkg", Datum::Wgs84, AREA);
    let start = bytes.windows(ONE_RING.len()).position(|bytes| bytes == ONE_RING).expect("a polygon");
    bytes[start + 5..start + ONE_RING.len()].fill(0xff);
    bytes
}

/// What is wrong, the ending, the bytes, and the code that they are answered with.
fn bad_files() -> Vec<(&'static str, &'static str, Vec<u8>, &'static str)> {
    let noise: Vec<u8> = (0..5_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let cut = |ending: &str| {
        let whole = file_of(ending, Datum::Wgs84, HOMES);
        whole[..whole.len() * 2 / 3].to_vec()
    };
    let zeros = vec![0; BOMB_BYTES];
    let blank = " ".repeat(BOMB_BYTES);
    let header_row = ["id", "lon", "lat"].map(|name| format!(r#"<c t="str"><v>{name}</v></c>"#)).concat();
    let rows = format!("<row>{header_row}</row>{}", "<row/>".repeat(BOMB_BYTES / 6));
    let database = [b"SQLite format 3\0\x10\0\x01\x01\0\x40\x20\x20".as_slice(), &zeros].concat();
    let header = 1_000_000_u32.to_le_bytes();
    vec![
        ("noise", "xlsx", noise.clone(), "ENCODING"),
        ("noise behind its magic", "xlsx", [b"PK\x03\x04".as_slice(), &noise].concat(), "BAD_FORMAT"),
        ("noise", "zip", noise.clone(), "BAD_FORMAT"),
        ("noise", "gpkg", noise.clone(), "BAD_FORMAT"),
        ("noise behind its magic", "gpkg", [&database[..100], &noise].concat(), "BAD_FORMAT"),
        ("noise", "fgb", noise.clone(), "BAD_FORMAT"),
        (
            "noise behind its magic",
            "fgb",
            [b"fgb\x03fgb\0".as_slice(), &[9, 0, 0, 0], &noise].concat(),
            "BAD_FORMAT",
        ),
        ("cut", "xlsx", cut("xlsx"), "BAD_FORMAT"),
        ("cut", "zip", cut("zip"), "BAD_FORMAT"),
        ("cut", "gpkg", cut("gpkg"), "BAD_FORMAT"),
        ("cut", "fgb", cut("fgb"), "BAD_FORMAT"),
        ("nothing", "xlsx", Vec::new(), "MISSING_FIELD"),
        ("nothing", "zip", Vec::new(), "BAD_FORMAT"),
        ("nothing", "gpkg", Vec::new(), "BAD_FORMAT"),
        ("nothing", "fgb", Vec::new(), "BAD_FORMAT"),
        ("a bomb", "xlsx", sheets(&[("1", &rows)]), "TOO_LARGE"),
        ("a bomb", "zip", long_record(), "TOO_LARGE"),
        ("a bomb beside the shapes", "zip", shapefile_with(HOMES, "prj", blank.as_bytes()), "TOO_LARGE"),
        ("a bomb", "gpkg", gzip(&database), "TOO_LARGE"),
        ("a bomb", "fgb", gzip(&[b"fgb\x03fgb\0".as_slice(), &header, &zeros].concat()), "TOO_LARGE"),
        ("a way out of its folder", "zip", archive(&[("../../homes.shp", [].as_slice())]), "BAD_FORMAT"),
        ("another format", "zip", file_of("xlsx", Datum::Wgs84, HOMES), "BAD_FORMAT"),
        ("another format", "xlsx", file_of("zip", Datum::Wgs84, HOMES), "BAD_FORMAT"),
        ("another format", "gpkg", file_of("fgb", Datum::Wgs84, HOMES), "BAD_FORMAT"),
        ("another format", "fgb", file_of("gpkg", Datum::Wgs84, HOMES), "BAD_FORMAT"),
    ]
}

/// Every file below a folder, by its name.
fn names(folder: &Path, into: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            names(&path, into);
        }
        into.insert(path.display().to_string());
    }
}

#[tokio::test]
async fn what_is_broken_cut_or_swollen_is_answered_by_name_and_leaves_nothing() {
    let app = TestApp::start_with(limited(LimitOverrides {
        max_file_bytes: Some(MAX_FILE_BYTES),
        max_held_bytes: Some(MAX_HELD_BYTES),
        ..LimitOverrides::default()
    }))
    .await;
    let planner = app.staff(Role::Planner);
    let stored = async || {
        let mut tables = Vec::new();
        for kind in ["cells", "households", "incidents"] {
            let answer = planner.get(&format!("/d/410184/export/{kind}?format=csv")).await;
            tables.push(answer.text().await.expect("a body"));
        }
        tables
    };
    let files = || {
        let mut found = BTreeSet::new();
        names(app.folder(), &mut found);
        found
    };
    let (before, before_files) = (stored().await, files());
    for (what, ending, bytes, code) in bad_files() {
        for kind in ["households", "incidents", "cells", "basemap"] {
            // No table carries cells or a base map.
            if ending == "xlsx" && ["cells", "basemap"].contains(&kind) {
                continue;
            }
            for skip in ["false", "true"] {
                let path = format!("/d/410184/import/{kind}?level=cell&id=id&skipBad={skip}");
                let answer = send(&planner, &path, ending, bytes.clone()).await;
                let problems = answer.body["problems"].as_array().cloned().unwrap_or_default();
                let is_told = |problem: &Value| problem["severity"] == "error" && problem["code"] == code;
                assert_eq!(answer.status, 422, "{what}, {kind} as {ending}: {}", answer.body);
                assert!(problems.iter().any(is_told), "{what}, {kind} as {ending}: {}", answer.body);
            }
        }
        assert_eq!(stored().await, before, "{what} as {ending}");
    }
    assert_eq!(files(), before_files);
}

#[tokio::test]
async fn a_count_of_2_to_the_32_in_the_wkb_of_a_geopackage_is_told_with_its_row_in_no_time() {
    let app = TestApp::start().await;
    for kind in ["households", "incidents", "cells", "basemap"] {
        let path = format!("/d/410184/import/{kind}?level=cell&id=id");
        let begun = Instant::now();
        let answer = send(&app.staff(Role::Planner), &path, "gpkg", endless_rings()).await;
        assert!(begun.elapsed() < Duration::from_secs(10), "{kind}: {:?}", begun.elapsed());
        let problem = &answer.body["problems"][0];
        assert_eq!((answer.status, &problem["code"]), (422, &json!("BAD_FORMAT")), "{kind}: {}", answer.body);
        assert_eq!(answer.body["row_count"], 1, "{kind}");
    }
}
