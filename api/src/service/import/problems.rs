//! What is wrong with a file: every problem is counted and, where files for it were named, written out; the first are listed.
//!
//! Invariant: what is held in memory does not grow with the file.

use geo_tools::{Code, Problem, Severity, shown};

use super::bad_rows::{BadRowFile, index_of};
use super::given::Given;
use super::next::Next;
use super::report_file::ReportFile;
use super::source::Progress;

/// How many problems of one severity are listed: more than anybody mends before trying again.
pub const MAX_LISTED: usize = 1_000;

/// The longest message or pointer that is listed, in characters.
const MAX_CHARACTERS: usize = 300;

/// The problems of one import.
#[derive(Clone, Debug)]
pub struct ProblemList {
    listed: Vec<Problem>,
    error_count: u64,
    warning_count: u64,
    broke_off: bool,
    bad_rows: Option<BadRowFile>,
    report: Option<ReportFile>,
    /// The row that is looked at, where bad ones are written out.
    row: Option<Row>,
}

/// A row as it was given, and what speaks against it so far.
#[derive(Clone, Debug)]
struct Row {
    index: u64,
    given: Option<Given>,
    errors: Vec<Problem>,
}

impl ProblemList {
    /// An empty list; bad rows and the report are written where the progress is told.
    pub(super) fn begin(progress: &Progress) -> Self {
        Self {
            listed: Vec::new(),
            error_count: 0,
            warning_count: 0,
            broke_off: false,
            bad_rows: progress.bad_rows().cloned(),
            report: progress.report().cloned(),
            row: None,
        }
    }

    /// Looks at the next row: what is wrong with it comes before the one after it.
    pub(super) fn look_at(&mut self, next: &Next) {
        let index = next.index().map(|index| index as u64);
        let is_same = self.row.as_ref().is_some_and(|row| Some(row.index) == index);
        if self.bad_rows.is_none() || is_same {
            return;
        }
        self.settle();
        self.row = index.map(|index| Row { index, given: next.given(), errors: Vec::new() });
    }

    /// Writes the row out that was looked at, if it is bad.
    fn settle(&mut self) {
        if let Some(row) = self.row.take().filter(|row| !row.errors.is_empty()) {
            self.write_out(&row.errors, row.given.as_ref());
        }
    }

    fn write_out(&mut self, errors: &[Problem], given: Option<&Given>) {
        if let Some(file) = self.bad_rows.clone() {
            file.add(errors, given).unwrap_or_else(|error| self.lose("the bad rows", &error));
        }
    }

    /// Takes a problem in, with what it repeats of the file shortened: a thousand of them are held and answered.
    pub(super) fn push(&mut self, problem: impl Into<Problem>) {
        let mut problem = problem.into();
        for feature in &mut problem.features {
            *feature = shown::text(feature);
        }
        problem.pointer = problem.pointer.map(|pointer| start_of(pointer, MAX_CHARACTERS));
        problem.message = start_of(problem.message, MAX_CHARACTERS);
        if let Some(file) = self.report.clone() {
            file.add(&problem).unwrap_or_else(|error| self.lose("the report", &error));
        }
        if problem.severity == Severity::Error && self.bad_rows.is_some() {
            match &mut self.row {
                Some(row) if index_of(&problem) == Some(row.index) => row.errors.push(problem.clone()),
                _ => self.write_out(std::slice::from_ref(&problem), None),
            }
        }
        self.count(problem);
    }

