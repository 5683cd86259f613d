//! Files of every format at the doors of import: what a GeoPackage, a zipped Shapefile, a FlatGeobuf and a workbook hold
//! comes in as from GeoJSON and CSV.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::rc::Rc;

use api::service::export::{ExportFormat, ExportKind};
use api::service::import::ImportKind;
use flate2::Crc;
use geo_tools::Datum;
use geo_tools::formats::geojson::WriteFeature;
use geo_tools::formats::{Caps, Item, create, geojson};
use serde_json::json;

use super::round_trip::CELLS;
use super::{Office, cells, import, options};

/// A file that is kept in memory.
#[derive(Clone, Default)]
struct Kept(Rc<RefCell<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// [`CELLS`] in another format: its files by their names.
fn cells_as(name: &str, datum: Datum) -> BTreeMap<String, Vec<u8>> {
    let made: RefCell<BTreeMap<String, Kept>> = RefCell::default();
    let make = |name: &str| -> io::Result<Box<dyn Write>> {
        Ok(Box::new(made.borrow_mut().entry(name.to_owned()).or_default().clone()))
    };
    let mut sink = create(name, datum, &make).expect("a format that is written");
    for item in geojson::read(CELLS.as_bytes(), &Caps::default()) {
        let Item::Feature(feature) = item else { panic!("{item:?}") };
        let (properties, geometry) = (Some(&feature.properties), feature.geometry.as_ref());
        sink.write(WriteFeature { id: None, properties, geometry }).expect("in memory");
    }
    sink.finish().expect("in memory");
    made.into_inner().into_iter().map(|(name, kept)| (name, kept.0.take())).collect()
}

/// An archive of files that are not packed.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut list) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let mut crc = Crc::new();
        crc.update(bytes);
        let length = (bytes.len() as u32).to_le_bytes();
        let name_length = (name.len() as u16).to_le_bytes();
        let facts =
            [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &crc.sum().to_le_bytes(), &length, &length].concat();
        list.extend([b"PK\x01\x02\x14\0", &facts[..], &name_length, &[0; 12]].concat());
        list.extend((out.len() as u32).to_le_bytes());
        list.extend(name.as_bytes());
        out.extend([b"PK\x03\x04", &facts[..], &name_length, &[0; 2], name.as_bytes(), bytes].concat());
    }
    let count = (files.len() as u16).to_le_bytes();
    let end = [&(list.len() as u32).to_le_bytes()[..], &(out.len() as u32).to_le_bytes(), &[0; 2]].concat();
    [&out[..], &list, b"PK\x05\x06\0\0\0\0", &count, &count, &end].concat()
}

/// A workbook with one sheet: a header, and rows of an id, a longitude and a latitude.
fn workbook(rows: &[[&str; 3]]) -> Vec<u8> {
    let text = |cell: &str| format!(r#"<c t="str"><v>{cell}</v></c>"#);
    let number = |cell: &str| format!("<c><v>{cell}</v></c>");
    let mut sheet = format!("<row>{}{}{}</row>", text("id"), text("lon"), text("lat"));
    for [id, lon, lat] in rows {
        let id = if id.starts_with('h') { text(id) } else { number(id) };
        sheet.push_str(&format!("<row>{id}{}{}</row>", number(lon), number(lat)));
    }
    let sheet = format!("<worksheet><sheetData>{sheet}</sheetData></worksheet>");
    let book =
        r#"<workbook xmlns:r="r"><sheets><sheet name="住户" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    let relations =
        r#"<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>"#;
    archive(&[
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

#[tokio::test]
async fn cells_come_in_from_every_format_alike() {
    for (ending, datum) in [
        ("gpkg", Datum::Wgs84),
        ("gpkg", Datum::WebMercator),
        ("fgb", Datum::Wgs84),
        ("zip", Datum::Cgcs2000),
    ] {
        let office = Office::with_district("quezon").await;
        let bytes = if ending == "zip" {
            let files = cells_as("cells.shp", datum);
            let files: Vec<(&str, &[u8])> =
                files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
            archive(&files)
        } else {
            cells_as(&format!("cells.{ending}"), datum).into_values().next().expect("one file")
        };
        let path = office.file(&format!("cells.{ending}"), bytes);
        office.done(import("quezon", &path, cells(&path, "cell", "code", None))).await;
        // The same file as GeoJSON changes nothing: it is the same ground.
        let plain = office.file("cells.geojson", CELLS);
        let report = office.done(import("quezon", &plain, cells(&plain, "cell", "code", None))).await;
        let same = json!({"added": 0, "changed": 0, "unchanged": 2, "removed": 0});
        assert_eq!(report["figures"]["cells"], same, "{ending} in {datum}: {report:#}");
    }
}

#[tokio::test]
async fn households_come_in_from_a_workbook_and_spoilt_codes_are_refused_with_their_row() {
    let office = Office::with_district("quezon").await;
    let path = office.file("cells.geojson", CELLS);
    office.done(import("quezon", &path, cells(&path, "cell", "code", None))).await;
    let spoilt = workbook(&[["h-1", "121.005", "14.625"], ["4.1010200100200301E+17", "121.015", "14.625"]]);
    let path = office.file("homes.xlsx", spoilt);
    let report = office.refused(import("quezon", &path, options(ImportKind::Households, &path, &[]))).await;
    let problem = &report["problems"][0];
    assert_eq!((&problem["code"], &problem["line"]), (&json!("BAD_VALUE"), &json!(3)), "{report:#}");
    let sound = workbook(&[["h-1", "121.005", "14.625"], ["410102001002003", "121.015", "14.625"]]);
    let path = office.file("homes.xlsx", sound);
    office.done(import("quezon", &path, options(ImportKind::Households, &path, &[]))).await;
    let stored = office.exported("quezon", ExportKind::Households, ExportFormat::Csv).await;
    assert!(stored.contains("\nh-1,") && stored.contains("\n410102001002003,"), "{stored}");
    assert_eq!(stored.matches(",inside,").count(), 2, "{stored}");
}

#[tokio::test]
async fn files_that_are_broken_are_refused_whatever_their_format_and_change_nothing() {
    let office = Office::with_district("quezon").await;
    let whole = cells_as("cells.gpkg", Datum::Wgs84).into_values().next().expect("one file");
    for (name, bytes, code) in [
        ("cut.gpkg", &whole[..whole.len() / 2], "BAD_FORMAT"),
        ("page.gpkg", b"<html>404</html>", "BAD_FORMAT"),
        ("page.zip", b"<html>404</html>", "BAD_FORMAT"),
        ("page.fgb", b"<html>404</html>", "BAD_FORMAT"),
        ("slip.zip", &archive(&[("../../cells.shp", b"")]), "BAD_FORMAT"),
    ] {
        let path = office.file(name, bytes);
        let report = office.refused(import("quezon", &path, cells(&path, "cell", "code", None))).await;
        assert_eq!(report["problems"][0]["code"], code, "{name}: {report:#}");
    }
    let stored = office.exported("quezon", ExportKind::Cells, ExportFormat::Csv).await;
    assert_eq!(stored.lines().count(), 1, "{stored}");
}
