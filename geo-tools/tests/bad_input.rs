//! Bad input, by name: each thing that a file can have wrong, with the code it gets, and where it is said to be.
//!
//! Of the list in the design, these belong to other doors: an accuracy of 5 km, a time in the future, a phone at 0, 0 and a
//! datum mix-up (held and asked about) to the server's reports and imports; a KML bomb to a reader that does not exist, and a
//! WKB count of 2^32 to that of GeoPackages (`formats/geopackage.rs`): both are refused here as what they are not.
#![expect(
    clippy::expect_used,
    clippy::too_many_lines,
    reason = "tables; and a test's own tools fail the test"
)]

use std::io::Read;

use geo_tools::coverage::{Area, BuildOptions, build};
use geo_tools::formats::csv::{self, CsvOptions};
use geo_tools::formats::{Caps, Item, geojson};
use geo_tools::{Code, Geometry, Position, Problem, Severity};

const MOST_SHOWN_BYTES: usize = 400;

/// Everything that is said of a GeoJSON file of cells: by the reader, else by the coverage of its polygons.
fn told_of_cells(bytes: impl Read) -> (Vec<Problem>, bool) {
    let (mut problems, mut areas) = (Vec::new(), Vec::new());
    for item in geojson::read(bytes, &Caps::default()) {
        match item {
            Item::Problem(problem) => problems.push(problem),
            Item::Feature(feature) => {
                problems.extend(feature.warnings);
                if let Some(Geometry::MultiPolygon(polygons)) = feature.geometry {
                    areas.push(Area { name: feature.index.to_string(), polygons });
                }
            }
        }
    }
    let is_refused =
        |problems: &[Problem]| problems.iter().any(|problem| problem.severity == Severity::Error);
    if is_refused(&problems) || areas.is_empty() {
        return (problems, false);
    }
    let build = build(&areas, &BuildOptions::default());
    problems.extend(build.problems);
    (problems, build.coverage.is_some())
}

fn told_of_table(bytes: &[u8]) -> Vec<Problem> {
    let told = |item| match item {
        csv::Item::Problem(problem) => Some(problem),
        csv::Item::Row(_) => None,
    };
    csv::read(bytes, &CsvOptions::default(), &Caps::default()).filter_map(told).collect()
}

/// Where a problem says that it is.
enum At<'a> {
    /// A JSON pointer, the coordinate's index included.
    Pointer(&'a str),
    /// A line of the file.
    Line(u64),
    /// A position in degrees.
    Place(f64, f64),
}

/// One problem with this code at this place; nothing else refuses the file, and no message grows with it.
#[track_caller]
fn check(name: &str, problems: &[Problem], code: Code, severity: Severity, at: &At<'_>) {
    let is_there = |problem: &&Problem| match at {
        At::Pointer(pointer) => problem.pointer.as_deref() == Some(*pointer),
        At::Line(line) => problem.line == Some(*line),
        At::Place(lon, lat) => {
            let place = Position::new(*lon, *lat).expect("in range");
            problem.geometry.as_ref().is_some_and(|geometry| geometry.positions().any(|at| at == place))
        }
    };
    let is_it = |problem: &&Problem| problem.code == code && problem.severity == severity;
    assert!(problems.iter().filter(is_it).any(|problem| is_there(&problem)), "{name}: {problems:#?}");
    for problem in problems {
        assert!(problem.severity == Severity::Warning || problem.code == code, "{name}: {problem:?}");
        assert!(problem.message.len() < MOST_SHOWN_BYTES, "{name}: {}", problem.message);
    }
}

fn feature(id: &str, geometry: &str) -> String {
    format!("{{\"type\":\"Feature\",\"id\":{id},\"properties\":{{}},\"geometry\":{geometry}}}")
}

/// A collection with one feature a line, the first one on line 2.
fn collection(features: &[String]) -> String {
    format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{}\n]}}", features.join(",\n"))
}

fn polygon(rings: &str) -> String {
    format!("{{\"type\":\"Polygon\",\"coordinates\":[{rings}]}}")
}

fn cells(rings: &[&str]) -> String {
    let features: Vec<String> =
        rings.iter().enumerate().map(|(at, rings)| feature(&at.to_string(), &polygon(rings))).collect();
    collection(&features)
}

/// A closed ring around a box in degrees.
fn ring([west, south, east, north]: [f64; 4]) -> String {
    format!("[[{west},{south}],[{east},{south}],[{east},{north}],[{west},{north}],[{west},{south}]]")
}

const SQUARE: [f64; 4] = [113.0, 34.0, 113.01, 34.01];

