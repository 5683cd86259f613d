//! The report of an import as JSON, and the bad rows as a table.

use std::io::Write;

use geo_tools::formats::geojson::geometry_json;
use geo_tools::{Problem, Severity};
use serde_json::{Value, json};

use super::options::{Effect, ImportOutcome, ImportReport};

impl ImportReport {
    /// The report as it is written by `--report` and answered over HTTP.
    pub fn to_json(&self) -> Value {
        let figures: serde_json::Map<String, Value> = self
            .figures
            .iter()
            .map(|figure| {
                let counts = json!({
                    "added": figure.added,
                    "changed": figure.changed,
                    "unchanged": figure.unchanged,
                    "removed": figure.removed,
                });
                (figure.what.to_owned(), counts)
            })
            .collect();
        let totals: serde_json::Map<String, Value> =
            self.totals.iter().map(|(what, count)| ((*what).to_owned(), json!(count))).collect();
        json!({
            "kind": self.kind.as_str(),
            "dry_run": self.effect == Effect::DryRun,
            "refused": self.outcome == ImportOutcome::Refused,
            "row_count": self.row_count,
            "bad_count": self.bad_count(),
            "totals": totals,
            "figures": figures,
            "plan_version": self.plan_version,
            "problems": self.problems.iter().map(problem_json).collect::<Vec<Value>>(),
        })
    }
}

/// Writes each bad row of a report with its place and the reason.
///
/// # Errors
/// What the writer says.
pub fn write_bad_rows(report: &Value, writer: impl Write) -> Result<(), csv::Error> {
    let mut table = csv::Writer::from_writer(writer);
    table.write_record(["line", "index", "id", "code", "reason", "pointer"])?;
    let problems = report["problems"].as_array().map_or(&[][..], Vec::as_slice);
    for problem in problems.iter().filter(|problem| problem["severity"] == "error") {
        let number = |value: &Value| value.as_u64().map(|number| number.to_string()).unwrap_or_default();
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        table.write_record([
            number(&problem["line"]),
            number(&problem["indexes"][0]),
            word(&problem["features"][0]),
            word(&problem["code"]),
            word(&problem["message"]),
            word(&problem["pointer"]),
        ])?;
    }
    table.flush()?;
    Ok(())
}

/// A problem as JSON: its code, its sentence and its place.
pub fn problem_json(problem: &Problem) -> Value {
    json!({
        "code": problem.code.as_str(),
        "severity": match problem.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        },
        "message": problem.message,
        "features": problem.features,
        "indexes": problem.indexes,
        "line": problem.line,
        "pointer": problem.pointer,
        "area_m2": problem.area_m2,
        "geometry": problem.geometry.as_ref().map(geometry_json),
    })
}
