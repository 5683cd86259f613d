//! `geo-tools convert`: the same features in another format, or another datum.
//!
//! Reading gives features whatever the format; `table` makes a table of them. A table that stays one keeps its columns.

use std::io::{self, Read, Write};
use std::path::Path;

use clap::Args;
use geo_tools::datum::Coordinates;
use geo_tools::formats::csv::{self, CsvOptions, Ids, Row};
use geo_tools::formats::geojson::{WriteFeature, Writer};
use geo_tools::formats::{Caps, Feature, Item, geojson};
use geo_tools::{Code, Datum, Geometry, Position, Problem};
use serde_json::Value;

use crate::input::{Format, detect, open, tell_assumed};
use crate::outputs::refuse_clashes;
use crate::table::Table;
use crate::{Unusable, Verdict, report};

/// Write a file in another format or another datum. Formats, by the files' endings: GeoJSON and CSV.
///
/// A feature or row that is wrong is told and left out, and the exit code is 1. From CSV every column but the position
/// becomes a property, as text; to CSV go points, and their properties become columns.
#[derive(Args)]
pub(crate) struct Arguments {
    /// GeoJSON or CSV, gzip or not; - is standard input.
    #[arg(value_name = "IN")]
    input: String,
    /// The file to write; - is standard output, in the format of the input.
    #[arg(value_name = "OUT")]
    output: String,
    /// What the input's coordinates refer to: wgs84, gcj02, bd09, cgcs2000 or web-mercator. GeoJSON is WGS 84; a CSV
    /// should say.
    #[arg(long, value_name = "DATUM")]
    from: Option<Datum>,
    /// What the output's coordinates are to refer to.
    #[arg(long, value_name = "DATUM", default_value_t)]
    to: Datum,
    /// The column of a CSV that names a row; without it `id`.
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// The column of a CSV with the longitude; without it lon, lng, longitude, x or 经度.
    #[arg(long, value_name = "COLUMN")]
    lon: Option<String>,
    /// The column of a CSV with the latitude; without it lat, latitude, y or 纬度.
    #[arg(long, value_name = "COLUMN")]
    lat: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Unusable> {
    let named = output_format(&arguments.output)?;
    refuse_clashes(&[&arguments.input], &[Some(&arguments.output)])?;
    let (format, reader) = detect(&arguments.input, open(&arguments.input)?)?;
    if format == Format::Csv && arguments.from.is_none() {
        tell_assumed(&arguments.input, "--from");
    }
    let to = named.unwrap_or(format);
    warn_of_datum(arguments, to);
    let unwritable = |source| Unusable::Write { path: arguments.output.clone(), source };
    let output = report::create(&arguments.output)?;
    let mut problems = Vec::new();
    let written = match (format, to) {
        (Format::Csv, Format::Csv) => rows(arguments, reader, output, &mut problems),
        (Format::Csv, Format::Geojson) => {
            let items = csv::read(reader, &options(arguments), &Caps::default()).map(|item| match item {
                csv::Item::Row(row) => Item::Feature(feature(row)),
                csv::Item::Problem(problem) => Item::Problem(problem),
            });
            collection(arguments, items, output, &mut problems)
        }
        (Format::Geojson, Format::Geojson) => {
            collection(arguments, features(arguments, reader), output, &mut problems)
        }
        (Format::Geojson, Format::Csv) => {
            let mut table = Table::new(arguments.to);
            for item in features(arguments, reader) {
                match item {
                    Item::Feature(feature) => problems.extend(table.take(feature)),
                    Item::Problem(problem) => problems.push(problem),
                }
            }
            table.write(output)
        }
    };
    written.map_err(unwritable)?;
    report::tell(&arguments.input, &problems);
    if let Some(problem) = problems.iter().find(|problem| problem.code == Code::Unreadable) {
        return Err(Unusable::Unreadable { path: arguments.input.clone(), message: problem.message.clone() });
    }
    Ok(report::verdict(&problems))
}

/// The format that a file's name asks for; `None` for standard output.
fn output_format(path: &str) -> Result<Option<Format>, Unusable> {
    let name = path.to_lowercase();
    match Path::new(&name).extension().and_then(|ending| ending.to_str()) {
        _ if path == "-" => Ok(None),
        Some("geojson" | "json") => Ok(Some(Format::Geojson)),
        Some("csv") => Ok(Some(Format::Csv)),
        _ => Err(Unusable::OutputFormat { path: path.to_owned() }),
    }
}

fn warn_of_datum(arguments: &Arguments, format: Format) {
    if format == Format::Geojson && !arguments.to.equals_wgs84() {
        // Nobody is left to tell if standard error is closed.
        let _ = writeln!(
            io::stderr().lock(),
            "{}: warning: GeoJSON is WGS 84 (RFC 7946); this file is in {to}, which only its member \"datum\" says: give \
             it to nobody who does not know, and read it with --datum {to}",
            arguments.output,
            to = arguments.to
        );
    }
}

fn options(arguments: &Arguments) -> CsvOptions {
    CsvOptions {
        lon: arguments.lon.clone(),
        lat: arguments.lat.clone(),
        id: arguments.id.clone(),
        datum: arguments.from.unwrap_or_default(),
        ids: Ids::Unique,
        ..CsvOptions::default()
    }
}

fn features(arguments: &Arguments, reader: Box<dyn Read>) -> impl Iterator<Item = Item> + use<> {
    geojson::read(reader, &Caps::default()).in_datum(arguments.from.unwrap_or_default())
}

/// A row as a feature: its position apart, every other cell as text.
fn feature(row: Row) -> Feature {
    let position = row.position_columns();
    let is_position = |at: usize| position.is_some_and(|columns| at == columns.lon || at == columns.lat);
    let named = row.columns().iter().zip(&row.cells).enumerate().filter(|(at, _)| !is_position(*at));
    let properties = named.map(|(_, (name, cell))| (name.clone(), Value::from(cell.as_str()))).collect();
    Feature {
        index: row.index,
        id: row.id.clone(),
        properties,
        geometry: row.position.map(Geometry::Point),
        line: row.line,
        pointer: String::new(),
        warnings: Vec::new(),
    }
}

/// Writes features as they come.
fn collection(
    arguments: &Arguments,
    items: impl Iterator<Item = Item>,
    output: Box<dyn Write>,
    problems: &mut Vec<Problem>,
) -> io::Result<()> {
    let mut writer = Writer::in_datum(output, arguments.to)?;
    for item in items {
        let mut feature = match item {
            Item::Feature(feature) => feature,
            Item::Problem(problem) => {
                problems.push(problem);
                continue;
            }
        };
        problems.append(&mut feature.warnings);
        if let Some(problem) = no_coordinates(&feature, arguments.to) {
            problems.push(problem);
            continue;
        }
        writer.write(WriteFeature {
            id: feature.id.as_deref(),
            properties: Some(&feature.properties),
            geometry: feature.geometry.as_ref(),
        })?;
    }
    writer.finish().map(drop)
}

/// What keeps a feature from being written in a datum.
fn no_coordinates(feature: &Feature, to: Datum) -> Option<Problem> {
    if to != Datum::WebMercator {
        return None;
    }
    let outside = |at: Position| to.coordinates(at).err();
    let error = feature.geometry.as_ref()?.positions().find_map(outside)?;
    Some(placed(feature, Problem::error(Code::CoordRange, error.to_string())))
}

/// A problem with the place of its feature.
pub(crate) fn placed(feature: &Feature, problem: Problem) -> Problem {
    Problem {
        features: feature.id.iter().cloned().collect(),
        indexes: vec![feature.index],
        line: Some(feature.line),
        pointer: Some(feature.pointer.clone()).filter(|pointer| !pointer.is_empty()),
        ..problem
    }
}

/// Writes a table again with all its columns, the position in another datum.
fn rows(
    arguments: &Arguments,
    reader: Box<dyn Read>,
    output: Box<dyn Write>,
    problems: &mut Vec<Problem>,
) -> io::Result<()> {
    let mut table = ::csv::Writer::from_writer(output);
    let mut has_header = false;
    let mut items = csv::read(reader, &options(arguments), &Caps::default());
    loop {
        let item = items.next();
        if let Some(columns) = items.columns().filter(|_| !has_header) {
            table.write_record(columns)?;
            has_header = true;
        }
        let Some(item) = item else { break };
        let mut row = match item {
            csv::Item::Row(row) => row,
            csv::Item::Problem(problem) => {
                problems.push(problem);
                continue;
            }
        };
        if let (Some(at), Some(columns)) = (row.position, row.position_columns()) {
            match arguments.to.rounded(at) {
                Ok(Coordinates { x, y }) => {
                    row.cells[columns.lon] = x.to_string();
                    row.cells[columns.lat] = y.to_string();
                }
                Err(error) => {
                    problems.push(placed(&feature(row), Problem::error(Code::CoordRange, error.to_string())));
                    continue;
                }
            }
        }
        table.write_record(&row.cells)?;
    }
    table.flush()
}
