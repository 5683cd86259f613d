//! Files of every format, made in memory out of GeoJSON.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::rc::Rc;

use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression, Crc};
use geo_tools::Datum;
use geo_tools::formats::geojson::WriteFeature;
use geo_tools::formats::{Caps, Item, create, geojson};

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

/// The features of a GeoJSON as a file with this ending, whose numbers are of a datum.
pub(crate) fn file_of(ending: &str, datum: Datum, features: &str) -> Vec<u8> {
    match ending {
        "geojson" => features.as_bytes().to_vec(),
        "xlsx" => workbook(&file_of("csv", datum, features)),
        "zip" => zipped(&written("file.shp", datum, features)),
        ending => written(&format!("file.{ending}"), datum, features).into_values().next().expect("one file"),
    }
}

/// A zipped Shapefile of them, one of whose files is another.
pub(crate) fn shapefile_with(features: &str, ending: &str, bytes: &[u8]) -> Vec<u8> {
    let mut files = written("file.shp", Datum::Wgs84, features);
    files.insert(format!("file.{ending}"), bytes.to_vec());
    zipped(&files)
}

fn zipped(files: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let files: Vec<_> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    archive(&files)
}

/// What is written for a name: files by their names.
fn written(name: &str, datum: Datum, features: &str) -> BTreeMap<String, Vec<u8>> {
    let made: RefCell<BTreeMap<String, Kept>> = RefCell::default();
    let make = |name: &str| -> io::Result<Box<dyn Write>> {
        Ok(Box::new(made.borrow_mut().entry(name.to_owned()).or_default().clone()))
    };
    let mut sink = create(name, datum, &make).expect("a format that is written");
    for item in geojson::read(features.as_bytes(), &Caps::default()) {
        let Item::Feature(feature) = item else { panic!("{item:?}") };
        let (properties, geometry) = (Some(&*feature.properties), feature.geometry.as_ref());
        sink.write(WriteFeature { id: feature.id.as_deref(), properties, geometry }).expect("in memory");
    }
    sink.finish().expect("in memory");
    made.into_inner().into_iter().map(|(name, kept)| (name, kept.0.take())).collect()
}

/// A workbook with one sheet: a table's rows, numbers as numbers, the rest as texts.
pub(crate) fn workbook(table: &[u8]) -> Vec<u8> {
    let cell = |cell: &str| match cell.parse::<f64>() {
        Ok(_) => format!("<c><v>{cell}</v></c>"),
        Err(_) => format!(r#"<c t="str"><v>{cell}</v></c>"#),
    };
    let mut rows = String::new();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(table);
    for row in reader.records() {
        let row = row.expect("a table");
        rows.push_str(&format!("<row>{}</row>", row.iter().map(cell).collect::<String>()));
    }
    sheets(&[("住户", &rows)])
}

/// A workbook with these sheets, each with its rows.
pub(crate) fn sheets(sheets: &[(&str, &str)]) -> Vec<u8> {
    let (mut list, mut relations, mut files) = (String::new(), String::new(), Vec::new());
    for (at, (name, rows)) in sheets.iter().enumerate() {
        list.push_str(&format!(r#"<sheet name="{name}" sheetId="{at}" r:id="rId{at}"/>"#));
        let path = format!("worksheets/sheet{at}.xml");
        relations.push_str(&format!(r#"<Relationship Id="rId{at}" Target="{path}"/>"#));
        let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
        files.push((format!("xl/{path}"), sheet));
    }
    files.push((
        "xl/workbook.xml".to_owned(),
        format!(r#"<workbook xmlns:r="r"><sheets>{list}</sheets></workbook>"#),
    ));
    files.push((
        "xl/_rels/workbook.xml.rels".to_owned(),
        format!("<Relationships>{relations}</Relationships>"),
    ));
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    archive(&files)
}

/// Files in an archive.
pub(crate) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut list) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
        packed.write_all(bytes).expect("in memory");
        let packed = packed.finish().expect("in memory");
        let mut crc = Crc::new();
        crc.update(bytes);
        let lengths = [packed.len() as u32, bytes.len() as u32].map(u32::to_le_bytes).concat();
        let name_length = (name.len() as u16).to_le_bytes();
        let facts = [&[20, 0, 0, 0, 8, 0, 0, 0, 0, 0][..], &crc.sum().to_le_bytes(), &lengths].concat();
        list.extend([b"PK\x01\x02\x14\0", &facts[..], &name_length, &[0; 12]].concat());
        list.extend((out.len() as u32).to_le_bytes());
        list.extend(name.as_bytes());
        out.extend([b"PK\x03\x04", &facts[..], &name_length, &[0; 2], name.as_bytes(), &packed].concat());
    }
    let count = (files.len() as u16).to_le_bytes();
    let end = [&(list.len() as u32).to_le_bytes()[..], &(out.len() as u32).to_le_bytes(), &[0; 2]].concat();
    [&out[..], &list, b"PK\x05\x06\0\0\0\0", &count, &count, &end].concat()
}

/// Bytes packed with gzip.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).expect("in memory");
    packed.finish().expect("in memory")
}
