//! Features gathered for a format that names its columns first: what each column holds, and the features themselves.
//!
//! Invariant: memory grows with what is written; these formats cannot be written in one pass.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::geojson::WriteFeature;
use crate::geometry::Geometry;

/// What all values of a column can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Logical,
    Integer,
    Real,
    /// Also what differs from feature to feature, and lists and objects as JSON.
    Text,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// A feature as it was given.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) properties: Map<String, Value>,
    pub(super) geometry: Option<Geometry>,
}

/// Features and the columns that hold their properties. A feature's own id is the column `id`.
#[derive(Debug, Default)]
pub(super) struct Table {
    kinds: Vec<(String, Option<Kind>)>,
    places: HashMap<String, usize>,
    pub(super) features: Vec<Stored>,
}

impl Table {
    pub(super) fn take(&mut self, feature: WriteFeature<'_>) {
        let mut properties = feature.properties.cloned().unwrap_or_default();
        if let Some(id) = feature.id
            && !properties.contains_key("id")
        {
            properties.insert("id".to_owned(), id.into());
        }
        for (name, value) in &properties {
            let at = *self.places.entry(name.clone()).or_insert_with(|| {
                self.kinds.push((name.clone(), None));
                self.kinds.len() - 1
            });
            let kind = &mut self.kinds[at].1;
            *kind = joined(*kind, kind_of(value));
        }
        self.features.push(Stored { properties, geometry: feature.geometry.cloned() });
    }

    /// The columns in the order in which they first came. One that is always null is text.
    pub(super) fn columns(&self) -> Vec<Column> {
        let column = |(name, kind): &(String, Option<Kind>)| Column {
            name: name.clone(),
            kind: kind.unwrap_or(Kind::Text),
        };
        self.kinds.iter().map(column).collect()
    }
}

fn kind_of(value: &Value) -> Option<Kind> {
    match value {
        Value::Null => None,
        Value::Bool(_) => Some(Kind::Logical),
        Value::Number(number) if number.is_i64() => Some(Kind::Integer),
        Value::Number(_) => Some(Kind::Real),
        Value::String(_) | Value::Array(_) | Value::Object(_) => Some(Kind::Text),
    }
}

fn joined(first: Option<Kind>, second: Option<Kind>) -> Option<Kind> {
    match (first, second) {
        (kind, None) | (None, kind) => kind,
        (Some(first), Some(second)) if first == second => Some(first),
        (Some(Kind::Integer | Kind::Real), Some(Kind::Integer | Kind::Real)) => Some(Kind::Real),
        _ => Some(Kind::Text),
    }
}

/// A value in a column of texts.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
