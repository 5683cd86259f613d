//! The file: header, index, features.

use std::io::{self, Write};

use serde_json::Value;

use super::buffer::{Buffer, Field, Slot};
use super::index::{self, Leaf, NODE_BOXES};
use crate::datum::Datum;
use crate::formats::create::Sink;
use crate::formats::frame::Frame;
use crate::formats::geojson::WriteFeature;
use crate::formats::rings::{Turn, closed};
use crate::formats::table::{Column, Kind, Shapes, Stored, Table, text};
use crate::formats::wkt::System;
use crate::geometry::Geometry;
use crate::position::Position;
use crate::problem::{Code, Problem};

/// "fgb", the format's version 3, and "fgb" with its patch.
const MAGIC: [u8; 8] = *b"fgb\x03fgb\x01";
/// A column's place is told in two bytes.
const MOST_COLUMNS: usize = u16::MAX as usize;

/// Writes a FlatGeobuf once all features have come.
pub(in crate::formats) struct Writer<W: Write> {
    writer: W,
    name: String,
    table: Table,
}

impl<W: Write> Writer<W> {
    pub(in crate::formats) fn new(writer: W, name: &str, datum: Datum) -> Self {
        Self { writer, name: name.to_owned(), table: Table::new(datum) }
    }
}

impl<W: Write> Sink for Writer<W> {
    fn write(&mut self, feature: WriteFeature<'_>) -> io::Result<Vec<Problem>> {
        self.table.take(feature).map(|()| Vec::new())
    }

    fn finish(mut self: Box<Self>) -> io::Result<Vec<Problem>> {
        let mut warnings = Vec::new();
        let (table, frame) = (&self.table, self.table.frame);
        let columns = table.columns(&mut warnings);
        if columns.len() > MOST_COLUMNS {
            let message = format!("a FlatGeobuf holds {MOST_COLUMNS} columns; there are {}", columns.len());
            return Err(io::Error::other(message));
        }
        let shapes = table.shapes();
        let bounds = frame.bounds(table.features.iter().filter_map(|feature| feature.geometry.as_ref()));
        let boxes: Vec<Option<[f64; 4]>> =
            table.features.iter().map(|feature| frame.bounds(&feature.geometry)).collect();
        let is_indexed = !boxes.is_empty() && boxes.iter().all(Option::is_some);
        let mut order: Vec<usize> = (0..boxes.len()).collect();
        if let Some(bounds) = bounds.filter(|_| is_indexed) {
            order.sort_by_cached_key(|at| boxes[*at].map_or(0, |edges| index::along(edges, bounds)));
        } else if !boxes.is_empty() {
            let message = "the file has no index, since one would leave out the features without a shape";
            warnings.push(Problem::warning(Code::NullGeometry, message));
        }
        let (mut bytes, mut leaves) = (Vec::new(), Vec::with_capacity(order.len()));
        for at in order {
            let leaf = |edges| Leaf { edges, offset: bytes.len() as u64 };
            leaves.extend(boxes[at].filter(|_| is_indexed).map(leaf));
            bytes.extend(feature(&table.features[at], &columns, shapes, frame));
        }
        self.writer.write_all(&MAGIC)?;
        self.writer.write_all(&header(&self.name, &columns, table, bounds, is_indexed))?;
        if is_indexed {
            self.writer.write_all(&index::encode(&leaves))?;
        }
        self.writer.write_all(&bytes)?;
        self.writer.flush()?;
        warnings.extend(System::of(frame.0).unnamed(frame.0));
        Ok(warnings)
    }
}

fn header(
    name: &str,
    columns: &[Column],
    table: &Table,
    bounds: Option<[f64; 4]>,
    is_indexed: bool,
) -> Vec<u8> {
    let system = System::of(table.frame.0);
    let fields = [
        Some(Field::Behind),
        bounds.map(|_| Field::Behind),
        Some(Field::Byte(code_of(table.shapes()))),
        None,
        None,
        None,
        None,
        Some(Field::Behind),
        Some(Field::Long(table.features.len() as u64)),
        Some(Field::Short(if is_indexed { NODE_BOXES as u16 } else { 0 })),
        (system.id != 0).then_some(Field::Behind),
    ];
    let (mut buffer, slots) = Buffer::new(&fields);
    let mut slots = slots.into_iter();
    if let Some(slot) = slots.next() {
        buffer.text(slot, name);
    }
    if let Some((slot, bounds)) = bounds.and_then(|bounds| Some((slots.next()?, bounds))) {
        buffer.doubles(slot, &bounds);
    }
    let described = slots.next().map(|slot| buffer.tables(slot, columns.len())).unwrap_or_default();
    for (slot, column) in described.into_iter().zip(columns) {
        let kind = match column.kind {
            Kind::Logical => 2,
            Kind::Integer => 7,
            Kind::Real => 10,
            Kind::Text => 11,
        };
        for slot in buffer.table(slot, &[Some(Field::Behind), Some(Field::Byte(kind))]) {
            buffer.text(slot, &column.name);
        }
    }
    if let Some(slot) = slots.next() {
        let fields = [Some(Field::Behind), Some(Field::Int(system.id as i32)), Some(Field::Behind)];
        let texts = ["EPSG", system.name];
        for (slot, text) in buffer.table(slot, &fields).into_iter().zip(texts) {
            buffer.text(slot, text);
        }
    }
    buffer.finish()
}

