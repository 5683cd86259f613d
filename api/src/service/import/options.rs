//! What an import is asked to do.

use std::collections::BTreeMap;
use std::path::PathBuf;

use geo_tools::Datum;
use serde::{Deserialize, Serialize};

use super::file_format::FileFormat;

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
            Self::Households => {
                &["address", "building", "building_address", "dwellings", "lat", "lon", "members"]
            }
            Self::Basemap => &["class", "kind", "name"],
            Self::Incidents => {
                &["category", "channel", "closed_at", "lat", "lon", "note", "occurred_at", "text"]
            }
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
        check("rooms=r", "fields are address, building, building_address, dwellings");
    }
}
