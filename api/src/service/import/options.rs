//! What an import is asked to do, and what it answers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use geo_tools::Datum;
use serde::{Deserialize, Serialize};

use super::next::Next;
use super::problems::ProblemList;
use super::source::Progress;
use crate::store::imports::ImportSummary;

/// What a file holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// The cells of one level.
    Cells,
    /// Buildings and the households in them.
    Households,
    /// Roads (lines) and footprints of buildings (polygons).
    Basemap,
    /// Incidents that happened before.
    Incidents,
}

impl ImportKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Cells, Self::Households, Self::Basemap, Self::Incidents];

    /// The kind's name on the command line and in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cells => "cells",
            Self::Households => "households",
            Self::Basemap => "basemap",
            Self::Incidents => "incidents",
        }
    }

    /// Reads a kind's name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The names that `--map` can give a column to.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Cells => &[],
            Self::Households => &["address", "building", "dwellings", "lat", "lon", "members"],
            Self::Basemap => &["class", "kind", "name"],
            Self::Incidents => {
                &["category", "channel", "closed_at", "lat", "lon", "note", "occurred_at", "text"]
            }
        }
    }
}

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

/// What to do when a row is bad.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadRows {
    /// Change nothing and list them all.
    #[default]
    Refuse,
    /// Import the good ones and give the others back.
    Skip,
}

/// Whether to write.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Check, count and change nothing.
    DryRun,
    /// Import.
    #[default]
    Write,
}

/// What an import is asked to do.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ImportOptions {
    /// What the file holds.
    pub kind: ImportKind,
    /// How its bytes are to be read.
    pub format: FileFormat,
    /// The level of the cells.
    pub level: Option<String>,
    /// The property or column with the id or code.
    pub id: Option<String>,
    /// The property with the name of a cell.
    pub name: Option<String>,
    /// The property with the code or name of the cell above.
    pub parent: Option<String>,
    /// A file with the ground that belongs to no cell on purpose; where it is not said, that is as in the plan in force.
    pub voids: Option<PathBuf>,
    /// The layer of a GeoPackage or the sheet of a workbook, where there are several.
    #[serde(default)]
    pub layer: Option<String>,
    /// Which columns hold what.
    pub columns: ColumnMap,
    /// What the file's numbers refer to, as its bringer says; `None` is WGS 84 unless it looks otherwise.
    #[serde(default, with = "by_name")]
    pub datum: Option<Datum>,
    /// What to do when a row is bad.
    pub bad_rows: BadRows,
    /// Whether to write.
    pub effect: Effect,
}

impl ImportOptions {
    /// An import that is told nothing but what the file holds.
    pub fn new(kind: ImportKind, format: FileFormat) -> Self {
        Self {
            kind,
            format,
            level: None,
            id: None,
            name: None,
            parent: None,
            voids: None,
            layer: None,
            columns: ColumnMap::default(),
            datum: None,
            bad_rows: BadRows::default(),
            effect: Effect::default(),
        }
    }
}

/// A datum as its name.
mod by_name {
    use geo_tools::Datum;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(datum: &Option<Datum>, serializer: S) -> Result<S::Ok, S::Error> {
        datum.map(Datum::name).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Datum>, D::Error> {
        let name = Option::<String>::deserialize(deserializer)?;
        name.map(|name| name.parse()).transpose().map_err(D::Error::custom)
    }
}

/// Which columns hold what: `address=street,housenumber` joins two with a space.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ColumnMap(BTreeMap<String, Vec<String>>);

/// Why a `--map` cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidColumnMap {
    /// Not `field=column`.
    #[error("{given:?} must be field=column, or field=column,column to join several")]
    Form {
        /// What was given.
        given: String,
    },
    /// A field that this kind of import does not have.
    #[error("{field:?} is no field of {kind}; fields are {allowed}")]
    Field {
        /// What was given.
        field: String,
        /// The kind of import.
        kind: &'static str,
        /// What is allowed.
        allowed: String,
    },
}

impl ColumnMap {
    /// Reads pairs of `field=column`.
    ///
    /// # Errors
    /// [`InvalidColumnMap`] for the first pair that cannot be used.
    pub fn parse<'a>(
        kind: ImportKind,
        pairs: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, InvalidColumnMap> {
        let mut map = BTreeMap::new();
        for pair in pairs {
            let form = || InvalidColumnMap::Form { given: pair.to_owned() };
            let (field, columns) = pair.split_once('=').ok_or_else(form)?;
            let columns: Vec<String> = columns.split(',').map(|column| column.trim().to_owned()).collect();
            if columns.iter().any(String::is_empty) {
                return Err(form());
            }
            if !kind.fields().contains(&field) {
                return Err(InvalidColumnMap::Field {
                    field: field.to_owned(),
                    kind: kind.as_str(),
                    allowed: if kind.fields().is_empty() { "none".into() } else { kind.fields().join(", ") },
                });
            }
            map.insert(field.to_owned(), columns);
        }
        Ok(Self(map))
    }