fn code_of(shapes: Shapes) -> u8 {
    match shapes {
        Shapes::Any => 0,
        Shapes::Point => 1,
        Shapes::Line => 2,
        Shapes::Polygon => 3,
        Shapes::MultiPoint => 4,
        Shapes::MultiLine => 5,
        Shapes::MultiPolygon => 6,
    }
}

fn feature(feature: &Stored, columns: &[Column], shapes: Shapes, frame: Frame) -> Vec<u8> {
    let properties = properties(feature, columns);
    let has_shape = feature.geometry.as_ref().map(|_| Field::Behind);
    let (mut buffer, slots) = Buffer::new(&[has_shape, Some(Field::Behind)]);
    let mut slots = slots.into_iter();
    if let Some((shape, slot)) = feature.geometry.as_ref().and_then(|shape| Some((shape, slots.next()?))) {
        geometry(&mut buffer, slot, shape, (shapes.are_several(), frame));
    }
    if let Some(slot) = slots.next() {
        buffer.bytes(slot, &properties);
    }
    buffer.finish()
}

/// The values that are there, each behind the place of its column.
fn properties(feature: &Stored, columns: &[Column]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let value = feature.properties.get(&column.name).unwrap_or(&Value::Null);
        if value.is_null() {
            continue;
        }
        bytes.extend((at as u16).to_le_bytes());
        match column.kind {
            Kind::Logical => bytes.push(u8::from(value.as_bool().unwrap_or(false))),
            Kind::Integer => bytes.extend(value.as_i64().unwrap_or(0).to_le_bytes()),
            Kind::Real => bytes.extend(value.as_f64().unwrap_or(0.0).to_le_bytes()),
            Kind::Text => {
                let text = text(value);
                bytes.extend((text.len() as u32).to_le_bytes());
                bytes.extend(text.as_bytes());
            }
        }
    }
    bytes
}

/// Writes a shape; one of one part as one of several where all of the file are.
fn geometry(buffer: &mut Buffer, slot: Slot, shape: &Geometry, (several, frame): (bool, Frame)) {
    match shape {
        Geometry::Point(at) => {
            runs(buffer, slot, if several { 4 } else { 1 }, (&[vec![*at]], frame));
        }
        Geometry::MultiPoint(positions) => runs(buffer, slot, 4, (std::slice::from_ref(positions), frame)),
        Geometry::MultiLine(lines) if lines.len() == 1 && !several => runs(buffer, slot, 2, (lines, frame)),
        Geometry::MultiLine(lines) => runs(buffer, slot, 5, (lines, frame)),
        Geometry::MultiPolygon(polygons) if polygons.len() == 1 && !several => {
            runs(buffer, slot, 3, (&closed(&polygons[0], Turn::Left), frame));
        }
        Geometry::MultiPolygon(polygons) => {
            let mut fields = [None; 8];
            fields[6] = Some(Field::Byte(6));
            fields[7] = Some(Field::Behind);
            for slot in buffer.table(slot, &fields) {
                for (slot, polygon) in buffer.tables(slot, polygons.len()).into_iter().zip(polygons) {
                    runs(buffer, slot, 3, (&closed(polygon, Turn::Left), frame));
                }
            }
        }
    }
}

/// A shape of runs of positions: where each ends, if they can be several, and all their numbers.
fn runs(buffer: &mut Buffer, slot: Slot, code: u8, (runs, frame): (&[Vec<Position>], Frame)) {
    let has_ends = code == 5 || runs.len() > 1;
    let mut fields = [None; 7];
    fields[0] = has_ends.then_some(Field::Behind);
    fields[1] = Some(Field::Behind);
    fields[6] = Some(Field::Byte(code));
    let mut slots = buffer.table(slot, &fields).into_iter();
    if has_ends && let Some(slot) = slots.next() {
        let ends: Vec<u32> = runs
            .iter()
            .scan(0, |end, run| {
                *end += run.len() as u32;
                Some(*end)
            })
            .collect();
        buffer.longs(slot, &ends);
    }
    let numbers: Vec<f64> = runs.iter().flatten().flat_map(|at| frame.pair(*at)).collect();
    if let Some(slot) = slots.next() {
        buffer.doubles(slot, &numbers);
    }
}
