//! `geo-tools convert`: the same features in another format, or another datum.
//!
//! Reading gives features whatever the format. A table that becomes CSV keeps its columns, and is not held in memory.

use std::io::{self, Read, Write};

use clap::Args;
use geo_tools::datum::Coordinates;
use geo_tools::formats::csv::{self, CsvOptions, Ids};
use geo_tools::formats::{Caps, Feature, Format, Item, Options, create_as};
use geo_tools::{Code, Datum, Problem};

use crate::disk::Disk;
use crate::input::{detect, features, tell_assumed};
use crate::outlet::{Outlet, placed};
use crate::outputs::refuse_clashes;
use crate::{Unusable, Verdict, report};

/// Write a file in another format or another datum. Formats go by the files' endings.
///
/// Read: .geojson, .json, .geojsonl, .ndjson, .geojsons (RFC 8142), .csv, .xlsx, .shp with the files beside it, .zip of
/// a shapefile, .gpkg, .fgb. Written: the same but for .xlsx and .zip. Either may end in .gz, but for a written .shp.
/// A feature or row that is wrong, or that the format cannot hold, is told and left out, and the exit code is 1. From a
/// table every column but the position becomes a property, as text; to CSV go points, and their properties become columns.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The file to read, gzip or not; - is standard input, whose format is told by its first bytes.
    #[arg(value_name = "IN")]
    input: String,
    /// The file to write; - is standard output, in the format of the input where that can be.
    #[arg(value_name = "OUT")]
    output: String,
    /// What the input's coordinates refer to: wgs84, gcj02, bd09, cgcs2000 or web-mercator. Without it what the file says,
    /// else wgs84; a table should say.
    #[arg(long, value_name = "DATUM")]
    from: Option<Datum>,
    /// What the output's coordinates are to refer to.
    #[arg(long, value_name = "DATUM", default_value_t)]
    to: Datum,
    /// The layer of a GeoPackage, or the sheet of a workbook, where there are several.
    #[arg(long, value_name = "NAME")]
    layer: Option<String>,
    /// The column of a table that names a row; without it `id`.
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// The column of a table with the longitude; without it lon, lng, longitude, x or 经度.
    #[arg(long, value_name = "COLUMN")]
    lon: Option<String>,
    /// The column of a table with the latitude; without it lat, latitude, y or 纬度.
    #[arg(long, value_name = "COLUMN")]
    lat: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Unusable> {
    let named = output_format(&arguments.output)?;
    refuse_clashes(&[&arguments.input], &[Some(&arguments.output)])?;
    let (format, file) = detect(&arguments.input)?;
    if format.is_table() && arguments.from.is_none() {
        tell_assumed(&arguments.input, "--from");
    }
    let to = named.unwrap_or(if arguments.output == "-" { on_standard_output(format) } else { format });
    warn_of_datum(arguments, to);
    let disk = Disk::default();
    let mut problems = Vec::new();
    let is_whole = if format.is_table() && to == Format::Csv {
        rows(arguments, file, &disk, &mut problems)?
    } else {
        pour(arguments, (format, file), (to, &disk), &mut problems)?
    };
    report::tell(&arguments.input, &problems);
    if let Some(problem) = problems.iter().find(|problem| problem.code == Code::Unreadable) {
        return Err(Unusable::Unreadable { path: arguments.input.clone(), message: problem.message.clone() });
    }
    if is_whole {
        disk.keep().map_err(|source| unwritable(arguments, source))?;
    } else {
        // Nobody is left to tell if standard error is closed.
        let _ = writeln!(
            io::stderr().lock(),
            "{} is not written: {} cannot be read to its end",
            arguments.output,
            arguments.input
        );
    }
    Ok(report::verdict(&problems))
}

fn unwritable(arguments: &Arguments, source: io::Error) -> Unusable {
    Unusable::Write { path: arguments.output.clone(), source }
}

/// The format that a file's name asks for; `None` for standard output.
fn output_format(path: &str) -> Result<Option<Format>, Unusable> {
    let format = Format::of(path).filter(|format| format.is_written());
    let packed_parts = format == Some(Format::Shapefile) && path.to_lowercase().ends_with(".gz");
    if path != "-" && (format.is_none() || packed_parts) {
        return Err(Unusable::OutputFormat { path: path.to_owned() });
    }
    Ok(format)
}

