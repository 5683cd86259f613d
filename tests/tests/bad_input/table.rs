//! Every item of "bad input, by name" at every door that exists: its code, its sentence, its place; nothing is stored.
//!
//! An item without a row or a reason ([`reasons`]) for a door fails the test. What each row is answered stands in the
//! snapshots, one for each door.

use std::collections::BTreeMap;

use tests::app::TestApp;

use super::doors::{self, Answered, Door, Request};
use super::rows::rows;
use super::watch::{Panics, Rows};

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

/// Items that cannot come through a door, and why.
#[expect(clippy::too_many_lines, reason = "a list, best seen whole")]
fn reasons() -> Vec<(&'static [&'static str], Vec<Door>, &'static str)> {
    use Door::{
        Area, BasemapGeojson, CellsGeojson, ChangeIncident, HouseholdsCsv, HouseholdsGeojson,
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
            vec![RegisterHousehold, HouseholdsCsv],
            "it is placed by its address, or by hand",
        ),
        (&["future times"], vec![RegisterHousehold, ChangeIncident], "carries no time"),
        (
            &["future times"],
            vec![CellsGeojson, BasemapGeojson, HouseholdsGeojson, HouseholdsCsv],
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
            if place.is_empty() || !is_sentence(message) {
                complaints.push(format!("no place or no sentence: {shown}"));
            }
            format!("{code} at {place}: {message}")
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
    let mut before = beside.counts().await;
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
        let after = beside.counts().await;
        if after != before {
            complaints.push(format!("{name}: something was stored: {before:?} became {after:?}"));
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