    /// Takes problems in.
    pub(super) fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }

    /// Takes warnings in that are about the whole file, and lists them before those about rows: many of these would hide
    /// them.
    pub(super) fn push_before_warnings(&mut self, warnings: Vec<Problem>) {
        let is_warning = |problem: &Problem| problem.severity == Severity::Warning;
        let first = self.listed.iter().position(is_warning).unwrap_or(self.listed.len());
        let of_rows = self.listed.split_off(first);
        let counted = std::mem::take(&mut self.warning_count);
        self.extend(warnings);
        self.warning_count += counted;
        self.listed.extend(of_rows);
    }

    /// Sees to it that every problem so far is on the disk: the bad rows in their file, the report's beside it.
    pub(in crate::service) fn flush(&mut self) {
        self.settle();
        if let Some(file) = self.bad_rows.clone() {
            file.write().unwrap_or_else(|error| self.lose("the bad rows", &error));
        }
        if let Some(file) = self.report.clone() {
            file.flush().unwrap_or_else(|error| self.lose("the report", &error));
        }
    }

    fn count(&mut self, problem: Problem) {
        let count = match problem.severity {
            Severity::Error => &mut self.error_count,
            Severity::Warning => &mut self.warning_count,
        };
        *count += 1;
        if *count <= MAX_LISTED as u64 {
            self.listed.push(problem);
        }
    }

    /// What nobody gets to see would be lost with nobody knowing: the import is refused instead.
    fn lose(&mut self, what: &str, error: &std::io::Error) {
        (self.bad_rows, self.report) = (None, None);
        self.set_broken_off();
        self.count(Problem::error(Code::Unreadable, format!("{what} cannot be written: {error}")));
    }

    /// The first of each severity, in the order of the file; of warnings those about the whole file before.
    pub fn listed(&self) -> &[Problem] {
        &self.listed
    }

    /// How many refuse the row, or the data.
    pub fn error_count(&self) -> u64 {
        self.error_count
    }

    /// How many do not.
    pub fn warning_count(&self) -> u64 {
        self.warning_count
    }

    /// How many there are beside those that are listed.
    pub fn unlisted_count(&self) -> u64 {
        self.error_count + self.warning_count - self.listed.len() as u64
    }

    /// Notes that the rest of the file is not known, or must not be taken.
    pub(super) fn set_broken_off(&mut self) {
        self.broke_off = true;
    }

    /// Whether the rest of the file is not known, or must not be taken.
    pub(super) fn broke_off(&self) -> bool {
        self.broke_off
    }
}

fn start_of(text: String, max_characters: usize) -> String {
    match text.char_indices().nth(max_characters) {
        None => text,
        Some(_) => text.chars().take(max_characters - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_do_not_keep_errors_from_being_listed_and_both_are_counted() {
        let mut problems = ProblemList::begin(&Progress::silent());
        problems
            .extend((0..MAX_LISTED + 7).map(|_| Problem::warning(Code::ThirdDimension, "a third number")));
        problems.push(Problem::error(Code::BadValue, "no number"));
        assert_eq!((problems.error_count(), problems.warning_count()), (1, MAX_LISTED as u64 + 7));
        assert_eq!((problems.listed().len(), problems.unlisted_count()), (MAX_LISTED + 1, 7));
        assert_eq!(problems.listed().last().map(|problem| problem.code), Some(Code::BadValue));
    }

    #[test]
    fn what_is_listed_does_not_grow_with_what_stands_in_the_file() {
        let mut problems = ProblemList::begin(&Progress::silent());
        let long = "龙".repeat(100_000);
        problems.push(Problem {
            features: vec![long.clone()],
            pointer: Some(format!("/features/0/{long}")),
            ..Problem::error(Code::BadValue, long)
        });
        let listed = &problems.listed()[0];
        let lengths = [&listed.features[0], &listed.message, listed.pointer.as_ref().expect("it has one")];
        assert_eq!(lengths.map(|text| text.chars().count()), [41, 300, 300]);
    }

    #[test]
    fn bad_rows_that_cannot_be_written_end_the_import() {
        let file = BadRowFile::begin(std::path::Path::new("/dev/full")).expect("it can be opened");
        let mut problems = ProblemList::begin(&Progress::silent().with_bad_rows(file));
        problems.push(Problem::error(Code::BadValue, "no number"));
        assert!(!problems.broke_off());
        problems.flush();
        assert!(problems.broke_off());
        assert!(problems.listed()[1].message.starts_with("the bad rows cannot be written"));
    }
}