    /// The columns of a field; none where it was not mapped.
    pub fn columns(&self, field: &str) -> &[String] {
        self.0.get(field).map_or(&[], Vec::as_slice)
    }

    /// The one column of a field.
    pub fn column(&self, field: &str) -> Option<&str> {
        self.columns(field).first().map(String::as_str)
    }
}

/// What an import did, or would do.
#[derive(Clone, Debug)]
pub struct ImportReport {
    /// What the file holds.
    pub kind: ImportKind,
    /// Whether it was to be written.
    pub effect: Effect,
    /// Whether the file was taken.
    pub outcome: ImportOutcome,
    /// How many rows or features the file has, bad ones included.
    pub row_count: u64,
    /// How many of what the file holds: buildings, households, roads, footprints.
    pub totals: Vec<(&'static str, u64)>,
    /// What came in new and what was there: of cells, of rows, of incidents. Empty after a dry run but for cells.
    pub figures: Vec<ImportFigure>,
    /// The plan version after it, where it is about cells or located in them.
    pub plan_version: Option<i32>,
    /// Its problems, warnings included.
    pub problems: ProblemList,
}

/// Whether a file was taken.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ImportOutcome {
    /// It was, but for bad rows that were to be skipped.
    Taken,
    /// Something speaks against it, and nothing was changed.
    Refused,
}

/// How many of one kind of thing an import added, changed, left and took away.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ImportFigure {
    /// What it is about.
    pub what: &'static str,
    /// Not there before.
    pub added: u64,
    /// There before, and different.
    pub changed: u64,
    /// There before, and the same.
    pub unchanged: u64,
    /// There before, and not in the file.
    pub removed: u64,
}

impl ImportReport {
    /// A report of nothing yet.
    pub(super) fn begin(options: &ImportOptions, progress: &Progress) -> Self {
        Self {
            kind: options.kind,
            effect: options.effect,
            outcome: ImportOutcome::Taken,
            row_count: 0,
            totals: Vec::new(),
            figures: Vec::new(),
            plan_version: None,
            problems: ProblemList::begin(progress),
        }
    }

    /// Counts the row or feature that comes next, once however many problems it has; what is wrong with the file is no row.
    pub(super) fn count(&mut self, next: &Next) {
        self.problems.look_at(next);
        if let Some(index) = next.index() {
            self.row_count = self.row_count.max(index as u64 + 1);
        }
    }

    /// Whether nothing is written for what is wrong: any error where bad rows are refused; where they are skipped, one that
    /// ended the reading, for then the rest of the file is not known.
    pub(super) fn is_refused(&self, bad_rows: BadRows) -> bool {
        match bad_rows {
            BadRows::Refuse => self.problems.error_count() > 0,
            BadRows::Skip => self.problems.broke_off(),
        }
    }

    /// What was done, in one sentence.
    pub fn summary(&self) -> String {
        let figures = self.figures.iter().map(ToString::to_string);
        let totals = self.totals.iter().map(|(what, count)| format!("{count} {what}"));
        let figures = figures.chain(totals).collect::<Vec<String>>().join("; ");
        let bad = match self.problems.error_count() {
            1 => "1 problem".to_owned(),
            count => format!("{count} problems"),
        };
        match (self.outcome, self.effect) {
            (ImportOutcome::Refused, _) => format!("{bad}; nothing was imported"),
            (ImportOutcome::Taken, Effect::DryRun) => format!("dry run, nothing was changed: {figures}"),
            (ImportOutcome::Taken, Effect::Write) if self.problems.error_count() > 0 => {
                format!("{figures}; {bad} skipped")
            }
            (ImportOutcome::Taken, Effect::Write) => figures,
        }
    }
}

impl ImportFigure {
    /// What a promotion did.
    pub(super) fn of(what: &'static str, summary: ImportSummary) -> Self {
        let ImportSummary { inserted, updated, unchanged } = summary;
        Self { what, added: inserted, changed: updated, unchanged, removed: 0 }
    }
}

impl std::fmt::Display for ImportFigure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, added, changed, unchanged, removed } = self;
        write!(f, "{what}: {added} added, {changed} changed, {unchanged} unchanged")?;
        if *removed > 0 { write!(f, ", {removed} removed") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_map_joins_columns_and_refuses_unknown_fields() {
        let parse = |pairs: &[&str]| ColumnMap::parse(ImportKind::Households, pairs.iter().copied());
        let map = parse(&["address=street,housenumber", "dwellings=flats"]).expect("valid");
        assert_eq!(map.columns("address"), ["street", "housenumber"]);
        assert_eq!(map.column("members"), None);
        let check = |pair: &str, expected: &str| {
            let message = parse(&[pair]).expect_err("refused").to_string();
            assert!(message.contains(expected), "{message}");
        };
        check("address", "must be field=column");
        check("address=", "must be field=column");
        check("rooms=r", "fields are address, building, dwellings");
    }

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
