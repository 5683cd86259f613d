//! Vector tiles: Web Mercator squares, and what lies in them as Mapbox Vector Tile 2.1.
//!
//! Start at [`encode`]. `mercator` turns positions into units of a tile, `clip` cuts shapes at its buffer, `draw` writes
//! them as commands, `protobuf` as bytes.
//!
//! Invariant: floats here only draw; nothing that is decided from a tile goes back into a plan.
//! Invariant: rings have at least three different corners and area, outer ones positive, holes negative, as MVT 4.3.3.3 asks.

mod clip;
mod draw;
mod mercator;
mod protobuf;

use std::collections::HashMap;

use crate::geometry::Geometry;
use crate::position::Bounds;

/// Units along each side of a tile.
pub const EXTENT: u32 = 4096;
/// Units drawn beyond each side, so that outlines and symbols meet across tiles without a seam.
pub const BUFFER: u32 = 64;
/// The deepest level: its tiles are 4 cm wide at the equator, and their units far below 1e-7 degree.
pub const MAX_ZOOM: u8 = 30;

/// Things of one kind, such as cells.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Layer {
    /// Its name, unique in a tile.
    pub name: String,
    /// What is in it, also outside the tile: that is left out.
    pub features: Vec<TileFeature>,
}

/// One thing to draw.
#[derive(Clone, Debug, PartialEq)]
pub struct TileFeature {
    /// A number that is unique in its layer.
    pub id: Option<u64>,
    /// Its shape on Earth.
    pub geometry: Geometry,
    /// What a style or a click asks for; no key twice.
    pub properties: Vec<(String, TileValue)>,
}

/// What a property can be.
#[derive(Clone, Debug, PartialEq)]
pub enum TileValue {
    /// Text.
    Text(String),
    /// A number with a fraction.
    Double(f64),
    /// A whole number.
    Int(i64),
    /// Yes or no.
    Bool(bool),
}

impl From<&str> for TileValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for TileValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<f64> for TileValue {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl From<i64> for TileValue {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for TileValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// Whether there is such a tile: [`MAX_ZOOM`] levels, `2^z` columns from the west and rows from the north.
pub fn exists(z: u8, x: u32, y: u32) -> bool {
    z <= MAX_ZOOM && x < 1 << z && y < 1 << z
}

/// The box of a tile without its buffer.
pub fn bounds(z: u8, x: u32, y: u32) -> Bounds {
    mercator::Frame::new(z, x, y).bounds(0.0)
}

/// The box of what is drawn in a tile, its buffer included: what to ask a store for.
pub fn bounds_with_buffer(z: u8, x: u32, y: u32) -> Bounds {
    mercator::Frame::new(z, x, y).bounds(f64::from(BUFFER))
}

/// The tile with these layers: clipped, rounded to its units, as protocol buffer. A layer with nothing in it is left out.
pub fn encode(z: u8, x: u32, y: u32, layers: &[Layer]) -> Vec<u8> {
    let frame = mercator::Frame::new(z, x, y);
    let drawn = frame.bounds(f64::from(BUFFER));
    let mut tile = Vec::new();
    for layer in layers {
        let bytes = encode_layer(&frame, &drawn, layer);
        if !bytes.is_empty() {
            protobuf::message(&mut tile, 3, &bytes);
        }
    }
    tile
}

fn encode_layer(frame: &mercator::Frame, drawn: &Bounds, layer: &Layer) -> Vec<u8> {
    let mut table = Table::default();
    let mut pen = draw::Pen::default();
    let (mut features, mut bytes) = (Vec::new(), Vec::new());
    for feature in &layer.features {
        if !feature.geometry.bounds().is_some_and(|bounds| bounds.overlaps(drawn)) {
            continue;
        }
        let Some(kind) = pen.draw(frame, &feature.geometry) else { continue };
        bytes.clear();
        if let Some(id) = feature.id {
            protobuf::number(&mut bytes, 1, id);
        }
        let tags = table.tags(&feature.properties);
        if !tags.is_empty() {
            protobuf::message(&mut bytes, 2, tags);
        }
        protobuf::number(&mut bytes, 3, kind as u64);
        protobuf::message(&mut bytes, 4, &pen.commands);
        protobuf::message(&mut features, 2, &bytes);
    }
    let mut bytes = Vec::new();
    if features.is_empty() {
        return bytes;
    }
    protobuf::number(&mut bytes, 15, 2); // The version of the format.
    protobuf::message(&mut bytes, 1, layer.name.as_bytes());
    bytes.append(&mut features);
    for key in &table.keys {
        protobuf::message(&mut bytes, 3, key.name.as_bytes());
    }
    bytes.append(&mut table.values);
    protobuf::number(&mut bytes, 5, u64::from(EXTENT));
    bytes
}

/// The keys and values of a layer, each once.
#[derive(Default)]
struct Table<'a> {
    /// Few: they are looked through.
    keys: Vec<Key<'a>>,
    /// As messages of the layer, in their order.
    values: Vec<u8>,
    value_places: HashMap<Box<[u8]>, u32>,
    /// Room to work in.
    value: Vec<u8>,
    tags: Vec<u8>,
}

struct Key<'a> {
    name: &'a str,
    /// The value that it had last, and its place.
    last: (&'a TileValue, u32),
}

impl<'a> Table<'a> {
    /// The places of keys and values, as the format packs them.
    fn tags(&mut self, properties: &'a [(String, TileValue)]) -> &[u8] {
        self.tags.clear();
        for (name, value) in properties {
            let known = self.keys.iter().position(|key| key.name == name);
            let last = known.map(|at| self.keys[at].last).filter(|(last, _)| is_same(last, value));
            let place = last.map_or_else(|| self.place_of(value), |(_, place)| place);
            let at = known.unwrap_or(self.keys.len());
            let key = Key { name, last: (value, place) };
            if at == self.keys.len() {
                self.keys.push(key);
            } else {
                self.keys[at] = key;
            }
            protobuf::varint(&mut self.tags, at as u64);
            protobuf::varint(&mut self.tags, u64::from(place));
        }
        &self.tags
    }

    fn place_of(&mut self, value: &TileValue) -> u32 {
        self.value.clear();
        write_value(&mut self.value, value);
        if let Some(place) = self.value_places.get(self.value.as_slice()) {
            return *place;
        }
        let place = self.value_places.len() as u32;
        protobuf::message(&mut self.values, 4, &self.value);
        self.value_places.insert(self.value.as_slice().into(), place);
        place
    }
}

/// Whether two values are surely written the same: zero and minus zero are not.
fn is_same(a: &TileValue, b: &TileValue) -> bool {
    !matches!(a, TileValue::Double(_)) && a == b
}

fn write_value(bytes: &mut Vec<u8>, value: &TileValue) {
    match value {
        TileValue::Text(text) => protobuf::message(bytes, 1, text.as_bytes()),
        TileValue::Double(value) => protobuf::double(bytes, 3, *value),
        TileValue::Int(value) => match u64::try_from(*value) {
            Ok(value) => protobuf::number(bytes, 5, value),
            Err(_) => protobuf::number(bytes, 6, protobuf::zigzag(*value)),
        },
        TileValue::Bool(value) => protobuf::number(bytes, 7, u64::from(*value)),
    }
}
