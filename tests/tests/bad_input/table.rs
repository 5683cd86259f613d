//! Every item of "bad input, by name" at each door below: its code, its sentence, its place; nothing is stored.
//!
//! Zipped Shapefiles, GeoPackages and FlatGeobufs come to the same imports by readers of their own: what is bad in their
//! bytes stands in `http/formats.rs` and in the suite `formats` of geo-tools. A rule file has no coordinates and is read
//! by the command line: `domain/src/rules/file.rs`.
//!
//! An item without a row or a reason ([`reasons`]) for a door fails the test. What each row is answered stands in the
//! snapshots, one for each door.

use std::collections::BTreeMap;

use tests::app::TestApp;

use super::doors::{self, Answered, Door, Request};
use super::rows::{at_the_edge, rows};
use super::watch::{Panics, Rows, differences};

/// The list, in its order.
const ITEMS: [&str; 39] = [
    "out of range",
    "swapped lon/lat",
    "NaN",
    "infinity",
    "strings for numbers",
    "empty rings",
    "short rings",
    "open rings",
    "zero area",
    "wrong winding",
    "bow-ties",
    "spikes",
    "duplicate points",
    "holes outside",
    "holes touching twice",
    "overlapping parts",
    "1 cm gaps",
    "1 cm overlaps",
    "T-junctions",
    "antimeridian",
    "poles",
    "10-million-vertex rings",
    "100 MB of brackets",
    "nesting bombs",
    "gzip bombs",
    "KML bombs",
    "WKB counts of 2^32",
    "crs members",
    "datum mix-ups",
    "duplicate ids",
    "duplicate keys",
    "3-D",
    "BOM",
    "UTF-16",
    "NUL",
    "null geometry",
    "a phone at 0,0",
    "accuracy of 5 km",
    "future times",
];

const SHAPES: &[&str] = &[
    "empty rings",
    "short rings",
    "open rings",
    "zero area",
    "wrong winding",
    "bow-ties",
    "spikes",
    "duplicate points",
    "holes outside",
    "holes touching twice",
    "overlapping parts",
    "1 cm gaps",
    "1 cm overlaps",
    "T-junctions",
    "10-million-vertex rings",
];
const COORDINATES: &[&str] = &[
    "out of range",
    "swapped lon/lat",
    "NaN",
    "infinity",
    "strings for numbers",
    "antimeridian",
    "poles",
    "datum mix-ups",
    "3-D",
    "null geometry",
    "a phone at 0,0",
    "accuracy of 5 km",
    "crs members",
];
const BETWEEN_CELLS: &[&str] = &[
    "zero area",
    "bow-ties",
    "spikes",
    "holes outside",
    "holes touching twice",
    "overlapping parts",
    "1 cm gaps",
    "1 cm overlaps",
    "T-junctions",
];

/// One bad request, and the code that it must be answered with.
pub(super) struct Row {
    pub(super) item: &'static str,
    pub(super) door: Door,
    pub(super) case: String,
    pub(super) request: Request,
    pub(super) code: &'static str,
}

/// The code of what is put right and taken; such a row is asked without being written.
pub(super) const TAKEN: &str = "TAKEN";

/// Codes of what is refused as a whole, which has no place inside; and what stands for it.
const NO_PLACE: &[(&[&str], &str)] = &[
    (&["BODY_TOO_LARGE", "1009"], "nothing behind the limit is read"),
    (&["UNSUPPORTED_MEDIA_TYPE"], "the header is named, no body is read"),
    (&["BAD_REQUEST"], "of an address: its parameter is named"),
    (&["NOT_FOUND"], "of a tile: the address is the place"),
    (&["DATUM_SUSPECTED"], "of a file: its points lie as a whole"),
    (&["4400"], "of a frame that is no text; of others the reason tells line and column"),
];

