//! Features of a map's file and rows of a table as one thing: a record with its place, its shape and its fields.

use std::sync::Arc;

use domain::input::quoted;
use geo_tools::formats::csv::{Row, looks_damaged_by_spreadsheet};
use geo_tools::{Code, Datum, Geometry, Position, Problem};
use serde_json::{Map, Value};

use super::given::Given;

/// The longest id that is taken: it is a key of the database, and an index of PostgreSQL holds no more than 2.7 kB.
const MAX_ID_CHARACTERS: usize = 200;

/// Up to here a fraction holds every whole number; beyond, some digits may be made up.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// One feature or row.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Its place in the file, from 0.
    pub(crate) index: usize,
    /// The line that it starts on, from 1.
    pub(crate) line: u64,
    /// JSON pointer to it, where the file is JSON.
    pub(crate) pointer: Option<String>,
    /// Its shape.
    pub(crate) geometry: Option<Geometry>,
    /// Its own id, or its id column.
    pub(super) id: Option<String>,
    pub(super) fields: Arc<Fields>,
    /// What the file's numbers refer to.
    pub(super) datum: Datum,
}

#[derive(Debug)]
pub(super) enum Fields {
    Properties(Map<String, Value>),
    Cells(Row),
}

/// A property as text. Formats with a kind for each column hold whole numbers as fractions where one row has a fraction.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(whole) if whole.fract() == 0.0 && whole.abs() <= MAX_EXACT => format!("{}", whole as i64),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

impl Record {
    /// It as it was given.
    pub(super) fn given(&self) -> Given {
        let lon_lat = match (&self.geometry, &*self.fields) {
            (Some(Geometry::Point(at)), Fields::Properties(_)) => self.datum.texts(*at),
            _ => None,
        };
        Given { fields: Arc::clone(&self.fields), id: self.id.clone(), lon_lat }
    }

    /// The text of a property or column, trimmed; `None` where it is missing, null or empty.
    pub(crate) fn text(&self, column: &str) -> Option<String> {
        let text = match &*self.fields {
            Fields::Properties(properties) => text_of(properties.get(column)?),
            Fields::Cells(row) => row.cell(column)?.to_owned(),
        };
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Whether it has a property or column of this name, be it empty.
    pub(crate) fn has(&self, column: &str) -> bool {
        match &*self.fields {
            Fields::Properties(properties) => properties.contains_key(column),
            Fields::Cells(row) => row.cell(column).is_some(),
        }
    }

    /// The texts of several columns, joined with a space; `None` where all are empty.
    pub(crate) fn joined(&self, columns: &[String]) -> Option<String> {
        let texts: Vec<String> = columns.iter().filter_map(|column| self.text(column)).collect();
        (!texts.is_empty()).then(|| texts.join(" "))
    }

    /// The id under a name; where the name is `id` and there is no such property, the feature's own id.
    pub(crate) fn id(&self, column: Option<&str>) -> Result<String, Box<Problem>> {
        let column = column.unwrap_or("id");
        let own = || if column == "id" { self.id.clone() } else { None };
        let Some(id) = self.text(column).or_else(own) else {
            let message = format!("no {column:?}; every record needs one, so that it is found again");
            return Err(self.problem(Code::MissingField, message));
        };
        match looks_damaged_by_spreadsheet(&id) {
            Some(damage) => {
                let id = quoted(&id);
                let message = format!("{column} {id} cannot be used: {damage}; export the column as text");
                Err(self.problem(Code::BadValue, message))
            }
            None => self.short(column, id),
        }
    }

    /// An id, where it is not too long to be looked up by.
    pub(crate) fn short(&self, column: &str, id: String) -> Result<String, Box<Problem>> {
        let characters = id.chars().count();
        if characters <= MAX_ID_CHARACTERS {
            return Ok(id);
        }
        let message = format!(
            "{column} {} has {characters} characters; an id has at most {MAX_ID_CHARACTERS}",
            quoted(&id)
        );
        Err(self.problem(Code::BadValue, message))
    }

    /// A whole number in a range; `None` where the column is empty.
    pub(crate) fn whole_number(
        &self,
        column: &str,
        allowed: std::ops::RangeInclusive<u32>,
    ) -> Result<Option<u32>, Box<Problem>> {
        let Some(text) = self.text(column) else { return Ok(None) };
        match text.parse::<u32>() {
            Ok(number) if allowed.contains(&number) => Ok(Some(number)),
            _ => {
                let (low, high) = (allowed.start(), allowed.end());
                let message =
                    format!("{column} is {}; a whole number from {low} to {high} is allowed", quoted(&text));
                Err(self.problem(Code::BadValue, message))
            }
        }
    }

    /// The position, where the shape is one.
    pub(crate) fn position(&self) -> Result<Option<Position>, Box<Problem>> {
        let at = match &self.geometry {
            None => return Ok(None),
            Some(Geometry::Point(at)) => *at,
            Some(Geometry::MultiPoint(all)) if all.len() == 1 => all[0],
            Some(_) => {
                return Err(self.problem(Code::GeometryType, "a point is needed here, not a line or an area"));
            }
        };
        if at.is_unset() {
            let message = "longitude 0 and latitude 0 is what a phone says that does not know where it is";
            return Err(self.problem(Code::CoordRange, message));
        }
        Ok(Some(at))
    }

    /// A problem with its place in the file.
    pub(crate) fn problem(&self, code: Code, message: impl Into<String>) -> Box<Problem> {
        Box::new(self.at(Problem::error(code, message)))
    }

    fn at(&self, problem: Problem) -> Problem {
        self.place(self.id.clone().into_iter().collect()).of(problem)
    }

    /// Where it is, for what is only noticed when the record itself is gone.
    pub(crate) fn place(&self, features: Vec<String>) -> Place {
        Place { features, index: self.index, line: self.line, pointer: self.pointer.clone() }
    }
}

/// A record's place in its file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    features: Vec<String>,
    index: usize,
    /// The line that it starts on, from 1.
    pub(crate) line: u64,
    pointer: Option<String>,
}

impl Place {
    /// A problem at this place.
    pub(crate) fn of(&self, problem: Problem) -> Problem {
        Problem {
            features: self.features.clone(),
            indexes: vec![self.index],
            line: Some(self.line),
            pointer: self.pointer.clone(),
            ..problem
        }
    }
}
