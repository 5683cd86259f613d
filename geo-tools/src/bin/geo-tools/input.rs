//! Opening files, and reading the features of a coverage.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Write};

use geo_tools::coverage::Area;
use geo_tools::formats::{Caps, Feature, Format, Item, Options, Source, read};
use geo_tools::{Code, Geometry, Problem, Severity, shown};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use crate::Unusable;
use crate::disk::find;
use crate::problems::Problems;

/// Opens a file, or standard input for `-`; on a terminal a bar shows how far it has been read.
pub(crate) fn open(path: &str) -> Result<Box<dyn Read>, Unusable> {
    let unreadable = |source| Unusable::Read { path: path.to_owned(), source };
    if path == "-" {
        return Ok(Box::new(std::io::stdin()));
    }
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(unreadable(std::io::ErrorKind::IsADirectory.into()));
    }
    let bar = ProgressBar::with_draw_target(Some(metadata.len()), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes}, {eta} left") {
        bar.set_style(style);
    }
    bar.set_message(path.to_owned());
    Ok(Box::new(Progress { reader: bar.wrap_read(file), bar }))
}

/// A reader whose bar is taken away with it.
struct Progress<R: Read> {
    reader: R,
    bar: ProgressBar,
}

impl<R: Read> Read for Progress<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl<R: Read> Drop for Progress<R> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A file with its format, by its name, else by its first bytes.
pub(crate) fn detect(path: &str) -> Result<(Format, Box<dyn Read>), Unusable> {
    let file = open(path)?;
    match Format::of(path) {
        Some(format) => Ok((format, file)),
        None => Format::look(file).map_err(|source| Unusable::Read { path: path.to_owned(), source }),
    }
}

/// The features of a file, whatever its format.
pub(crate) fn features(
    (path, format, file): (&str, Format, Box<dyn Read>),
    options: &Options,
) -> Result<Box<dyn Source>, Unusable> {
    let unreadable =
        |problem: Box<Problem>| Unusable::Unreadable { path: path.to_owned(), message: problem.message };
    read(format, (path, file), &find, options).map_err(unreadable)
}

/// Says that a table's datum was not given, and what it is taken for.
pub(crate) fn tell_assumed(path: &str, flag: &str) {
    // Nobody is left to tell if standard error is closed.
    let _ =
        writeln!(std::io::stderr().lock(), "{path}: no {flag} is given; its positions are taken as wgs84");
}

/// What a file of areas holds.
#[derive(Debug, Default)]
pub(crate) struct Areas {
    /// Those with polygons, each called by its id.
    pub(crate) areas: Vec<Area>,
    /// For each area the place of its feature in the file.
    pub(crate) indexes: Vec<usize>,
    /// For each area the pointer to its feature.
    pub(crate) pointers: Vec<String>,
    /// All features, refused ones included.
    pub(crate) feature_count: usize,
    pub(crate) problems: Problems,
}

/// Reads the features of a file; problems and the count go to `areas`.
pub(crate) fn read_features(
    path: &str,
    areas: &mut Areas,
    options: &Options,
) -> Result<Vec<Feature>, Unusable> {
    let mut read = Vec::new();
    let (mut format, file) = detect(path)?;
    if Format::of(path).is_none() && format == Format::Csv {
        // Text without a name that says so is no table of areas.
        format = Format::Geojson;
    }
    // However many problems there are: they are kept on disk.
    let caps = Caps { max_problems: usize::MAX, ..options.caps.clone() };
    for item in features((path, format, file), &Options { caps, ..options.clone() })? {
        match item {
            Item::Feature(mut feature) => {
                for warning in feature.warnings.drain(..) {
                    areas.problems.push(of_an_area(warning))?;
                }
                areas.feature_count = areas.feature_count.max(feature.index + 1);
                read.push(feature);
            }
            Item::Problem(problem) if problem.code == Code::Unreadable => {
                return Err(Unusable::Unreadable { path: path.to_owned(), message: problem.message });
            }
            Item::Problem(problem) => {
                let last = problem.indexes.iter().max();
                areas.feature_count = areas.feature_count.max(last.map_or(0, |last| last + 1));
                areas.problems.push(of_an_area(problem))?;
            }
        }
    }
    Ok(read)
}

