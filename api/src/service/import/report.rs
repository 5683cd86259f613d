//! The report of an import as JSON.

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
            "bad_count": self.problems.error_count(),
            "warning_count": self.problems.warning_count(),
            "unlisted_count": self.problems.unlisted_count(),
            "totals": totals,
            "figures": figures,
            "plan_version": self.plan_version,
            "problems": self.problems.listed().iter().map(problem_json).collect::<Vec<Value>>(),
        })
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
