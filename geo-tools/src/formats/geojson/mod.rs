//! GeoJSON (RFC 7946) in and out, feature by feature: collections, single features, bare geometries, text sequences.
//!
//! Start at [`read`] and [`Writer`]. Bytes come through `source`. What is written as nearly all files write it, `plain`
//! reads in one look; of the rest the words come through `lexer`, `object` reads members and `finish` makes features of
//! them or says what is wrong.
//!
//! Invariant: coordinates are read bit for bit as `str::parse::<f64>` reads them, before [`crate::Datum::position`]
//! converts and rounds them.
//! Invariant: nothing is repaired in silence; what is dropped is told as a warning.

mod coordinates;
mod crs;
mod cursor;
mod finish;
mod flat;
mod lexer;
mod object;
mod pair;
mod plain;
mod properties;
mod reader;
mod sequence;
pub(in crate::formats) mod shape;
mod source;
mod write;

use std::io::Read;

pub use reader::{Reader, Refused};
pub use sequence::SequenceWriter;
pub use write::{WriteFeature, Writer, geometry_json, geometry_json_in};

use super::{Caps, Feature, Item};
use crate::problem::{Code, Problem};

/// Reads GeoJSON, packed with gzip or not: a FeatureCollection, a Feature, a geometry, or a text sequence of them.
///
/// A feature with an error is left out and its problems are given in its place; the others still come.
pub fn read<R: Read>(reader: R, caps: &Caps) -> Reader<R> {
    Reader::new(reader, caps.clone())
}

/// Why the bytes from here on have no meaning.
#[derive(Debug)]
struct Stop {
    code: Code,
    message: String,
    line: u64,
    /// Pointer and index of the feature that was being read.
    place: Option<(String, usize)>,
}

impl Stop {
    fn new(code: Code, message: impl Into<String>, line: u64) -> Self {
        Self { code, message: message.into(), line, place: None }
    }

    /// Whether the next record of a text sequence can still be read.
    fn ends_only_the_record(&self) -> bool {
        matches!(self.code, Code::NotGeojson | Code::Depth)
    }

    fn into_problem(self) -> Problem {
        let mut problem = Problem::error(self.code, self.message);
        problem.line = Some(self.line);
        if let Some((pointer, index)) = self.place {
            problem.pointer = Some(pointer);
            problem.indexes = vec![index];
        }
        problem
    }
}
