//! Points as a table: an id, the position, and a column for every property that any of them has.
//!
//! The columns are known when the last feature has been read; until then all are held in memory.

use std::collections::HashSet;
use std::io::{self, Write};

use geo_tools::datum::Coordinates;
use geo_tools::formats::Feature;
use geo_tools::{Code, Datum, Geometry, Problem};
use serde_json::{Map, Value};

use crate::convert::placed;

pub(crate) struct Table {
    datum: Datum,
    /// The names of properties, in the order in which they were met.
    columns: Vec<String>,
    known: HashSet<String>,
    has_ids: bool,
    rows: Vec<Line>,
}

struct Line {
    id: Option<String>,
    at: Coordinates,
    properties: Map<String, Value>,
}

impl Table {
    pub(crate) fn new(datum: Datum) -> Self {
        Self { datum, columns: Vec::new(), known: HashSet::new(), has_ids: false, rows: Vec::new() }
    }

    /// What the columns of the position are called.
    fn position_columns(&self) -> [&'static str; 2] {
        if self.datum == Datum::WebMercator { ["x", "y"] } else { ["lon", "lat"] }
    }

    /// Takes a point, or says why it is left out, and what else is.
    pub(crate) fn take(&mut self, mut feature: Feature) -> Vec<Problem> {
        let mut problems = std::mem::take(&mut feature.warnings);
        let refused = match &feature.geometry {
            Some(Geometry::Point(at)) => match self.datum.rounded(*at) {
                Ok(at) => Ok(at),
                Err(error) => Err(Problem::error(Code::CoordRange, error.to_string())),
            },
            Some(_) => {
                let message = "a row of a table is a point, another geometry was given";
                Err(Problem::error(Code::GeometryType, message))
            }
            // The reader has warned of it; here it is left out.
            None => {
                problems.retain(|problem| problem.code != Code::NullGeometry);
                let message = "a row of a table is a point, there is no geometry";
                Err(Problem::error(Code::NullGeometry, message))
            }
        };
        let at = match refused {
            Ok(at) => at,
            Err(problem) => {
                problems.push(placed(&feature, problem));
                return problems;
            }
        };
        for name in self.clashing(&feature) {
            let message = format!(
                "the property {name} is left out: the column of that name has what the feature itself says"
            );
            problems.push(placed(&feature, Problem::warning(Code::DuplicateKey, message)));
            feature.properties.remove(name);
        }
        for name in feature.properties.keys() {
            if self.known.insert(name.clone()) {
                self.columns.push(name.clone());
            }
        }
        self.has_ids |= feature.id.is_some();
        self.rows.push(Line { id: feature.id, at, properties: feature.properties });
        problems
    }

    /// Properties that our own columns would hide, and that say something else.
    fn clashing(&self, feature: &Feature) -> Vec<&'static str> {
        let [lon, lat] = self.position_columns();
        let mut names: Vec<&'static str> =
            [lon, lat].into_iter().filter(|name| feature.properties.contains_key(*name)).collect();
        let same = |id: &String| cell(&feature.properties, "id") == *id;
        if feature.properties.contains_key("id") && feature.id.as_ref().is_some_and(|id| !same(id)) {
            names.push("id");
        }
        names
    }

    /// Writes the header and all rows.
    pub(crate) fn write(&self, output: impl Write) -> io::Result<()> {
        let has_id = self.has_ids || self.known.contains("id");
        let others: Vec<&String> = self.columns.iter().filter(|name| *name != "id").collect();
        let mut table = csv::Writer::from_writer(output);
        let own = has_id.then_some("id").into_iter().chain(self.position_columns());
        table.write_record(own.chain(others.iter().map(|name| name.as_str())))?;
        for row in &self.rows {
            let id = has_id.then(|| row.id.clone().unwrap_or_else(|| cell(&row.properties, "id")));
            let own = id.into_iter().chain([row.at.x.to_string(), row.at.y.to_string()]);
            table.write_record(own.chain(others.iter().map(|name| cell(&row.properties, name))))?;
        }
        table.flush()
    }
}

/// A property as a cell: text as it is, null as nothing, the rest as JSON.
fn cell(properties: &Map<String, Value>, column: &str) -> String {
    match properties.get(column) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
