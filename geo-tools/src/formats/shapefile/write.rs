//! Shapefiles out: `.shp`, `.shx`, `.dbf`, `.prj` and `.cpg`, in UTF-8 and WGS 84.
//!
//! Invariant: what the format cannot hold (another kind of shape, 2 GiB) is refused; names and texts that it cuts are told.

use std::io::{self, Write};

use super::dbf;
use crate::formats::geojson::WriteFeature;
use crate::formats::open::{Folder, Sink};
use crate::formats::rings::doubled_area;
use crate::formats::table::Table;
use crate::geometry::{Geometry, Polygon};
use crate::position::{Bounds, Position};
use crate::problem::{Code, Problem};

const WGS_84: &str = concat!(
    r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],"#,
    r#"PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#
);
const HEADER_BYTES: usize = 100;
/// Offsets are counted in words of two bytes by a signed number of four.
const MOST_BYTES: usize = i32::MAX as usize;

/// Writes a shapefile once all features have come.
pub(in crate::formats) struct Writer<'a> {
    stem: String,
    folder: &'a dyn Folder,
    table: Table,
}

impl<'a> Writer<'a> {
    /// A shapefile at a path without its ending.
    pub(in crate::formats) fn new(stem: &str, folder: &'a dyn Folder) -> Self {
        Self { stem: stem.to_owned(), folder, table: Table::default() }
    }

    fn save(&self, ending: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.folder.create(&format!("{}{ending}", self.stem))?;
        file.write_all(bytes)?;
        file.flush()
    }
}

impl Sink for Writer<'_> {
    fn write(&mut self, feature: WriteFeature<'_>) -> io::Result<()> {
        self.table.take(feature);
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<Vec<Problem>> {
        let code = code_of(&self.table)?;
        let (mut shp, mut shx) = (vec![0; HEADER_BYTES], vec![0; HEADER_BYTES]);
        for (index, feature) in self.table.features.iter().enumerate() {
            let record = record(feature.geometry.as_ref(), code);
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
        let positions = self.table.features.iter().filter_map(|feature| feature.geometry.as_ref());
        let bounds = Bounds::of(positions.flat_map(Geometry::positions));
        head(&mut shp, code, bounds);
        head(&mut shx, code, bounds);
        let mut warnings = Vec::new();
        let dbf = dbf::encode(&self.table, &mut warnings)?;
        self.save(".shp", &shp)?;
        self.save(".shx", &shx)?;
        self.save(".dbf", &dbf)?;
        self.save(".prj", WGS_84.as_bytes())?;
        self.save(".cpg", b"UTF-8")?;
        Ok(warnings)
    }
}

/// The one kind of shape that all features have.
fn code_of(table: &Table) -> io::Result<i32> {
    let code = |geometry: &Geometry| match geometry {
        Geometry::Point(_) => 1,
        Geometry::MultiLine(_) => 3,
        Geometry::MultiPolygon(_) => 5,
        Geometry::MultiPoint(_) => 8,
    };
    let mut codes: Vec<i32> =
        table.features.iter().filter_map(|feature| feature.geometry.as_ref()).map(code).collect();
    codes.sort_unstable();
    codes.dedup();
    match codes.as_slice() {
        [] => Ok(5),
        [only] => Ok(*only),
        [1, 8] => Ok(8),
        _ => Err(io::Error::other(
            "a shapefile holds points, lines or polygons, and these features mix them; write a GeoPackage instead",
        )),
    }
}

fn record(geometry: Option<&Geometry>, code: i32) -> Vec<u8> {
    let mut record = Vec::new();
    let Some(geometry) = geometry else { return 0_i32.to_le_bytes().to_vec() };
    record.extend(code.to_le_bytes());
    let runs: Vec<Vec<Position>> = match geometry {
        Geometry::Point(at) if code == 1 => {
            pair(&mut record, *at);
            return record;
        }
        Geometry::Point(at) => vec![vec![*at]],
        Geometry::MultiPoint(positions) => vec![positions.clone()],
        Geometry::MultiLine(lines) => lines.clone(),
        Geometry::MultiPolygon(polygons) => polygons.iter().flat_map(wound).collect(),
    };
    corners(&mut record, geometry.bounds());
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
    runs.iter().flatten().for_each(|at| pair(&mut record, *at));
    record
}

/// The closed rings of a polygon: the outer one clockwise, holes anticlockwise.
fn wound(polygon: &Polygon) -> Vec<Vec<Position>> {
    let mut rings = Vec::with_capacity(1 + polygon.holes.len());
    for (index, ring) in polygon.rings().enumerate() {
        let mut ring: Vec<Position> = ring.iter().copied().chain(ring.first().copied()).collect();
        if (doubled_area(&ring) > 0) == (index == 0) {
            ring.reverse();
        }
        rings.push(ring);
    }
    rings
}

fn pair(bytes: &mut Vec<u8>, at: Position) {
    bytes.extend(at.lon().to_le_bytes());
    bytes.extend(at.lat().to_le_bytes());
}

fn corners(bytes: &mut Vec<u8>, bounds: Option<Bounds>) {
    match bounds {
        Some(bounds) => {
            pair(bytes, bounds.south_west());
            pair(bytes, bounds.north_east());
        }
        None => bytes.extend([0; 32]),
    }
}

/// Fills the header in, now that the length is known.
fn head(file: &mut [u8], code: i32, bounds: Option<Bounds>) {
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
