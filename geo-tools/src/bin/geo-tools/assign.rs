//! `geo-tools assign`: which cell each point lies in.

use std::io::{Read, Write};

use clap::Args;
use geo_tools::coverage::{Area, BuildOptions, build};
use geo_tools::datum::suspicion::{Reference, Sample, suspect};
use geo_tools::formats::csv::{self, CsvOptions, Ids};
use geo_tools::formats::{Caps, Feature, Format, Item, Options};
use geo_tools::locator::{Locator, Method};
use geo_tools::{Code, Coverage, Datum, Geometry, Position, Problem, Severity};

use crate::disk::Disk;
use crate::input::{detect, features, read_areas, tell_assumed, text_of};
use crate::outputs::refuse_clashes;
use crate::validate::in_the_file;
use crate::{Unusable, Verdict, report};

/// Find the cell that each point lies in. Output, in the order of the points: id,cell,method,distance_to_border_m.
///
/// The method is inside, border, nearest or outside. A row that is wrong is told and left out, and the exit code is 1.
/// Ground that the cells leave out counts as outside. Points that look as if they were in another datum than was said
/// are warned of and not converted.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The cells: polygons that do not overlap, as GeoJSON, Shapefile, GeoPackage or FlatGeobuf; - is standard input.
    #[arg(long, value_name = "FILE")]
    cells: String,
    /// The property that names a cell; without it the feature's own id.
    #[arg(long, value_name = "PROPERTY")]
    cell_id: Option<String>,
    /// What the cells' coordinates refer to; without it what the file says, else WGS 84.
    #[arg(long, value_name = "DATUM")]
    cells_datum: Option<Datum>,
    /// The points: CSV or XLSX with a header, GeoJSON, Shapefile, GeoPackage or FlatGeobuf; - is standard input.
    #[arg(long, value_name = "FILE")]
    points: String,
    /// The column or property that names a point; without it `id`, and where there is none, the count from 1.
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// The column with the longitude; without it lon, lng, longitude, x or 经度.
    #[arg(long, value_name = "COLUMN")]
    lon: Option<String>,
    /// The column with the latitude; without it lat, latitude, y or 纬度.
    #[arg(long, value_name = "COLUMN")]
    lat: Option<String>,
    /// What the points' coordinates refer to: wgs84, gcj02, bd09, cgcs2000 or web-mercator. GeoJSON is WGS 84; a CSV
    /// should say.
    #[arg(long)]
    datum: Option<Datum>,
    /// How many metres outside the cells the nearest one still counts.
    #[arg(long, value_name = "METRES", default_value_t = 0.0, value_parser = metres)]
    within_m: f64,
    /// The table to write; - is standard output.
    #[arg(short, long, value_name = "FILE")]
    output: String,
}