/// A feature without a shape may be one; an area is not.
fn of_an_area(mut problem: Problem) -> Problem {
    if problem.code == Code::NullGeometry {
        problem.severity = Severity::Error;
    }
    problem
}

/// Reads a file whose features are areas, named by a property, or by their own id.
pub(crate) fn read_areas(path: &str, id: Option<&str>, options: &Options) -> Result<Areas, Unusable> {
    let mut areas = Areas::default();
    let features = read_features(path, &mut areas, options)?;
    areas.take(features, id)?;
    Ok(areas)
}

impl Areas {
    /// Takes the polygons of features, named by a property, or by their own id.
    pub(crate) fn take(&mut self, features: Vec<Feature>, id: Option<&str>) -> Result<(), Unusable> {
        let names = names(&features, id, &mut self.problems)?;
        for (feature, name) in features.iter().zip(&names) {
            // What was found while reading is called by the property too, now that it is known which it is.
            if feature.id.as_ref() != Some(name) {
                self.problems.name(feature.index, name.clone());
            }
        }
        for (feature, name) in features.into_iter().zip(names) {
            match feature.geometry {
                Some(Geometry::MultiPolygon(polygons)) => {
                    self.areas.push(Area { name, polygons });
                    self.indexes.push(feature.index);
                    self.pointers.push(feature.pointer);
                }
                Some(other) => {
                    let kind = if matches!(other, Geometry::MultiLine(_)) { "a line" } else { "a point" };
                    let message = format!("a cell is a polygon, {kind} was given");
                    let problem = Problem::error(Code::GeometryType, message);
                    self.problems.push(placed(
                        problem,
                        &feature.pointer,
                        feature.line,
                        feature.index,
                        name,
                    ))?;
                }
                None => {}
            }
        }
        Ok(())
    }
}

fn placed(problem: Problem, pointer: &str, line: u64, index: usize, name: String) -> Problem {
    Problem {
        pointer: Some(pointer.to_owned()),
        line: Some(line),
        indexes: vec![index],
        features: vec![name],
        ..problem
    }
}

/// What each feature is called; those without the property by their place.
fn names(features: &[Feature], id: Option<&str>, problems: &mut Problems) -> Result<Vec<String>, Unusable> {
    let property = property_of(features, id);
    let mut first_with: HashMap<String, usize> = HashMap::new();
    let mut names = Vec::with_capacity(features.len());
    for feature in features {
        let own = format!("#{}", feature.index);
        let name = match property {
            None => feature.id.clone().unwrap_or(own),
            Some(property) => match text_of(feature.properties.get(property)) {
                Some(name) => {
                    let first = *first_with.entry(name.clone()).or_insert(feature.index);
                    if first != feature.index {
                        let shown = shown::text(&name);
                        let message = format!(
                            "{property} \u{201c}{shown}\u{201d} is also that of feature {first}, counted from 0"
                        );
                        let problem = Problem::error(Code::DuplicateId, message);
                        let pointer = format!("{}/properties/{property}", feature.pointer);
                        let mut problem =
                            placed(problem, &pointer, feature.line, feature.index, name.clone());
                        problem.indexes.insert(0, first);
                        problems.push(problem)?;
                    }
                    name
                }
                None => {
                    let message =
                        format!("the feature has no property {property} that is a text or a number");
                    let problem = Problem::error(Code::MissingField, message);
                    let pointer = format!("{}/properties/{property}", feature.pointer);
                    problems.push(placed(problem, &pointer, feature.line, feature.index, own.clone()))?;
                    own
                }
            },
        };
        names.push(name);
    }
    Ok(names)
}

/// The property that names features: `id` means the feature's own id where no feature has such a property.
fn property_of<'a>(features: &[Feature], id: Option<&'a str>) -> Option<&'a str> {
    let has = |property: &str| features.iter().any(|feature| feature.properties.contains_key(property));
    id.filter(|property| *property != "id" || has(property))
}

/// A text or number as text: 1 and "1" are the same.
pub(crate) fn text_of(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(match number.as_f64() {
            Some(value) if value.fract() == 0.0 && value.abs() < 9e15 => format!("{}", value as i64),
            _ => number.to_string(),
        }),
        _ => None,
    }
}
