//! The way in: the header's columns and system, the index passed over, then one feature after the other as a stream.

use std::io::{self, Read};

use serde_json::{Map, Value};

use super::value::{Column, Values};
use super::view::Flaw::{self, Broken};
use super::view::View;
use crate::datum::Datum;
use crate::formats::build::{Positions, Raw, checked};
use crate::formats::flow::{Flow, Items, Records, fill, too_large};
use crate::formats::reference::Reference;
use crate::formats::unpack::{Unpacked, read_problem};
use crate::formats::{Caps, Feature, Options, Source, id_of};
use crate::position::Position;
use crate::problem::{Code, Problem};

const MAGIC_BYTES: usize = 8;
const NODE_BYTES: u64 = 40;

/// Reads a FlatGeobuf. A feature's `line` is its place in the file, from 1.
pub(in crate::formats) fn read<'a>(reader: Box<dyn Read + 'a>, options: &Options) -> impl Source + use<'a> {
    let state = Some(State::Unopened(Unpacked::new(reader, options.caps.max_bytes)));
    Items::new(Reader { state, options: options.clone() }, options.caps.clone())
}

type Bytes<'a> = Unpacked<Box<dyn Read + 'a>>;

struct Reader<'a> {
    state: Option<State<'a>>,
    options: Options,
}

enum State<'a> {
    Unopened(Bytes<'a>),
    Open(Box<Open<'a>>),
}

struct Open<'a> {
    reader: Bytes<'a>,
    datum: Datum,
    kind: u8,
    columns: Vec<Column>,
    max_text_bytes: usize,
    max_feature_positions: usize,
    /// What the header promises; 0 where it does not know.
    promised: u64,
    count: usize,
}

fn broken(message: impl Into<String>) -> Box<Problem> {
    Box::new(Problem::error(Code::BadFormat, message))
}

impl From<Flaw> for Box<Problem> {
    fn from(flaw: Flaw) -> Self {
        Self::new(flaw.problem("header"))
    }
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
        let index = open.count;
        let place = |problem: Box<Problem>| {
            Box::new(Problem { line: Some(index as u64 + 1), indexes: vec![index], ..*problem })
        };
        let caps = &self.options.caps;
        let most = caps.max_feature_positions.saturating_mul(36).saturating_add(caps.max_text_bytes);
        let Some(bytes) = sized(&mut open.reader, most, "a feature").map_err(place)? else {
            return open.check_end().map(|()| false);
        };
        let feature = open.feature(&bytes);
        open.count += 1;
        flow.give(feature)?;
        self.state = Some(State::Open(open));
        Ok(true)
    }
}

/// A buffer behind its length; `None` where the file ends before it.
fn sized(reader: &mut impl Read, most_bytes: usize, what: &str) -> Result<Option<Vec<u8>>, Box<Problem>> {
    let unread = |error: io::Error| Box::new(read_problem(&error));
    let mut length = [0; 4];
    let count = fill(reader, &mut length).map_err(unread)?;
    if count == 0 {
        return Ok(None);
    }
    let promised = u32::from_le_bytes(length) as usize;
    if count < length.len() {
        return Err(broken(format!("the file ends within the length of {what}")));
    }
    if promised > most_bytes {
        return Err(too_large(format!("{what} has {promised} bytes; at most {most_bytes} are read")));
    }
    let mut bytes = Vec::new();
    reader.take(promised as u64).read_to_end(&mut bytes).map_err(unread)?;
    if bytes.len() < promised {
        return Err(broken(format!(
            "the file ends within {what}, after {} of its {promised} bytes",
            bytes.len()
        )));
    }
    Ok(Some(bytes))
}

