//! The one place where a file's name, or its first bytes, decide its format.

use std::io::{self, Cursor, Read};

use serde_json::Value;

use super::archive::{Archive, hold};
use super::flow::fill;
use super::shapefile::Parts;
use super::unpack::{Unpacked, read_problem};
use super::{Feature, Item, Options, Properties, csv, flatgeobuf, geojson, geopackage, shapefile};
use crate::geometry::Geometry;
use crate::problem::{Code, Problem};
use crate::shown;

/// Bytes that are looked at to tell a format.
const START_BYTES: u64 = 4096;

/// Opens a file by its name, for whoever has a disk; `None` where there is none of this name.
pub type Find<'a> = &'a dyn Fn(&str) -> io::Result<Option<Box<dyn Read>>>;

/// The formats of files with features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// GeoJSON, in whatever form when it is read, a collection when it is written.
    Geojson,
    /// GeoJSON, one feature a line.
    GeojsonLines,
    /// A GeoJSON text sequence (RFC 8142).
    GeojsonSequence,
    /// A table as text.
    Csv,
    /// A table as a workbook.
    Xlsx,
    /// A `.shp` with the files beside it.
    Shapefile,
    /// A `.zip` with the files of one shapefile.
    Zip,
    /// A GeoPackage.
    Geopackage,
    /// A FlatGeobuf.
    Flatgeobuf,
}

impl Format {
    /// By the end of the name, a last `.gz` aside; `None` where it says nothing.
    pub fn of(path: &str) -> Option<Self> {
        let name = path.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        Some(match name.rsplit_once('.')?.1 {
            "geojson" | "json" => Self::Geojson,
            "geojsonl" | "ndjson" => Self::GeojsonLines,
            "geojsons" | "geojsonseq" => Self::GeojsonSequence,
            "csv" | "tsv" | "txt" => Self::Csv,
            "xlsx" => Self::Xlsx,
            "shp" => Self::Shapefile,
            "zip" => Self::Zip,
            "gpkg" => Self::Geopackage,
            "fgb" => Self::Flatgeobuf,
            _ => return None,
        })
    }

    /// By the first bytes, which are given back with the rest; text that is not JSON is taken for a table.
    ///
    /// # Errors
    /// What the reader says.
    pub fn look<'a>(reader: Box<dyn Read + 'a>) -> io::Result<(Self, Box<dyn Read + 'a>)> {
        let mut reader = Unpacked::new(reader, u64::MAX);
        let mut start = Vec::new();
        reader.by_ref().take(START_BYTES).read_to_end(&mut start)?;
        let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start);
        let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
        let starts = |magic: &[u8]| start.starts_with(magic);
        let format = match first {
            _ if starts(b"SQLite format 3\0") => Self::Geopackage,
            _ if starts(b"PK\x03\x04") && names_a_workbook(&start) => Self::Xlsx,
            _ if starts(b"PK\x03\x04") => Self::Zip,
            _ if starts(b"fgb\x03fgb") => Self::Flatgeobuf,
            _ if starts(&9994_i32.to_be_bytes()) => Self::Shapefile,
            Some(b'{' | b'[' | 0x1e) => Self::Geojson,
            _ => Self::Csv,
        };
        Ok((format, Box::new(Cursor::new(start).chain(reader))))
    }

    /// Whether its files can be written.
    pub fn is_written(self) -> bool {
        !matches!(self, Self::Xlsx | Self::Zip)
    }

    /// Whether it is a table of rows, whose positions are in columns.
    pub fn is_table(self) -> bool {
        matches!(self, Self::Csv | Self::Xlsx)
    }
}

/// Whether the first names in an archive are those of a workbook.
fn names_a_workbook(start: &[u8]) -> bool {
    let names: [&[u8]; 3] = [b"[Content_Types].xml", b"xl/", b"_rels/.rels"];
    names.iter().any(|name| start.windows(name.len()).any(|bytes| bytes == *name))
}

