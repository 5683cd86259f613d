//! What an import answers, in a sentence and as JSON.

use geo_tools::formats::geojson::geometry_json;
use geo_tools::{Problem, Severity};
use serde_json::{Map, Value, json};

use super::columns::Columns;
use super::next::Next;
use super::options::{BadRows, Effect, ImportKind, ImportOptions};
use super::problems::ProblemList;
use super::source::Progress;
use crate::store::imports::ImportSummary;

/// What an import did, or would do.
#[derive(Clone, Debug)]
pub struct ImportReport {
    /// What the file holds.
    pub kind: ImportKind,
    /// Whether it was to be written.
    pub effect: Effect,
    /// Whether the file was taken.
    pub outcome: ImportOutcome,
    /// How many rows or features the file has, bad ones included.
    pub row_count: u64,
    /// How many of what the file holds: buildings, households, roads, footprints.
    pub totals: Vec<(&'static str, u64)>,
    /// What came in new and what was there: of cells, of rows, of incidents. Empty after a dry run but for cells.
    pub figures: Vec<ImportFigure>,
    /// The plan version after it, where it is about cells or located in them.
    pub plan_version: Option<i32>,
    /// Its problems, warnings included.
    pub problems: ProblemList,
    pub(super) columns: Columns,
}

/// Whether a file was taken.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ImportOutcome {
    /// It was, but for bad rows that were to be skipped.
    Taken,
    /// Something speaks against it, and nothing was changed.
    Refused,
}

/// How many of one kind of thing an import added, changed, left and took away.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ImportFigure {
    /// What it is about.
    pub what: &'static str,
    /// Not there before.
    pub added: u64,
    /// There before, and different.
    pub changed: u64,
    /// There before, and the same.
    pub unchanged: u64,
    /// There before, and not in the file.
    pub removed: u64,
}

impl ImportReport {
    /// A report of nothing yet.
    pub(super) fn begin(options: &ImportOptions, progress: &Progress) -> Self {
        Self {
            kind: options.kind,
            effect: options.effect,
            outcome: ImportOutcome::Taken,
            row_count: 0,
            totals: Vec::new(),
            figures: Vec::new(),
            plan_version: None,
            problems: ProblemList::begin(progress),
            columns: Columns::of(options),
        }
    }

    /// Counts the row or feature that comes next, once however many problems it has; what is wrong with the file is no row.
    pub(super) fn count(&mut self, next: &Next) {
        self.problems.look_at(next);
        self.columns.look_at(next);
        if let Some(index) = next.index() {
            self.row_count = self.row_count.max(index as u64 + 1);
        }
    }

    /// Says which columns of the file were not taken, once all of it was read.
    pub(super) fn tell_columns(&mut self) {
        self.problems.push_before_warnings(self.columns.warnings());
    }

    /// Whether nothing is written for what is wrong: any error where bad rows are refused; where they are skipped, one that
    /// ended the reading, for then the rest of the file is not known.
    pub(super) fn is_refused(&self, bad_rows: BadRows) -> bool {
        match bad_rows {
            BadRows::Refuse => self.problems.error_count() > 0,
            BadRows::Skip => self.problems.broke_off(),
        }
    }

    /// What was done, in one sentence.
    pub fn summary(&self) -> String {
        let figures = self.figures.iter().map(ToString::to_string);
        let totals = self.totals.iter().map(|(what, count)| format!("{count} {what}"));
        let figures = figures.chain(totals).collect::<Vec<String>>().join("; ");
        let bad = match self.problems.error_count() {
            1 => "1 problem".to_owned(),
            count => format!("{count} problems"),
        };
        match (self.outcome, self.effect) {
            (ImportOutcome::Refused, _) => format!("{bad}; nothing was imported"),
            (ImportOutcome::Taken, Effect::DryRun) => format!("dry run, nothing was changed: {figures}"),
            (ImportOutcome::Taken, Effect::Write) if self.problems.error_count() > 0 => {
                format!("{figures}; {bad} skipped")
            }
            (ImportOutcome::Taken, Effect::Write) => figures,
        }
    }
}

impl ImportFigure {
    /// What a promotion did.
    pub(super) fn of(what: &'static str, summary: ImportSummary) -> Self {
        let ImportSummary { inserted, updated, unchanged } = summary;
        Self { what, added: inserted, changed: updated, unchanged, removed: 0 }
    }
}

impl std::fmt::Display for ImportFigure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, added, changed, unchanged, removed } = self;
        write!(f, "{what}: {added} added, {changed} changed, {unchanged} unchanged")?;
        if *removed > 0 { write!(f, ", {removed} removed") } else { Ok(()) }
    }
}

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