/// Items that cannot come through a door, and why.
#[expect(clippy::too_many_lines, reason = "a list, best seen whole")]
fn reasons() -> Vec<(&'static [&'static str], Vec<Door>, &'static str)> {
    use Door::{
        Area, BasemapGeojson, CellsGeojson, ChangeIncident, HouseholdsCsv, HouseholdsGeojson, HouseholdsXlsx,
        IncidentsGeojson, RegisterHousehold, Tiles,
    };
    let graphql: Vec<Door> = Door::POSITIONS.into_iter().chain([ChangeIncident]).collect();
    let tables = Door::TABLES.to_vec();
    let points = vec![HouseholdsGeojson, IncidentsGeojson];
    let files: Vec<Door> = Door::GEOJSON.into_iter().chain(Door::TABLES).collect();
    vec![
        (SHAPES, graphql.clone(), "takes no shapes"),
        (SHAPES, tables.clone(), "a table has positions, no shapes"),
        (SHAPES, points, "takes points; any shape is GEOMETRY_TYPE: see null geometry"),
        (SHAPES, vec![Tiles], "an address has no shapes"),
        (BETWEEN_CELLS, vec![BasemapGeojson], "footprints are only drawn: nothing is located in them"),
        (&["10-million-vertex rings"], vec![BasemapGeojson], "the reader of cells; it reads 50 MB, so once"),
        (COORDINATES, vec![ChangeIncident], "carries no coordinates"),
        (&["a phone at 0,0"], vec![Area, CellsGeojson, BasemapGeojson], "no phone sends it"),
        (&["accuracy of 5 km"], vec![Area], "a box has no accuracy"),
        (&["accuracy of 5 km"], vec![RegisterHousehold], "a home's accuracy is not kept"),
        (&["accuracy of 5 km"], files, "files carry no accuracy"),
        (&["null geometry"], vec![Area], "no area is all of the district"),
        (
            &["null geometry"],
            vec![RegisterHousehold, HouseholdsCsv, HouseholdsXlsx],
            "it is placed by its address, or by hand",
        ),
        (&["future times"], vec![RegisterHousehold, ChangeIncident], "carries no time"),
        (
            &["future times"],
            vec![CellsGeojson, BasemapGeojson, HouseholdsGeojson, HouseholdsCsv, HouseholdsXlsx],
            "carries no time",
        ),
        (&["duplicate ids"], graphql, "one thing at a time; a key used again is CLIENT_KEY_REUSED"),
        (&["duplicate ids"], vec![BasemapGeojson], "parts of a base map have no ids"),
        (
            &["duplicate keys", "3-D", "crs members", "nesting bombs", "100 MB of brackets"],
            tables,
            "a table has columns and does not nest",
        ),
        (
            &["swapped lon/lat", "strings for numbers", "antimeridian", "poles", "datum mix-ups", "3-D"],
            vec![Tiles],
            "x and y of an address are whole numbers up to 2^z",
        ),
        (
            &[
                "null geometry",
                "a phone at 0,0",
                "accuracy of 5 km",
                "crs members",
                "duplicate ids",
                "duplicate keys",
            ],
            vec![Tiles],
            "an address has none",
        ),
        (
            &[
                "100 MB of brackets",
                "nesting bombs",
                "gzip bombs",
                "KML bombs",
                "WKB counts of 2^32",
                "BOM",
                "UTF-16",
            ],
            vec![Tiles],
            "an address has no body",
        ),
    ]
}

