//! Which reader a file wants, by its name, a word or a `Content-Type`.

use serde::{Deserialize, Serialize};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// How the bytes of a file are to be read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// GeoJSON, also as a text sequence, packed with gzip or not.
    Geojson,
    /// A table with a header: text in UTF-8 or GBK, or a workbook (XLSX), packed with gzip or not.
    Csv,
    /// A Shapefile in a ZIP archive.
    Shapefile,
    /// A GeoPackage with one layer.
    Geopackage,
    /// A FlatGeobuf.
    Flatgeobuf,
}

impl FileFormat {
    /// By the end of a file's name; what has no known one is GeoJSON.
    pub fn of_name(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let bare = name.strip_suffix(".gz").unwrap_or(&name);
        match bare.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "csv" | "tsv" | "txt" | "xlsx" => Self::Csv,
            "zip" => Self::Shapefile,
            "gpkg" => Self::Geopackage,
            "fgb" => Self::Flatgeobuf,
            _ => Self::Geojson,
        }
    }

    /// By its name as a word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "geojson" => Self::Geojson,
            "csv" | "xlsx" => Self::Csv,
            "shapefile" => Self::Shapefile,
            "geopackage" => Self::Geopackage,
            "flatgeobuf" => Self::Flatgeobuf,
            _ => return None,
        })
    }

    /// By a `Content-Type`.
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        match content_type.split(';').next().unwrap_or_default().trim() {
            "text/csv" | "text/tab-separated-values" | XLSX => Some(Self::Csv),
            "application/zip" => Some(Self::Shapefile),
            "application/geopackage+sqlite3" => Some(Self::Geopackage),
            "application/vnd.flatgeobuf" => Some(Self::Flatgeobuf),
            "application/geo+json" | "application/json" | "application/geo+json-seq" => Some(Self::Geojson),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_follows_from_the_name_without_its_packing() {
        assert_eq!(FileFormat::of_name("Homes.CSV.gz"), FileFormat::Csv);
        assert_eq!(FileFormat::of_name("住户.xlsx"), FileFormat::Csv);
        assert_eq!(FileFormat::of_name("cells.zip"), FileFormat::Shapefile);
        assert_eq!(FileFormat::of_name("cells.gpkg"), FileFormat::Geopackage);
        assert_eq!(FileFormat::of_name("blocks.geojson.gz"), FileFormat::Geojson);
        assert_eq!(FileFormat::of_content_type(XLSX), Some(FileFormat::Csv));
        assert_eq!(FileFormat::of_content_type("application/zip"), Some(FileFormat::Shapefile));
    }
}
