//! The one place where a file's name decides its format.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value};

use super::archive::{Archive, hold};
use super::geojson::{WriteFeature, Writer};
use super::shapefile::Parts;
use super::unpack::Unpacked;
use super::{Feature, Item, Options, csv, geojson, geopackage, shapefile};
use crate::geometry::Geometry;
use crate::problem::{Code, Problem};
use crate::shown;

/// Opens files by their names, for whoever has a disk.
pub trait Files {
    /// The bytes of a file; `None` where there is none of this name.
    ///
    /// # Errors
    /// What keeps a file that is there from being opened.
    fn open(&self, path: &str) -> io::Result<Option<Box<dyn Read>>>;
}

/// Makes files by their names, for whoever has a disk.
pub trait Folder {
    /// A new file in place of any of this name.
    ///
    /// # Errors
    /// What keeps it from being made.
    fn create(&self, path: &str) -> io::Result<Box<dyn Write>>;
}

/// Where features go.
pub trait Sink {
    /// Takes one feature.
    ///
    /// # Errors
    /// What the writer says.
    fn write(&mut self, feature: WriteFeature<'_>) -> io::Result<()>;

    /// Ends the file, and tells what the format could not hold.
    ///
    /// # Errors
    /// What the writer says, or that the format cannot hold these features at all.
    fn finish(self: Box<Self>) -> io::Result<Vec<Problem>>;
}

/// The formats that a file's name can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// GeoJSON, or GeoJSON text sequences.
    Geojson,
    /// A table as text.
    Csv,
    /// A `.shp` with the files beside it.
    Shapefile,
    /// A `.zip` with the files of one shapefile.
    ZippedShapefile,
    /// A GeoPackage.
    Geopackage,
}

impl Format {
    /// By the end of the name, a last `.gz` aside; `None` where it says nothing.
    pub fn of(path: &str) -> Option<Self> {
        let name = path.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        Some(match name.rsplit_once('.')?.1 {
            "geojson" | "json" | "geojsons" | "geojsonl" | "geojsonseq" | "ndjson" => Self::Geojson,
            "csv" | "tsv" | "txt" => Self::Csv,
            "shp" => Self::Shapefile,
            "zip" => Self::ZippedShapefile,
            "gpkg" => Self::Geopackage,
            _ => return None,
        })
    }
}

/// Reads the features of a file, in the format that its name stands for.
///
/// # Errors
/// `BAD_FORMAT` where the name stands for none, `UNREADABLE` where the file cannot be opened; what is wrong within comes
/// as items.
pub fn open(
    path: &str,
    files: &dyn Files,
    options: &Options,
) -> Result<Box<dyn Iterator<Item = Item>>, Box<Problem>> {
    let Some(format) = Format::of(path) else {
        let message = "the name's ending stands for no format that is read; known are .geojson, .json, .geojsons, .csv, \
                       .shp, .zip and .gpkg";
        return Err(Box::new(Problem::error(Code::BadFormat, message)));
    };
    let unreadable = |message: String| Box::new(Problem::error(Code::Unreadable, message));
    let file = files.open(path).map_err(|error| unreadable(error.to_string()))?;
    let file = file.ok_or_else(|| unreadable("there is no such file".to_owned()))?;
    Ok(match format {
        Format::Geojson => {
            Box::new(geojson::read(file, &options.caps).in_datum(options.datum.unwrap_or_default()))
        }
        Format::Geopackage => Box::new(geopackage::read(file, options)),
        Format::Csv => Box::new(csv::read(file, &options.csv, &options.caps).map(point)),
        Format::Shapefile => match beside(path, file, files) {
            Ok(parts) => Box::new(shapefile::read(parts, options)),
            Err(error) => return Err(unreadable(error.to_string())),
        },
        Format::ZippedShapefile => match unzipped(file, options) {
            Ok(parts) => Box::new(shapefile::read(parts, options)),
            Err(problem) => Box::new(std::iter::once(Item::Problem(*problem))),
        },
    })
}

/// A row as a feature: its cells are texts, empty ones null.
fn point(item: csv::Item) -> Item {
    let row = match item {
        csv::Item::Problem(problem) => return Item::Problem(problem),
        csv::Item::Row(row) => row,
    };
    let text = |cell: &String| if cell.is_empty() { Value::Null } else { Value::String(cell.clone()) };
    let cells = row.cells.iter().map(text);
    let properties: Map<String, Value> = row.columns().iter().cloned().zip(cells).collect();
    Item::Feature(Feature {
        index: row.index,
        properties,
        geometry: row.position.map(Geometry::Point),
        line: row.line,
        pointer: format!("/rows/{}", row.index),
        warnings: Vec::new(),
        id: row.id,
    })
}

/// The files of a shapefile on a disk; their endings may be in capitals.
fn beside(path: &str, shp: Box<dyn Read>, files: &dyn Files) -> io::Result<Parts<'static>> {
    let packed = if path.to_ascii_lowercase().ends_with(".gz") { &path[path.len() - 3..] } else { "" };
    let stem = &path[..path.len() - packed.len() - ".shp".len()];
    let find = |ending: &str| -> io::Result<Option<Box<dyn Read>>> {
        for ending in [ending.to_owned(), ending.to_uppercase()] {
            if let Some(file) = files.open(&format!("{stem}{ending}{packed}"))? {
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
    let archive = Archive::open(hold(Unpacked::new(file, caps.max_bytes), caps.max_held_bytes)?)?;
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

/// Begins a file of features, in the format that its name stands for. A last `.gz` packs it.
///
/// # Errors
/// `InvalidInput` where the name stands for no format that is written; else what keeps the file from being made.
pub fn create<'a>(path: &str, folder: &'a dyn Folder) -> io::Result<Box<dyn Sink + 'a>> {
    let packed = path.to_ascii_lowercase().ends_with(".gz");
    let file = || -> io::Result<Box<dyn Write>> {
        let file = folder.create(path)?;
        Ok(if packed { Box::new(GzEncoder::new(file, Compression::default())) } else { file })
    };
    match Format::of(path) {
        Some(Format::Geojson) => Ok(Box::new(GeojsonSink { writer: Writer::new(file()?)? })),
        Some(Format::Geopackage) if !packed => {
            let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
            let layer = &name[..name.len() - ".gpkg".len()];
            Ok(Box::new(geopackage::write::Writer::new(file()?, layer)))
        }
        Some(Format::Shapefile) if !packed => {
            let stem = &path[..path.len() - ".shp".len()];
            Ok(Box::new(shapefile::write::Writer::new(stem, folder)))
        }
        _ => {
            let message =
                "the name's ending stands for no format that is written; known are .geojson, .shp and .gpkg";
            Err(io::Error::new(io::ErrorKind::InvalidInput, message))
        }
    }
}

struct GeojsonSink<W: Write> {
    writer: Writer<W>,
}

impl<W: Write> Sink for GeojsonSink<W> {
    fn write(&mut self, feature: WriteFeature<'_>) -> io::Result<()> {
        self.writer.write(feature)
    }

    fn finish(self: Box<Self>) -> io::Result<Vec<Problem>> {
        self.writer.finish().map(|_| Vec::new())
    }
}
