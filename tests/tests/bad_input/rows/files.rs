//! What is brought as a file: GeoJSON and tables.

use std::fmt::Write;

use geo_tools::Datum;
use geo_tools::datum::Coordinates;
use tests::world;

use crate::imports::formats::made::{archive, sheets, workbook};

use super::super::doors::{Door, Request};
use super::super::table::TAKEN;
use super::areas::{WHOLE, polygon};
use super::{Table, gzip, utf16};

pub(super) fn feature(door: Door, id: &str, geometry: &str) -> String {
    let properties = match door {
        Door::CellsGeojson => format!(r#"{{"code":"{id}","name":"{id}"}}"#),
        Door::IncidentsGeojson => {
            format!(r#"{{"id":"{id}","category":"noise","text":"x","occurred_at":"2026-05-30T04:00:00Z"}}"#)
        }
        _ => format!(r#"{{"id":"{id}","address":"Kaliraya {id}","class":"street"}}"#),
    };
    format!(r#"{{"type":"Feature","properties":{properties},"geometry":{geometry}}}"#)
}

pub(super) fn collection(features: &[String], more: &str) -> String {
    format!("{{\"type\":\"FeatureCollection\"{more},\"features\":[\n{}\n]}}", features.join(",\n"))
}

/// A shape of a door's kind whose one position is what is asked about.
fn shape(door: Door, position: &str) -> String {
    if matches!(door, Door::CellsGeojson | Door::BasemapGeojson) {
        polygon(&format!("[{position},[121.00,14.58],[121.00,14.60],{position}]"))
    } else {
        format!(r#"{{"type":"Point","coordinates":{position}}}"#)
    }
}

/// What can be wrong with a coordinate of a file.
pub(super) fn points_or_corners(table: &mut Table, door: Door) {
    let mut check = |item: &'static str, case: &str, position: &str, code: &'static str| {
        let bytes = collection(&[feature(door, "n-1", &shape(door, position))], "");
        table.file(item, door, case, bytes, code);
    };
    check("out of range", "lon 180.5", "[180.5,14.585]", "COORD_RANGE");
    check("out of range", "lon 1e308", "[1e308,14.585]", "COORD_RANGE");
    check("swapped lon/lat", "", "[14.585,120.985]", "COORD_RANGE");
    check("NaN", "literal", "[NaN,14.585]", "COORD_RANGE");
    check("infinity", "literal", "[120.985,-Infinity]", "COORD_RANGE");
    check("infinity", "1e999", "[1e999,14.585]", "COORD_RANGE");
    check("strings for numbers", "", "[\"120.985\",14.585]", "COORD_TYPE");
    check("strings for numbers", "one number", "[120.985]", "COORD_TYPE");
    check("antimeridian", "lon 180.2", "[180.2,14.585]", "COORD_RANGE");
    check("poles", "lat 90.5", "[120.985,90.5]", "COORD_RANGE");
    check("nesting bombs", "in coordinates", &format!("{}{}", "[".repeat(1_000), "]".repeat(1_000)), "DEPTH");
    if matches!(door, Door::HouseholdsGeojson | Door::IncidentsGeojson) {
        check("a phone at 0,0", "", "[0,0]", "COORD_RANGE");
        check("3-D", "", "[120.985,14.585,12.5]", TAKEN);
    }
    let null = collection(&[feature(door, "n-1", "null")], "");
    if door == Door::HouseholdsGeojson {
        let area = polygon("[[120.98,14.58],[121.00,14.58],[121.00,14.60],[120.98,14.58]]");
        table.file(
            "null geometry",
            door,
            "an area",
            collection(&[feature(door, "n-1", &area)], ""),
            "GEOMETRY_TYPE",
        );
    } else {
        table.file("null geometry", door, "", null, "NULL_GEOMETRY");
    }
}

/// What can be wrong with a GeoJSON file as a whole.
pub(super) fn files(table: &mut Table, door: Door) {
    let fine_shape = if door == Door::CellsGeojson { polygon(WHOLE) } else { shape(door, "[120.98,14.58]") };
    let fine = [feature(door, "n-1", &fine_shape)];
    let whole = collection(&fine, "");
    table.file("100 MB of brackets", door, "packed", table.brackets.clone(), "DEPTH");
    table.file("nesting bombs", door, "in properties", whole.replace("\"n-1\"", &"[".repeat(1_000)), "DEPTH");
    table.file(
        "gzip bombs",
        door,
        "one text",
        {
            let mut bomb = gzip(b"{\"type\":\"", 1);
            bomb.extend(gzip(&[b'a'; 1 << 20], 8));
            bomb
        },
        "TOO_LARGE",
    );
    table.file("gzip bombs", door, "cut off", gzip(whole.as_bytes(), 1)[..40].to_vec(), "UNREADABLE");
    kml_and_wkb(table, door);
    let crs = r#","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}}"#;
    table.file("crs members", door, "EPSG:4490", collection(&fine, crs), "CRS");
    table.file(
        "duplicate keys",
        door,
        "",
        whole.replace("\"geometry\":", "\"geometry\":null,\"geometry\":"),
        "DUPLICATE_KEY",
    );
    table.file("BOM", door, "", [b"\xef\xbb\xbf", whole.as_bytes()].concat(), TAKEN);
    table.file("UTF-16", door, "", utf16(&whole), "ENCODING");
    table.file("NUL", door, "raw", whole.replace("n-1", "n-\0"), "ENCODING");
    if door != Door::BasemapGeojson {
        let ids = [
            feature(door, "1", &shape(door, "[120.98,14.58]")),
            feature(door, "n", &shape(door, "[120.98,14.58]")).replace("\"n\"", "1"),
        ];
        table.file("duplicate ids", door, "1 and \"1\"", collection(&ids, ""), "DUPLICATE_ID");
    }
    if door == Door::IncidentsGeojson {
        table.file("future times", door, "", whole.replace("2026-05-30", "2026-06-02"), "BAD_VALUE");
    }
}

fn kml_and_wkb(table: &mut Table, door: Door) {
    let kml = b"<!DOCTYPE kml [<!ENTITY a \"aaaa\">]><kml>&a;</kml>".to_vec();
    let content_type = "application/vnd.google-earth.kml+xml";
    let request = Request::File { bytes: kml.clone(), query: "", content_type };
    table.row("KML bombs", door, "as KML", request, "UNSUPPORTED_MEDIA_TYPE");
    let as_its_kind = if Door::TABLES.contains(&door) { "MISSING_FIELD" } else { "NOT_GEOJSON" };
    table.file("KML bombs", door, "as its kind", kml, as_its_kind);
    let wkb = b"\x01\x03\0\0\0\xff\xff\xff\xff".to_vec();
    table.file("WKB counts of 2^32", door, "", wkb, "ENCODING");
}

/// Files in another datum than WGS 84: said to be in one that there is none, and in GCJ-02 without saying so.
pub(super) fn datums(table: &mut Table, door: Door) {
    let content_type = door.content_type();
    let request = Request::File { bytes: b"x".to_vec(), query: "datum=mars", content_type };
    table.row("datum mix-ups", door, "of another planet", request, "BAD_REQUEST");
    table.file("datum mix-ups", door, "GCJ-02 unsaid", shifted(door), "DATUM_SUSPECTED");
}

/// All of the township as points, as one long street, or as a cell of many corners, in GCJ-02.
fn shifted(door: Door) -> Vec<u8> {
    let steps = if door == Door::CellsGeojson { 48 } else { 12 };
    let place = |column: i32, row: i32| {
        let along = |step: i32| 2.0 * world::STEP * (f64::from(step) + 0.5) / f64::from(steps);
        let at = world::at(world::WEST + along(column), world::SOUTH + along(row));
        Datum::Gcj02.rounded(at).expect("it has a place there")
    };
    let pair = |Coordinates { x, y }: Coordinates| format!("[{x},{y}]");
    if door == Door::CellsGeojson {
        let last = steps - 1;
        let south = (0..last).map(|step| place(step, 0));
        let east = (0..last).map(|step| place(last, step));
        let north = (0..last).map(|step| place(last - step, last));
        let west = (0..=last).map(|step| place(0, last - step));
        let ring: Vec<String> = south.chain(east).chain(north).chain(west).map(pair).collect();
        return collection(&[feature(door, "n-1", &polygon(&format!("[{}]", ring.join(","))))], "").into();
    }
    let places = (0..steps * steps).map(|step| place(step % steps, step / steps));
    if Door::TABLES.contains(&door) {
        let mut table = "id,lon,lat,category,text,occurred_at\n".to_owned();
        for (step, Coordinates { x, y }) in places.enumerate() {
            writeln!(table, "n-{step},{x},{y},noise,x,2026-05-30T04:00:00Z").expect("into memory");
        }
        return table_for(door, &table);
    }
    if door == Door::BasemapGeojson {
        let line = places.map(pair).collect::<Vec<String>>().join(",");
        let street = format!(r#"{{"type":"LineString","coordinates":[{line}]}}"#);
        return collection(&[feature(door, "n-1", &street)], "").into();
    }
    let point = |(step, at): (usize, Coordinates)| {
        let shape = format!(r#"{{"type":"Point","coordinates":{}}}"#, pair(at));
        feature(door, &format!("n-{step}"), &shape)
    };
    collection(&places.enumerate().map(point).collect::<Vec<String>>(), "").into()
}

/// A table as its door takes it: as CSV, or as the one sheet of a workbook.
fn table_for(door: Door, csv: &str) -> Vec<u8> {
    if Door::WORKBOOKS.contains(&door) { workbook(csv.as_bytes()) } else { csv.as_bytes().to_vec() }
}

/// What can be wrong with a table.
pub(super) fn tables(table: &mut Table, door: Door) {
    let head = "id,lon,lat,address,category,text,occurred_at";
    let with =
        |lon: &str, lat: &str| format!("{head}\nn-1,{lon},{lat},Kaliraya 12,noise,x,2026-05-30T04:00:00Z\n");
    let mut check = |item: &'static str, case: &str, csv: &str, code: &'static str| {
        table.file(item, door, case, table_for(door, csv), code);
    };
    let fine = with("120.985", "14.585");
    check("out of range", "lon 180.5", &with("180.5", "14.585"), "COORD_RANGE");
    check("out of range", "lon 1e308", &with("1e308", "14.585"), "COORD_RANGE");
    check("swapped lon/lat", "", &with("14.585", "120.985"), "COORD_RANGE");
    check("NaN", "", &with("NaN", "14.585"), "COORD_TYPE");
    check("infinity", "", &with("120.985", "inf"), "COORD_TYPE");
    check("infinity", "1e999", &with("1e999", "14.585"), "COORD_RANGE");
    check("strings for numbers", "", &with("120°59'", "14.585"), "COORD_TYPE");
    check("antimeridian", "lon 180.2", &with("180.2", "14.585"), "COORD_RANGE");
    check("poles", "lat 90.5", &with("120.985", "90.5"), "COORD_RANGE");
    check("a phone at 0,0", "", &with("0", "0.0"), "COORD_RANGE");
    check("NUL", "", &fine.replace("n-1", "n-\0"), "ENCODING");
    let second = "1,120.986,14.585,Kaliraya 13,noise,x,2026-05-30T04:00:00Z\n";
    check(
        "duplicate ids",
        "1 and \"1\"",
        &format!("{}{}", fine.replace("n-1", "\"1\""), second),
        "DUPLICATE_ID",
    );
    if matches!(door, Door::IncidentsCsv | Door::IncidentsXlsx) {
        check("null geometry", "", &with("", ""), "COORD_TYPE");
        check("future times", "", &fine.replace("2026-05-30", "2026-06-02"), "BAD_VALUE");
    }
    if Door::WORKBOOKS.contains(&door) {
        workbooks(table, door, &fine);
    } else {
        table.file("gzip bombs", door, "one text", gzip(&[b'a'; 1 << 20], 8), "TOO_LARGE");
        table.file("BOM", door, "", [b"\xef\xbb\xbf", fine.as_bytes()].concat(), TAKEN);
        table.file("UTF-16", door, "", utf16(&fine), "ENCODING");
    }
    kml_and_wkb(table, door);
}

/// What can be wrong with a workbook, which is XML in an archive.
fn workbooks(table: &mut Table, door: Door, fine: &str) {
    let bomb = table_for(door, &fine.replace("Kaliraya 12", &"a".repeat(8 << 20)));
    table.file("gzip bombs", door, "one text", bomb, "UNREADABLE");
    let cell = |text: &str| format!(r#"<c t="str"><v>{text}</v></c>"#);
    let row = |line: &str| format!("<row>{}</row>", line.split(',').map(cell).collect::<String>());
    let rows: String = fine.lines().map(row).collect();
    let entity = rows.replace("Kaliraya", "&a;");
    table.file("KML bombs", door, "an entity", sheets(&[("1", &entity)]), "BAD_FORMAT");
    let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
    table.file("BOM", door, "", book(&[b"\xef\xbb\xbf", sheet.as_bytes()].concat()), TAKEN);
    table.file("UTF-16", door, "", book(&utf16(&sheet)), "BAD_FORMAT");
}

/// A workbook with the bytes of its one sheet.
fn book(sheet: &[u8]) -> Vec<u8> {
    let names =
        r#"<workbook xmlns:r="r"><sheets><sheet name="1" sheetId="1" r:id="r1"/></sheets></workbook>"#;
    let parts = r#"<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>"#;
    archive(&[
        ("xl/workbook.xml", names.as_bytes()),
        ("xl/_rels/workbook.xml.rels", parts.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet),
    ])
}
