//! Telling problems: lines for people, JSON and GeoJSON for programs.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use geo_tools::formats::geojson::{WriteFeature, Writer, geometry_json};
use geo_tools::{Problem, Severity};
use serde_json::{Map, Value, json};

use crate::{Unusable, Verdict};

/// Problems shown to people; the report has them all.
const SHOWN: usize = 50;

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

/// `FILE:LINE: error CODE: message (pointer)`.
fn line(path: &str, problem: &Problem) -> String {
    let place = problem.line.map_or_else(String::new, |line| format!(":{line}"));
    let names = match problem.features.as_slice() {
        [] => String::new(),
        names => format!(" [{}]", names.join(", ")),
    };
    let pointer = problem.pointer.as_ref().map_or_else(String::new, |pointer| format!(" ({pointer})"));
    let severity = severity(problem);
    format!("{path}{place}: {severity} {}:{names} {}{pointer}", problem.code.as_str(), problem.message)
}

fn severity(problem: &Problem) -> &'static str {
    match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// The report of the contract: `feature_count`, `valid`, `problems`.
pub(crate) fn json(feature_count: usize, problems: &[Problem]) -> Value {
    json!({
        "feature_count": feature_count,
        "valid": verdict(problems) == Verdict::Fine,
        "problems": problems.iter().map(problem_json).collect::<Vec<_>>(),
    })
}

pub(crate) fn problem_json(problem: &Problem) -> Value {
    let mut object = properties(problem);
    object.insert("geometry".to_owned(), problem.geometry.as_ref().map_or(Value::Null, geometry_json));
    Value::Object(object)
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
pub(crate) fn write_json(path: &str, value: &Value) -> Result<(), Unusable> {
    let unwritable = |source| Unusable::Write { path: path.to_owned(), source };
    let mut out = create(path)?;
    serde_json::to_writer_pretty(&mut out, value).map_err(|error| unwritable(error.into()))?;
    out.write_all(b"\n").and_then(|()| out.flush()).map_err(unwritable)
}

/// Writes problems as features, to be looked at on a map; those without a place have a null geometry.
pub(crate) fn write_places(path: &str, problems: &[Problem]) -> Result<(), Unusable> {
    let unwritable = |source| Unusable::Write { path: path.to_owned(), source };
    let mut writer = Writer::new(create(path)?).map_err(unwritable)?;
    for problem in problems {
        let properties = properties(problem);
        let feature =
            WriteFeature { id: None, properties: Some(&properties), geometry: problem.geometry.as_ref() };
        writer.write(feature).map_err(unwritable)?;
    }
    writer.finish().map(drop).map_err(unwritable)
}
