//! Features of GeoJSON and rows of tables as one thing: a record with its place, its shape and its fields.

use std::io::Read;
use std::sync::Arc;

use domain::input::quoted;
use geo_tools::formats::csv::{CsvOptions, Ids, Positions, Row, looks_damaged_by_spreadsheet};
use geo_tools::formats::{self, Caps, Feature, Format, Item, Options, Source, csv, geojson};
use geo_tools::{Code, Datum, Geometry, Position, Problem};
use serde_json::{Map, Value};

use super::options::{FileFormat, ImportKind, ImportOptions};

/// The longest id that is taken: it is a key of the database, and an index of PostgreSQL holds no more than 2.7 kB.
const MAX_ID_CHARACTERS: usize = 200;

/// One feature or row.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Its place in the file, from 0.
    pub(crate) index: usize,
    /// The line that it starts on, from 1.
    pub(crate) line: u64,
    /// JSON pointer to it, where the file is JSON.
    pub(crate) pointer: Option<String>,
    /// Its shape.
    pub(crate) geometry: Option<Geometry>,
    /// Its own id, or its id column.
    id: Option<String>,
    fields: Arc<Fields>,
    /// What the file's numbers refer to.
    datum: Datum,
}

#[derive(Debug)]
enum Fields {
    Properties(Map<String, Value>),
    Cells(Row),
}

/// What comes next from a file: a record with what was noticed about it, or what keeps one from being read.
#[derive(Debug)]
pub(crate) enum Next {
    Record(Box<Record>, Vec<Problem>),
    Bad(Box<Refused>),
    /// Reading ended here, before the file did.
    BrokeOff,
}

/// What keeps a row from being read, with the row as far as it could be.
#[derive(Debug)]
pub(crate) struct Refused {
    problem: Problem,
    given: Option<Given>,
}

impl From<Problem> for Box<Refused> {
    fn from(problem: Problem) -> Self {
        Self::new(Refused { problem, given: None })
    }
}

impl From<Box<Refused>> for Problem {
    fn from(refused: Box<Refused>) -> Self {
        refused.problem
    }
}

/// A row or feature as it was given, to be written out again.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    fields: Arc<Fields>,
    /// A feature's own id.
    id: Option<String>,
    /// The numbers of a feature that is a point, in the file's datum.
    lon_lat: Option<[String; 2]>,
}

impl Given {
    /// Its cells by the names of their columns, and the cells that have no column. A property that is called as the position
    /// is keeps its value under another name.
    pub(crate) fn cells(&self) -> (Vec<(String, String)>, Vec<String>) {
        let properties = match &*self.fields {
            Fields::Cells(row) => {
                let mut cells = row.cells.iter().cloned();
                let named = row.columns().iter().cloned().zip(cells.by_ref()).collect();
                return (named, cells.collect());
            }
            Fields::Properties(properties) => properties,
        };
        let own_id = self.id.clone().filter(|_| !properties.contains_key("id"));
        let mut cells: Vec<(String, String)> = own_id.map(|id| ("id".to_owned(), id)).into_iter().collect();
        if let Some([lon, lat]) = &self.lon_lat {
            cells.extend([("lon".to_owned(), lon.clone()), ("lat".to_owned(), lat.clone())]);
        }
        cells.extend(properties.iter().map(|(name, value)| {
            let is_taken = ["lon", "lat"].contains(&name.to_lowercase().as_str());
            let name = if is_taken { format!("property_{name}") } else { name.clone() };
            let text = match value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            (name, text)
        }));
        (cells, Vec::new())
    }
}

impl Next {
    /// The row or feature as it was given.
    pub(crate) fn given(&self) -> Option<Given> {
        match self {
            Self::Record(record, _) => Some(record.given()),
            Self::Bad(refused) => refused.given.clone(),
            Self::BrokeOff => None,
        }
    }

    /// The place of the row or feature that it is about, from 0; `None` where it is about the file.
    pub(crate) fn index(&self) -> Option<usize> {
        match self {
            Self::Record(record, _) => Some(record.index),
            Self::Bad(refused) => refused.problem.indexes.last().copied(),
            Self::BrokeOff => None,
        }
    }

    /// About how many bytes it holds.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Record(record, warnings) => {
                record.size() + warnings.iter().map(size_of_problem).sum::<usize>()
            }
            Self::Bad(refused) => {
                let Refused { problem, given } = &**refused;
                let given = given.as_ref().map_or(0, |given| size_of_fields(&given.fields));
                size_of_problem(problem) + given
            }
            Self::BrokeOff => 0,
        }
    }
}

fn size_of_problem(problem: &Problem) -> usize {
    let texts = problem.features.iter().chain(&problem.pointer).map(String::len).sum::<usize>();
    texts + problem.message.len() + size_of_shape(problem.geometry.as_ref())
}

fn size_of_shape(geometry: Option<&Geometry>) -> usize {
    geometry.map_or(0, |geometry| geometry.positions().count() * size_of::<Position>())
}

fn size_of_value(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            Value::Array(values) => values.iter().map(size_of_value).sum(),
            Value::Object(members) => size_of_members(members),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
}

