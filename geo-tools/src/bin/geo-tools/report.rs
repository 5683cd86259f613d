//! Telling problems: lines for people, JSON and GeoJSON for programs.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use geo_tools::formats::geojson::{WriteFeature, Writer, geometry_json};
use geo_tools::{Geometry, Problem, Severity, shown};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::problems::{Listed, SHOWN};
use crate::{Unusable, Verdict};

/// A file, or standard output for `-`.
pub(crate) fn create(path: &str) -> Result<Box<dyn Write>, Unusable> {
    if path == "-" {
        return Ok(Box::new(BufWriter::new(io::stdout())));
    }
    let file = File::create(path).map_err(|source| Unusable::Write { path: path.to_owned(), source })?;
    Ok(Box::new(BufWriter::new(file)))
}

pub(crate) fn verdict(problems: &[Problem]) -> Verdict {
    let error = problems.iter().any(|problem| problem.severity == Severity::Error);
    if error { Verdict::Errors } else { Verdict::Fine }
}

/// Tells problems on standard error, one a line, errors first.
pub(crate) fn tell(path: &str, problems: &[Problem]) {
    let mut out = io::stderr().lock();
    let mut sorted: Vec<&Problem> = problems.iter().collect();
    sorted.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
    for problem in sorted.iter().take(SHOWN) {
        // Nobody is left to tell if standard error is closed.
        let _ = writeln!(out, "{}", line(path, problem));
    }
    if problems.len() > SHOWN {
        let _ = writeln!(out, "… and {} more", problems.len() - SHOWN);
    }
}

/// `FILE:LINE: error CODE: message (pointer) at lon …, lat …`, the last where there is something to look at on a map.
pub(crate) fn line(path: &str, problem: &Problem) -> String {
    let place = problem.line.map_or_else(String::new, |line| format!(":{line}"));
    let names = match problem.features.as_slice() {
        [] => String::new(),
        names => format!(" [{}]", names.join(", ")),
    };
    let pointer = problem.pointer.as_ref().map_or_else(String::new, |pointer| format!(" ({pointer})"));
    let at = problem.geometry.as_ref().and_then(|geometry| geometry.positions().next());
    let at = at.map_or_else(String::new, |at| format!(" at lon {}, lat {}", at.lon(), at.lat()));
    let severity = severity(problem);
    let code = problem.code.as_str();
    shown::line(&format!("{path}{place}: {severity} {code}:{names} {}{pointer}{at}", problem.message))
}

fn severity(problem: &Problem) -> &'static str {
    match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// The report of the contract.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    pub(crate) feature_count: usize,
    pub(crate) valid: bool,
    pub(crate) problems: Listed<'a>,
}

/// A problem as programs read it.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    pub(crate) properties: Map<String, Value>,
    pub(crate) geometry: Option<&'a Geometry>,
}

impl Told<'_> {
    pub(crate) fn into_json(self) -> Value {
        let mut object = self.properties;
        object.insert("geometry".to_owned(), self.geometry.map_or(Value::Null, geometry_json));
        Value::Object(object)
    }
}

pub(crate) fn told(problem: &Problem) -> Told<'_> {
    Told { properties: properties(problem), geometry: problem.geometry.as_ref() }
}

fn properties(problem: &Problem) -> Map<String, Value> {
    let pairs = [
        ("code", json!(problem.code.as_str())),
        ("severity", json!(severity(problem))),
        ("message", json!(problem.message)),
        ("features", json!(problem.features)),
        ("indexes", json!(problem.indexes)),
        ("line", json!(problem.line)),
        ("pointer", json!(problem.pointer)),
        ("area_m2", json!(problem.area_m2)),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Writes a value as JSON.
pub(crate) fn write_json(path: &str, value: &impl Serialize) -> Result<(), Unusable> {
    let unwritable = |source| Unusable::Write { path: path.to_owned(), source };
    let mut out = create(path)?;
    serde_json::to_writer_pretty(&mut out, value).map_err(|error| unwritable(error.into()))?;
    out.write_all(b"\n").and_then(|()| out.flush()).map_err(unwritable)
}

/// Writes problems as features, to be looked at on a map; those without a place have a null geometry.
pub(crate) fn write_places(path: &str, problems: Listed<'_>) -> Result<(), Unusable> {
    let unwritable = |source| Unusable::Write { path: path.to_owned(), source };
    let mut writer = Writer::new(create(path)?).map_err(unwritable)?;
    let written = problems.for_each(|told| {
        writer.write(WriteFeature { id: None, properties: Some(&told.properties), geometry: told.geometry })
    });
    written.and_then(|()| writer.finish().map(drop)).map_err(unwritable)
}