/// What the input becomes where no name says it: the same, but for what cannot be written, or not as one file.
fn on_standard_output(input: Format) -> Format {
    match input {
        Format::Xlsx => Format::Csv,
        Format::Shapefile | Format::Zip => Format::Geojson,
        same => same,
    }
}

fn warn_of_datum(arguments: &Arguments, format: Format) {
    let is_geojson = matches!(format, Format::Geojson | Format::GeojsonLines | Format::GeojsonSequence);
    if is_geojson && !arguments.to.equals_wgs84() {
        // Nobody is left to tell if standard error is closed.
        let _ = writeln!(
            io::stderr().lock(),
            "{}: warning: GeoJSON is WGS 84 (RFC 7946); this file is in {to}, which only a member \"datum\" says: give \
             it to nobody who does not know, and read it with --datum {to}",
            arguments.output,
            to = arguments.to
        );
    }
}

fn options(arguments: &Arguments) -> Options {
    let csv = CsvOptions {
        lon: arguments.lon.clone(),
        lat: arguments.lat.clone(),
        id: arguments.id.clone(),
        datum: arguments.from.unwrap_or_default(),
        ids: Ids::Unique,
        sheet: arguments.layer.clone(),
        ..CsvOptions::default()
    };
    Options { datum: arguments.from, layer: arguments.layer.clone(), csv, ..Options::default() }
}

/// Writes features as they come; false where the input breaks off.
fn pour(
    arguments: &Arguments,
    (format, file): (Format, Box<dyn Read>),
    (to, disk): (Format, &Disk),
    problems: &mut Vec<Problem>,
) -> Result<bool, Unusable> {
    let unwritable = |source| unwritable(arguments, source);
    let mut items = features((&arguments.input, format, file), &options(arguments))?;
    let make = |path: &str| disk.create(path);
    let sink = create_as(to, &arguments.output, arguments.to, &make).map_err(unwritable)?;
    let mut outlet = Outlet::new(sink, arguments.to);
    for item in items.by_ref() {
        match item {
            Item::Feature(mut feature) => {
                // A table cannot hold a feature without a geometry, which is told as an error then.
                feature.warnings.retain(|problem| to != Format::Csv || problem.code != Code::NullGeometry);
                problems.append(&mut feature.warnings);
                outlet.take(&feature).map_err(unwritable)?;
            }
            Item::Problem(problem) => problems.push(problem),
        }
    }
    problems.extend(outlet.finish().map_err(unwritable)?);
    Ok(!items.broke_off())
}

/// Writes a table again with all its columns, the position in another datum; false where the input breaks off.
fn rows(
    arguments: &Arguments,
    file: Box<dyn Read>,
    disk: &Disk,
    problems: &mut Vec<Problem>,
) -> Result<bool, Unusable> {
    let unwritable = |source| unwritable(arguments, source);
    let output = create_packed(&arguments.output, disk).map_err(unwritable)?;
    let mut items = csv::read(file, &options(arguments).csv, &Caps::default());
    write_rows(arguments.to, &mut items, output, problems).map_err(unwritable)?;
    Ok(!items.broke_off())
}

fn create_packed(path: &str, disk: &Disk) -> io::Result<Box<dyn Write>> {
    let file = disk.create(path)?;
    if path.to_lowercase().ends_with(".gz") {
        return Ok(Box::new(flate2::write::GzEncoder::new(file, flate2::Compression::default())));
    }
    Ok(file)
}

fn write_rows(
    to: Datum,
    items: &mut csv::Reader<Box<dyn Read>>,
    output: Box<dyn Write>,
    problems: &mut Vec<Problem>,
) -> io::Result<()> {
    let mut table = ::csv::Writer::from_writer(output);
    let mut has_header = false;
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
            match to.rounded(at) {
                Ok(Coordinates { x, y }) => {
                    row.cells[columns.lon] = x.to_string();
                    row.cells[columns.lat] = y.to_string();
                }
                Err(error) => {
                    let problem = Problem::error(Code::CoordRange, error.to_string());
                    problems.push(placed(&Feature::from(row), problem));
                    continue;
                }
            }
        }
        table.write_record(&row.cells)?;
    }
    table.flush()
}
