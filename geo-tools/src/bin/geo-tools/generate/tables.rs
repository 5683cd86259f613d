//! Writing the files of a folder.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use geo_tools::Geometry;
use geo_tools::formats::geojson::{WriteFeature, Writer};
use serde_json::{Map, Value};

use super::Ungenerated;

/// One feature of a file: its properties and its shape.
pub(super) type Drawn = (Vec<(&'static str, Value)>, Geometry);

/// Writes a GeoJSON file.
pub(super) fn geojson(
    folder: &Path,
    name: &str,
    features: impl Iterator<Item = Drawn>,
) -> Result<(), Ungenerated> {
    let path = folder.join(name);
    let write = || {
        let mut writer = Writer::new(BufWriter::new(File::create(&path)?))?;
        for (properties, geometry) in features {
            let properties: Map<String, Value> =
                properties.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let feature = WriteFeature { id: None, properties: Some(&properties), geometry: Some(&geometry) };
            writer.write(feature)?;
        }
        writer.finish()?.flush()
    };
    write().map_err(Ungenerated::writing(&path))
}

/// Writes a CSV file with a header.
pub(super) fn csv<const N: usize>(
    folder: &Path,
    name: &str,
    header: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<(), Ungenerated> {
    let path = folder.join(name);
    let write = || {
        let mut table = ::csv::Writer::from_path(&path)?;
        table.write_record(header)?;
        for row in rows {
            table.write_record(&row)?;
        }
        table.flush()
    };
    write().map_err(Ungenerated::writing(&path))
}

/// Writes a text file.
pub(super) fn text(folder: &Path, name: &str, text: &str) -> Result<(), Ungenerated> {
    let path = folder.join(name);
    std::fs::write(&path, text).map_err(Ungenerated::writing(&path))
}
