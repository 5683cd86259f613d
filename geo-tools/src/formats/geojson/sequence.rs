//! GeoJSON out as a sequence: one feature a line, as newline-delimited JSON or as a text sequence (RFC 8142). In another datum
//! than WGS 84 it is no longer RFC 7946, and a member `datum` of each feature says so: a line may be read without the others.

use std::io::{self, Write};

use super::WriteFeature;
use super::write::object;
use crate::datum::Datum;
use crate::formats::create::Sink;
use crate::problem::Problem;

const RECORD_SEPARATOR: u8 = 0x1e;

/// Writes features one a line as they come.
#[derive(Debug)]
pub struct SequenceWriter<W: Write> {
    writer: W,
    datum: Datum,
    is_marked: bool,
}

impl<W: Write> SequenceWriter<W> {
    /// Each feature on a line, and nothing else.
    pub fn lines(writer: W, datum: Datum) -> Self {
        Self { writer, datum, is_marked: false }
    }

    /// Each feature behind a record separator, as RFC 8142 has it.
    pub fn records(writer: W, datum: Datum) -> Self {
        Self { writer, datum, is_marked: true }
    }
}

impl<W: Write> Sink for SequenceWriter<W> {
    fn write(&mut self, feature: WriteFeature<'_>) -> io::Result<Vec<Problem>> {
        let mut object = object(&feature, self.datum, false)?;
        if !self.datum.equals_wgs84() {
            object.insert("datum".to_owned(), self.datum.name().into());
        }
        if self.is_marked {
            self.writer.write_all(&[RECORD_SEPARATOR])?;
        }
        serde_json::to_writer(&mut self.writer, &object)?;
        self.writer.write_all(b"\n")?;
        Ok(Vec::new())
    }

    fn finish(mut self: Box<Self>) -> io::Result<Vec<Problem>> {
        self.writer.flush()?;
        Ok(Vec::new())
    }
}