fn metres(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(value) if (0.0..=1e7).contains(&value) => Ok(value),
        _ => Err("metres are a number from 0 to 10 000 000".to_owned()),
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Unusable> {
    let datum = arguments.datum.unwrap_or_default();
    if arguments.cells == "-" && arguments.points == "-" {
        return Err(Unusable::InputTwice);
    }
    refuse_clashes(&[&arguments.cells, &arguments.points], &[Some(&arguments.output)])?;
    let Some(cells) = read_cells(arguments)? else { return Ok(Verdict::Errors) };
    let (format, reader) = detect(&arguments.points)?;
    let unwritable =
        |error: ::csv::Error| Unusable::Write { path: arguments.output.clone(), source: error.into() };
    let disk = Disk::default();
    let file = disk.create(&arguments.output).map_err(|error| unwritable(error.into()))?;
    let mut output = Output {
        table: ::csv::Writer::from_writer(file),
        cells: &cells,
        within_m: arguments.within_m,
        sample: Sample::default(),
        problems: Vec::new(),
    };
    output.table.write_record(["id", "cell", "method", "distance_to_border_m"]).map_err(unwritable)?;
    let items = if format.is_table() {
        table_points(arguments, reader)
    } else {
        feature_points(arguments, format, reader)?
    };
    for item in items {
        output.take(item).map_err(unwritable)?;
    }
    output.table.flush().map_err(|error| unwritable(error.into()))?;
    if datum.equals_wgs84() {
        let reference = Reference::Cells(&cells.locator);
        output.problems.extend(suspect(output.sample.positions(), &reference));
    }
    report::tell(&arguments.points, &output.problems);
    let unread = output.problems.iter().find(|problem| problem.code == Code::Unreadable);
    if let Some(problem) = unread {
        return Err(Unusable::Unreadable {
            path: arguments.points.clone(),
            message: problem.message.clone(),
        });
    }
    let verdict = report::verdict(&output.problems);
    drop(output);
    disk.keep().map_err(|error| unwritable(error.into()))?;
    Ok(verdict)
}

struct Cells {
    names: Vec<String>,
    locator: Locator,
}

/// Reads the cells and joins them; `None`, said aloud, where they cannot be used.
fn read_cells(arguments: &Arguments) -> Result<Option<Cells>, Unusable> {
    let options = Options { datum: arguments.cells_datum, ..Options::default() };
    let mut areas = read_areas(&arguments.cells, arguments.cell_id.as_deref(), &options)?;
    let mut problems = std::mem::take(&mut areas.problems);
    if areas.areas.is_empty() && problems.verdict() == Verdict::Fine {
        problems
            .push(Problem::error(Code::MissingField, "the file holds no polygon that could be a cell"))?;
    }
    let mut coverage = None;
    if problems.verdict() == Verdict::Fine {
        let (joined, found) = join(&areas.areas);
        coverage = joined;
        problems.extend_of_coverage(found.into_iter().map(|problem| in_the_file(problem, &areas)));
    }
    problems.tell(&arguments.cells);
    let names = areas.areas.into_iter().map(|area| area.name).collect();
    Ok(coverage.map(|coverage| Cells { names, locator: Locator::build(&coverage) }))
}

/// Makes a coverage; gaps are only warned of, since what lies in them is outside.
pub(crate) fn join(areas: &[Area]) -> (Option<Coverage>, Vec<Problem>) {
    let first = build(areas, &BuildOptions::default());
    let is_error = |problem: &&Problem| problem.severity == Severity::Error;
    let gap = |problem: &Problem| match &problem.geometry {
        Some(Geometry::MultiPolygon(polygons)) if problem.code == Code::Gap => Some(polygons.clone()),
        _ => None,
    };
    let Some(gaps) = first.problems.iter().filter(is_error).map(gap).collect::<Option<Vec<_>>>() else {
        return (None, first.problems);
    };
    if gaps.is_empty() {
        return (first.coverage, first.problems);
    }
    let options = BuildOptions { declared_voids: gaps.concat(), ..BuildOptions::default() };
    let second = build(areas, &options);
    let mut problems = first.problems;
    for problem in &mut problems {
        problem.severity = Severity::Warning;
    }
    problems.extend(second.problems.into_iter().filter(|problem| problem.severity == Severity::Error));
    (second.coverage, problems)
}

/// A point with what it is called, or what is wrong with it.
type Point = Result<(String, Position), Vec<Problem>>;

fn table_points(arguments: &Arguments, reader: Box<dyn Read>) -> Box<dyn Iterator<Item = Point>> {
    if arguments.datum.is_none() {
        tell_assumed(&arguments.points, "--datum");
    }
    let options = CsvOptions {
        lon: arguments.lon.clone(),
        lat: arguments.lat.clone(),
        id: arguments.id.clone(),
        datum: arguments.datum.unwrap_or_default(),
        ids: Ids::AsGiven,
        ..CsvOptions::default()
    };
    Box::new(csv::read(reader, &options, &Caps::default()).map(|item| match item {
        csv::Item::Problem(problem) => Err(vec![problem]),
        csv::Item::Row(row) => match row.position {
            Some(position) => Ok((row.id.unwrap_or_else(|| (row.index + 1).to_string()), position)),
            None => Err(Vec::new()),
        },
    }))
}

fn feature_points(
    arguments: &Arguments,
    format: Format,
    reader: Box<dyn Read>,
) -> Result<Box<dyn Iterator<Item = Point>>, Unusable> {
    let id = arguments.id.clone();
    let options = Options { datum: arguments.datum, ..Options::default() };
    let items = features((&arguments.points, format, reader), &options)?;
    Ok(Box::new(items.map(move |item| match item {
        Item::Problem(problem) => Err(vec![problem]),
        Item::Feature(feature) => feature_point(feature, id.as_deref()),
    })))
}

fn feature_point(feature: Feature, id: Option<&str>) -> Point {
    let name = id.and_then(|property| text_of(feature.properties.get(property)));
    let wrong = |code, message: &str| Problem {
        features: feature.id.iter().cloned().collect(),
        indexes: vec![feature.index],
        line: Some(feature.line),
        pointer: Some(feature.pointer.clone()),
        ..Problem::error(code, message)
    };
    if let (None, Some(property)) = (&name, id.filter(|property| *property != "id")) {
        let message = format!("the point has no property {property} that is a text or a number");
        return Err(vec![wrong(Code::MissingField, &message)]);
    }
    match feature.geometry {
        Some(Geometry::Point(position)) => {
            let name = name.or(feature.id).unwrap_or_else(|| (feature.index + 1).to_string());
            Ok((name, position))
        }
        Some(_) => Err(vec![wrong(Code::GeometryType, "a point is expected, another geometry was given")]),
        None => Err(vec![wrong(Code::NullGeometry, "a point is expected, there is no geometry")]),
    }
}

struct Output<'a> {
    table: ::csv::Writer<Box<dyn Write>>,
    cells: &'a Cells,
    within_m: f64,
    /// Some of the points, to be asked whether they look like another datum's.
    sample: Sample,
    problems: Vec<Problem>,
}

impl Output<'_> {
    fn take(&mut self, point: Point) -> Result<(), ::csv::Error> {
        let (name, position) = match point {
            Ok(point) => point,
            Err(problems) => {
                self.problems.extend(problems);
                return Ok(());
            }
        };
        self.sample.take(position);
        let located = self.cells.locator.locate(position, self.within_m);
        let cell = located.leaf.map_or("", |leaf| self.cells.names[leaf.index()].as_str());
        let method = match located.method {
            Method::Inside => "inside",
            Method::Border => "border",
            Method::Nearest => "nearest",
            Method::Outside => "outside",
        };
        let distance = located.distance_to_border_m.map_or_else(String::new, |metres| format!("{metres:.2}"));
        self.table.write_record([name.as_str(), cell, method, &distance])
    }
}
