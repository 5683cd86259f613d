//! What comes next from a file, and about how much memory it holds.

use geo_tools::{Geometry, Position, Problem};
use serde_json::{Map, Value};

use super::given::Given;
use super::record::{Fields, Record};

/// What comes next from a file: a record with what was noticed about it, or what keeps one from being read.
#[derive(Debug)]
pub(crate) enum Next {
    Record(Box<Record>, Vec<Problem>),
    Bad(Box<Refused>),
    /// Reading ended here, before the file did.
    BrokeOff,
}

/// What keeps a row from being read, with the row as far as it could be.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(super) problem: Problem,
    pub(super) given: Option<Given>,
}

impl From<Problem> for Box<Refused> {
    fn from(problem: Problem) -> Self {
        Self::new(Refused { problem, given: None })
    }
}

impl From<Box<Refused>> for Problem {
    fn from(refused: Box<Refused>) -> Self {
        refused.problem
    }
}

impl Next {
    /// The row or feature as it was given.
    pub(crate) fn given(&self) -> Option<Given> {
        match self {
            Self::Record(record, _) => Some(record.given()),
            Self::Bad(refused) => refused.given.clone(),
            Self::BrokeOff => None,
        }
    }

    /// The place of the row or feature that it is about, from 0; `None` where it is about the file.
    pub(crate) fn index(&self) -> Option<usize> {
        match self {
            Self::Record(record, _) => Some(record.index),
            Self::Bad(refused) => refused.problem.indexes.last().copied(),
            Self::BrokeOff => None,
        }
    }

    /// About how many bytes it holds.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Record(record, warnings) => {
                size_of_record(record) + warnings.iter().map(size_of_problem).sum::<usize>()
            }
            Self::Bad(refused) => {
                let Refused { problem, given } = &**refused;
                let given = given.as_ref().map_or(0, |given| size_of_fields(&given.fields));
                size_of_problem(problem) + given
            }
            Self::BrokeOff => 0,
        }
    }
}

fn size_of_record(record: &Record) -> usize {
    let id = record.id.as_ref().map_or(0, String::len);
    size_of_fields(&record.fields) + size_of_shape(record.geometry.as_ref()) + id
}

fn size_of_problem(problem: &Problem) -> usize {
    let texts = problem.features.iter().chain(&problem.pointer).map(String::len).sum::<usize>();
    texts + problem.message.len() + size_of_shape(problem.geometry.as_ref())
}

fn size_of_shape(geometry: Option<&Geometry>) -> usize {
    geometry.map_or(0, |geometry| geometry.positions().count() * size_of::<Position>())
}

fn size_of_value(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            Value::Array(values) => values.iter().map(size_of_value).sum(),
            Value::Object(members) => size_of_members(members),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
}

fn size_of_fields(fields: &Fields) -> usize {
    match fields {
        Fields::Properties(properties) => size_of_members(properties),
        Fields::Cells(row) => row.cells.iter().map(|cell| size_of::<String>() + cell.len()).sum(),
    }
}

fn size_of_members(members: &Map<String, Value>) -> usize {
    members.iter().map(|(key, value)| size_of::<String>() + key.len() + size_of_value(value)).sum()
}