fn size_of_fields(fields: &Fields) -> usize {
    match fields {
        Fields::Properties(properties) => size_of_members(properties),
        Fields::Cells(row) => row.cells.iter().map(|cell| size_of::<String>() + cell.len()).sum(),
    }
}

fn size_of_members(members: &Map<String, Value>) -> usize {
    members.iter().map(|(key, value)| size_of::<String>() + key.len() + size_of_value(value)).sum()
}

/// Gives what a reader gives, and at its end whether the file went on.
fn all_of<R, I>(
    mut reader: R,
    next: impl Fn(I, &R) -> Next,
    broke_off: impl Fn(&R) -> bool,
) -> impl Iterator<Item = Next>
where
    R: Iterator<Item = I>,
{
    let mut is_open = true;
    std::iter::from_fn(move || match reader.next() {
        Some(item) => Some(next(item, &reader)),
        None => (std::mem::replace(&mut is_open, false) && broke_off(&reader)).then_some(Next::BrokeOff),
    })
}

/// Reads a file, record by record.
pub(crate) fn records(
    reader: impl Read + 'static,
    options: &ImportOptions,
    caps: &Caps,
) -> Box<dyn Iterator<Item = Next>> {
    let other = |reader, format| {
        let read = Options { datum: options.datum, caps: caps.clone(), ..Options::default() };
        // Bytes without a name have nothing beside them.
        match formats::read(format, ("", Box::new(reader)), &|_| Ok(None), &read) {
            Ok(reader) => all_boxed(reader),
            Err(problem) => Box::new([Next::Bad((*problem).into()), Next::BrokeOff].into_iter()),
        }
    };
    match options.format {
        FileFormat::Shapefile => other(reader, Format::Zip),
        FileFormat::Geopackage => other(reader, Format::Geopackage),
        FileFormat::Flatgeobuf => other(reader, Format::Flatgeobuf),
        FileFormat::Geojson => {
            let datum = options.datum.unwrap_or_default();
            let reader = geojson::read(reader, caps).in_datum(datum);
            Box::new(all_of(
                reader,
                move |item, reader| of_geojson(item, reader, datum),
                geojson::Reader::broke_off,
            ))
        }
        FileFormat::Csv => {
            let reader = csv::read(reader, &csv_options(options), caps);
            Box::new(all_of(reader, of_csv, csv::Reader::broke_off))
        }
    }
}

/// Gives what the reader of any other format gives; what stood in a row that it refuses is not known.
fn all_boxed(reader: Box<dyn Source>, datum: Datum) -> Box<dyn Iterator<Item = Next>> {
    let given = all_of(
        reader,
        move |item, _| match item {
            Item::Feature(feature) => of_feature(feature, datum),
            Item::Problem(problem) => Next::Bad(problem.into()),
        },
        |reader| reader.broke_off(),
    );
    Box::new(given)
}

fn of_feature(feature: Feature, datum: Datum) -> Next {
    let record = Record {
        index: feature.index,
        line: feature.line,
        pointer: Some(feature.pointer),
        geometry: feature.geometry,
        id: feature.id,
        fields: Arc::new(Fields::Properties(feature.properties)),
        datum,
    };
    Next::Record(Box::new(record), feature.warnings)
}

fn of_geojson<R: Read>(item: Item, reader: &geojson::Reader<R>, datum: Datum) -> Next {
    match item {
        Item::Feature(feature) => of_feature(feature, datum),
        Item::Problem(problem) => {
            let given = reader.refused().map(|refused| Given {
                fields: Arc::new(Fields::Properties(refused.properties.clone())),
                id: refused.id.clone(),
                lon_lat: refused.lon_lat.clone(),
            });
            Next::Bad(Box::new(Refused { problem, given }))
        }
    }
}

fn of_csv<R: Read>(item: csv::Item, reader: &csv::Reader<R>) -> Next {
    match item {
        csv::Item::Row(row) => Next::Record(Box::new(Record::of_row(row)), Vec::new()),
        csv::Item::Problem(problem) => {
            let fields = |row: &Row| Arc::new(Fields::Cells(row.clone()));
            let given = reader.refused().map(|row| Given { fields: fields(row), id: None, lon_lat: None });
            Next::Bad(Box::new(Refused { problem, given }))
        }
    }
}

fn csv_options(options: &ImportOptions) -> CsvOptions {
    CsvOptions {
        lon: options.columns.column("lon").map(str::to_owned),
        lat: options.columns.column("lat").map(str::to_owned),
        // Every row needs one: without the column that is said once.
        id: Some(options.id.clone().unwrap_or_else(|| "id".to_owned())),
        datum: options.datum.unwrap_or_default(),
        // Past incidents compare the rows of one id themselves, and a bad row does not use its id up.
        ids: if options.kind == ImportKind::Incidents { Ids::AsGiven } else { Ids::Unique },
        positions: if options.kind == ImportKind::Households {
            Positions::Optional
        } else {
            Positions::Required
        },
        ..CsvOptions::default()
    }
}

