//! The report of an import as JSON.

use geo_tools::formats::geojson::geometry_json;
use geo_tools::{Problem, Severity};
use serde_json::{Map, Value, json};

use super::options::{Effect, ImportOutcome, ImportReport};

impl ImportReport {
    /// The report as it is answered: with the first of the problems, and how many more there are.
    pub fn to_json(&self) -> Value {
        let mut report = self.head();
        let problems = self.problems.listed().iter().map(problem_json).collect::<Vec<Value>>();
        report.insert("problems".to_owned(), problems.into());
        Value::Object(report)
    }

    /// The report but for its problems.
    pub(super) fn head(&self) -> Map<String, Value> {
        let figures: Map<String, Value> = self
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
        let totals: Map<String, Value> =
            self.totals.iter().map(|(what, count)| ((*what).to_owned(), json!(count))).collect();
        let head = [
            ("kind", json!(self.kind.as_str())),
            ("dry_run", json!(self.effect == Effect::DryRun)),
            ("refused", json!(self.outcome == ImportOutcome::Refused)),
            ("row_count", json!(self.row_count)),
            ("bad_count", json!(self.problems.error_count())),
            ("warning_count", json!(self.problems.warning_count())),
            ("unlisted_count", json!(self.problems.unlisted_count())),
            ("totals", Value::Object(totals)),
            ("figures", Value::Object(figures)),
            ("plan_version", json!(self.plan_version)),
        ];
        head.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
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