impl Reader<'_> {
    fn open<'a>(&self, mut reader: Bytes<'a>, flow: &mut Flow) -> Result<Open<'a>, Box<Problem>> {
        let mut magic = [0; MAGIC_BYTES];
        let count = fill(&mut reader, &mut magic).map_err(|error| Box::new(read_problem(&error)))?;
        if count < MAGIC_BYTES || !magic.starts_with(b"fgb\x03fgb") {
            return Err(broken("the file is no FlatGeobuf of version 3: it does not start as one does"));
        }
        let header = sized(&mut reader, flow.caps.max_text_bytes, "the header")?;
        let header = header.ok_or_else(|| broken("the file ends before its header"))?;
        let header = View::root(&header)?;
        let reference = match header.table(10)? {
            Some(system) => reference(&system)?,
            None => Reference::Unsaid,
        };
        if reference == Reference::Unsaid && self.options.datum.is_none() {
            let message = "the file names no coordinate system; WGS 84 is assumed";
            flow.tell(Problem::warning(Code::Crs, message));
        }
        let datum = reference.datum(self.options.datum)?;
        let columns = Column::all(&header, 7, flow.caps.max_text_bytes)?;
        let promised = header.long(8)?.unwrap_or(0);
        let node_boxes = header.short(9)?.unwrap_or(16);
        let kind = header.byte(2)?.unwrap_or(0);
        if promised > flow.caps.max_features as u64 {
            let most = flow.caps.max_features;
            return Err(too_large(format!("the file has {promised} features; at most {most} are read")));
        }
        if promised > 0 && node_boxes > 0 {
            pass_index(&mut reader, promised, u64::from(node_boxes))?;
        }
        let Caps { max_text_bytes, max_feature_positions, .. } = flow.caps;
        Ok(Open { reader, datum, kind, columns, max_text_bytes, max_feature_positions, promised, count: 0 })
    }
}

/// What the table of the system says: whose code, which one, and in which words.
fn reference(system: &View<'_>) -> Result<Reference, Flaw> {
    let text = |field| -> Result<_, Flaw> { Ok(system.text(field)?.filter(|text| !text.trim().is_empty())) };
    // Well-known text, else a code that is no number, else a name.
    let words = text(4)?.or(text(5)?).or(text(2)?);
    Ok(Reference::named(text(0)?, i64::from(system.int(1)?.unwrap_or(0)), words))
}

/// Passes over the tree of boxes, whose nodes the count of features tells.
fn pass_index(reader: &mut impl Read, feature_count: u64, node_boxes: u64) -> Result<(), Box<Problem>> {
    if node_boxes < 2 {
        return Err(broken("a node of the index has one box; at least two are possible"));
    }
    let (mut level, mut nodes) = (feature_count, feature_count);
    loop {
        level = level.div_ceil(node_boxes);
        nodes += level;
        if level == 1 {
            break;
        }
    }
    let index_bytes = nodes * NODE_BYTES;
    let passed = io::copy(&mut reader.take(index_bytes), &mut io::sink());
    let passed = passed.map_err(|error| Box::new(read_problem(&error)))?;
    if passed < index_bytes {
        return Err(broken(format!("the file ends within its index, after {passed} of {index_bytes} bytes")));
    }
    Ok(())
}

