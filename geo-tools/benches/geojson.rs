//! The GeoJSON reader against the geojson crate, and a whole import against that crate's parse alone.
//!
//! `cargo bench -p geo-tools --bench geojson`. Coordinates are compared before anything is timed; rounds alternate.
//! Real input is found by `GRIDWARD_DATA`; where it is absent the bench says so.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench prints, and ends where it cannot go on"
)]

use std::hint::black_box;
use std::io::Read;
use std::path::PathBuf;
use std::time::Instant;

use ::geojson::{GeoJson, GeometryValue};
use geo_tools::coverage::{Area, BuildOptions, build};
use geo_tools::formats::{Caps, Feature, Item, geojson};
use geo_tools::locator::Locator;
use geo_tools::{Geometry, Position};

const ROUNDS: usize = 11;
/// Cells along each side of the generated coverage: about ten megabytes of text.
const SIDE_CELLS: usize = 100;
const STEPS: usize = 9;

/// A small generator (splitmix64), so that every run reads the same bytes.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The text of a coverage of wiggly cells, as `ogr2ogr` would write it with seven decimals.
fn generated() -> String {
    const WEST: f64 = 113.0;
    const SOUTH: f64 = 34.0;
    const CELL: f64 = 0.003;
    let mut random = Random(7);
    let nodes = SIDE_CELLS + 1;
    let corners: Vec<[f64; 2]> = (0..nodes * nodes)
        .map(|at| {
            let mut jitter = || (random.unit() - 0.5) * 0.3;
            [WEST + CELL * ((at % nodes) as f64 + jitter()), SOUTH + CELL * ((at / nodes) as f64 + jitter())]
        })
        .collect();
    let mut wiggle = |a: [f64; 2], b: [f64; 2]| -> Vec<[f64; 2]> {
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let inner = (1..STEPS).map(|step| {
            let share = step as f64 / STEPS as f64;
            let off = (random.unit() - 0.5) * 0.16 * step.min(STEPS - step) as f64 / 4.0;
            [a[0] + dx * share - dy * off, a[1] + dy * share + dx * off]
        });
        std::iter::once(a).chain(inner).chain([b]).collect()
    };
    let node = |column: usize, row: usize| row * nodes + column;
    let mut east = vec![Vec::new(); nodes * nodes];
    let mut north = vec![Vec::new(); nodes * nodes];
    for row in 0..nodes {
        for column in 0..nodes {
            let here = node(column, row);
            if column < SIDE_CELLS {
                east[here] = wiggle(corners[here], corners[node(column + 1, row)]);
            }
            if row < SIDE_CELLS {
                north[here] = wiggle(corners[here], corners[node(column, row + 1)]);
            }
        }
    }
    let mut features = Vec::new();
    for row in 0..SIDE_CELLS {
        for column in 0..SIDE_CELLS {
            let ring = east[node(column, row)]
                .iter()
                .chain(&north[node(column + 1, row)][1..])
                .chain(east[node(column, row + 1)].iter().rev().skip(1))
                .chain(north[node(column, row)].iter().rev().skip(1));
            let ring: Vec<String> = ring.map(|[lon, lat]| format!("[{lon:.7},{lat:.7}]")).collect();
            features.push(format!(
                "{{\"type\":\"Feature\",\"properties\":{{\"code\":\"{row:03}-{column:03}\",\"name\":\"Cell {column} of row {row}\"}},\
                 \"geometry\":{{\"type\":\"Polygon\",\"coordinates\":[[{}]]}}}}",
                ring.join(",")
            ));
        }
    }
    format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{}\n]}}\n", features.join(",\n"))
}

/// Every input that there is, by its name.
fn inputs() -> Vec<(String, String)> {
    let root = std::env::var_os("GRIDWARD_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"), PathBuf::from);
    let mut inputs = vec![("a generated coverage".to_owned(), generated())];
    for file in ["blocks", "buildings_footprints", "buildings_points"] {
        let path = root.join("town-liechtenstein").join(format!("{file}.geojson.gz"));
        let Ok(packed) = std::fs::File::open(&path) else {
            println!("passed over: {} is absent", path.display());
            continue;
        };
        let mut text = String::new();
        flate2::read::GzDecoder::new(packed).read_to_string(&mut text).expect("gzip of UTF-8");
        inputs.push((format!("Liechtenstein, {file}"), text));
    }
    inputs
}

fn our_features(text: &str) -> Vec<Feature> {
    let features = geojson::read(text.as_bytes(), &Caps::default()).map(|item| match item {
        Item::Feature(feature) => feature,
        Item::Problem(problem) => unreachable!("{problem:?}"),
    });
    features.collect()
}