impl Record {
    fn of_row(row: Row) -> Self {
        Self {
            index: row.index,
            line: row.line,
            pointer: None,
            geometry: row.position.map(Geometry::Point),
            id: row.id.clone(),
            fields: Arc::new(Fields::Cells(row)),
            // A table's cells are kept as they were given.
            datum: Datum::default(),
        }
    }

    fn given(&self) -> Given {
        let lon_lat = match (&self.geometry, &*self.fields) {
            (Some(Geometry::Point(at)), Fields::Properties(_)) => self.datum.texts(*at),
            _ => None,
        };
        Given { fields: Arc::clone(&self.fields), id: self.id.clone(), lon_lat }
    }

    /// The text of a property or column, trimmed; `None` where it is missing, null or empty.
    pub(crate) fn text(&self, column: &str) -> Option<String> {
        let text = match &*self.fields {
            Fields::Properties(properties) => match properties.get(column)? {
                Value::Null => return None,
                Value::String(text) => text.clone(),
                other => other.to_string(),
            },
            Fields::Cells(row) => row.cell(column)?.to_owned(),
        };
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The texts of several columns, joined with a space; `None` where all are empty.
    pub(crate) fn joined(&self, columns: &[String]) -> Option<String> {
        let texts: Vec<String> = columns.iter().filter_map(|column| self.text(column)).collect();
        (!texts.is_empty()).then(|| texts.join(" "))
    }

    /// The id under a name; where the name is `id` and there is no such property, the feature's own id.
    pub(crate) fn id(&self, column: Option<&str>) -> Result<String, Box<Problem>> {
        let column = column.unwrap_or("id");
        let own = || if column == "id" { self.id.clone() } else { None };
        let Some(id) = self.text(column).or_else(own) else {
            let message = format!("no {column:?}; every record needs one, so that it is found again");
            return Err(self.problem(Code::MissingField, message));
        };
        match looks_damaged_by_spreadsheet(&id) {
            Some(damage) => {
                let id = quoted(&id);
                let message = format!("{column} {id} cannot be used: {damage}; export the column as text");
                Err(self.problem(Code::BadValue, message))
            }
            None => self.short(column, id),
        }
    }

    /// An id, where it is not too long to be looked up by.
    pub(crate) fn short(&self, column: &str, id: String) -> Result<String, Box<Problem>> {
        let characters = id.chars().count();
        if characters <= MAX_ID_CHARACTERS {
            return Ok(id);
        }
        let message = format!(
            "{column} {} has {characters} characters; an id has at most {MAX_ID_CHARACTERS}",
            quoted(&id)
        );
        Err(self.problem(Code::BadValue, message))
    }

    fn size(&self) -> usize {
        let id = self.id.as_ref().map_or(0, String::len);
        size_of_fields(&self.fields) + size_of_shape(self.geometry.as_ref()) + id
    }

    /// A whole number in a range; `None` where the column is empty.
    pub(crate) fn whole_number(
        &self,
        column: &str,
        allowed: std::ops::RangeInclusive<u32>,
    ) -> Result<Option<u32>, Box<Problem>> {
        let Some(text) = self.text(column) else { return Ok(None) };
        match text.parse::<u32>() {
            Ok(number) if allowed.contains(&number) => Ok(Some(number)),
            _ => {
                let (low, high) = (allowed.start(), allowed.end());
                let message =
                    format!("{column} is {}; a whole number from {low} to {high} is allowed", quoted(&text));
                Err(self.problem(Code::BadValue, message))
            }
        }
    }

    /// The position, where the shape is one.
    pub(crate) fn position(&self) -> Result<Option<Position>, Box<Problem>> {
        let at = match &self.geometry {
            None => return Ok(None),
            Some(Geometry::Point(at)) => *at,
            Some(Geometry::MultiPoint(all)) if all.len() == 1 => all[0],
            Some(_) => {
                return Err(self.problem(Code::GeometryType, "a point is needed here, not a line or an area"));
            }
        };
        if at.is_unset() {
            let message = "longitude 0 and latitude 0 is what a phone says that does not know where it is";
            return Err(self.problem(Code::CoordRange, message));
        }
        Ok(Some(at))
    }

    /// A problem with its place in the file.
    pub(crate) fn problem(&self, code: Code, message: impl Into<String>) -> Box<Problem> {
        Box::new(self.at(Problem::error(code, message)))
    }

    fn at(&self, problem: Problem) -> Problem {
        self.place(self.id.clone().into_iter().collect()).of(problem)
    }

    /// Where it is, for what is only noticed when the record itself is gone.
    pub(crate) fn place(&self, features: Vec<String>) -> Place {
        Place { features, index: self.index, line: self.line, pointer: self.pointer.clone() }
    }
}

/// A record's place in its file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    features: Vec<String>,
    index: usize,
    /// The line that it starts on, from 1.
    pub(crate) line: u64,
    pointer: Option<String>,
}

impl Place {
    /// A problem at this place.
    pub(crate) fn of(&self, problem: Problem) -> Problem {
        Problem {
            features: self.features.clone(),
            indexes: vec![self.index],
            line: Some(self.line),
            pointer: self.pointer.clone(),
            ..problem
        }
    }
}
