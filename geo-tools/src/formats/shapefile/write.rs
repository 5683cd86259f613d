//! Shapefiles out: `.shp`, `.shx`, `.dbf`, `.prj` and `.cpg`, in UTF-8.
//!
//! Invariant: what the format cannot hold (another kind of shape, 2 GiB) is refused; names and texts that it cuts are told.

use std::io::{self, Write};

use super::dbf;
use crate::datum::Datum;
use crate::formats::create::{Make, Sink};
use crate::formats::frame::Frame;
use crate::formats::geojson::WriteFeature;
use crate::formats::rings::{Turn, closed};
use crate::formats::table::{Shapes, Table};
use crate::formats::wkt::System;
use crate::geometry::Geometry;
use crate::position::Position;
use crate::problem::{Code, Problem};

const HEADER_BYTES: usize = 100;
/// Offsets are counted in words of two bytes by a signed number of four.
const MOST_BYTES: usize = i32::MAX as usize;

/// Writes a shapefile once all features have come.
pub(in crate::formats) struct Writer<'a> {
    stem: String,
    make: Make<'a>,
    table: Table,
    /// Of what class the first shape is.
    class: Option<&'static str>,
}

impl<'a> Writer<'a> {
    /// A shapefile at a path without its ending.
    pub(in crate::formats) fn new(stem: &str, make: Make<'a>, datum: Datum) -> Self {
        Self { stem: stem.to_owned(), make, table: Table::new(datum), class: None }
    }

    fn save(&self, ending: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = (self.make)(&format!("{}{ending}", self.stem))?;
        file.write_all(bytes)?;
        file.flush()
    }
}

impl Sink for Writer<'_> {
    fn write(&mut self, feature: WriteFeature<'_>) -> io::Result<Vec<Problem>> {
        if let Some(geometry) = feature.geometry {
            let class = class(geometry);
            let first = *self.class.get_or_insert(class);
            if class != first {
                let message = format!(
                    "a shapefile holds one kind of shape: the first was {first}, this is {class}; write a GeoPackage \
                     instead"
                );
                return Ok(vec![Problem::error(Code::GeometryType, message)]);
            }
        }
        self.table.take(feature).map(|()| Vec::new())
    }

    fn finish(self: Box<Self>) -> io::Result<Vec<Problem>> {
        let (code, frame) = (code_of(self.table.shapes()), self.table.frame);
        let (mut shp, mut shx) = (vec![0; HEADER_BYTES], vec![0; HEADER_BYTES]);
        for (index, feature) in self.table.features.iter().enumerate() {
            let record = record(feature.geometry.as_ref(), code, frame);
            for number in [shp.len() / 2, record.len() / 2] {
                shx.extend((number as i32).to_be_bytes());
            }
            for number in [index + 1, record.len() / 2] {
                shp.extend((number as i32).to_be_bytes());
            }
            shp.extend(record);
            if shp.len() > MOST_BYTES {
                return Err(io::Error::other("a shapefile holds at most 2 GiB of shapes"));
            }
        }
        let bounds = frame.bounds(self.table.features.iter().filter_map(|feature| feature.geometry.as_ref()));
        head(&mut shp, code, bounds);
        head(&mut shx, code, bounds);
        let mut warnings = Vec::new();
        let dbf = dbf::encode(&self.table, &mut warnings)?;
        let system = System::of(frame.0);
        self.save(".shp", &shp)?;
        self.save(".shx", &shx)?;
        self.save(".dbf", &dbf)?;
        // An empty one says nothing, and takes the place of any that says something else.
        self.save(".prj", system.esri.unwrap_or_default().as_bytes())?;
        self.save(".cpg", b"UTF-8")?;
        warnings.extend(system.unnamed(frame.0));
        Ok(warnings)
    }
}

/// What a file's first shape binds the others to.
fn class(geometry: &Geometry) -> &'static str {
    match geometry {
        Geometry::Point(_) | Geometry::MultiPoint(_) => "a point",
        Geometry::MultiLine(_) => "a line",
        Geometry::MultiPolygon(_) => "a polygon",
    }
}

fn code_of(shapes: Shapes) -> i32 {
    match shapes {
        Shapes::Point => 1,
        Shapes::Line | Shapes::MultiLine => 3,
        Shapes::Any | Shapes::Polygon | Shapes::MultiPolygon => 5,
        Shapes::MultiPoint => 8,
    }
}

fn record(geometry: Option<&Geometry>, code: i32, frame: Frame) -> Vec<u8> {
    let mut record = Vec::new();
    let Some(geometry) = geometry else { return 0_i32.to_le_bytes().to_vec() };
    record.extend(code.to_le_bytes());
    let runs: Vec<Vec<Position>> = match geometry {
        Geometry::Point(at) if code == 1 => {
            pair(&mut record, *at, frame);
            return record;
        }
        Geometry::Point(at) => vec![vec![*at]],
        Geometry::MultiPoint(positions) => vec![positions.clone()],
        Geometry::MultiLine(lines) => lines.clone(),
        Geometry::MultiPolygon(polygons) => {
            polygons.iter().flat_map(|polygon| closed(polygon, Turn::Right)).collect()
        }
    };
    corners(&mut record, frame.bounds([geometry]));
    let count: usize = runs.iter().map(Vec::len).sum();
    if code != 8 {
        record.extend((runs.len() as i32).to_le_bytes());
    }
    record.extend((count as i32).to_le_bytes());
    let mut start = 0;
    for run in runs.iter().filter(|_| code != 8) {
        record.extend((start as i32).to_le_bytes());
        start += run.len();
    }
    runs.iter().flatten().for_each(|at| pair(&mut record, *at, frame));
    record
}

fn pair(bytes: &mut Vec<u8>, at: Position, frame: Frame) {
    bytes.extend(frame.pair(at).map(f64::to_le_bytes).concat());
}

fn corners(bytes: &mut Vec<u8>, bounds: Option<[f64; 4]>) {
    bytes.extend(bounds.unwrap_or_default().map(f64::to_le_bytes).concat());
}

/// Fills the header in, now that the length is known.
fn head(file: &mut [u8], code: i32, bounds: Option<[f64; 4]>) {
    let words = (file.len() / 2) as i32;
    let mut header = Vec::with_capacity(HEADER_BYTES);
    header.extend(9994_i32.to_be_bytes());
    header.extend([0; 20]);
    header.extend(words.to_be_bytes());
    header.extend(1000_i32.to_le_bytes());
    header.extend(code.to_le_bytes());
    corners(&mut header, bounds);
    header.resize(HEADER_BYTES, 0);
    file[..HEADER_BYTES].copy_from_slice(&header);
}

/// A warning that something was cut to what a field can hold.
pub(super) fn cut(message: String, index: Option<usize>) -> Problem {
    Problem { indexes: index.into_iter().collect(), ..Problem::warning(Code::BadValue, message) }
}