#[test]
fn coordinates_that_are_none_are_told_by_their_index() {
    let long = format!("1{}", "1".repeat(400));
    let rows: &[(&str, &str, Code, &str)] = &[
        ("out of range", "[181,34]", Code::CoordRange, "/0/2"),
        ("beyond a pole", "[113,90.0000001]", Code::CoordRange, "/0/2"),
        ("swapped", "[34.01,113.01]", Code::CoordRange, "/0/2"),
        ("huge", "[1e308,34]", Code::CoordRange, "/0/2"),
        ("beyond a double", "[1e999,34]", Code::CoordRange, "/0/2/0"),
        ("of four hundred digits", &format!("[{long},34]"), Code::CoordRange, "/0/2/0"),
        ("NaN", "[113,NaN]", Code::CoordRange, "/0/2/1"),
        ("infinite", "[-Infinity,34]", Code::CoordRange, "/0/2/0"),
        ("text", "[\"113.01\",34]", Code::CoordType, "/0/2/0"),
        ("long text", &format!("[\"{long}\",34]"), Code::CoordType, "/0/2/0"),
        ("null", "[113,null]", Code::CoordType, "/0/2/1"),
        ("one number", "[113]", Code::CoordType, "/0/2"),
    ];
    for (name, position, code, place) in rows {
        let bad = format!("[[113,34],[113.01,34],{position},[113,34.01],[113,34]]");
        let text = cells(&[&ring([114.0, 34.0, 114.01, 34.01]), &bad]);
        let (problems, has_coverage) = told_of_cells(text.as_bytes());
        let pointer = format!("/features/1/geometry/coordinates{place}");
        check(name, &problems, *code, Severity::Error, &At::Pointer(&pointer));
        check(name, &problems, *code, Severity::Error, &At::Line(3));
        assert!(!has_coverage && problems[0].indexes == [1], "{name}");
        let is_hinted = problems[0].message.contains("swapped");
        assert_eq!(is_hinted, *name == "swapped", "{name}: {}", problems[0].message);
    }
}

#[test]
fn rings_and_geometries_that_are_none_are_told_by_their_pointer() {
    let line = "{\"type\":\"LineString\",\"coordinates\":[[113,34],[114,34]]}";
    let mixed =
        format!("{{\"type\":\"GeometryCollection\",\"geometries\":[{},{line}]}}", polygon(&ring(SQUARE)));
    let (error, warning) = (Severity::Error, Severity::Warning);
    let rows: &[(&str, String, Code, Severity, &str)] = &[
        ("empty", polygon("[]"), Code::NullGeometry, warning, "/geometry/coordinates"),
        (
            "an empty hole",
            polygon(&format!("{},[]", ring(SQUARE))),
            Code::RingTooShort,
            error,
            "/geometry/coordinates/1",
        ),
        (
            "short",
            polygon("[[113,34],[114,34],[113,34]]"),
            Code::RingTooShort,
            error,
            "/geometry/coordinates/0",
        ),
        (
            "open",
            polygon("[[113,34],[114,34],[114,35],[113,35]]"),
            Code::RingOpen,
            error,
            "/geometry/coordinates/0/3",
        ),
        (
            "thinner than the grid",
            polygon(&ring([113.0, 34.0, 113.000_000_03, 34.01])),
            Code::RingTooShort,
            error,
            "/geometry/coordinates/0",
        ),
        (
            "duplicate points",
            polygon("[[113,34],[113.01,34],[113.01,34],[113.01,34.01],[113,34]]"),
            Code::DuplicatePosition,
            warning,
            "/geometry/coordinates/0",
        ),
        (
            "3-D",
            polygon("[[113,34],[113.01,34,7],[113.01,34.01],[113,34]]"),
            Code::ThirdDimension,
            warning,
            "/geometry/coordinates/0/1",
        ),
        (
            "across the antimeridian",
            polygon("[[179.99,1],[-179.99,1],[-179.99,1.01],[179.99,1.01],[179.99,1]]"),
            Code::Extent,
            error,
            "/geometry/coordinates/0/1",
        ),
        ("null", "null".to_owned(), Code::NullGeometry, warning, "/geometry"),
        ("no geometry at all", "7".to_owned(), Code::NotGeojson, error, "/geometry"),
        (
            "of an unknown kind",
            "{\"type\":\"Circle\",\"coordinates\":[113,34]}".to_owned(),
            Code::GeometryType,
            error,
            "/geometry/type",
        ),
        ("a mixed collection", mixed, Code::GeometryType, error, "/geometry/geometries/1"),
    ];
    for (name, geometry, code, severity, place) in rows {
        let text = collection(&[
            feature("0", &polygon(&ring([114.0, 34.0, 114.01, 34.01]))),
            feature("1", geometry),
        ]);
        let (problems, _) = told_of_cells(text.as_bytes());
        check(name, &problems, *code, *severity, &At::Pointer(&format!("/features/1{place}")));
        check(name, &problems, *code, *severity, &At::Line(3));
    }
}

