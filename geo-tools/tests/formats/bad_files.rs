//! Files that are not what their names say, or say of themselves what cannot be: each with the code and the words it gets.

use std::io::Write;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use geo_tools::formats::{Caps, Item, Options};
use geo_tools::{Code, Geometry, Position, Severity};
use serde_json::json;

use crate::folder::{Memory, New, feature, features, read};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

/// The last error that is told of a file, under small caps.
fn told(name: &str, bytes: Vec<u8>) -> (Code, String) {
    let memory = Memory::default();
    memory.put(name, bytes);
    let caps = Caps { max_bytes: 1 << 20, max_held_bytes: 1 << 20, ..Caps::default() };
    let started = Instant::now();
    let items = read(name, &memory, &Options { caps, ..Options::default() });
    assert!(started.elapsed() < Duration::from_secs(1), "{name}");
    let error = |item: &Item| match item {
        Item::Problem(problem) if problem.severity == Severity::Error => {
            Some((problem.code, problem.message.clone()))
        }
        _ => None,
    };
    items.iter().rev().find_map(error).unwrap_or_else(|| std::panic::panic_any(format!("{name}: {items:?}")))
}

#[test]
fn a_file_of_another_format_than_its_name_says_is_refused_by_what_it_starts_with() {
    let page = b"<html><body>404</body></html>".as_slice();
    for (name, bytes, code, words) in [
        ("cells.geojson", page, Code::NotGeojson, ""),
        ("cells.ndjson", page, Code::NotGeojson, ""),
        ("cells.shp", page, Code::BadFormat, "its header alone has 100"),
        ("cells.shp", &[0; 200], Code::BadFormat, "starts with 0; a shapefile starts with 9994"),
        ("cells.zip", page, Code::BadFormat, "no ZIP archive"),
        ("cells.gpkg", page, Code::BadFormat, "no GeoPackage"),
        ("cells.gpkg", &[0; 4096], Code::BadFormat, "no GeoPackage"),
        ("cells.fgb", page, Code::BadFormat, "no FlatGeobuf"),
        ("points.csv", page, Code::MissingField, "no columns for longitude and latitude"),
        ("points.xlsx", page, Code::MissingField, "no columns for longitude and latitude"),
        ("points.csv", b"\xd0\xcf\x11\xe0 and so on", Code::Encoding, "old spreadsheet"),
        ("points.csv", b"", Code::MissingField, "empty"),
    ] {
        let (found, message) = told(name, bytes.to_vec());
        assert_eq!(found, code, "{name}: {message}");
        assert!(message.contains(words), "{name}: {message}");
    }
}

#[test]
fn what_unpacks_to_more_than_the_cap_is_refused_in_every_format() {
    let bomb = vec![b' '; 8 << 20];
    for name in
        ["a.geojson.gz", "a.geojsonl.gz", "a.csv.gz", "a.gpkg.gz", "a.shp.gz", "a.zip.gz", "a.xlsx.gz"]
    {
        let (code, message) = told(name, gzip(&bomb));
        // These have a header that is looked at before the rest is unpacked, and this is none.
        let is_looked_at = matches!(name, "a.shp.gz" | "a.gpkg.gz");
        let expected = if is_looked_at { Code::BadFormat } else { Code::TooLarge };
        assert_eq!(code, expected, "{name}: {message}");
    }
    let held = [b"SQLite format 3\0\x10\0\x01\x01\0".as_slice(), &vec![0; 2 << 20]].concat();
    assert_eq!(told("a.gpkg", held).0, Code::TooLarge);
    assert_eq!(told("a.geojson.gz", gzip(b"{}")[..12].to_vec()).0, Code::Unreadable);
}

#[test]
fn pages_that_form_a_ring_or_lie_outside_the_file_are_told_by_their_number() {
    const PAGE: usize = 16_384;
    let memory = Memory::default();
    let row = |number: i32| {
        let at = Position::new(113.0 + f64::from(number) * 1e-5, 34.0).expect("in range");
        feature(json!({"number": number, "text": "网".repeat(20)}), Some(Geometry::Point(at)))
    };
    let rows: Vec<New> = (0..2_000).map(row).collect();
    memory.write("rows.gpkg", &rows);
    let whole = memory.get("rows.gpkg");
    let inner = (1..whole.len() / PAGE).find(|page| whole[page * PAGE] == 5).expect("a tree of two levels");
    let own = inner as u32 + 1;
    let first = usize::from(u16::from_be_bytes([whole[inner * PAGE + 12], whole[inner * PAGE + 13]]));
    for (at, page, words) in [
        (8, own, "row 1 on page".to_owned()),
        (first, own, format!("page {own} closes a ring of pages")),
        (first, u32::MAX, format!("page {} is not in the file", u32::MAX)),
        (first, 0, "page 0 is not in the file".to_owned()),
        (8, 3, "on page 3 follows row".to_owned()),
    ] {
        let mut damaged = whole.clone();
        damaged[inner * PAGE + at..][..4].copy_from_slice(&page.to_be_bytes());
        memory.put("rows.gpkg", damaged);
        let started = Instant::now();
        let items = read("rows.gpkg", &memory, &Options::default());
        assert!(started.elapsed() < Duration::from_secs(1), "{words}");
        let Some(Item::Problem(problem)) = items.last() else { std::panic::panic_any(words) };
        assert_eq!(problem.code, Code::BadFormat);
        assert!(problem.message.contains(&words), "{}", problem.message);
        assert!(features(&items).len() <= rows.len(), "no row twice");
    }
}
