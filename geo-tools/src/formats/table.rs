//! Features gathered for a format that names its columns first: what each column holds, and the features themselves.
//!
//! Invariant: memory grows with what is written; these formats cannot be written in one pass.
//! Invariant: no digit of a number is lost in silence: what a column of numbers cannot hold makes it one of texts.

use std::collections::HashMap;
use std::io;

use serde_json::{Map, Value};

use super::frame::Frame;
use super::geojson::WriteFeature;
use crate::datum::Datum;
use crate::geometry::Geometry;
use crate::problem::{Code, Problem};
use crate::shown;

/// Whole numbers up to here are exact as reals.
const MOST_EXACT: u64 = 1 << 53;

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

/// What shapes a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shapes {
    /// Of several kinds, or of none.
    Any,
    Point,
    Line,
    Polygon,
    MultiPoint,
    MultiLine,
    MultiPolygon,
}

/// A feature as it was given.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) properties: Map<String, Value>,
    pub(super) geometry: Option<Geometry>,
}

/// What has been seen of a column.
#[derive(Debug)]
struct Seen {
    name: String,
    kind: Option<Kind>,
    has_text: bool,
    has_plain: bool,
    has_nested: bool,
    has_wide: bool,
}

/// Features and the columns that hold their properties. A feature's own id is the column `id`.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) frame: Frame,
    seen: Vec<Seen>,
    places: HashMap<String, usize>,
    pub(super) features: Vec<Stored>,
}

impl Table {
    pub(super) fn new(datum: Datum) -> Self {
        Self { frame: Frame(datum), seen: Vec::new(), places: HashMap::new(), features: Vec::new() }
    }

    pub(super) fn take(&mut self, feature: WriteFeature<'_>) -> io::Result<()> {
        self.frame.check(feature.geometry)?;
        let mut properties = feature.properties.cloned().unwrap_or_default();
        if let Some(id) = feature.id
            && !properties.contains_key("id")
        {
            properties.insert("id".to_owned(), id.into());
        }
        for (name, value) in &properties {
            let at = match self.places.get(name) {
                Some(at) => *at,
                None => {
                    self.places.insert(name.clone(), self.seen.len());
                    self.seen.push(Seen::new(name));
                    self.seen.len() - 1
                }
            };
            self.seen[at].look(value);
        }
        self.features.push(Stored { properties, geometry: feature.geometry.cloned() });
        Ok(())
    }

    /// The columns in the order in which they first came. One that is always null is text.
    pub(super) fn columns(&self, warnings: &mut Vec<Problem>) -> Vec<Column> {
        let mut columns = Vec::with_capacity(self.seen.len());
        for seen in &self.seen {
            let kind = match seen.kind.unwrap_or(Kind::Text) {
                Kind::Real if seen.has_wide => Kind::Text,
                kind => kind,
            };
            let mut tell = |what: &str| {
                let message = format!("column \u{201c}{}\u{201d}: {what}", shown::text(&seen.name));
                warnings.push(Problem::warning(Code::BadValue, message));
            };
            if kind == Kind::Text && seen.has_plain {
                let why =
                    if seen.has_text { "not all values are" } else { "no column of numbers holds all of" };
                tell(&format!("numbers and logical values are written as text: {why} these"));
            }
            if seen.has_nested {
                tell("lists and objects are written as text, in JSON");
            }
            columns.push(Column { name: seen.name.clone(), kind });
        }
        columns
    }

    /// The one kind that all shapes can be written as.
    pub(super) fn shapes(&self) -> Shapes {
        let mut found = None;
        for shape in self.features.iter().filter_map(|feature| feature.geometry.as_ref()) {
            let next = match shape {
                Geometry::Point(_) => Shapes::Point,
                Geometry::MultiPoint(_) => Shapes::MultiPoint,
                Geometry::MultiLine(lines) if lines.len() == 1 => Shapes::Line,
                Geometry::MultiLine(_) => Shapes::MultiLine,
                Geometry::MultiPolygon(polygons) if polygons.len() == 1 => Shapes::Polygon,
                Geometry::MultiPolygon(_) => Shapes::MultiPolygon,
            };
            found = match found {
                None => Some(next),
                Some(before) if before == next => found,
                Some(before) if before.several() == next.several() => Some(next.several()),
                Some(_) => return Shapes::Any,
            };
        }
        found.unwrap_or(Shapes::Any)
    }
}

impl Shapes {
    /// The kind with several parts.
    fn several(self) -> Self {
        match self {
            Self::Point => Self::MultiPoint,
            Self::Line => Self::MultiLine,
            Self::Polygon => Self::MultiPolygon,
            other => other,
        }
    }

    /// Whether a shape with one part is written as one of several.
    pub(super) fn are_several(self) -> bool {
        matches!(self, Self::MultiPoint | Self::MultiLine | Self::MultiPolygon)
    }
}

impl Seen {
    fn new(name: &str) -> Self {
        let name = name.to_owned();
        Self { name, kind: None, has_text: false, has_plain: false, has_nested: false, has_wide: false }
    }

    fn look(&mut self, value: &Value) {
        self.kind = joined(self.kind, kind_of(value));
        self.has_text |= value.is_string();
        self.has_plain |= value.is_number() || value.is_boolean();
        self.has_nested |= value.is_array() || value.is_object();
        self.has_wide |= value.as_i64().is_some_and(|number| number.unsigned_abs() > MOST_EXACT);
    }
}

fn kind_of(value: &Value) -> Option<Kind> {
    match value {
        Value::Null => None,
        Value::Bool(_) => Some(Kind::Logical),
        Value::Number(number) if number.is_i64() => Some(Kind::Integer),
        // Beyond what 64 bits with a sign hold.
        Value::Number(number) if number.is_u64() => Some(Kind::Text),
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