#[test]
fn cells_that_do_not_fit_are_told_by_their_place() {
    let whole = ring(SQUARE);
    let hole = |west: f64| format!("{whole},{}", ring([west, 34.002, 113.008, 34.008]));
    let beside = |west: f64| ring([west, 34.0, 113.02, 34.01]);
    // Rows above and below the two cells close what is open between them.
    let (above, below) = (
        "[[113,34.01],[113.01,34.01],[113.02,34.01],[113.02,34.02],[113,34.02],[113,34.01]]",
        "[[113,34],[113,33.99],[113.02,33.99],[113.02,34],[113.01,34],[113,34]]",
    );
    let (above_gap, below_gap) = (
        above.replace("[113.01,34.01]", "[113.01,34.01],[113.0100001,34.01]"),
        below.replace("[113.01,34]", "[113.0100001,34],[113.01,34]"),
    );
    let touching =
        format!("{whole},[[113,34.005],[113.005,34.002],[113.01,34.005],[113.005,34.008],[113,34.005]]");
    let rows: &[(&str, String, Code, [f64; 2])] = &[
        (
            "zero area",
            cells(&["[[113,34],[113.005,34],[113.01,34],[113,34]]"]),
            Code::ZeroArea,
            [113.01, 34.0],
        ),
        (
            "a bow-tie",
            cells(&["[[113,34],[113.01,34.01],[113.01,34],[113,34.01],[113,34]]"]),
            Code::SelfIntersection,
            [113.005, 34.005],
        ),
        (
            "a spike",
            cells(&[
                "[[113,34],[113.01,34],[113.01,34.01],[113.005,34.01],[113.005,34.02],[113.005,34.01],[113,34.01],[113,34]]",
            ]),
            Code::SelfIntersection,
            [113.005, 34.02],
        ),
        (
            "a hole outside",
            cells(&[&format!("{whole},{}", ring([113.02, 34.0, 113.03, 34.01]))]),
            Code::HoleOutside,
            [113.02, 34.0],
        ),
        (
            "a hole that touches twice",
            cells(&[
                &touching,
                "[[113,34.005],[113.005,34.002],[113.01,34.005],[113.005,34.008],[113,34.005]]",
            ]),
            Code::HoleOutside,
            [113.01, 34.005],
        ),
        ("a hole that nobody fills", cells(&[&hole(113.002)]), Code::Gap, [113.002, 34.002]),
        (
            "overlapping parts",
            collection(&[feature(
                "0",
                &format!("{{\"type\":\"MultiPolygon\",\"coordinates\":[[{whole}],[{}]]}}", beside(113.005)),
            )]),
            Code::Overlap,
            [113.005, 34.01],
        ),
        ("overlapping cells", cells(&[&whole, &beside(113.005)]), Code::Overlap, [113.005, 34.01]),
        ("the same cell twice", cells(&[&whole, &whole]), Code::Overlap, [113.01, 34.01]),
        (
            "a gap of a centimetre",
            cells(&[&whole, &beside(113.010_000_1), &above_gap, &below_gap]),
            Code::Sliver,
            [113.010_000_1, 34.01],
        ),
        (
            "a gap of a centimetre from rim to rim",
            cells(&[&whole, &beside(113.010_000_1)]),
            Code::Sliver,
            [113.010_000_1, 34.01],
        ),
        (
            "an overlap of a centimetre",
            cells(&[&whole, &beside(113.009_999_9)]),
            Code::Sliver,
            [113.009_999_9, 34.01],
        ),
        ("too wide", cells(&[&ring([10.0, 34.0, 101.0, 35.0])]), Code::Extent, [101.0, 35.0]),
    ];
    for (name, text, code, [lon, lat]) in rows {
        let (problems, has_coverage) = told_of_cells(text.as_bytes());
        check(name, &problems, *code, Severity::Error, &At::Place(*lon, *lat));
        assert!(!has_coverage, "{name}");
    }
    let t_junction = cells(&[
        &ring([113.0, 34.0, 113.01, 34.02]),
        "[[113.01,34],[113.02,34],[113.02,34.01],[113.0100001,34.01],[113.01,34]]",
        "[[113.0100001,34.01],[113.02,34.01],[113.02,34.02],[113.01,34.02],[113.0100001,34.01]]",
    ]);
    let (problems, _) = told_of_cells(t_junction.as_bytes());
    check("a T-junction", &problems, Code::TJunction, Severity::Error, &At::Place(113.010_000_1, 34.01));
}