/// Features and problems, in the order of a file.
pub trait Source: Iterator<Item = Item> {
    /// Whether reading ended before the file did, so that what follows is not known; said once the last item is given.
    fn broke_off(&self) -> bool;
}

impl<R: Read> Source for geojson::Reader<R> {
    fn broke_off(&self) -> bool {
        Self::broke_off(self)
    }
}

/// The rows of a table as features.
struct Rows<R: Read>(csv::Reader<R>);

impl<R: Read> Iterator for Rows<R> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        Some(match self.0.next()? {
            csv::Item::Problem(problem) => Item::Problem(problem),
            csv::Item::Row(row) => Item::Feature(Feature::from(row)),
        })
    }
}

impl<R: Read> Source for Rows<R> {
    fn broke_off(&self) -> bool {
        self.0.broke_off()
    }
}

/// A sequence of no features.
struct NoFeatures;

impl Iterator for NoFeatures {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        None
    }
}

impl Source for NoFeatures {
    fn broke_off(&self) -> bool {
        false
    }
}

/// What is wrong with a file of which nothing can be read.
struct Refused(Option<Problem>);

impl Iterator for Refused {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        self.0.take().map(Item::Problem)
    }
}

impl Source for Refused {
    fn broke_off(&self) -> bool {
        true
    }
}

/// Reads the features of a file, in the format that its name stands for, else its first bytes.
///
/// # Errors
/// `UNREADABLE` where the file cannot be opened; what is wrong within comes as items.
pub fn open(path: &str, find: Find<'_>, options: &Options) -> Result<Box<dyn Source>, Box<Problem>> {
    let unreadable = |message: String| Box::new(Problem::error(Code::Unreadable, message));
    let file = find(path).map_err(|error| unreadable(error.to_string()))?;
    let file = file.ok_or_else(|| unreadable("there is no such file".to_owned()))?;
    let (format, file) = match Format::of(path) {
        Some(format) => (format, file),
        None => Format::look(file).map_err(|error| unreadable(error.to_string()))?,
    };
    read(format, (path, file), find, options)
}

/// Reads features from bytes in a format; the name leads to the files beside a `.shp`.
///
/// # Errors
/// `UNREADABLE` where a file beside it cannot be opened.
pub fn read(
    format: Format,
    (path, file): (&str, Box<dyn Read>),
    find: Find<'_>,
    options: &Options,
) -> Result<Box<dyn Source>, Box<Problem>> {
    let datum = options.datum.unwrap_or_default();
    let refused = |problem: Problem| -> Box<dyn Source> { Box::new(Refused(Some(problem))) };
    Ok(match format {
        Format::Geojson => Box::new(geojson::read(file, &options.caps).in_datum(datum)),
        Format::GeojsonLines | Format::GeojsonSequence => match begun(file, options) {
            Ok(Some(file)) => Box::new(geojson::read(file, &options.caps).in_datum(datum)),
            Ok(None) => Box::new(NoFeatures),
            Err(problem) => refused(*problem),
        },
        Format::Geopackage => Box::new(geopackage::read(file, options)),
        Format::Csv | Format::Xlsx => {
            let table = csv::CsvOptions { datum, ..options.csv.clone() };
            Box::new(Rows(csv::read(file, &table, &options.caps)))
        }
        Format::Shapefile => match beside(path, file, find) {
            Ok(parts) => Box::new(shapefile::read(parts, options)),
            Err(error) => return Err(Box::new(Problem::error(Code::Unreadable, error.to_string()))),
        },
        Format::Zip => match unzipped(file, options) {
            Ok(parts) => Box::new(shapefile::read(parts, options)),
            Err(problem) => refused(*problem),
        },
        Format::Flatgeobuf => Box::new(flatgeobuf::read(file, options)),
    })
}

