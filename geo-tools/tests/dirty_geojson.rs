//! Every file of the collection of dirty GeoJSON: the codes that it gets, by its name, in time and in little memory.
#![expect(clippy::expect_used, reason = "a test's own tools fail the test")]

mod data;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use geo_tools::Code::{
    BadValue, CoordRange, CoordType, Crs, Depth, DuplicatePosition, Encoding, Extent, Gap, GeometryType,
    HoleOutside, NotGeojson, NullGeometry, Overlap, RingOpen, RingTooShort, RoundingChanged,
    SelfIntersection, Sliver, TJunction, ThirdDimension, TooLarge,
};
use geo_tools::coverage::{Area, BuildOptions, build};
use geo_tools::formats::{Caps, Item, geojson};
use geo_tools::{Code, Geometry, Problem, Severity};

use data::data;
use serde_json::Value;

const MOST_TIME: Duration = Duration::from_secs(1);
const MOST_MEMORY_KIB: u32 = 256 << 10;

/// A file, how many of its features can be used, every code that the reader tells, and, where it told no error, every code
/// that the coverage of its polygons tells.
type Row = (&'static str, usize, &'static [Code], &'static [Code]);

#[rustfmt::skip]
const TABLE: [Row; 114] = [
    ("anti_cw-only.json", 1, &[], &[]),
    ("anti_issues-164.json", 0, &[Extent], &[]),
    ("anti_issues-174.json", 0, &[Extent], &[]),
    ("anti_issues-187.json", 0, &[CoordRange, RingOpen], &[]),
    ("anti_latitude-band.json", 0, &[Extent], &[]),
    ("anti_multi-split.json", 0, &[Extent], &[]),
    ("anti_one-hole.json", 0, &[Extent], &[]),
    ("anti_overlap.json", 0, &[Extent], &[]),
    ("anti_point-on-antimeridian.json", 0, &[Extent], &[]),
    ("anti_two-holes.json", 0, &[Extent], &[]),
    ("anti_wrapped.json", 0, &[Extent], &[]),
    ("chrieke_invalid_exterior_not_ccw.geojson", 1, &[], &[]),
    ("chrieke_invalid_feature_geometry_is_string.geojson", 0, &[NotGeojson], &[]),
    ("chrieke_invalid_feature_id_type.geojson", 1, &[BadValue], &[]),
    ("chrieke_invalid_feature_wrong_geometry_key.geojson", 1, &[NullGeometry], &[]),
    ("chrieke_invalid_featurecollection_type_lowercase.geojson", 0, &[NotGeojson], &[]),
    ("chrieke_invalid_geometry_bbox_not4or6.geojson", 1, &[], &[]),
    ("chrieke_invalid_geometry_coordinates_string.geojson", 0, &[CoordType], &[]),
    ("chrieke_invalid_geometry_depth_deep_polygon.geojson", 0, &[CoordType], &[]),
    ("chrieke_invalid_geometry_geometrycollection_null_geometry.geojson", 0, &[NullGeometry], &[]),
    ("chrieke_invalid_geometry_missing_type.geojson", 0, &[NotGeojson], &[]),
    ("chrieke_invalid_incorrect_geometry_data_type.geojson", 0, &[CoordType], &[]),
    ("chrieke_problematic_excessive_coordinate_precision.geojson", 1, &[], &[]),
    ("chrieke_problematic_geometry_not_wrapped.geojson", 1, &[], &[]),
    ("chrieke_problematic_outside_lat_lon_boundaries.geojson", 0, &[CoordRange], &[]),
    ("chrieke_problematic_self_intersection_large.geojson", 1, &[], &[SelfIntersection]),
    ("hint_bad-json.geojson", 0, &[NotGeojson], &[]),
    ("hint_bad-properties-as-array.geojson", 0, &[BadValue, NullGeometry], &[]),
    ("hint_badcoordtype.geojson", 0, &[CoordType], &[]),
    ("hint_badfeatureid.geojson", 1, &[BadValue], &[]),
    ("hint_different-first-last.geojson", 0, &[RingOpen], &[]),
    ("hint_excessive_precision_truncated.geojson", 1, &[], &[]),
    ("hint_featurecollection-obj.geojson", 0, &[NotGeojson], &[]),
    ("hint_featurecollection-type-case.geojson", 0, &[NotGeojson], &[]),
    ("hint_featurecollection_changed_semantics.geojson", 3, &[], &[]),
    ("hint_geometrycollection_single.geojson", 1, &[], &[]),
    ("hint_good-feature.geojson", 1, &[], &[]),
    ("hint_good-featurecollection.geojson", 3, &[], &[]),
    ("hint_good-point-3d.geojson", 1, &[ThirdDimension], &[]),
    ("hint_multipoint-nondimension.geojson", 0, &[CoordType], &[]),
    ("hint_multipolygon.geojson", 1, &[], &[Gap]),
    ("hint_point-string.geojson", 0, &[CoordType], &[]),
    ("hint_point.geojson", 0, &[CoordType], &[]),
    ("hint_short-multilinestring.geojson", 0, &[CoordType], &[]),
    ("jsts_i_number_huge_exp.json", 0, &[NotGeojson], &[]),
    ("jsts_i_number_pos_double_huge_exp.json", 0, &[NotGeojson], &[]),
    ("jsts_i_number_real_underflow.json", 0, &[NotGeojson], &[]),
    ("jsts_i_string_UTF-16LE_with_BOM.json", 0, &[Encoding], &[]),
    ("jsts_i_string_incomplete_surrogates_escape_valid.json", 0, &[NotGeojson], &[]),
    ("jsts_i_string_invalid_lonely_surrogate.json", 0, &[NotGeojson], &[]),
    ("jsts_i_string_invalid_utf-8.json", 0, &[Encoding], &[]),
    ("jsts_i_string_inverted_surrogates_U+1D11E.json", 0, &[NotGeojson], &[]),
    ("jsts_i_string_overlong_sequence_6_bytes.json", 0, &[Encoding], &[]),
    ("jsts_i_string_truncated-utf-8.json", 0, &[Encoding], &[]),
    ("jsts_n_number_infinity.json", 0, &[NotGeojson], &[]),
    ("jsts_n_string_unescaped_ctrl_char.json", 0, &[Encoding], &[]),
    ("jsts_n_structure_UTF8_BOM_no_data.json", 0, &[NotGeojson], &[]),
    ("mapshaper_NZ.geojson", 1, &[], &[Extent]),
    ("mapshaper_b.json", 1, &[], &[]),
    ("mapshaper_ex12_ogc.geojson", 1, &[], &[]),
    ("mapshaper_ex16_ogc.json", 1, &[], &[Gap]),
    ("mapshaper_ex18_ogc.json", 1, &[], &[HoleOutside]),
    ("mapshaper_ex19_ogc.json", 1, &[], &[SelfIntersection]),
    ("mapshaper_ex2_yemen.json", 3, &[], &[RoundingChanged]),
    ("mapshaper_ex3.json", 1, &[], &[Overlap]),
    ("mapshaper_ex3_target.json", 1, &[], &[]),
    ("mapshaper_ex7_britain.json", 0, &[CoordRange], &[]),
    ("mapshaper_ex8_britain.json", 0, &[CoordRange], &[]),
    ("mapshaper_ex9_FranklinTwoPrecinctsDetail.json", 2, &[DuplicatePosition], &[]),
    ("mapshaper_invalid_coordinates.json", 0, &[CoordRange], &[]),
    ("mapshaper_original_shape.json", 1, &[], &[]),
    ("mapshaper_six_counties_three_null.json", 6, &[NullGeometry], &[Gap, SelfIntersection, Sliver]),
    ("mapshaper_three_points.geojson", 3, &[], &[]),
    ("rewind_featuregood.input.geojson", 1, &[], &[Gap]),
    ("syn_bowtie_cell.geojson", 1, &[], &[SelfIntersection]),
    ("syn_cgcs2000_gk38_zone_prefixed.geojson", 0, &[CoordRange, Crs], &[]),
    ("syn_crs_link_and_null.geojson", 0, &[Crs], &[]),
    ("syn_huge_1e308.geojson", 0, &[CoordRange], &[]),
    ("syn_nested_gc_100.geojson", 0, &[Depth], &[]),
    ("syn_newline_delimited.geojsonl", 3, &[], &[Overlap]),
    ("syn_two_cells_overlap_1m.geojson", 2, &[], &[Sliver]),
    ("syn_utf16le_bom.geojson", 0, &[Encoding], &[]),
    ("turf_boolean-valid_malformed-geometry-in-collection.geojson", 0, &[CoordType], &[]),
    ("turf_boolean-valid_multilinestring.geojson", 1, &[], &[]),
    ("turf_boolean-valid_multipolygon.geojson", 1, &[], &[]),
    ("turf_boolean-valid_non-geometry-in-collection.geojson", 0, &[GeometryType], &[]),
    ("turf_boolean-valid_not-closing-ring.geojson", 0, &[RingOpen], &[]),
    ("turf_boolean-valid_not-enough-coords.geojson", 0, &[RingTooShort], &[]),
    ("turf_boolean-valid_point-with-z.geojson", 1, &[ThirdDimension], &[]),
    ("turf_boolean-valid_point.geojson", 1, &[], &[]),
    ("turf_boolean-valid_polygon-internal-hole.geojson", 1, &[], &[Gap]),
    ("turf_clean-coords_multipolygon.geojson", 1, &[DuplicatePosition], &[Gap]),
    ("turf_clean-coords_simple-line.geojson", 1, &[DuplicatePosition], &[]),
    ("turf_difference_completely-overlapped.geojson", 2, &[], &[Overlap]),
    ("turf_dissolve_polysByProperty.geojson", 6, &[], &[Gap, Overlap]),
    ("turf_dissolve_polysWithoutProperty.geojson", 6, &[], &[Gap, Overlap]),
    ("turf_dissolve_simplified-issue.geojson", 125, &[], &[Gap, Overlap, Sliver, TJunction]),
    ("turf_intersect_armenia.geojson", 2, &[], &[Overlap]),
    ("turf_intersect_infinite-loop-2705.geojson", 1, &[CoordType, DuplicatePosition], &[]),
    ("turf_intersect_issue-820.geojson", 2, &[], &[SelfIntersection]),
    ("turf_intersect_output-multipolygon.geojson", 2, &[], &[Gap, Overlap]),
    ("turf_intersect_point.geojson", 2, &[], &[]),
    ("turf_kinks_hourglass.geojson", 1, &[], &[SelfIntersection]),
    ("turf_kinks_issue-2627.geojson", 1, &[], &[Gap, SelfIntersection]),
    ("turf_kinks_multi-linestring.geojson", 1, &[], &[]),
    ("turf_kinks_multi-polygon.geojson", 1, &[], &[Overlap]),
    ("turf_rewind_line-clockwise.geojson", 1, &[], &[]),
    ("turf_union_not-overlapping.geojson", 2, &[], &[]),
    ("turf_union_unable-to-complete-output-ring-1983-1.geojson", 2, &[DuplicatePosition], &[Overlap, SelfIntersection]),
    ("turf_union_unable-to-find-segment-2258-2.geojson", 0, &[DuplicatePosition, RingTooShort], &[]),
    ("turf_union_union2.geojson", 4, &[], &[Overlap]),
    ("vt_empty-coords.json", 1, &[NullGeometry], &[]),
    ("vt_ids.json", 5, &[CoordRange, GeometryType], &[]),
    ("vt_single-geom.json", 1, &[], &[]),
];

/// What is said of a file: usable features, the reader's problems, the coverage's.
fn told(bytes: &[u8]) -> (usize, Vec<Problem>, Vec<Problem>) {
    let (mut feature_count, mut problems, mut areas) = (0, Vec::new(), Vec::new());
    for item in geojson::read(bytes, &Caps::default()) {
        match item {
            Item::Problem(problem) => problems.push(problem),
            Item::Feature(feature) => {
                feature_count += 1;
                problems.extend(feature.warnings);
                if let Some(Geometry::MultiPolygon(polygons)) = feature.geometry {
                    areas.push(Area { name: feature.index.to_string(), polygons });
                }
            }
        }
    }
    let is_refused = problems.iter().any(|problem| problem.severity == Severity::Error);
    let of_coverage = if is_refused || areas.is_empty() {
        Vec::new()
    } else {
        build(&areas, &BuildOptions::default()).problems
    };
    (feature_count, problems, of_coverage)
}

fn names(codes: impl IntoIterator<Item = Code>) -> Vec<String> {
    let mut names: Vec<String> = codes.into_iter().map(|code| format!("{code:?}")).collect();
    names.sort();
    names.dedup();
    names
}

fn files(folder: &Path) -> Vec<String> {
    let entries = folder.join("files").read_dir().expect("the files");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn every_dirty_file_gets_its_codes_within_a_second() {
    let Some(folder) = data("dirty-geojson") else { return };
    assert_eq!(files(&folder), TABLE.map(|row| row.0), "the table names every file");
    let mut complaints = Vec::new();
    for (file, feature_count, of_reader, of_coverage) in TABLE {
        let bytes = std::fs::read(folder.join("files").join(file)).expect("a file of the table");
        let started = Instant::now();
        let found = told(&bytes);
        let elapsed = started.elapsed();
        assert!(elapsed < MOST_TIME, "{file} took {elapsed:?}");
        if let Some(problem) = found.1.iter().find(|problem| problem.line.is_none()) {
            complaints.push(format!("{file}: no line in {problem:?}"));
        }
        let code = |problem: &Problem| problem.code;
        let found = (found.0, names(found.1.iter().map(code)), names(found.2.iter().map(code)));
        let expected = (feature_count, names(of_reader.iter().copied()), names(of_coverage.iter().copied()));
        if found != expected {
            complaints.push(format!("{file}: {expected:?} expected, {found:?} told"));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Whoever tagged the files did not know this reader: what a tag asks for, the table must say.
#[test]
fn the_table_says_what_the_tags_of_the_collection_ask_for() {
    let Some(folder) = data("dirty-geojson") else { return };
    let manifest = std::fs::read_to_string(folder.join("manifest.csv")).expect("the manifest");
    let mut rows = csv::Reader::from_reader(manifest.as_bytes());
    let mut complaints = Vec::new();
    for row in rows.records() {
        let row = row.expect("a row");
        let (file, tags) = (&row[0], &row[6]);
        let entry = TABLE.iter().find(|entry| entry.0 == file);
        let Some((_, feature_count, codes, _)) = entry else { unreachable!("{file} is not in the table") };
        for tag in tags.split(' ') {
            let wanted = wanted(file, tag);
            if wanted.is_some_and(|wanted| !wanted.iter().any(|code| codes.contains(code))) {
                complaints.push(format!("{file} ({tag}): {wanted:?} expected, {codes:?} in the table"));
            }
        }
        if tags.contains("readable") && *feature_count == 0 {
            complaints.push(format!("{file} is readable"));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// The codes of which one must be told for a tag; `None` where the tag asks for nothing of the reader.
fn wanted(file: &str, tag: &str) -> Option<&'static [Code]> {
    Some(match tag {
        "not_utf8" | "utf16_or_nul" => &[Encoding],
        "not_object" | "bad_type" | "bad_features" => &[NotGeojson],
        "out_of_range" => &[CoordRange],
        "bad_coordinates" => &[CoordType],
        "unclosed_ring" => &[RingOpen],
        "short_ring" => &[RingTooShort, CoordType],
        "null_geometry" | "empty_coordinates" | "no_geometry_key" => &[NullGeometry],
        "bad_geometry" => &[NotGeojson, GeometryType],
        "bad_properties" => &[BadValue],
        "crs_member" => &[Crs],
        "3d_plus" => &[ThirdDimension],
        "nested_gc" => &[Depth],
        "duplicate_points" if file != TOUCHES_ITSELF => &[DuplicatePosition, CoordType],
        _ => return None,
    })
}

/// It repeats a position, but not next to itself: a ring that touches itself is the coverage's to find.
const TOUCHES_ITSELF: &str = "mapshaper_six_counties_three_null.json";

/// Runs `geo-tools validate` where no more address space can be had than `most_kib`, so that nothing needs to be measured:
/// whatever needs more is aborted. Answers its exit code and the codes of its report.
fn validate_within(path: &Path, most_kib: u32) -> (Option<i32>, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("report.json");
    let status = Command::new("sh")
        .args(["-c", "ulimit -v \"$1\" && exec \"$2\" validate \"$3\" --report \"$4\"", "sh"])
        .arg(most_kib.to_string())
        .arg(env!("CARGO_BIN_EXE_geo-tools"))
        .args([path, &report])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let told = std::fs::read(report).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let problems = told.as_ref().and_then(|told| told["problems"].as_array());
    let mut codes: Vec<String> = problems
        .into_iter()
        .flatten()
        .filter_map(|problem| Some(problem["code"].as_str()?.to_owned()))
        .collect();
    codes.sort();
    codes.dedup();
    (status.expect("a shell").code(), codes)
}

#[test]
fn every_dirty_file_is_answered_in_256_mib() {
    let Some(folder) = data("dirty-geojson") else { return };
    for (file, _, of_reader, of_coverage) in TABLE {
        let (code, codes) = validate_within(&folder.join("files").join(file), MOST_MEMORY_KIB);
        assert!(matches!(code, Some(0 | 1)), "{file}: {code:?}");
        // The program asks for cells, and says so of points and lines.
        let mut expected: Vec<&str> = of_reader.iter().chain(of_coverage).map(|code| code.as_str()).collect();
        expected.sort_unstable();
        let of_kind = |code: &&str| *code != GeometryType.as_str();
        let codes = codes.iter().map(String::as_str).filter(of_kind);
        assert!(codes.eq(expected.into_iter().filter(of_kind)), "{file}");
    }
}

#[test]
fn bombs_are_refused_in_256_mib() {
    let folder = tempfile::tempdir().expect("a folder");
    let gzip = |bytes: &[u8]| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut packed, bytes).expect("into memory");
        packed.finish().expect("into memory")
    };
    let brackets = vec![b'['; 100 << 20];
    let start = b"{\"type\":\"Polygon\",\"coordinates\":[[".as_slice();
    let ring = [start, &b"[113.0,34.0],".repeat(10_000_000)].concat();
    let text =
        [b"{\"type\":\"Feature\",\"properties\":{\"a\":\"".as_slice(), &vec![b'x'; 100 << 20]].concat();
    let packed = gzip(&brackets);
    let bombs: [(&str, &[u8], Code); 6] = [
        ("brackets", &brackets, Depth),
        ("brackets.gz", &packed, Depth),
        ("brackets.gz.gz", &gzip(&packed), Depth),
        ("ring", &ring, TooLarge),
        ("ring.gz", &gzip(&ring), TooLarge),
        ("text", &text, TooLarge),
    ];
    for (name, bytes, code) in bombs {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        let expected = (Some(1), vec![code.as_str().to_owned()]);
        assert_eq!(validate_within(&path, MOST_MEMORY_KIB), expected, "{name}");
    }
    // The limit is one: with a hundredth of it nothing can even start.
    let (code, _) = validate_within(&folder.path().join("ring"), MOST_MEMORY_KIB / 100);
    assert!(!matches!(code, Some(0 | 1)), "the limit limits nothing: {code:?}");
}