#[test]
fn what_is_only_unusual_is_accepted() {
    let clockwise = "[[113,34],[113,34.01],[113.01,34.01],[113.01,34],[113,34]]";
    let pole = "[[0,89.99],[60,89.99],[60,90],[0,90],[0,89.99]]";
    let antimeridian = "[[179.99,1],[180,1],[180,1.01],[179.99,1.01],[179.99,1]]";
    for (name, rings) in
        [("wrong winding", clockwise), ("at a pole", pole), ("cut at the antimeridian", antimeridian)]
    {
        let (problems, has_coverage) = told_of_cells(cells(&[rings]).as_bytes());
        assert!(problems.is_empty() && has_coverage, "{name}: {problems:?}");
    }
    let with_bom = ["\u{feff}", &cells(&[clockwise])].concat();
    assert_eq!(told_of_cells(with_bom.as_bytes()), (Vec::new(), true), "a byte order mark");
}

#[test]
fn files_that_are_none_are_told_by_their_line() {
    let good = cells(&[&ring(SQUARE)]);
    let utf_16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let gzip = |bytes: &mut dyn Read| {
        let mut packed = Vec::new();
        flate2::read::GzEncoder::new(bytes, flate2::Compression::best())
            .read_to_end(&mut packed)
            .expect("into memory");
        packed
    };
    let bomb = gzip(&mut std::io::repeat(b'[').take(100 << 20));
    let crs = good.replace(
        "\"features\"",
        "\"crs\":{\"type\":\"name\",\"properties\":{\"name\":\"EPSG:3857\"}},\"features\"",
    );
    let long_crs = crs.replace("EPSG:3857", &"x".repeat(4000));
    let same = [
        feature("1", &polygon(&ring(SQUARE))),
        feature("\"1\"", &polygon(&ring([113.01, 34.0, 113.02, 34.01]))),
    ];
    let long_id = format!("\"{}\"", "x".repeat(4000));
    let same_long = [feature(&long_id, "null"), feature(&long_id, "null")];
    let wkb = [&[1, 6, 0, 0, 0][..], &[0xff; 4], &[0; 16]].concat();
    let rows: &[(&str, Vec<u8>, Code, At<'_>)] = &[
        ("UTF-16", [&[0xff, 0xfe][..], &utf_16].concat(), Code::Encoding, At::Line(1)),
        ("UTF-16 without a mark", utf_16, Code::Encoding, At::Line(1)),
        ("not UTF-8", [good.as_bytes(), b"\n\xff"].concat(), Code::Encoding, At::Line(4)),
        ("a NUL byte", good.replace("]}", "\0]}").into_bytes(), Code::Encoding, At::Line(2)),
        (
            "a NUL in a text",
            good.replace("{}", r#"{"a":"\u0000"}"#).into_bytes(),
            Code::Encoding,
            At::Pointer("/features/0/properties/a"),
        ),
        ("100 MB of brackets", vec![b'['; 100 << 20], Code::Depth, At::Line(1)),
        ("a gzip bomb of brackets", bomb, Code::Depth, At::Line(1)),
        ("nesting", format!("{{\"a\":{}", "[".repeat(1000)).into_bytes(), Code::Depth, At::Line(1)),
        ("a crs member", crs.into_bytes(), Code::Crs, At::Pointer("/crs")),
        ("a long crs member", long_crs.into_bytes(), Code::Crs, At::Pointer("/crs")),
        (
            "duplicate ids, 1 and \"1\"",
            collection(&same).into_bytes(),
            Code::DuplicateId,
            At::Pointer("/features/1/id"),
        ),
        ("duplicate ids that are long", collection(&same_long).into_bytes(), Code::DuplicateId, At::Line(3)),
        (
            "duplicate keys",
            good.replace("{}", "{\"a\":1,\"a\":2}").into_bytes(),
            Code::DuplicateKey,
            At::Pointer("/features/0/properties/a"),
        ),
        (
            "a duplicate key that is long",
            good.replacen('{', &format!("{{\"{0}\":1,\"{0}\":2,", "k".repeat(4000)), 1).into_bytes(),
            Code::DuplicateKey,
            At::Line(1),
        ),
        ("KML", b"<?xml version=\"1.0\"?><kml><Document/></kml>".to_vec(), Code::NotGeojson, At::Line(1)),
        ("WKB with a count of 2^32", wkb, Code::Encoding, At::Line(1)),
        ("nothing", Vec::new(), Code::NotGeojson, At::Line(1)),
        ("cut off", good.as_bytes()[..good.len() / 2].to_vec(), Code::NotGeojson, At::Line(2)),
    ];
    for (name, bytes, code, at) in rows {
        let (problems, has_coverage) = told_of_cells(bytes.as_slice());
        check(name, &problems, *code, Severity::Error, at);
        assert!(!has_coverage, "{name}");
    }
    let packed = gzip(&mut good.as_bytes());
    let cut = &packed[..packed.len() - 9];
    let problems = told_of_cells(cut).0;
    let last = problems.last().expect("a problem");
    assert!(last.code == Code::Unreadable && last.line.is_some(), "damaged gzip: {last:?}");
}

#[test]
fn a_ring_of_ten_million_positions_is_refused_by_its_line() {
    let start = b"{\"type\":\"Polygon\",\"coordinates\":[[\n".as_slice();
    let endless = "[113.0,34.0],".repeat(1 << 16);
    let many = (0..153)
        .fold(Box::new(start) as Box<dyn Read>, |before, _| Box::new(before.chain(endless.as_bytes())));
    let (problems, has_coverage) = told_of_cells(many);
    check("ten million positions", &problems, Code::TooLarge, Severity::Error, &At::Line(2));
    assert!(!has_coverage);
}

#[test]
fn rows_of_a_table_are_told_by_their_line_and_column() {
    let long = "1".repeat(400);
    let rows: &[(&str, &str, Code, &str)] = &[
        ("out of range", "b,181,34", Code::CoordRange, "longitude 181"),
        ("swapped", "b,34.5,113.5", Code::CoordRange, "swapped"),
        ("huge", "b,1e308,34", Code::CoordRange, "longitude 1e308"),
        ("of four hundred digits", &format!("b,{long},34"), Code::CoordRange, "“lon”"),
        ("NaN", "b,NaN,34", Code::CoordType, "“lon”"),
        ("infinite", "b,113,inf", Code::CoordType, "“lat”"),
        ("text", "b,east,34", Code::CoordType, "“lon”"),
        ("long text", &format!("b,{long}x,34"), Code::CoordType, "“lon”"),
        ("a decimal comma", "b,\"113,5\",34", Code::CoordType, "decimal comma"),
        ("empty", "b,,", Code::CoordType, "no position"),
        ("a cell too many", "b,113,34,7", Code::BadValue, "4 cells"),
        ("a duplicate id", "a,113,34", Code::DuplicateId, "row 1"),
        ("an id that a spreadsheet spoilt", "4.1E+14,113,34", Code::BadValue, "spreadsheet"),
        ("a quotation mark that is never closed", "\"b,113,34", Code::BadValue, "quotation mark"),
        ("a NUL", "b\0,113,34", Code::Encoding, "cell 1"),
    ];
    for (name, row, code, shown) in rows {
        let table = format!("id,lon,lat\na,113.5,34.5\n{row}\n");
        let problems = told_of_table(table.as_bytes());
        check(name, &problems, *code, Severity::Error, &At::Line(3));
        assert!(problems[0].message.contains(shown), "{name}: {}", problems[0].message);
    }
    let named = "x".repeat(4000);
    for (name, bytes, code) in [
        ("UTF-16", b"\xff\xfei\0d\0".to_vec(), Code::Encoding),
        ("a workbook", b"PK\x03\x04rest".to_vec(), Code::BadFormat),
        ("nothing", Vec::new(), Code::MissingField),
        ("without the columns", b"id,name\n1,x\n".to_vec(), Code::MissingField),
        ("long columns twice", format!("{named},{named},lon,lat\n").into_bytes(), Code::DuplicateKey),
        ("long columns, none of them wanted", format!("{named},{named}y\n").into_bytes(), Code::MissingField),
    ] {
        check(name, &told_of_table(&bytes), code, Severity::Error, &At::Line(1));
    }
    let bomb = {
        let mut packed = Vec::new();
        let table = b"id,lon,lat\na,".chain(std::io::repeat(b'1').take(100 << 20));
        flate2::read::GzEncoder::new(table, flate2::Compression::best())
            .read_to_end(&mut packed)
            .expect("into memory");
        packed
    };
    check("a gzip bomb", &told_of_table(&bomb), Code::TooLarge, Severity::Error, &At::Line(2));
}