impl Open<'_> {
    fn check_end(&self) -> Result<(), Box<Problem>> {
        if self.promised == 0 || self.promised == self.count as u64 {
            return Ok(());
        }
        Err(broken(format!("the file ends after {} of its {} features", self.count, self.promised)))
    }

    fn feature(&self, bytes: &[u8]) -> Feature {
        let (index, line) = (self.count, self.count as u64 + 1);
        let pointer = format!("/features/{index}");
        let mut warnings = Vec::new();
        let (properties, geometry) =
            self.parts(bytes, (&pointer, line), &mut warnings).unwrap_or_else(|flaw| {
                warnings.push(flaw.problem("feature"));
                (Map::new(), None)
            });
        let id = id_of(&properties);
        for warning in &mut warnings {
            warning.indexes = vec![index];
            warning.features = id.iter().cloned().collect();
            warning.line = Some(line);
            warning.pointer.get_or_insert_with(|| pointer.clone());
        }
        Feature { index, id, properties: properties.into(), geometry, line, pointer, warnings }
    }

    fn parts(
        &self,
        bytes: &[u8],
        (pointer, line): (&str, u64),
        warnings: &mut Vec<Problem>,
    ) -> Result<(Map<String, Value>, Option<crate::Geometry>), Flaw> {
        let feature = View::root(bytes)?;
        // A feature may have columns of its own.
        let own = Column::all(&feature, 2, self.max_text_bytes)?;
        let columns = if own.is_empty() { &self.columns } else { &own };
        let properties = Values::new(feature.run(1, 1)?).read(columns, warnings)?;
        let Some(shape) = feature.table(0)? else {
            warnings.push(Problem::warning(Code::NullGeometry, "the feature has no shape"));
            return Ok((properties, None));
        };
        let mut positions = Positions::new(self.datum);
        let raw = self.shape(&shape, &mut positions, warnings)?;
        if let Some(problem) = positions.problem() {
            warnings.push(problem);
            return Ok((properties, None));
        }
        Ok((properties, raw.and_then(|raw| checked(raw, pointer, line, warnings))))
    }

    fn shape(
        &self,
        shape: &View<'_>,
        positions: &mut Positions,
        warnings: &mut Vec<Problem>,
    ) -> Result<Option<Raw>, Flaw> {
        let kind = shape.byte(6)?.filter(|kind| *kind != 0).unwrap_or(self.kind);
        if !shape.run(2, 8)?.is_empty() || !shape.run(3, 8)?.is_empty() {
            let message = "the positions have more than a longitude and a latitude; the rest is dropped";
            warnings.push(Problem::warning(Code::ThirdDimension, message));
        }
        let most = (self.max_feature_positions, "positions");
        let parts = if kind == 6 { shape.tables(7, most)? } else { vec![*shape] };
        let mut count = 0_usize;
        for part in &parts {
            count += part.run(1, 8)?.len() / 16 + part.run(0, 4)?.len() / 4;
            if count > most.0 {
                return Err(Flaw::TooMany(most.0, most.1));
            }
        }
        Ok(Some(match kind {
            1 => match runs(shape, positions)?.first().and_then(|run| run.first()) {
                Some(position) => Raw::Point(*position),
                // The flaw has been noted, or the point is empty.
                None => Raw::MultiPoint(Vec::new()),
            },
            2 | 5 => Raw::MultiLine(runs(shape, positions)?),
            3 => Raw::MultiPolygon(vec![runs(shape, positions)?]),
            4 => Raw::MultiPoint(runs(shape, positions)?.concat()),
            6 => Raw::MultiPolygon(parts.iter().map(|part| runs(part, positions)).collect::<Result<_, _>>()?),
            kind => {
                let message = format!("the shape is of kind {kind}; points, lines and polygons are read");
                warnings.push(Problem::error(Code::GeometryType, message));
                return Ok(None);
            }
        }))
    }
}

/// The runs of positions of a shape: one, or several that end where it says.
fn runs(shape: &View<'_>, positions: &mut Positions) -> Result<Vec<Vec<Position>>, Flaw> {
    let numbers: Vec<f64> = shape.doubles(1)?.collect();
    let mut ends: Vec<usize> = shape.longs(0)?.collect();
    if ends.is_empty() && !numbers.is_empty() {
        ends.push(numbers.len() / 2);
    }
    let (mut runs, mut start) = (Vec::with_capacity(ends.len()), 0);
    for end in ends {
        let run = end.checked_mul(2).and_then(|end| numbers.get(start..end)).ok_or(Broken)?;
        runs.push(run.chunks_exact(2).filter_map(|pair| positions.take(pair[0], pair[1])).collect());
        start = end * 2;
    }
    Ok(runs)
}
