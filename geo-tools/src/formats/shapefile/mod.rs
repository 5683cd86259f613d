//! Shapefiles: shapes (`.shp`) in step with their rows (`.dbf`), under a coordinate system (`.prj`) and an encoding (`.cpg`).
//!
//! Start at [`read`]. `shapes` reads the records of the `.shp`, `table` the rows of the `.dbf`, `text` their letters.
//! Both files are streams: nothing is sought, the `.shx` is not needed.
//!
//! Invariant: no length or count of the file is trusted before that many bytes have come.
//! Invariant: the n-th shape belongs to the n-th row; where the two files differ in length, reading ends with a problem.

mod dbf;
mod shapes;
mod table;
mod text;
pub(in crate::formats) mod write;

use std::io::Read;

use serde_json::Map;

use super::build::{Positions, checked};
use super::flow::{Flow, Items, Records};
use super::reference::Reference;
use super::unpack::Unpacked;
use super::{Feature, Options, Source, id_of};
use crate::datum::Datum;
use crate::problem::{Code, Problem};
use shapes::Shapes;
use table::Table;

/// Bytes of a `.prj` or `.cpg`; real ones have a few hundred.
const MOST_SIDE_BYTES: u64 = 1 << 16;

/// The files of one shapefile.
pub struct Parts<'a> {
    /// The shapes.
    pub shp: Box<dyn Read + 'a>,
    /// The rows.
    pub dbf: Option<Box<dyn Read + 'a>>,
    /// The coordinate system.
    pub prj: Option<Box<dyn Read + 'a>>,
    /// The encoding of the rows.
    pub cpg: Option<Box<dyn Read + 'a>>,
}

impl std::fmt::Debug for Parts<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Parts").field("dbf", &self.dbf.is_some()).finish_non_exhaustive()
    }
}

/// Reads a shapefile. A feature's `line` is the number of its record, from 1.
pub fn read<'a>(parts: Parts<'a>, options: &Options) -> impl Source + use<'a> {
    let reader = Reader { state: Some(State::Unopened(parts)), options: options.clone(), deleted: 0 };
    Items::new(reader, options.caps.clone())
}

struct Reader<'a> {
    state: Option<State<'a>>,
    options: Options,
    deleted: usize,
}

enum State<'a> {
    Unopened(Parts<'a>),
    Open(Box<Open<'a>>),
}

struct Open<'a> {
    datum: Datum,
    shapes: Shapes<Unpacked<Box<dyn Read + 'a>>>,
    table: Option<Table<Unpacked<Box<dyn Read + 'a>>>>,
}

impl Records for Reader<'_> {
    fn next(&mut self, flow: &mut Flow) -> Result<bool, Box<Problem>> {
        let open = match self.state.take() {
            None => return Ok(false),
            Some(State::Unopened(parts)) => {
                self.state = Some(self.open(parts, flow)?);
                return Ok(true);
            }
            Some(State::Open(open)) => open,
        };
        self.record(open, flow)
    }
}

impl<'a> Reader<'a> {
    fn open(&self, parts: Parts<'a>, flow: &mut Flow) -> Result<State<'a>, Box<Problem>> {
        let datum = self.datum(parts.prj, flow)?;
        let most = flow.caps.max_bytes;
        let shapes = Shapes::open(Unpacked::new(parts.shp, most), &flow.caps)?;
        let named = parts.cpg.map(|cpg| side(cpg, ".cpg")).transpose()?;
        let table = match parts.dbf {
            Some(dbf) => Some(Table::open(Unpacked::new(dbf, most), named.as_deref(), flow)?),
            None => {
                let message = "there is no .dbf beside the .shp, so the features have no properties";
                flow.tell(Problem::warning(Code::MissingField, message));
                None
            }
        };
        Ok(State::Open(Box::new(Open { datum, shapes, table })))
    }

    fn datum(&self, prj: Option<Box<dyn Read + 'a>>, flow: &mut Flow) -> Result<Datum, Box<Problem>> {
        let said = self.options.datum;
        let reference = match prj {
            Some(prj) => Reference::parse(&side(prj, ".prj")?),
            None => Reference::Unsaid,
        };
        if reference == Reference::Unsaid && said.is_none() {
            let message = "no .prj names the coordinate system; WGS 84 is assumed";
            flow.tell(Problem::warning(Code::Crs, message));
        }
        reference.datum(said)
    }

    fn record(&mut self, mut open: Box<Open<'a>>, flow: &mut Flow) -> Result<bool, Box<Problem>> {
        let Open { datum, shapes, table } = &mut *open;
        let index = shapes.record_count();
        let Some(content) = shapes.next_record(&flow.caps)? else {
            if let Some(table) = table {
                table.check_end(index)?;
            }
            self.tell_deleted(flow);
            return Ok(false);
        };
        let mut warnings = Vec::new();
        let row = match table {
            Some(table) => table.next_row(index, &mut warnings)?,
            None => Some(Map::new()),
        };
        if let Some(properties) = row {
            let pointer = format!("/records/{index}");
            let line = index as u64 + 1;
            let mut positions = Positions::new(*datum);
            let raw = shapes::parse(&content, shapes.kind(), &mut positions, &mut warnings);
            let geometry = match positions.problem() {
                Some(problem) => {
                    warnings.push(problem);
                    None
                }
                None => raw.and_then(|raw| checked(raw, &pointer, line, &mut warnings)),
            };
            for warning in &mut warnings {
                warning.indexes = vec![index];
                warning.line = Some(line);
                warning.pointer.get_or_insert_with(|| pointer.clone());
            }
            let id = id_of(&properties);
            flow.give(Feature {
                index,
                id,
                properties: properties.into(),
                geometry,
                line,
                pointer,
                warnings,
            })?;
        } else {
            self.deleted += 1;
        }
        self.state = Some(State::Open(open));
        Ok(true)
    }

    fn tell_deleted(&self, flow: &mut Flow) {
        if self.deleted > 0 {
            let message =
                format!("{} rows are marked as deleted; they and their shapes are passed over", self.deleted);
            flow.tell(Problem::warning(Code::BadValue, message));
        }
    }
}

/// The text of a small file beside the shapes.
fn side(reader: Box<dyn Read + '_>, ending: &str) -> Result<String, Box<Problem>> {
    let mut bytes = Vec::new();
    let read = Unpacked::new(reader, u64::MAX).take(MOST_SIDE_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| Box::new(super::unpack::read_problem(&error)))?;
    if bytes.len() as u64 > MOST_SIDE_BYTES {
        let message = format!("the {ending} has more than {MOST_SIDE_BYTES} bytes");
        return Err(super::flow::too_large(message));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
