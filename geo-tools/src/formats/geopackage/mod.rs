//! GeoPackages in and out: an SQLite file with one table of features, shapes as well-known binary in its cells.
//!
//! Start at [`read`]. `pages` reads the file's trees, `schema` what a table's columns are, `wkb` a shape; `write` and
//! `tree` are the way out. The file is held in memory, since its pages stand in any order.
//!
//! Invariant: no SQL of the file is run; views and triggers in it are only text.

mod pages;
mod schema;
mod tree;
mod wkb;
pub(super) mod write;

use std::io::{Cursor, Read};

use serde_json::{Map, Number, Value};

use super::archive::hold;
use super::build::{Positions, checked};
use super::flow::{Flow, Items, Records, fill, too_large};
use super::reference::Reference;
use super::unpack::{Unpacked, read_problem};
use super::{Feature, Options, Source, id_of};
use crate::datum::Datum;
use crate::problem::{Code, Problem};
use crate::shown;
use pages::{Cell, HEADER_BYTES, Pages, Walk};
use schema::{Column, Layer};

/// Reads the features of a GeoPackage. A feature's `line` is its place in the table, from 1; its id is its column `id`,
/// else the key of its row.
pub fn read<'a>(reader: Box<dyn Read + 'a>, options: &Options) -> impl Source + use<'a> {
    let state = Some(State::Unopened(reader));
    Items::new(Reader { state, options: options.clone() }, options.caps.clone())
}

struct Reader<'a> {
    state: Option<State<'a>>,
    options: Options,
}

enum State<'a> {
    Unopened(Box<dyn Read + 'a>),
    Open(Box<Open>),
}

struct Open {
    pages: Pages,
    layer: Layer,
    datum: Datum,
    walk: Walk,
    count: usize,
}

impl Records for Reader<'_> {
    fn next(&mut self, flow: &mut Flow) -> Result<bool, Box<Problem>> {
        let mut open = match self.state.take() {
            None => return Ok(false),
            Some(State::Open(open)) => open,
            Some(State::Unopened(reader)) => {
                self.state = Some(State::Open(Box::new(self.open(reader, flow)?)));
                return Ok(true);
            }
        };
        let Some((key, cells)) = open.pages.next(&mut open.walk)? else { return Ok(false) };
        let feature = self.feature(&open, key, cells)?;
        open.count += 1;
        flow.give(feature)?;
        self.state = Some(State::Open(open));
        Ok(true)
    }
}

impl Reader<'_> {
    fn open(&self, reader: Box<dyn Read + '_>, flow: &mut Flow) -> Result<Open, Box<Problem>> {
        let caps = &flow.caps;
        let mut reader = Unpacked::new(reader, caps.max_bytes);
        // Looked at before the rest is held.
        let mut start = vec![0; HEADER_BYTES];
        let count = fill(&mut reader, &mut start).map_err(|error| Box::new(read_problem(&error)))?;
        start.truncate(count);
        Pages::page_sizes(&start)?;
        let bytes = hold(Cursor::new(start).chain(reader), caps.max_held_bytes)?;
        let pages = Pages::open(bytes, caps)?;
        let layer = Layer::find(&pages, self.options.layer.as_deref())?;
        if layer.reference == Reference::Unsaid && self.options.datum.is_none() {
            let message = "the layer names no coordinate system; WGS 84 is assumed";
            flow.tell(Problem::warning(Code::Crs, message));
        }
        let datum = layer.reference.datum(self.options.datum)?;
        let walk = Pages::walk(layer.root);
        Ok(Open { pages, layer, datum, walk, count: 0 })
    }

    fn feature(&self, open: &Open, key: i64, cells: Vec<Cell>) -> Result<Feature, Box<Problem>> {
        let (index, line) = (open.count, open.count as u64 + 1);
        let pointer = format!("/rows/{index}");
        let mut warnings = Vec::new();
        let mut properties = Map::new();
        let mut cells = cells.into_iter();
        let mut geometry = None;
        for column in &open.layer.columns {
            let cell = cells.next().unwrap_or(Cell::Null);
            if column.name.eq_ignore_ascii_case(&open.layer.geometry_column) {
                geometry = self.geometry(&cell, (&pointer, line), open.datum, &mut warnings)?;
            } else if !column.is_key {
                properties.insert(column.name.clone(), value(column, cell, &mut warnings));
            }
        }
        let id = id_of(&properties).or_else(|| Some(key.to_string()));
        for warning in &mut warnings {
            warning.indexes = vec![index];
            warning.features = id.iter().cloned().collect();
            warning.line = Some(line);
            warning.pointer.get_or_insert_with(|| pointer.clone());
        }
        Ok(Feature { index, id, properties: properties.into(), geometry, line, pointer, warnings })
    }

    fn geometry(
        &self,
        cell: &Cell,
        (pointer, line): (&str, u64),
        datum: Datum,
        warnings: &mut Vec<Problem>,
    ) -> Result<Option<crate::Geometry>, Box<Problem>> {
        let bytes = match cell {
            Cell::Blob(bytes) => bytes,
            Cell::Null => {
                warnings.push(Problem::warning(Code::NullGeometry, "the geometry is null"));
                return Ok(None);
            }
            _ => {
                let message = "the cell of the geometry holds a text or a number";
                warnings.push(Problem::error(Code::BadFormat, message));
                return Ok(None);
            }
        };
        if bytes.len() / 16 > self.options.caps.max_feature_positions.saturating_mul(2) {
            return Err(too_large(format!(
                "more than {} positions in one feature",
                self.options.caps.max_feature_positions
            )));
        }
        let mut positions = Positions::new(datum);
        let raw = match wkb::parse(bytes, &mut positions, warnings) {
            Ok(raw) => raw,
            Err(problem) => {
                warnings.push(*problem);
                return Ok(None);
            }
        };
        if let Some(problem) = positions.problem() {
            warnings.push(problem);
            return Ok(None);
        }
        if raw.is_none() {
            warnings.push(Problem::warning(Code::NullGeometry, "the geometry is empty"));
        }
        Ok(raw.and_then(|raw| checked(raw, pointer, line, warnings)))
    }
}

fn value(column: &Column, cell: Cell, warnings: &mut Vec<Problem>) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(number) if column.is_logical => Value::Bool(number != 0),
        Cell::Integer(number) if column.is_real => {
            Number::from_f64(number as f64).map_or(Value::Null, Value::Number)
        }
        Cell::Integer(number) => number.into(),
        Cell::Real(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        Cell::Text(text) => text.into(),
        Cell::Blob(bytes) => {
            let message = format!(
                "column \u{201c}{}\u{201d}: {} bytes that are no text are left out",
                shown::text(&column.name),
                bytes.len()
            );
            warnings.push(Problem::warning(Code::BadValue, message));
            Value::Null
        }
    }
}
