//! Points as a table: an id, the position, and a column for every property that any of them has.
//!
//! The columns are known when the last feature has come; until then all are held in memory.

use std::collections::HashSet;
use std::io::{self, Write};

use serde_json::{Map, Value};

use crate::datum::{Coordinates, Datum};
use crate::formats::create::Sink;
use crate::formats::geojson::WriteFeature;
use crate::formats::table::text;
use crate::geometry::Geometry;
use crate::problem::{Code, Problem};

/// Writes a table of points once all of them have come.
#[derive(Debug)]
pub struct Writer<W: Write> {
    writer: W,
    datum: Datum,
    /// The names of properties, in the order in which they were met.
    columns: Vec<String>,
    known: HashSet<String>,
    has_ids: bool,
    rows: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    id: Option<String>,
    at: Coordinates,
    properties: Map<String, Value>,
}

impl<W: Write> Writer<W> {
    /// A table with its positions in a datum.
    pub fn new(writer: W, datum: Datum) -> Self {
        Self { writer, datum, columns: Vec::new(), known: HashSet::new(), has_ids: false, rows: Vec::new() }
    }

    /// What the columns of the position are called.
    fn position_columns(&self) -> [&'static str; 2] {
        if self.datum == Datum::WebMercator { ["x", "y"] } else { ["lon", "lat"] }
    }

    /// Properties that our own columns would hide, and that say something else.
    fn clashing(&self, id: Option<&str>, properties: &Map<String, Value>) -> Vec<&'static str> {
        let [lon, lat] = self.position_columns();
        let mut names: Vec<&'static str> =
            [lon, lat].into_iter().filter(|name| properties.contains_key(*name)).collect();
        if properties.contains_key("id") && id.is_some_and(|id| cell(properties, "id") != id) {
            names.push("id");
        }
        names
    }
}

impl<W: Write> Sink for Writer<W> {
    fn write(&mut self, feature: WriteFeature<'_>) -> io::Result<Vec<Problem>> {
        let at = match feature.geometry {
            Some(Geometry::Point(at)) => match self.datum.rounded(*at) {
                Ok(at) => at,
                Err(error) => return Ok(vec![Problem::error(Code::CoordRange, error.to_string())]),
            },
            Some(_) => {
                let message = "a row of a table is a point, another geometry was given";
                return Ok(vec![Problem::error(Code::GeometryType, message)]);
            }
            None => {
                let message = "a row of a table is a point, there is no geometry";
                return Ok(vec![Problem::error(Code::NullGeometry, message)]);
            }
        };
        let mut properties = feature.properties.cloned().unwrap_or_default();
        let mut problems = Vec::new();
        for name in self.clashing(feature.id, &properties) {
            let message = format!(
                "the property {name} is left out: the column of that name has what the feature itself says"
            );
            problems.push(Problem::warning(Code::DuplicateKey, message));
            properties.remove(name);
        }
        for name in properties.keys() {
            if self.known.insert(name.clone()) {
                self.columns.push(name.clone());
            }
        }
        self.has_ids |= feature.id.is_some();
        self.rows.push(Line { id: feature.id.map(str::to_owned), at, properties });
        Ok(problems)
    }

    fn finish(self: Box<Self>) -> io::Result<Vec<Problem>> {
        let has_id = self.has_ids || self.known.contains("id");
        let others: Vec<&String> = self.columns.iter().filter(|name| *name != "id").collect();
        let own = has_id.then_some("id").into_iter().chain(self.position_columns());
        let header: Vec<&str> = own.chain(others.iter().map(|name| name.as_str())).collect();
        let mut table = ::csv::Writer::from_writer(self.writer);
        table.write_record(header)?;
        for row in &self.rows {
            let id = has_id.then(|| row.id.clone().unwrap_or_else(|| cell(&row.properties, "id")));
            let own = id.into_iter().chain([row.at.x.to_string(), row.at.y.to_string()]);
            table.write_record(own.chain(others.iter().map(|name| cell(&row.properties, name))))?;
        }
        table.flush()?;
        Ok(Vec::new())
    }
}

/// A property as a cell: text as it is, null as nothing, the rest as JSON.
fn cell(properties: &Map<String, Value>, column: &str) -> String {
    properties.get(column).filter(|value| !value.is_null()).map_or_else(String::new, text)
}