/// The bytes of a sequence; `None` where there are none, which is a sequence of no features.
fn begun(file: Box<dyn Read>, options: &Options) -> Result<Option<Box<dyn Read>>, Box<Problem>> {
    let mut bytes = Unpacked::new(file, options.caps.max_bytes);
    let mut start = [0];
    let count = fill(&mut bytes, &mut start).map_err(|error| Box::new(read_problem(&error)))?;
    Ok((count > 0).then(|| Box::new(Cursor::new(start).chain(bytes)) as Box<dyn Read>))
}

/// A row as a feature: its position apart, every other cell as text.
impl From<csv::Row> for Feature {
    fn from(row: csv::Row) -> Self {
        let position = row.position_columns();
        let is_position = |at: usize| position.is_some_and(|columns| at == columns.lon || at == columns.lat);
        let named = row.columns().iter().zip(&row.cells).enumerate().filter(|(at, _)| !is_position(*at));
        let properties: Properties =
            named.map(|(_, (name, cell))| (name.clone(), Value::from(cell.as_str()))).collect();
        Self {
            index: row.index,
            id: row.id,
            properties,
            geometry: row.position.map(Geometry::Point),
            line: row.line,
            pointer: String::new(),
            warnings: Vec::new(),
        }
    }
}

/// The files of a shapefile on a disk; their endings may be in capitals.
fn beside(path: &str, shp: Box<dyn Read>, open: Find<'_>) -> io::Result<Parts<'static>> {
    let packed = if path.to_ascii_lowercase().ends_with(".gz") { &path[path.len() - 3..] } else { "" };
    let whole = &path[..path.len() - packed.len()];
    let stem = match whole.len().checked_sub(".shp".len()).and_then(|at| whole.split_at_checked(at)) {
        Some((stem, ending)) if ending.eq_ignore_ascii_case(".shp") => stem,
        // A stream without a name has nothing beside it.
        _ => return Ok(Parts { shp, dbf: None, prj: None, cpg: None }),
    };
    let find = |ending: &str| -> io::Result<Option<Box<dyn Read>>> {
        for ending in [ending.to_owned(), ending.to_uppercase()] {
            if let Some(file) = open(&format!("{stem}{ending}{packed}"))? {
                return Ok(Some(file));
            }
        }
        Ok(None)
    };
    Ok(Parts { shp, dbf: find(".dbf")?, prj: find(".prj")?, cpg: find(".cpg")? })
}

/// The files of the only shapefile in an archive.
fn unzipped(file: Box<dyn Read>, options: &Options) -> Result<Parts<'static>, Box<Problem>> {
    let caps = &options.caps;
    let held = hold(Unpacked::new(file, caps.max_bytes), caps.max_held_bytes)?;
    let archive = Archive::open(held, caps.max_bytes)?;
    // What a Macintosh keeps beside each file looks like a second shapefile.
    let own = |name: &str| {
        !name.starts_with("__MACOSX/") && !name.rsplit('/').next().is_some_and(|name| name.starts_with('.'))
    };
    let entries: Vec<_> = archive.entries().iter().filter(|entry| own(&entry.name)).collect();
    let ends = |name: &str, ending: &str| name.to_ascii_lowercase().ends_with(ending);
    let shapes: Vec<_> = entries.iter().filter(|entry| ends(&entry.name, ".shp")).collect();
    let [shp] = shapes.as_slice() else {
        let count = shapes.len();
        let names: Vec<String> = shapes.iter().take(5).map(|entry| shown::text(&entry.name)).collect();
        let message = format!("the archive holds {count} shapefiles [{}]; one is expected", names.join(", "));
        return Err(Box::new(Problem::error(Code::BadFormat, message)));
    };
    let stem = &shp.name[..shp.name.len() - ".shp".len()];
    let find = |ending: &str| {
        let wanted = format!("{}{ending}", stem.to_ascii_lowercase());
        let entry = entries.iter().find(|entry| entry.name.to_ascii_lowercase() == wanted);
        entry.map(|entry| archive.read(entry)).transpose()
    };
    Ok(Parts { shp: archive.read(shp)?, dbf: find(".dbf")?, prj: find(".prj")?, cpg: find(".cpg")? })
}