/// The features as somebody has them who asks for the properties of each.
fn our_decoded_features(text: &str) -> Vec<Feature> {
    let features = our_features(text);
    for feature in &features {
        black_box(feature.properties.len());
    }
    features
}

fn their_features(text: &str) -> GeoJson {
    text.parse().expect("GeoJSON")
}

/// The rings, or the point, of a feature as the crate gives them: rounded, without what stands twice in a row.
fn their_rings(value: &GeometryValue) -> Vec<Vec<Position>> {
    let at = |position: &::geojson::Position| Position::new(position[0], position[1]).expect("in range");
    let ring = |ring: &Vec<::geojson::Position>| {
        let mut ring: Vec<Position> = ring.iter().map(at).collect();
        ring.dedup();
        ring.pop();
        ring
    };
    match value {
        GeometryValue::Point { coordinates } => vec![vec![at(coordinates)]],
        GeometryValue::Polygon { coordinates } => coordinates.iter().map(ring).collect(),
        GeometryValue::MultiPolygon { coordinates } => coordinates.iter().flatten().map(ring).collect(),
        other => unreachable!("{other:?}"),
    }
}

/// Asserts that both read the same coordinates; gives their number.
fn compare(text: &str) -> usize {
    let GeoJson::FeatureCollection(theirs) = their_features(text) else { unreachable!("a collection") };
    let ours = our_features(text);
    assert_eq!(ours.len(), theirs.features.len());
    let mut count = 0;
    for (ours, theirs) in ours.iter().zip(&theirs.features) {
        let rings: Vec<Vec<Position>> = match ours.geometry.as_ref().expect("a geometry") {
            Geometry::Point(at) => vec![vec![*at]],
            Geometry::MultiPolygon(polygons) => {
                polygons.iter().flat_map(|polygon| polygon.rings().map(<[_]>::to_vec)).collect()
            }
            other => unreachable!("{other:?}"),
        };
        assert_eq!(
            rings,
            their_rings(&theirs.geometry.as_ref().expect("a geometry").value),
            "{}",
            ours.index
        );
        assert_eq!(Some(&*ours.properties), theirs.properties.as_ref(), "{}", ours.index);
        count += rings.iter().map(Vec::len).sum::<usize>();
    }
    count
}

/// How long `work` took, in milliseconds; what it made is dropped afterwards.
fn timed<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    let made = black_box(work());
    let elapsed_ms = start.elapsed().as_secs_f64() * 1e3;
    drop(made);
    elapsed_ms
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn areas(features: Vec<Feature>) -> Vec<Area> {
    let area = |feature: Feature| match feature.geometry {
        Some(Geometry::MultiPolygon(polygons)) => Some(Area { name: feature.index.to_string(), polygons }),
        _ => None,
    };
    features.into_iter().filter_map(area).collect()
}

fn bench_import(text: &str, their_parse_ms: f64) {
    let (mut parsed, mut built, mut indexed) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let areas = areas(our_features(text));
        parsed.push(start.elapsed().as_secs_f64() * 1e3);
        let start = Instant::now();
        let coverage = build(&areas, &BuildOptions::default()).coverage.expect("a coverage");
        built.push(start.elapsed().as_secs_f64() * 1e3);
        let start = Instant::now();
        black_box(Locator::build(&coverage));
        indexed.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let (parsed, built, indexed) = (median(parsed), median(built), median(indexed));
    let whole = parsed + built + indexed;
    println!(
        "  import: parse {parsed:.1} ms, coverage {built:.1} ms, index {indexed:.1} ms: {:.2} of the crate's parse alone",
        whole / their_parse_ms
    );
}

fn main() {
    for (name, text) in inputs() {
        let count = compare(&text);
        println!("{name}: {:.1} MB, {count} positions, all equal", text.len() as f64 / 1e6);
        let [mut kept, mut decoded, mut streamed, mut theirs] = [const { Vec::new() }; 4];
        for _ in 0..ROUNDS {
            theirs.push(timed(|| their_features(&text)));
            kept.push(timed(|| our_features(&text)));
            decoded.push(timed(|| our_decoded_features(&text)));
            streamed.push(timed(|| geojson::read(text.as_bytes(), &Caps::default()).count()));
        }
        let [kept, decoded, streamed, theirs] = [kept, decoded, streamed, theirs].map(median);
        println!(
            "  parse: crate {theirs:.1} ms; ours {kept:.1} ms kept ({:.1}x), {decoded:.1} ms with every property decoded \
             ({:.1}x), {streamed:.1} ms streamed ({:.1}x)",
            theirs / kept,
            theirs / decoded,
            theirs / streamed
        );
        if name.contains("coverage") {
            bench_import(&text, theirs);
        }
    }
}
