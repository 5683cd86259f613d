//! Every file of the collection of dirty GeoJSON is answered in time, and the plainly tagged ones by the right code.
#![expect(clippy::print_stdout, reason = "a test that is passed over says so")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use geo_tools::formats::{Caps, Item, geojson};
use geo_tools::{Code, Problem};

/// A folder of the shared data; `None`, said aloud, where it is absent and not required.
fn data(set: &str) -> Option<PathBuf> {
    let root = std::env::var_os("GRIDWARD_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"), PathBuf::from);
    let folder = root.join(set);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("GRIDWARD_REQUIRE_DATA").is_none_or(|value| value != "1"),
        "{} is missing",
        folder.display()
    );
    println!("passed over: {} is absent", folder.display());
    None
}

/// The codes of which one must be told for a tag; `None` where the tag asks for nothing of the reader.
fn wanted(file: &str, tag: &str) -> Option<&'static [Code]> {
    Some(match tag {
        "not_utf8" | "utf16_or_nul" => &[Code::Encoding],
        "not_object" | "bad_type" | "bad_features" => &[Code::NotGeojson],
        "out_of_range" => &[Code::CoordRange],
        "bad_coordinates" => &[Code::CoordType],
        "unclosed_ring" => &[Code::RingOpen],
        "short_ring" => &[Code::RingTooShort, Code::CoordType],
        "null_geometry" | "empty_coordinates" | "no_geometry_key" => &[Code::NullGeometry],
        "bad_geometry" => &[Code::NotGeojson, Code::GeometryType],
        "bad_properties" => &[Code::BadValue],
        "crs_member" => &[Code::Crs],
        "3d_plus" => &[Code::ThirdDimension],
        "nested_gc" => &[Code::Depth],
        "duplicate_points" if file != TOUCHES_ITSELF => &[Code::DuplicatePosition, Code::CoordType],
        _ => return None,
    })
}

/// It repeats a position, but not next to itself: a ring that touches itself is the coverage's to find.
const TOUCHES_ITSELF: &str = "mapshaper_six_counties_three_null.json";

#[test]
fn every_dirty_file_is_answered_within_a_second() {
    let Some(folder) = data("dirty-geojson") else { return };
    let manifest = std::fs::read_to_string(folder.join("manifest.csv")).expect("the manifest");
    let mut rows = csv::Reader::from_reader(manifest.as_bytes());
    let (mut count, mut complaints) = (0, Vec::new());
    for row in rows.records() {
        let row = row.expect("a row");
        let (file, tags) = (&row[0], &row[6]);
        let bytes = std::fs::read(folder.join("files").join(file)).expect("a file of the manifest");
        let started = Instant::now();
        let items: Vec<Item> = geojson::read(bytes.as_slice(), &Caps::default()).collect();
        let elapsed = started.elapsed();
        assert!(elapsed < Duration::from_secs(1), "{file} took {elapsed:?}");
        assert!(!items.is_empty(), "{file} is not answered");
        count += 1;
        let readable = items.iter().any(|item| matches!(item, Item::Feature(_)));
        let problems: Vec<Problem> = items
            .into_iter()
            .flat_map(|item| match item {
                Item::Feature(feature) => feature.warnings,
                Item::Problem(problem) => vec![problem],
            })
            .collect();
        let codes: Vec<Code> = problems.iter().map(|problem| problem.code).collect();
        for tag in tags.split(' ') {
            if let Some(wanted) =
                wanted(file, tag).filter(|wanted| !wanted.iter().any(|code| codes.contains(code)))
            {
                complaints.push(format!("{file} ({tag}): {wanted:?} expected, {codes:?} told"));
            }
        }
        if tags.contains("readable") && !readable {
            complaints.push(format!("{file}: readable, but {problems:?}"));
        }
        if let Some(problem) = problems.iter().find(|problem| problem.line.is_none()) {
            complaints.push(format!("{file}: no line in {problem:?}"));
        }
    }
    assert_eq!(count, 114);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
