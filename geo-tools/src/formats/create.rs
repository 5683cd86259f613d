//! Files of features out, in the format that a file's name stands for.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::geojson::{SequenceWriter, WriteFeature, Writer};
use super::{Format, csv, flatgeobuf, geopackage, shapefile};
use crate::datum::Datum;
use crate::problem::Problem;

/// Makes a new file by its name, for whoever has a disk.
pub type Make<'a> = &'a dyn Fn(&str) -> io::Result<Box<dyn Write>>;

/// Where features go.
pub trait Sink {
    /// Takes one feature, and tells what of it the format cannot hold; where that is an error the feature is left out.
    ///
    /// # Errors
    /// What the writer says, or `InvalidInput` where a position has no coordinates in the datum.
    fn write(&mut self, feature: WriteFeature<'_>) -> io::Result<Vec<Problem>>;

    /// Ends the file, and tells what the format could not hold. A problem's index counts the features that were taken.
    ///
    /// # Errors
    /// What the writer says, or that the format cannot hold these features at all.
    fn finish(self: Box<Self>) -> io::Result<Vec<Problem>>;
}

/// Begins a file of features, in the format that its name stands for and in a datum. A last `.gz` packs it.
///
/// # Errors
/// `InvalidInput` where the name stands for no format that is written; else what keeps the file from being made.
pub fn create<'a>(path: &str, datum: Datum, make: Make<'a>) -> io::Result<Box<dyn Sink + 'a>> {
    let format = Format::of(path).filter(|format| format.is_written()).ok_or_else(|| {
        let message = format!("its ending stands for no format that is written; known are {WRITTEN}");
        io::Error::new(io::ErrorKind::InvalidInput, message)
    })?;
    create_as(format, path, datum, make)
}

/// The endings of what is written.
pub const WRITTEN: &str = ".geojson, .json, .geojsonl, .ndjson, .geojsons, .csv, .shp, .gpkg and .fgb";

/// Begins a file of features in a format, whatever its name says; see [`create`].
///
/// # Errors
/// As [`create`].
pub fn create_as<'a>(
    format: Format,
    path: &str,
    datum: Datum,
    make: Make<'a>,
) -> io::Result<Box<dyn Sink + 'a>> {
    let packed = path.to_ascii_lowercase().ends_with(".gz");
    let file = || -> io::Result<Box<dyn Write>> {
        let file = make(path)?;
        Ok(if packed { Box::new(GzEncoder::new(file, Compression::default())) } else { file })
    };
    let whole = if packed { &path[..path.len() - ".gz".len()] } else { path };
    let stem = whole.rsplit_once('.').map_or(whole, |(stem, _)| stem);
    let layer = stem.rsplit(['/', '\\']).next().unwrap_or(stem);
    Ok(match format {
        Format::Geojson => Box::new(Writer::in_datum(file()?, datum)?),
        Format::GeojsonLines => Box::new(SequenceWriter::lines(file()?, datum)),
        Format::GeojsonSequence => Box::new(SequenceWriter::records(file()?, datum)),
        Format::Csv => Box::new(csv::Writer::new(file()?, datum)),
        Format::Geopackage => Box::new(geopackage::write::Writer::new(file()?, layer, datum)),
        Format::Flatgeobuf => Box::new(flatgeobuf::write::Writer::new(file()?, layer, datum)),
        Format::Shapefile if !packed => Box::new(shapefile::write::Writer::new(stem, make, datum)),
        Format::Shapefile => {
            let message = "a shapefile is several files, which no .gz can pack";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        Format::Xlsx | Format::Zip => {
            let message = "this format is read and not written";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
    })
}

impl<W: Write> Sink for Writer<W> {
    fn write(&mut self, feature: WriteFeature<'_>) -> io::Result<Vec<Problem>> {
        Self::write(self, feature).map(|()| Vec::new())
    }

    fn finish(self: Box<Self>) -> io::Result<Vec<Problem>> {
        Self::finish(*self).map(|_| Vec::new())
    }
}
