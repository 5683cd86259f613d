//! Files in and out: streaming readers that give features and problems in the order of the file, and writers.
//!
//! Nothing here knows what a feature is for. Start at [`open`], or at the `read` of one format.
//!
//! Invariant: memory is bounded by [`Caps`], whatever the bytes are: no recursion follows the nesting of the input.
//! Invariant: a problem carries its line, its feature and, in JSON, a pointer to the coordinate.
//! Invariant: a reader ends after its first problem that leaves the rest of the bytes without meaning.

mod archive;
mod build;
mod create;
pub mod csv;
mod flatgeobuf;
mod flow;
mod frame;
pub mod geojson;
pub mod geopackage;
mod open;
mod properties;
mod reference;
mod rings;
pub mod shapefile;
mod table;
mod unpack;
mod wkt;
mod xlsx;

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

pub use create::{Make, Sink, WRITTEN, create, create_as};
pub use open::{Find, Format, Source, open, read};
pub use properties::Properties;

use crate::datum::Datum;
use crate::geometry::Geometry;
use crate::problem::Problem;

/// One thing with properties and, usually, a shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// Its place in the file, from 0.
    pub index: usize,
    /// Its own id; a number is given as its decimal digits, so 1 and "1" are the same id.
    pub id: Option<String>,
    /// Its properties, in the order of the file.
    pub properties: Properties,
    /// Its shape; `None` where the file has none, and then a `NULL_GEOMETRY` warning says so.
    pub geometry: Option<Geometry>,
    /// The line that it starts on, from 1; the number of the record where a file has no lines.
    pub line: u64,
    /// JSON pointer to it; within its own record in a text sequence.
    pub pointer: String,
    /// What was put right or passed over while reading it.
    pub warnings: Vec<Problem>,
}

/// What a reader gives next.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A feature that can be used.
    Feature(Feature),
    /// What is wrong with a feature that is left out, or with the file.
    Problem(Problem),
}

/// How much a reader takes before it refuses with `TOO_LARGE` or `DEPTH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Bytes, counted after unpacking.
    pub max_bytes: u64,
    /// Features or rows.
    pub max_features: usize,
    /// Positions in the whole file.
    pub max_positions: usize,
    /// Positions in one feature; they are held in memory.
    pub max_feature_positions: usize,
    /// How deeply brackets may nest. More than 100 counts as 100.
    pub max_depth: usize,
    /// Bytes of one properties object, one string or one CSV row; they are held in memory.
    pub max_text_bytes: usize,
    /// Bytes of a file that can only be read whole: an archive, a database.
    pub max_held_bytes: u64,
    /// Problems told before reading ends.
    pub max_problems: usize,
}

/// The most bytes of an id that are kept to know it again.
const MOST_ID_BYTES: usize = 200;

/// What an id is known again by: a long one by its hash, so that a file of long ids is not held whole.
fn id_key(id: &str) -> String {
    if id.len() <= MOST_ID_BYTES {
        return id.to_owned();
    }
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    format!("{} bytes, {:016x}", id.len(), hasher.finish())
}

/// The id of a feature whose format has none: its property `id`, if that is a text or a whole number.
fn id_of(properties: &serde_json::Map<String, serde_json::Value>) -> Option<String> {
    match properties.get("id")? {
        serde_json::Value::String(text) if !text.is_empty() => Some(text.clone()),
        serde_json::Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    }
}

/// How a file is to be read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How much is read.
    pub caps: Caps,
    /// What the numbers refer to; what the file says must agree. `None`: what the file says, else WGS 84.
    pub datum: Option<Datum>,
    /// The layer that is read of a file with several.
    pub layer: Option<String>,
    /// How a table is read; its datum is the one above.
    pub csv: csv::CsvOptions,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            max_bytes: 4 << 30,
            max_features: 20_000_000,
            max_positions: 200_000_000,
            max_feature_positions: 2_000_000,
            max_depth: 64,
            max_text_bytes: 4 << 20,
            max_held_bytes: 512 << 20,
            max_problems: 10_000,
        }
    }
}
