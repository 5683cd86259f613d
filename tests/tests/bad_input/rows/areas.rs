//! Areas: what can be wrong with rings, and between cells.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::super::doors::Door;
use super::super::table::TAKEN;
use super::Table;
use super::files::{collection, feature};

/// All of the township.
pub(super) const WHOLE: &str = "[[120.98,14.58],[121.00,14.58],[121.00,14.60],[120.98,14.60],[120.98,14.58]]";
const SQUARE: &str = "[[120.98,14.58],[120.99,14.58],[120.99,14.59],[120.98,14.59],[120.98,14.58]]";

pub(super) fn polygon(rings: &str) -> String {
    format!(r#"{{"type":"Polygon","coordinates":[{rings}]}}"#)
}

/// What can be wrong with rings, at the doors that take areas.
pub(super) fn rings(table: &mut Table) {
    for door in [Door::CellsGeojson, Door::BasemapGeojson] {
        let cells = door == Door::CellsGeojson;
        let mut check = |item: &'static str, case: &str, rings: &str, code: &'static str| {
            let bytes = collection(&[feature(door, "n-1", &polygon(rings))], "");
            table.file(item, door, case, bytes, code);
        };
        check("empty rings", "no ring", "", "NULL_GEOMETRY");
        check("empty rings", "an empty ring", "[]", "NULL_GEOMETRY");
        check("short rings", "", "[[120.98,14.58],[120.99,14.58],[120.98,14.58]]", "RING_TOO_SHORT");
        check("open rings", "", "[[120.98,14.58],[120.99,14.58],[120.99,14.59],[120.98,14.59]]", "RING_OPEN");
        let clockwise = "[[120.98,14.58],[120.98,14.60],[121.00,14.60],[121.00,14.58],[120.98,14.58]]";
        check("wrong winding", "", clockwise, TAKEN);
        check(
            "duplicate points",
            "",
            &WHOLE.replacen("[121.00,14.58]", "[121.00,14.58],[121.00,14.58]", 1),
            TAKEN,
        );
        check("3-D", "", &WHOLE.replace("14.58]", "14.58,3]"), TAKEN);
        if cells {
            check(
                "zero area",
                "",
                "[[120.98,14.58],[120.99,14.58],[121.00,14.58],[120.98,14.58]]",
                "ZERO_AREA",
            );
            let bow_tie = "[[120.98,14.58],[120.99,14.59],[120.99,14.58],[120.98,14.59],[120.98,14.58]]";
            check("bow-ties", "", bow_tie, "SELF_INTERSECTION");
            let spike = SQUARE.replacen("[120.99,14.58]", "[120.99,14.58],[121.05,14.58],[120.99,14.58]", 1);
            check("spikes", "", &spike, "SELF_INTERSECTION");
            let outside = "[[121.5,14.58],[121.6,14.58],[121.6,14.59],[121.5,14.58]]";
            check("holes outside", "", &format!("{SQUARE},{outside}"), "HOLE_OUTSIDE");
            let twice = "[[120.98,14.585],[120.985,14.582],[120.99,14.585],[120.985,14.588],[120.98,14.585]]";
            check("holes touching twice", "", &format!("{SQUARE},{twice}"), "HOLE_OUTSIDE");
            let across = "[[179.9,14.58],[-179.9,14.58],[-179.9,14.59],[179.9,14.59],[179.9,14.58]]";
            check("antimeridian", "across it", across, "EXTENT");
            let around = "[[-179,89],[-60,89],[60,89],[179,89],[-179,89]]";
            check("poles", "around one", around, "EXTENT");
        }
    }
    let step = "[120.98,14.58],[120.99,14.58],[120.99,14.59],";
    let mut ring = GzEncoder::new(Vec::new(), Compression::fast());
    let head =
        r#"{"type":"Feature","properties":{"code":"n-1"},"geometry":{"type":"Polygon","coordinates":[["#;
    ring.write_all(head.as_bytes()).expect("written");
    for _ in 0..3_400 {
        ring.write_all(step.repeat(1_000).as_bytes()).expect("written");
    }
    let ring = ring.finish().expect("packed");
    table.file("10-million-vertex rings", Door::CellsGeojson, "", ring, "TOO_LARGE");
}

/// What can be wrong between cells.
pub(super) fn coverage(table: &mut Table) {
    let door = Door::CellsGeojson;
    let square = |west: f64, east: f64| {
        let at = |lon: f64, lat: &str| format!("[{lon:.7},{lat}]");
        let (a, b, c, d) = (at(west, "14.58"), at(east, "14.58"), at(east, "14.59"), at(west, "14.59"));
        polygon(&format!("[{a},{b},{c},{d},{a}]"))
    };
    let mut check = |item: &'static str, shapes: &[String], code: &'static str| {
        let features: Vec<String> =
            shapes.iter().enumerate().map(|(n, shape)| feature(door, &format!("n-{n}"), shape)).collect();
        table.file(item, door, "", collection(&features, ""), code);
    };
    check("overlapping parts", &[square(120.98, 120.99), square(120.985, 121.0)], "OVERLAP");
    // A unit of 1e-7 degree is 1.1 cm.
    let third = square(121.0, 121.01);
    check(
        "1 cm gaps",
        &[square(120.98, 120.99), square(120.990_000_1, 121.0), third.clone(), frame()],
        "SLIVER",
    );
    check("1 cm overlaps", &[square(120.98, 120.99), square(120.989_999_9, 121.0), third], "SLIVER");
    let corner =
        "[[120.99,14.58],[121.00,14.58],[121.00,14.59],[120.99,14.59],[120.9901,14.585],[120.99,14.58]]";
    check("T-junctions", &[square(120.98, 120.99), polygon(corner)], "T_JUNCTION");
}

/// Closes the square from above, so that a gap below it is enclosed.
fn frame() -> String {
    polygon(
        "[[120.98,14.59],[120.99,14.59],[120.9900001,14.59],[121.0,14.59],[121.01,14.59],[121.01,14.6],[120.98,14.6],[120.98,14.59]]",
    )
}