#[test]
fn each_item_has_a_row_or_a_reason_for_each_door_and_no_reason_is_idle() {
    let (rows, reasons) = (rows(), reasons());
    let mut missing = Vec::new();
    for item in ITEMS {
        for door in Door::ALL {
            let has_row = rows.iter().any(|row| row.item == item && row.door == door);
            let has_reason =
                reasons.iter().any(|(items, doors, _)| items.contains(&item) && doors.contains(&door));
            if has_row == has_reason {
                missing.push(format!("{item} at {door:?}: {}", if has_row { "both" } else { "neither" }));
            }
        }
    }
    assert!(missing.is_empty(), "a row or a reason, not both:\n{}", missing.join("\n"));
    let unknown: Vec<&str> = rows.iter().map(|row| row.item).filter(|item| !ITEMS.contains(item)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// A sentence that a person reads: not empty, and not the input over again.
fn is_sentence(message: &str) -> bool {
    (10..=300).contains(&message.chars().count())
}

/// What a row was answered, as a line of its door's table; and what is wrong with that.
fn judge(row: &Row, answered: &Answered) -> (String, Vec<String>) {
    let shown: String = format!("{:?}", answered.problems).chars().take(600).collect();
    let found = answered.problems.iter().find(|problem| problem[0] == row.code);
    let mut complaints = Vec::new();
    if answered.status >= 500 {
        complaints.push(format!("{} {shown}", answered.status));
    }
    let line = match (row.code, found) {
        (TAKEN, _) => {
            if answered.status != 200 {
                complaints.push(format!("not taken: {shown}"));
            }
            let warnings = answered.problems.iter().map(|[code, place, _]| format!("; {code} at {place}"));
            format!("taken{}", warnings.collect::<String>())
        }
        (_, Some([code, place, message])) => {
            let whole = NO_PLACE.iter().any(|(codes, _)| codes.contains(&code.as_str()))
                && !matches!(&row.request, Request::Graphql(_) if code == "BAD_REQUEST");
            if (place.is_empty() && !whole) || !is_sentence(message) {
                complaints.push(format!("no place or no sentence: {shown}"));
            }
            let place = if place.is_empty() { String::new() } else { format!(" at {place}") };
            format!("{code}{place}: {message}")
        }
        (code, None) => {
            complaints.push(format!("{} and no {code}: {shown}", answered.status));
            String::new()
        }
    };
    let case = if row.case.is_empty() { String::new() } else { format!(" ({})", row.case) };
    (format!("{}{case}: {line}\n", row.item), complaints)
}

#[tokio::test]
async fn each_item_is_answered_at_each_door_by_code_sentence_and_place_and_nothing_is_stored() {
    let panics = Panics::watch();
    let app = TestApp::start().await;
    let beside = Rows::of(&app).await;
    let mut before = beside.contents().await;
    let mut tables: BTreeMap<Door, String> = BTreeMap::new();
    let mut complaints = Vec::new();
    for row in rows() {
        let name = format!("{:?}, {} ({})", row.door, row.item, row.case);
        let answered = doors::ask(&app, row.door, &row.request).await;
        let (line, wrong) = judge(&row, &answered);
        tables.entry(row.door).or_default().push_str(&line);
        complaints.extend(wrong.into_iter().map(|wrong| format!("{name}: {wrong}")));
        if let Some(operator) = doors::ask_operator(&app, row.door, &row.request).await
            && operator != answered.problems
        {
            complaints.push(format!("{name}: an operator is told something else: {operator:.600?}"));
        }
        let after = beside.contents().await;
        if after != before {
            complaints.push(format!("{name}: something was stored: {:?}", differences(&before, &after)));
            before = after;
        }
    }
    assert_eq!(app.public().get("/ready").await.status(), 200, "the server still answers");
    assert_eq!(panics.heard(), Vec::<String>::new());
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
    for (door, table) in tables {
        insta::assert_snapshot!(format!("table_{door:?}"), table);
    }
}

#[tokio::test]
async fn the_edges_of_the_earth_are_positions_at_every_door_that_takes_one() {
    let panics = Panics::watch();
    let app = TestApp::start().await;
    let edges = [
        ("180", "14.585"),
        ("-180", "14.585"),
        ("120.985", "90"),
        ("120.985", "-90"),
        ("180", "90"),
        ("-180", "-90"),
    ];
    let (mut table, mut number) = (String::new(), 0);
    for door in Door::POSITIONS {
        for (lon, lat) in edges {
            number += 1;
            let answered = doors::ask(&app, door, &at_the_edge(door, lon, lat, number)).await;
            let codes: Vec<&str> = answered.problems.iter().map(|[code, ..]| code.as_str()).collect();
            // A box is refused where it ends south or west of where it begins; a position never.
            let fine: &[&str] = if door == Door::Area { &["INVALID_BOUNDS"] } else { &[] };
            assert!(codes.iter().all(|code| fine.contains(code)), "{door:?} {lon} {lat}: {answered:?}");
            assert!(answered.status < 300, "{door:?} {lon} {lat}: {answered:?}");
            table += &format!("{door:?} {lon} {lat}: {codes:?}\n");
        }
    }
    assert_eq!(panics.heard(), Vec::<String>::new());
    insta::assert_snapshot!("edges", table);
}

/// The doors that only read and share their inputs with those above: boxes with [`Door::Area`], texts and codes with
/// [`Door::Locate`]. What the list says of positions and files has no way in here, so each is tried with what it takes.
#[tokio::test]
async fn search_clusters_cell_node_and_subscriptions_refuse_what_the_other_doors_refuse() {
    const FINE: &str = "{west:120.98,south:14.58,east:121.0,north:14.6,datum:WGS84}";
    let area =
        |from: &str, to: &str| format!("district:\"410184\",area:{{within:{}}}", FINE.replace(from, to));
    let panics = Panics::watch();
    let app = TestApp::start().await;
    let faults = [
        ("120.98", "180.5", "INVALID_POSITION"),
        ("14.58", "-90.5", "INVALID_POSITION"),
        ("120.98", "121.5", "INVALID_BOUNDS"),
        ("WGS84", "MARS", "GRAPHQL_VALIDATION_FAILED"),
        ("120.98", "120.98,west:1", "GRAPHQL_VALIDATION_FAILED"),
        ("120.98", "\"120.98\"", "GRAPHQL_VALIDATION_FAILED"),
    ];
    let mut asked: Vec<(Door, String, &str)> = Vec::new();
    for (from, to, code) in faults {
        let area = area(from, to);
        asked.push((Door::Area, format!("{{clusters({area},zoom:12){{__typename}}}}"), code));
        asked.push((Door::Area, format!("{{incidents({area}){{totalCount}}}}"), code));
        asked.push((Door::Socket, format!("subscription{{incidentChanges({area}){{kind}}}}"), code));
        asked.push((Door::Socket, format!("subscription{{cellCounts({area}){{kind}}}}"), code));
    }
    let mut complaints = Vec::new();
    for (door, document, code) in asked {
        let body = serde_json::json!({ "query": document }).to_string();
        let answered = doors::ask(&app, door, &Request::Graphql(body.into_bytes())).await;
        if !answered.problems.iter().any(|[got, place, _]| got == code && !place.is_empty()) {
            complaints.push(format!("{document}: {answered:?}, not {code} with a place"));
        }
    }
    for document in [
        r#"{search(district:"410184",text:"a\u0000b"){__typename}}"#,
        r#"{cell(district:"410184",code:"T1\u0000"){code}}"#,
        r#"{node(id:"\u0000"){id}}"#,
        r#"{node(id:"bm90IGFuIGlk"){id}}"#,
    ] {
        let body = serde_json::json!({ "query": document }).to_string();
        let answered = doors::ask(&app, Door::Locate, &Request::Graphql(body.into_bytes())).await;
        if answered.status >= 500 || answered.problems.iter().any(|[code, ..]| code == "INTERNAL") {
            complaints.push(format!("{document}: {answered:?}"));
        }
    }
    assert_eq!(panics.heard(), Vec::<String>::new());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
